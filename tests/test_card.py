"""What the project's user fixed, held as tests."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from app.settings import ROOT

FIXED = ("processes", "app", "forms", "timers", "tests", "pyproject.toml", "README.md")
PACKAGES = {
    "spiffworkflow": "SpiffWorkflow",
    "flask": "flask",
    "flask-sqlalchemy": "flask_sqlalchemy",
    "holidays": "holidays",
    "apscheduler": "apscheduler",
    "pytest": "pytest",
}
OURS = ("app", "forms", "timers")
FUNCTIONS = {"working_days", "calendar_days", "months", "rolled", "later", "earlier"}
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
LANDLORDS = [path.parent for path in sorted((ROOT / "processes").glob("*/landlord.toml"))]


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    ]
    return {name.split(".")[0] for name in names}


def test_the_top_level_is_as_agreed() -> None:
    assert [name for name in FIXED if not (ROOT / name).exists()] == []


def test_the_fixed_libraries_are_declared_and_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = " ".join([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    used = set().union(*(imports(path) for path in sources(*OURS, "tests")))

    for package, module in PACKAGES.items():
        assert re.search(rf"(^|\s){package}\b", declared), package
        assert module in used, module


@pytest.mark.parametrize("folder", LANDLORDS, ids=lambda folder: folder.name)
def test_every_limit_is_a_timer_event_with_a_date_worked_out_from_facts(folder: Path) -> None:
    dates = [
        date.text or ""
        for path in folder.glob("*.bpmn")
        for timer in etree.parse(path).iter(f"{BPMN}timerEventDefinition")
        for date in timer
    ]

    assert dates
    shared = folder.parent / "shared"
    facts = {n for f in (folder, shared) for n in tomllib.loads((f / "facts.toml").read_text())}
    assert [date for date in dates if not worked_out(date, facts)] == []


def test_no_limit_hides_in_python() -> None:
    hidden = re.compile(r"working_days\(\s*(?!1\b)\d")
    assert [path for path in sources(*OURS) if hidden.search(strip_docs(path))] == []


def worked_out(date: str, facts: set[str]) -> bool:
    """Whether an expression is a fact or is worked out from facts: never a fixed day, nor “now”."""
    tree = ast.parse(date.strip(), mode="eval")
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    ways = _ways(tree.body)
    return (
        all(isinstance(call, ast.Name) and call.id in FUNCTIONS for call in calls)
        and not any(isinstance(node, ast.Attribute) for node in ast.walk(tree))
        and names - FUNCTIONS <= facts
        and bool(ways)
        and all(_is_of_facts(way, facts) for way in ways)
    )


def _ways(node: ast.expr) -> list[ast.expr]:
    """The dates that an expression may come to: both sides of a condition, without “no date”."""
    if isinstance(node, ast.IfExp):
        return _ways(node.body) + _ways(node.orelse)
    return [] if isinstance(node, ast.Constant) and node.value is None else [node]


def _is_of_facts(date: ast.expr, facts: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in facts for node in ast.walk(date))


@pytest.mark.parametrize(
    ("date", "right"),
    [
        ("acknowledged_on", True),
        ("working_days(10 + more, acknowledged_on)", True),
        ("months(12, closed_on) if more == 0 else None", True),
        ("later(closed_on, acknowledged_on) if more else closed_on", True),
        ("2026-11-24", False),
        ("'2026-11-24'", False),
        ("today()", False),
        ("working_days(10, started_on)", False),
        ("closed_on if more else '2026-11-24'", False),
        ("None", False),
        ("acknowledged_on.today()", False),
    ],
)
def test_what_counts_as_worked_out_from_facts(date: str, right: bool) -> None:
    assert worked_out(date, {"acknowledged_on", "closed_on", "more"}) is right


@cache
def strip_docs(path: Path) -> str:
    """The code of a module without comments and docstrings."""
    return ast.unparse(_without_docstrings(ast.parse(path.read_text())))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            first.value.value = ""
    return tree


def test_no_python_knows_a_landlord() -> None:
    plain = {"code", "south"}  # words that begin a name, and mean something else as well
    names = {word for folder in LANDLORDS for word in (folder.name, folder.name.split("-")[0])}
    names -= plain
    for path in sources(*OURS):
        text = path.read_text().lower()
        assert [name for name in names if name in text] == [], path


def test_only_the_clock_module_reads_the_clock() -> None:
    reading = re.compile(r"datetime\.(now|utcnow|today)\(|date\.today\(|time\.time\(")
    assert [
        str(path.relative_to(ROOT))
        for path in sources(*OURS)
        if reading.search(strip_docs(path)) and path.name != "clock.py"
    ] == []


COMMITTING = {
    "app/db.py",
    "app/migrations/env.py",
    "app/pipeline.py",  # the connection itself
    "app/services/workshop/stage.py",  # a database in memory, gone with the play
}


def test_only_the_database_module_commits() -> None:
    committing = re.compile(r"\.(commit|rollback)\(")
    assert [
        str(path.relative_to(ROOT))
        for path in sources(*OURS)
        if committing.search(strip_docs(path))
        and path.relative_to(ROOT).as_posix() not in COMMITTING
    ] == []


def test_nothing_is_imported_inside_a_function() -> None:
    found = []
    for path in sources(*OURS):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                found += [
                    f"{path.relative_to(ROOT)}: {function.name}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                ]
    assert found == []


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources(*OURS, "tests")
        if (lines := len(path.read_text().splitlines())) > 400 and "migrations" not in path.parts
    }
    assert long == {}


def test_no_address_of_a_registry_is_committed() -> None:
    hosts = re.compile(r"files\.python" + r"hosted|pypi\." + r"org|registry\.npm" + r"js")
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json", "pyproject.toml"):
        assert not hosts.search((ROOT / name).read_text()), name
