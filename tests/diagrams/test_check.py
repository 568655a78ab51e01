"""The check finds the faults that hands make."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from app.drawing.check import defects
from app.drawing.drawing import BPMNDI, DC, DI, parse
from app.drawing.layout.draw import best_drawing
from app.drawing.words import LABEL_LINE, OUTSIDE, label_size, wrap

from .examples import LOOP, TWO_LANES

Fault = Callable[[etree._Element], None]


@pytest.fixture(scope="module")
def good() -> bytes:
    return best_drawing(TWO_LANES.encode())


def drawn(root: etree._Element, element: str) -> etree._Element:
    return next(e for e in root.iter(f"{BPMNDI}*") if e.get("bpmnElement") == element)


def bounds(root: etree._Element, element: str) -> etree._Element:
    found = drawn(root, element).find(f"{DC}Bounds")
    assert found is not None
    return found


def change(box: etree._Element, **by: float) -> None:
    for name, px in by.items():
        box.set(name, str(float(box.get(name, 0)) + px))


def moved(element: str, **by: float) -> Fault:
    return lambda root: change(bounds(root, element), **by)


def label_moved(element: str, **by: float) -> Fault:
    def fault(root: etree._Element) -> None:
        box = drawn(root, element).find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
        assert box is not None
        change(box, **by)

    return fault


def label_on_the_edge(element: str, lane: str) -> Fault:
    def fault(root: etree._Element) -> None:
        edge = bounds(root, lane)
        bottom = float(edge.get("y", 0)) + float(edge.get("height", 0))
        box = drawn(root, element).find(f"{BPMNDI}BPMNLabel/{DC}Bounds")
        assert box is not None
        box.set("y", str(bottom - 7))

    return fault


def bent(element: str, **by: float) -> Fault:
    return lambda root: change(drawn(root, element).findall(f"{DI}waypoint")[-1], **by)


def renamed(element: str, name: str) -> Fault:
    def fault(root: etree._Element) -> None:
        next(e for e in root.iter() if e.get("id") == element).set("name", name)

    return fault


def not_drawn(element: str) -> Fault:
    def fault(root: etree._Element) -> None:
        shape = drawn(root, element)
        parent = shape.getparent()
        assert parent is not None
        parent.remove(shape)

    return fault


FAULTS: dict[str, Fault] = {
    "shapes overlap": moved("write", x=120),
    "outside its lane": moved("decide", y=200),
    "not on its activity's border": moved("late", y=25),
    "slanting line": bent("asked_to_decide", y=20),
    "does not meet its shape's border": bent("asked_to_decide", x=-25),
    "line through a label": label_moved("yes_or_no", y=40),
    "label outside its lane": label_moved("asked", y=100),
    "label across a lane's edge": label_on_the_edge("asked", "lane_0"),
    "name does not fit": renamed("write", "Write " + "a very long answer " * 9),
    "a word is broken": renamed("write", "Antidisestablishmentarianism"),
    "name does not fit on one line": renamed("lane_0", "The team with a very long name " * 3),
    "not drawn": not_drawn("write_to_send_it"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_found(what: str, good: bytes) -> None:
    root = parse(good)
    assert defects(good) == []

    FAULTS[what](root)

    assert what in {found.what for found in defects(etree.tostring(root))}


def test_a_line_may_go_back_only_to_close_a_loop() -> None:
    assert defects(best_drawing(LOOP.encode())) == []


@pytest.mark.parametrize("name", ["Acknowledgement written", "Does the Ombudsman step in?"])
def test_a_label_is_as_wide_as_the_widest_face_needs(name: str) -> None:
    wide, high = label_size(name)

    lines = wrap(name, wide, OUTSIDE)

    assert len(lines) * LABEL_LINE == high
    assert " ".join(lines) == name
    assert wrap(name, wide - 8, OUTSIDE) != lines  # and no wider
