"""Every diagram that is shipped is good to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.drawing.check import defects

PROCESSES = Path(__file__).resolve().parents[2] / "processes"
SHIPPED = sorted(PROCESSES.rglob("*.bpmn"))


def test_there_are_diagrams_to_look_at() -> None:
    assert SHIPPED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_the_diagram_has_no_defects(path: Path) -> None:
    assert [str(found) for found in defects(path)] == []
