"""The net of free tracks that lines run on, and what each line already laid has taken of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping
from typing import TypeAlias

from ..boxes import XY, Box
from ..words import label_size
from .coordinates import Tracks, note_size
from .model import Node, Scope

RIGHT, DOWN, LEFT, UP = range(4)
STEP = ((1, 0), (0, 1), (-1, 0), (0, -1))
CLEAR = 8  # px a line keeps from shapes that are not its own
NEAR_A_ROW = 100.0  # how unwelcome a line is that runs level with a boundary event

Point: TypeAlias = tuple[int, int]  # column and row of the net
Unit: TypeAlias = tuple[int, int, int]  # the stretch to the RIGHT or DOWN of a point


def note_boxes(node: Node) -> list[tuple[str, Box]]:
    """Annotations stand above their element, the first lowest: (id, box)."""
    found, bottom = [], node.box.y - 22
    if node.labelled and node.gateway:
        bottom -= label_size(node.name)[1] + 6
    for note in node.notes:
        wide, high = note_size(note.text)
        found.append((note.id, Box(node.x - 10, bottom - high, wide, high)))
        bottom -= high + 10
    return found


def opposite(way: int) -> int:
    return (way + 2) % 4


def _within(tracks: list[float], first: float, last: float) -> range:
    """The tracks between two places."""
    return range(bisect_right(tracks, first), bisect_left(tracks, last))


def _over(tracks: list[float], first: float, last: float) -> range:
    """The gaps between neighbouring tracks that have something in common with first to last."""
    inside = _within(tracks, first, last)
    return range(max(inside.start - 1, 0), min(inside.stop, len(tracks) - 1))


def unit_of(a: Point, b: Point) -> Unit:
    """The stretch between two neighbouring points."""
    return min(a[0], b[0]), min(a[1], b[1]), RIGHT if a[1] == b[1] else DOWN


class Net:
    """Tracks in px, what stands in their way, and the lines laid on them.

    used: flows on a stretch. through: at a point, the directions in which each flow leaves it.
    ports: flows at a side of a node.
    """

    def __init__(self, scope: Scope, tracks_x: Tracks, tracks_y: Tracks) -> None:
        self.scope = scope
        self.boxes = {node.id: node.box for node in scope.nodes.values()}
        for node in scope.nodes.values():
            self.boxes |= dict(note_boxes(node))
        self.lean_x = {round(x, 1): lean for x, lean in tracks_x.items()}
        self.lean_y = {round(y, 1): lean for y, lean in tracks_y.items()}
        self.xs = sorted({*self.lean_x, *(node.x for node in scope.nodes.values())})
        self.ys = sorted({*self.lean_y, *(node.y for node in scope.nodes.values())})
        for node in scope.nodes.values():
            if node.host:
                self.lean_y.setdefault(node.y, NEAR_A_ROW)
        self.x_at = {x: i for i, x in enumerate(self.xs)}
        self.y_at = {y: j for j, y in enumerate(self.ys)}
        self.used: dict[Unit, set[str]] = defaultdict(set)
        self.through: dict[Point, dict[str, set[int]]] = defaultdict(dict)
        self.ports: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.blocks = self.hits(self.boxes, CLEAR)

    def hits(self, boxes: Mapping[str, Box], grown: float) -> dict[Unit, list[str]]:
        """For every stretch of the net, the boxes that it runs over or close by."""
        found: dict[Unit, list[str]] = defaultdict(list)
        for name, box in ((name, box.grown(grown)) for name, box in boxes.items()):
            across, down = _over(self.xs, box.x, box.right), _over(self.ys, box.y, box.bottom)
            for i in across:
                for j in _within(self.ys, box.y, box.bottom):
                    found[i, j, RIGHT].append(name)
            for i in _within(self.xs, box.x, box.right):
                for j in down:
                    found[i, j, DOWN].append(name)
        return found

    def has(self, point: Point) -> bool:
        return 0 <= point[0] < len(self.xs) and 0 <= point[1] < len(self.ys)

    def px(self, point: Point) -> XY:
        return self.xs[point[0]], self.ys[point[1]]

    def point_of(self, node: Node) -> Point:
        return self.x_at[node.x], self.y_at[node.y]

    def lean(self, at: Point, way: int) -> float:
        """How far the track of a stretch lies from the middle of its gap."""
        if STEP[way][0] == 0:
            return self.lean_x.get(self.xs[at[0]], 0.0)
        return self.lean_y.get(self.ys[at[1]], 0.0)

    def take(self, flow: str, a: Point, b: Point, way: int) -> None:
        """Lay a flow on the stretch from a to b."""
        self.used[unit_of(a, b)].add(flow)
        self.through[a].setdefault(flow, set()).add(way)
        self.through[b].setdefault(flow, set()).add(opposite(way))

    def remove(self, flow: str) -> None:
        """Take a flow up again."""
        for flows in (*self.used.values(), *self.ports.values()):
            flows.discard(flow)
        for passing in self.through.values():
            passing.pop(flow, None)
