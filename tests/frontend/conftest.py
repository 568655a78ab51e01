"""The built front end, and the layouts and parts without the application around them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader

from app.services.letters import full_date

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "app" / "static" / "build"
TEMPLATES = ROOT / "app" / "templates"


@pytest.fixture(scope="session")
def manifest() -> dict[str, str]:
    """Name that templates use -> path below app/static/build."""
    if not (BUILT / "manifest.json").exists():
        pytest.fail("The front end is not built. ./check builds it, or: npm run build")
    names: dict[str, str] = json.loads((BUILT / "manifest.json").read_text())
    return names


@pytest.fixture(scope="session")
def templates(manifest: dict[str, str]) -> Environment:
    """Layouts, parts and the pages beside this file, with what every template may use."""
    folders = FileSystemLoader([TEMPLATES, Path(__file__).parent / "pages"])
    govuk = PackageLoader("govuk_frontend_jinja")
    environment = Environment(
        loader=ChoiceLoader([folders, PrefixLoader({"govuk_frontend_jinja": govuk})]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["full_date"] = full_date
    environment.globals |= {
        "asset": lambda name: f"/static/build/{manifest[name]}",
        "is_held": lambda: False,
        "csrf_token": lambda: "a-token",
        "get_flashed_messages": lambda **_: [],
        "nav": [{"href": "/inbox", "text": "Inbox", "current": True}],
        "today_words": "Tuesday 24 November 2026, a working day.",
        "calendar_words": "Calendar: England, version 1.",
        "state": lambda code, words: SimpleNamespace(code=code, words=words),
    }
    return environment


@pytest.fixture
def part(templates: Environment) -> Any:
    """part("tag")(state): a macro of the parts, as text. Further ones: part("table", "group")."""

    def get(name: str, macro: str | None = None) -> Any:
        module = templates.get_template(f"parts/{name}.html").module
        return lambda *given, **named: str(getattr(module, macro or name)(*given, **named))

    return get
