"""One step drawn in another lane: its shape goes straight up or down, and its lines follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lxml import etree

from .boxes import XY, Box, segments
from .check import defects, defects_of
from .check_labels import labels_lie_free
from .check_lines import (
    lines_are_straight,
    lines_avoid_shapes,
    lines_keep_apart,
    lines_meet_their_shapes,
)
from .check_shapes import LANE_GAP, shapes_are_apart, shapes_are_in_their_lanes
from .defect import Defect
from .drawing import BPMNDI, DC, DI, Drawing, parse
from .layout.label import places_of_flow
from .layout.model import Flow

EVERY = 10  # px between two heights that are tried
AWAY = 20  # px from a shape to the first bend
TRIED = 12  # places for a bend between two shapes
A_BEND = 60  # px of line that a bend weighs as much as


def in_its_lane(before: bytes, after: bytes, step: str) -> bytes | None:
    """The file `after`, with the shape of a step in the lane that it now belongs to.

    before: the file in which it belonged to another one. The events on the step go along, its lines
    and their names are laid anew; nothing else moves. None: there is no place for it without a
    defect of the drawing that `before` has not.
    """
    drawing, known = Drawing.read(after), _told(defects(before))
    if step not in drawing.shapes or drawing.lane_of.get(step) not in drawing.shapes:
        return None
    for y in _heights(drawing, step):
        new = _at(drawing, step, y - drawing.shapes[step].y, known)
        if new is not None and _told(defects_of(new)) <= known:
            return _written(after, drawing, new)
    return None


def _told(found: Iterable[Defect]) -> set[tuple[str, str]]:
    return {(defect.what, defect.where) for defect in found}


def _heights(drawing: Drawing, step: str) -> list[float]:
    """Where the upper edge of a step may come: level with others of its lane first."""
    lane, box = drawing.shapes[drawing.lane_of[step]], drawing.shapes[step]
    first, last = lane.y + LANE_GAP, lane.bottom - LANE_GAP - box.height
    mates = [
        drawing.shapes[one]
        for one, at in drawing.lane_of.items()
        if at == drawing.lane_of[step] and one != step and one in drawing.shapes
    ]
    level = {mate.y + (mate.height - box.height) / 2 for mate in mates}
    between = {first + n * EVERY for n in range(int((last - first) // EVERY) + 1)} - level
    return [
        y
        for heights in (level, between)
        for y in sorted(heights, key=lambda y: abs(y - box.y))
        if first <= y <= last
    ]


def _at(drawing: Drawing, step: str, dy: float, known: set[tuple[str, str]]) -> Drawing | None:
    """The drawing with the step moved and its lines laid anew; None if one of them finds no way."""
    moving = {step} | {one for one in drawing.shapes if drawing.host(one) == step}
    new = replace(
        drawing,
        shapes={i: b.moved(0, dy) if i in moving else b for i, b in drawing.shapes.items()},
        labels={i: b.moved(0, dy) if i in moving else b for i, b in drawing.labels.items()},
        edges=dict(drawing.edges),
    )
    if not _told([*shapes_are_apart(new), *shapes_are_in_their_lanes(new)]) <= known:
        return None
    lines = [line for line in new.edges if moving & set(new.ends(line))]
    if any(new.tag(line) != "sequenceFlow" for line in lines):
        return None  # a note at a step would have to move, too
    for line in lines:
        del new.edges[line]
    for line in lines:
        way = next((way for way in _ways(new, line) if _is_free(new, line, way)), None)
        if way is None:
            return None
        new.edges[line] = way
    for line in lines:
        if line in new.labels:
            _place_name(new, line)
    return new


def _is_free(drawing: Drawing, line: str, way: list[XY]) -> bool:
    """Whether a line may run so, beside the shapes, names and lines that there are."""
    there = drawing.shapes.keys() | drawing.edges.keys()  # the names of lines not yet laid move
    names = [box.grown(-1) for one, box in drawing.labels.items() if one in there]
    if any(name.cut_by(*stretch) for name in names for stretch in segments(way)):
        return False
    alone = replace(drawing, edges={line: way})
    checks = (lines_are_straight, lines_meet_their_shapes, lines_avoid_shapes)
    if any(True for check in checks for _ in check(alone)):
        return False
    pairs = ({line: way, other: points} for other, points in drawing.edges.items())
    return not any(True for pair in pairs for _ in lines_keep_apart(replace(drawing, edges=pair)))


def _place_name(drawing: Drawing, line: str) -> None:
    """Put the name of a line where it is in nobody's way, or else at its best place."""
    source, target = drawing.ends(line)

    def flow(one: str) -> Flow:
        return Flow(one, source, target, drawing.name(one), points=drawing.edges[one])

    mates = [flow(one) for one in drawing.edges if one != line and drawing.ends(one)[0] == source]
    places = places_of_flow(flow(line), mates)
    drawing.labels[line] = places[0]
    for place in places:
        tried = replace(drawing, labels={**drawing.labels, line: place})
        if not any(drawing.name(line) in found.where for found in labels_lie_free(tried)):
            drawing.labels[line] = place
            return


def _ways(drawing: Drawing, line: str) -> list[list[XY]]:
    """Simple ways from one shape to another, at right angles, the simplest first."""
    source, target = drawing.ends(line)
    a, b = drawing.shapes[source], drawing.shapes[target]
    host = drawing.shapes.get(drawing.host(source) or "")
    down = a.y + a.height / 2 > host.y + host.height / 2 if host is not None else None
    found = [way for way in _between(a, b) if host is None or _leaves(way, down)]
    return sorted(found, key=_length)


def _leaves(way: list[XY], down: bool | None) -> bool:
    """Whether a line leaves an event on the edge of a step away from the step."""
    (x, y), (after_x, after_y) = way[:2]
    return x == after_x and (after_y > y) is down


def _length(way: list[XY]) -> float:
    return A_BEND * len(way) + sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for p, q in segments(way))


def _between(a: Box, b: Box) -> Iterator[list[XY]]:
    ax, ay = a.x + a.width / 2, a.y + a.height / 2
    bx, by = b.x + b.width / 2, b.y + b.height / 2
    if ay == by:
        yield [(a.right, ay), (b.x, by)]
    for x in _places(a.right + AWAY, b.x - AWAY):
        yield [(a.right, ay), (x, ay), (x, by), (b.x, by)]
    leaving = a.bottom if by > ay else a.y  # the edge that looks towards the other shape
    entering = b.y if by > ay else b.bottom
    yield [(ax, leaving), (ax, by), (b.x, by)]
    yield [(a.right, ay), (bx, ay), (bx, entering)]
    if ax == bx:
        yield [(ax, leaving), (bx, entering)]
    for y in _places(*sorted((leaving, entering))):
        yield [(ax, leaving), (ax, y), (bx, y), (bx, entering)]
    for out, edge, other in ((-AWAY, a.y, b.y), (AWAY, a.bottom, b.bottom)):
        y = min(a.y, b.y) + out if out < 0 else max(a.bottom, b.bottom) + out
        yield [(ax, edge), (ax, y), (bx, y), (bx, other)]


def _places(first: float, last: float) -> list[float]:
    """Some places between two, the middle first."""
    if last < first:
        return []
    step = (last - first) / (TRIED - 1)
    middle = (first + last) / 2
    return [
        middle,
        *sorted((first + n * step for n in range(TRIED)), key=lambda x: abs(x - middle)),
    ]


# ---- into the file ------------------------------------------------------------------------------


def _written(source: bytes, old: Drawing, new: Drawing) -> bytes:
    """The file with what differs in the drawing."""
    root = parse(source)
    for drawn in root.iter(f"{BPMNDI}BPMNShape", f"{BPMNDI}BPMNEdge"):
        name = drawn.get("bpmnElement", "")
        if new.shapes.get(name) != old.shapes.get(name):
            _put(drawn, new.shapes[name])
        if new.labels.get(name) != old.labels.get(name):
            _put(next(drawn.iter(f"{BPMNDI}BPMNLabel")), new.labels[name])
        if new.edges.get(name) != old.edges.get(name):
            _lay(drawn, new.edges[name])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _put(drawn: etree._Element, box: Box) -> None:
    bounds = next(drawn.iter(f"{DC}Bounds"))
    for side in ("x", "y", "width", "height"):
        bounds.set(side, f"{getattr(box, side):.0f}")


def _lay(drawn: etree._Element, points: list[XY]) -> None:
    for old in drawn.findall(f"{DI}waypoint"):
        drawn.remove(old)
    for n, (x, y) in enumerate(points):
        drawn.insert(n, etree.Element(f"{DI}waypoint", x=f"{x:.0f}", y=f"{y:.0f}"))
