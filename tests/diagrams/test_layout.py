"""The layout draws what it is given: well, the same each time, and without touching the meaning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from app.drawing.check import defects
from app.drawing.drawing import BPMN, BPMNDI, parse
from app.drawing.layout.draw import TRIES, best_drawing, draw
from app.drawing.layout.label import places_of_flow
from app.drawing.layout.model import Flow

from .examples import EXAMPLES

SHIPPED = Path(__file__).resolve().parents[2] / "processes"
# Those with the loops that find no way round what lies there, or each of the hundred.
TIDIED = sorted(SHIPPED.rglob("*.bpmn" if os.environ.get("PUTRIGHT_LONG") else "stages.bpmn"))


def meaning(source: bytes) -> bytes:
    """The file without its drawing and its white space, in one fixed form."""
    root = parse(source)
    for diagram in root.findall(f"{BPMNDI}BPMNDiagram"):
        root.remove(diagram)
    for node in root.iter():
        node.tail = None
        if node.text and not node.text.strip():
            node.text = None
    return etree.tostring(root, method="c14n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_drawing_has_no_defects(name: str) -> None:
    drawn = best_drawing(EXAMPLES[name].encode())

    assert [str(found) for found in defects(drawn)] == []


@pytest.mark.parametrize("path", TIDIED, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_diagram_that_is_shipped_can_be_tidied(path: Path) -> None:
    """It has no defects as it is, so a drawing with one would be refused."""
    source = path.read_bytes()

    found = ([str(one) for one in defects(draw(source, *way))] for way in TRIES)

    assert [] in found


def test_a_pool_is_as_high_as_its_name_is_long() -> None:
    root = parse(min(SHIPPED.rglob("*.bpmn"), key=lambda path: path.stat().st_size))
    next(root.iter(f"{BPMN}participant")).set("name", "A name that is very much longer than usual")

    assert [str(found) for found in defects(draw(etree.tostring(root)))] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_file_is_drawn_the_same_way(name: str) -> None:
    source = EXAMPLES[name].encode()

    assert draw(source) == draw(source)


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("quick_route.bpmn")), ids=lambda p: p.stem)
def test_drawing_anew_does_not_touch_the_meaning(path: Path) -> None:
    source = path.read_bytes()

    drawn = draw(source)

    assert meaning(drawn) == meaning(source)
    assert drawn != source


def test_an_answer_stands_on_the_arrow_that_is_its_own() -> None:
    up = Flow("up", "asked", "refused", "No", points=[(0, 0), (0, -200), (120, -200)])
    half_up = Flow("half_up", "asked", "late", "Too late", points=[(0, 0), (0, -100), (120, -100)])

    for flow, other in ((up, half_up), (half_up, up)):
        best = places_of_flow(flow, [other])[0]
        level = flow.points[-1][1]
        assert best.bottom < level < best.bottom + 10
        assert 0 < best.x < best.right < 120
