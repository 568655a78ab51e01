"""What is added, removed, changed and moved on a drawing: elements and arrows, by their id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from app.engine.diagram import BPMN, read_diagram, tag_of
from app.engine.problems import EngineRefused
from app.engine.xml import read_xml

Mark = Literal["added", "removed", "changed", "moved"]
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
LINE = "{http://www.omg.org/spec/DD/20100524/DI}"
DERIVED = frozenset({"incoming", "outgoing", "flowNodeRef"})  # told by the arrows and by the lane
# in words, where an element has no name
WORDS = {
    "sequenceFlow": "arrow",
    "startEvent": "beginning",
    "endEvent": "end",
    "boundaryEvent": "event",
    "intermediateCatchEvent": "event",
    "exclusiveGateway": "gateway",
    "parallelGateway": "gateway",
    "inclusiveGateway": "gateway",
    "eventBasedGateway": "gateway",
    "participant": "pool",
    "textAnnotation": "note",
}


@dataclass(frozen=True)
class Marks:
    """before: removed, changed and moved, by id, on the old drawing; after: on the new one.

    told: (mark, name of the element, what it is), in the order added, removed, changed, moved.
    """

    before: Mapping[str, Mark]
    after: Mapping[str, Mark]
    told: list[tuple[Mark, str, str]]


@dataclass(frozen=True)
class _Drawn:
    """An element as it is drawn. means: all that it says; stands: where."""

    name: str
    what: str
    means: Any
    stands: tuple[tuple[int, int], ...]


ORDER: tuple[Mark, ...] = ("added", "removed", "changed", "moved")


def marks(file: str, old: bytes | None, new: bytes | None) -> Marks | None:
    """What differs between two drawings, None being an empty one; None for what cannot be read."""
    try:
        was = _drawn(file, old) if old is not None else {}
        now = _drawn(file, new) if new is not None else {}
    except EngineRefused:
        return None
    found = {key: mark for key in {*was, *now} if (mark := _mark(was.get(key), now.get(key)))}
    by_mark = sorted(found.items(), key=lambda pair: (ORDER.index(pair[1]), pair[0]))
    told = [(mark, *_said(now.get(key) or was[key], key)) for key, mark in by_mark]
    return Marks(
        {key: mark for key, mark in found.items() if key in was},
        {key: mark for key, mark in found.items() if key in now},
        told,
    )


def _mark(was: _Drawn | None, now: _Drawn | None) -> Mark | None:
    if was is None:
        return "added"
    if now is None:
        return "removed"
    if was.means != now.means:
        return "changed"
    # an arrow that only follows what it joins is no news
    return "moved" if was.stands != now.stands and was.what != "arrow" else None


def _said(drawn: _Drawn, key: str) -> tuple[str, str]:
    return drawn.name or key, drawn.what


def _drawn(file: str, raw: bytes) -> dict[str, _Drawn]:
    root = read_xml(raw)
    elements = read_diagram(file, raw).elements.values()
    lanes = {element.id: element.lane for element in elements}
    arrows = {flow.id for element in elements for flow in element.outgoing}
    messages = {node.get("id"): node.get("name") for node in root.iterfind(f"{BPMN}message")}
    # what stands in the file and is not drawn counts, too
    places = {**dict.fromkeys({*lanes, *arrows}, ()), **dict(_places(root))}
    return {
        node.get("id", ""): _Drawn(
            " ".join((node.get("name") or "").split()),
            WORDS.get(tag_of(node), "element" if tag_of(node) != "lane" else "lane"),
            (_means(node, places, messages), lanes.get(node.get("id", ""))),
            places[node.get("id", "")],
        )
        for node in root.iter(f"{BPMN}*")
        if node.get("id") in places
    }


def _places(root: etree._Element) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    for shape in root.iter(f"{DI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        if bounds is not None:
            corner = (_number(bounds, "x"), _number(bounds, "y"))
            yield (
                shape.get("bpmnElement", ""),
                (corner, (_number(bounds, "width"), _number(bounds, "height"))),
            )
    for edge in root.iter(f"{DI}BPMNEdge"):
        points = edge.findall(f"{LINE}waypoint")
        yield edge.get("bpmnElement", ""), tuple((_number(p, "x"), _number(p, "y")) for p in points)


def _number(node: etree._Element, name: str) -> int:
    try:
        return round(float(node.get(name, 0)))
    except (ValueError, OverflowError):
        return 0


def _means(
    node: etree._Element, drawn: Mapping[str, Any], messages: Mapping[str | None, str | None]
) -> Any:
    """What an element says, without ids of its parts and without what is drawn inside it."""
    attributes = {str(name): str(value) for name, value in node.items() if name != "id"}
    if "messageRef" in attributes:
        attributes["messageRef"] = messages.get(attributes["messageRef"]) or ""
    parts = [
        _means(child, drawn, messages)
        for child in node
        if child.get("id") not in drawn and tag_of(child) not in DERIVED
    ]
    return (tag_of(node), sorted(attributes.items()), (node.text or "").strip(), parts)
