"""Finds each label the best free place: beside its event or gateway, or along its line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..boxes import Box, Segment, on_diamond, segments
from ..words import label_size
from .model import Flow, Node, Scope
from .net import note_boxes

ROUNDS = 3
ON_SHAPE, ON_LINE, ON_LABEL, ON_LANE_EDGE, OUTSIDE = 10, 8, 8, 6, 10
NEAR_LINE, LESS_GOOD_PLACE = 0.3, 0.12


def places_of_node(node: Node) -> list[Box]:
    """Where the name of an event or gateway may stand, the best place first."""
    w, h = label_size(node.name)
    x, y, b = node.x, node.y, node.box
    if node.host and node.side > 0:
        corners = [(x + 8, b.bottom + 2), (x - 8 - w, b.bottom + 2)]
        corners += [(x + 20, b.bottom - 8), (x - 20 - w, b.bottom - 8)]
    elif node.host:
        corners = [(x + 8, b.y - h - 2), (x - 8 - w, b.y - h - 2)]
    elif node.gateway:
        return [place for limit in (90, 120, 60) for place in _places_of_gateway(node, limit)]
    else:
        corners = [(x - w / 2, b.bottom + 5), (x - w / 2, b.y - h - 5)]
        corners += [(x + 8, b.bottom + 3), (x - 8 - w, b.bottom + 3)]
        corners += [(b.right + 5, y - h - 4), (b.right + 5, y + 4)]
    return [Box(left, top, w, h) for left, top in corners]


def _places_of_gateway(node: Node, limit: float) -> list[Box]:
    w, h = label_size(node.name, limit)
    x, b = node.x, node.box
    corners = [(x - w / 2, b.y - h - 4), (x + 12, b.y - h + 10), (x - 12 - w, b.y - h + 10)]
    corners += [(x - w / 2, b.bottom + 4), (x + 12, b.bottom - 10), (x - 12 - w, b.bottom - 10)]
    return [Box(left, top, w, h) for left, top in corners]


def places_of_flow(flow: Flow) -> list[Box]:
    """Where the name of a flow may stand, the best place first."""
    w, h = label_size(flow.name)
    places: list[Box] = []
    for n, stretch in enumerate(segments(flow.points)):
        flat = stretch[0][1] == stretch[1][1]
        places += _beside_flat(stretch, w, h, first=n == 0) if flat else _beside(stretch, w, h)
    x, y = flow.points[0]
    return places or [Box(x + 6, y - h - 3, w, h)]


def _beside_flat(stretch: Segment, w: float, h: float, first: bool) -> list[Box]:
    (x1, y), (x2, _) = stretch
    if abs(x2 - x1) < w + 10:
        return []
    near = x1 + (7 if first else 12) if x2 > x1 else x1 - 7 - w
    return [Box(x, top, w, h) for x in (near, (x1 + x2 - w) / 2) for top in (y - h - 4, y + 5)]


def _beside(stretch: Segment, w: float, h: float) -> list[Box]:
    (x, y1), (_, y2) = stretch
    if abs(y2 - y1) < h + 8:
        return []
    near = y1 + 6 if y2 > y1 else y1 - 6 - h
    return [Box(left, y, w, h) for y in (near, (y1 + y2 - h) / 2) for left in (x + 6, x - 6 - w)]


def place_labels(scope: Scope) -> None:
    """Set scope.labels. What has more than one place gives way to what has not."""
    wanted = [(n.id, places_of_node(n)) for n in scope.nodes.values() if n.labelled]
    wanted += [(f.id, places_of_flow(f)) for f in scope.flows if f.name]
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
