"""Are the shapes drawn, apart from each other, and where they belong?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from .boxes import Box
from .defect import Defect, at
from .drawing import Drawing

GAP = 20  # px: the least space between two shapes
LANE_GAP = 8  # px: the least space between a shape and its lane's edge
EVENT_GAP = 4  # px between two events on one activity
TOLERANCE = 1.5  # px: sitting on a border
MOST_NODES = 40  # elements in one diagram; beyond that, call another diagram
MOST_WIDTH = 3600  # px: about two and a half screens
_LINES = ("sequenceFlow", "association", "messageFlow")
_SHAPES = ("task", "subProcess", "callActivity", "lane", "participant")


def everything_is_drawn(d: Drawing) -> Iterator[Defect]:
    for identifier in d.elements:
        tag = d.tag(identifier)
        shape = tag.endswith(("Task", "Event", "Gateway")) or tag in _SHAPES
        if (tag in _LINES and identifier not in d.edges) or (shape and identifier not in d.shapes):
            yield Defect("not drawn", d.name(identifier))


def everything_is_connected(d: Drawing) -> Iterator[Defect]:
    used = {end for edge in d.edges for end in d.ends(edge)}
    for identifier, box in d.shapes.items():
        if not d.contains(identifier) and identifier not in used:
            yield at("not connected", d.name(identifier), box)


def it_fits_on_a_page(d: Drawing) -> Iterator[Defect]:
    nodes = [i for i in d.shapes if not d.contains(i) and d.tag(i) != "textAnnotation"]
    if len(nodes) > MOST_NODES:
        yield Defect("too much for one diagram", f"{len(nodes)} elements, at most {MOST_NODES}")
    boxes = d.shapes.values()
    if boxes and max(b.right for b in boxes) - min(b.x for b in boxes) > MOST_WIDTH:
        yield Defect("too wide", f"more than {MOST_WIDTH} px")


def shapes_are_apart(d: Drawing) -> Iterator[Defect]:
    frames = d.frames
    inner = [i for i in d.shapes if i not in frames]
    for a, b in combinations(inner, 2):
        if a in d.around(b) or b in d.around(a):
            continue
        if what := _too_near(d, a, b):
            yield at(what, f"{d.name(a)} / {d.name(b)}", d.shapes[b])


def _too_near(d: Drawing, a: str, b: str) -> str:
    one, two = d.shapes[a], d.shapes[b]
    if one.meets(two):
        return "shapes overlap"
    if not d.host(a) and not d.host(b):
        near = one.grown(GAP / 2).meets(two.grown(GAP / 2))
        return f"less than {GAP} px apart" if near else ""
    close = d.host(a) == d.host(b) and one.grown(EVENT_GAP).meets(two)
    return "boundary events too close" if close else ""


def shapes_are_in_their_lanes(d: Drawing) -> Iterator[Defect]:
    lanes = [i for i in d.shapes if d.tag(i) == "lane"]
    frames = d.frames
    for identifier, box in d.shapes.items():
        if identifier in frames:
            continue
        hosted = bool(d.host(identifier))
        outer = [d.shapes[i] for i in d.around(identifier) if i in d.expanded and i in d.shapes]
        if not hosted and not all(o.holds(box) for o in outer):
            yield at("outside its subprocess", d.name(identifier), box)
        if lanes and (what := _lane_problem(d, identifier, box, inside=bool(outer))):
            yield at(what, d.name(identifier), box)


def _lane_problem(d: Drawing, identifier: str, box: Box, inside: bool) -> str:
    hosted = bool(d.host(identifier))
    lane = d.lane_of.get(identifier)
    if lane is not None:
        spare = 0 if hosted else LANE_GAP
        return "" if d.shapes[lane].grown(-spare).holds(box) else "outside its lane"
    may_float = inside or hosted or d.tag(identifier) == "textAnnotation"
    return "" if may_float else "in no lane"


def events_sit_on_their_hosts(d: Drawing) -> Iterator[Defect]:
    for identifier, box in d.shapes.items():
        host = d.shapes.get(d.host(identifier) or "")
        if host is None:
            continue
        middle = Box(box.x + box.width / 2, box.y + box.height / 2, 0, 0)
        if not host.grown(TOLERANCE).holds(middle) or host.grown(-TOLERANCE).holds(middle):
            yield at("not on its activity's border", d.name(identifier), box)
