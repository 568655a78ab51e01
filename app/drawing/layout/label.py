"""Finds each label the best free place: beside its event or gateway, or along its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..boxes import XY, Box, Segment, on_diamond, segments
from ..words import LABEL_WIDTH, label_size
from .model import Flow, Node, Scope
from .net import note_boxes

ROUNDS = 3
ON_SHAPE, ON_LINE, ON_LABEL, ON_LANE_EDGE, OUTSIDE = 10, 8, 8, 6, 10
NEAR_LINE, LESS_GOOD_PLACE = 0.3, 0.12
BEHIND_SLASH = 16  # px from a gateway to an answer: the default flow's slash stands between


def places_of_node(node: Node) -> list[Box]:
    """Where the name of an event or gateway may stand, the best place first."""
    if node.gateway:
        sizes = [_places_of_gateway(node, size * LABEL_WIDTH) for size in (1, 2 / 3, 4 / 3)]
        return [place for same_corner in zip(*sizes, strict=True) for place in same_corner]
    if node.host:
        return [b for size in (1, 4 / 5) for b in _places_at_edge(node, size * LABEL_WIDTH)]
    w, h = label_size(node.name)
    x, y, b = node.x, node.y, node.box
    corners = [(x - w / 2, b.bottom + 5), (x - w / 2, b.y - h - 5)]
    corners += [(x + 8, b.bottom + 3), (x - 8 - w, b.bottom + 3)]
    corners += [(b.right + 5, y - h - 4), (b.right + 5, y + 4)]
    return [Box(left, top, w, h) for left, top in corners]


def _places_at_edge(node: Node, limit: float) -> list[Box]:
    """Of a boundary event: beside the line that leaves it."""
    w, h = label_size(node.name, limit)
    x, b = node.x, node.box
    if node.side > 0:
        corners = [(x + 8, b.bottom + 2), (x - 8 - w, b.bottom + 2)]
        corners += [(x + 20, b.bottom - 8), (x - 20 - w, b.bottom - 8)]
    else:
        corners = [(x + 8, b.y - h - 2), (x - 8 - w, b.y - h - 2)]
    return [Box(left, top, w, h) for left, top in corners]


def _places_of_gateway(node: Node, limit: float) -> list[Box]:
    """A question stands before its answers: above, or above the line that comes in."""
    w, h = label_size(node.name, limit)
    x, b = node.x, node.box
    corners = [(x - w / 2, b.y - h - 4), (x - 12 - w, b.y - h + 10), (x + 12, b.y - h + 10)]
    corners += [(x - w / 2, b.bottom + 4), (x - 12 - w, b.bottom - 10), (x + 12, b.bottom - 10)]
    return [Box(left, top, w, h) for left, top in corners]


def places_of_flow(flow: Flow, mates: Sequence[Flow] = ()) -> list[Box]:
    """Where the name of a flow may stand, the best place first.

    mates: other flows out of the same gateway. A name stands beyond what they share, if it can,
    and level, where it reads on to the next step.
    """
    w, h = label_size(flow.name)
    trunk = max((_shared(flow.points, mate.points) for mate in mates), default=0.0)
    own = segments(_beyond(flow.points, trunk)) if trunk else []
    places = [box for stretch in own if _is_flat(stretch) for box in _beside_flat(stretch, w, h)]
    x, y = flow.points[0]
    return [*places, *_places_along(flow.points, w, h)] or [Box(x + 6, y - h - 3, w, h)]


def _places_along(points: Sequence[XY], w: float, h: float) -> list[Box]:
    places: list[Box] = []
    for stretch in segments(points):
        places += _beside_flat(stretch, w, h) if _is_flat(stretch) else _beside(stretch, w, h)
    return places


def _beside_flat(stretch: Segment, w: float, h: float) -> list[Box]:
    (x1, y), (x2, _) = stretch
    length = abs(x2 - x1)
    if length < w + 10:
        return []
    off = min(BEHIND_SLASH, length - w - 3)
    near = x1 + off if x2 > x1 else x1 - off - w
    return [Box(x, top, w, h) for x in (near, (x1 + x2 - w) / 2) for top in (y - h - 4, y + 5)]


def _beside(stretch: Segment, w: float, h: float) -> list[Box]:
    (x, y1), (_, y2) = stretch
    length = abs(y2 - y1)
    if length < h + 8:
        return []
    off = min(BEHIND_SLASH, (length - h) / 2)
    near = y1 + off if y2 > y1 else y1 - off - h
    return [Box(left, y, w, h) for y in (near, (y1 + y2 - h) / 2) for left in (x + 6, x - 6 - w)]


def _shared(one: Sequence[XY], two: Sequence[XY]) -> float:
    """How far two lines run on each other from where both begin, in px."""
    together = 0.0
    for (a, b), (c, d) in zip(segments(one), segments(two), strict=False):
        if a != c or _heading(a, b) != _heading(c, d):
            break
        together += min(_length(a, b), _length(c, d))
        if b != d:
            break
    return together


def _beyond(points: Sequence[XY], start: float) -> list[XY]:
    """What is left of a line after its first `start` px."""
    for n, (a, b) in enumerate(segments(points)):
        length = _length(a, b)
        if start < length:
            (x, y), part = a, start / length
            return [(x + (b[0] - x) * part, y + (b[1] - y) * part), *points[n + 1 :]]
        start -= length
    return []


def _is_flat(stretch: Segment) -> bool:
    return stretch[0][1] == stretch[1][1]


def _length(a: XY, b: XY) -> float:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _heading(a: XY, b: XY) -> tuple[bool, bool, bool]:
    return a[0] < b[0], a[1] < b[1], a[1] == b[1]


def place_labels(scope: Scope) -> None:
    """Set scope.labels. What has more than one place gives way to what has not."""
    wanted = [(n.id, places_of_node(n)) for n in scope.nodes.values() if n.labelled]
    wanted += [(f.id, places_of_flow(f, _mates(scope, f))) for f in scope.flows if f.name]
    surroundings = _Surroundings(scope)
    for identifier, places in wanted:
        scope.labels.setdefault(identifier, places[0])
    for _ in range(ROUNDS):
        for identifier, places in wanted:
            rated = [
                (surroundings.badness(place, identifier) + n * LESS_GOOD_PLACE, n)
                for n, place in enumerate(places)
            ]
            scope.labels[identifier] = places[min(rated)[1]]


def _mates(scope: Scope, flow: Flow) -> list[Flow]:
    return [other for other in scope.flows if other.source == flow.source and other is not flow]


class _Surroundings:
    """All that a label may come into conflict with."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.solid = [node.box for node in scope.nodes.values()]
        self.solid += [box for node in scope.nodes.values() for _, box in note_boxes(node)]
        self.lines = [stretch for flow in scope.flows for stretch in pairwise(flow.points)]
        bottoms = [box.bottom for box in scope.lane_boxes]
        self.lane_edges = [((-80.0, y), (scope.width, y)) for y in bottoms]

    def badness(self, box: Box, identifier: str) -> float:
        """How bad a place is for a label; 0 is free."""
        node = self.scope.nodes.get(identifier)
        own = node.box if node is not None and node.gateway else None
        bad = ON_SHAPE * sum(solid != own and box.grown(1).meets(solid) for solid in self.solid)
        if own is not None and on_diamond(box, own):
            bad += ON_SHAPE
        bad += ON_LABEL * sum(box.grown(2).meets(other) for other in self._others(identifier))
        if box.y < 2 or box.bottom > self.scope.height - 2:
            bad += OUTSIDE
        return bad + self._on_lines(box)

    def _others(self, identifier: str) -> Iterator[Box]:
        return (box for other, box in self.scope.labels.items() if other != identifier)

    def _on_lines(self, box: Box) -> float:
        inner, outer = box.grown(-1), box.grown(3)
        return (
            ON_LINE * sum(inner.cut_by(a, b) for a, b in self.lines)
            + NEAR_LINE * sum(outer.cut_by(a, b) for a, b in self.lines)
            + ON_LANE_EDGE * sum(box.cut_by(a, b) for a, b in self.lane_edges)
        )
