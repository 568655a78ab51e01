"""Small form-js forms for the tests, and the real ones of the repository."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from forms import BoundForm, FormDefinition, FormRefused

ROOT = Path(__file__).parents[2]
REAL = sorted((ROOT / "forms" / "definitions").rglob("*.form"))
TODAY = date(2026, 11, 24)  # a Tuesday


def component(type: str, key: str, label: str = "", **more: Any) -> dict[str, Any]:
    named = "dateLabel" if type == "datetime" else "label"
    found: dict[str, Any] = {"type": type, "id": f"Field_{key}", "key": key}
    found[named] = label or key.replace("_", " ").capitalize()
    if type == "datetime":
        found["subtype"] = "date"
    required, hide = more.pop("required", None), more.pop("hide", None)
    if required is not None:
        more["validate"] = {**more.get("validate", {}), "required": required}
    if hide is not None:
        more["conditional"] = {"hide": hide}
    if isinstance(more.get("values"), str):
        more["values"] = [{"value": v, "label": v.capitalize()} for v in more["values"].split()]
    return found | more


def group(label: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    hide = more.pop("hide", None)
    rule = {"conditional": {"hide": hide}} if hide else {}
    return {"type": "group", "label": label, "components": list(components)} | rule | more


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "id": "Text_1", "text": words} | more


def schema(*components: dict[str, Any], **top: Any) -> bytes:
    whole = {"type": "default", "id": "a_form", "schemaVersion": 18, "components": list(components)}
    return json.dumps(whole | top).encode()


def form(*components: dict[str, Any], **top: Any) -> FormDefinition:
    return FormDefinition.parse(schema(*components, **top), "a_form")


def problems(*components: dict[str, Any], **top: Any) -> list[str]:
    return problems_of(schema(*components, **top))


def problems_of(raw: bytes) -> list[str]:
    try:
        FormDefinition.parse(raw, "a_form")
    except FormRefused as refused:
        return refused.problems
    return []


def posted(definition: FormDefinition, typed: dict[str, Any], **bound: Any) -> BoundForm:
    return definition.bind(typed=typed, today=TODAY, **bound)


def said(definition: FormDefinition, typed: dict[str, Any], **bound: Any) -> dict[str, str]:
    """The errors of a post."""
    found = posted(definition, typed, **bound)
    found.check()
    return found.errors


def on(key: str, day: object, month: object, year: object) -> dict[str, str]:
    return {f"{key}-day": str(day), f"{key}-month": str(month), f"{key}-year": str(year)}
