"""The cost of a placement, counted on a sketch of the routes over grid cells.

A cell is (column, row); half a column or row is the gap between two. Costs have no unit: they only
weigh one thing against another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import TypeAlias

from ..boxes import XY
from .model import Flow, Node, Scope

Way: TypeAlias = list[XY]  # corners
Stretch: TypeAlias = tuple[float, float, float, Flow]  # from, to, at, whose

A_ROW, TWO_IN_A_CELL = 2.2, 200.0
THROUGH_A_NODE, CROSSING, ON_EACH_OTHER, TRUNK = 12.0, 14.0, 7.0, 1.5
A_ROW_AWAY, A_COLUMN_ALONG = 0.7, 0.12


class Sketch:
    """One placement, drawn roughly. routes: the way that each flow would take."""

    def __init__(self, scope: Scope, offsets: dict[str, float]) -> None:
        self.scope, self.offsets = scope, offsets
        self.cells = {(node.column, node.row) for node in scope.standing}
        self.routes: dict[str, Way] = {}

    def cost(self, row_count: int) -> float:
        """Lay every flow and add up what is not nice."""
        total = A_ROW * row_count
        total += TWO_IN_A_CELL * (len(self.scope.standing) - len(self.cells))
        flat: list[Stretch] = []
        upright: list[Stretch] = []
        for flow in self.scope.flows:
            cost, way = self.best_way(flow)
            total += cost
            self.routes[flow.id] = way
            for (x1, y1), (x2, y2) in pairwise(way):
                if y1 == y2 and x1 != x2:
                    flat.append((min(x1, x2), max(x1, x2), y1, flow))
                elif y1 != y2:
                    upright.append((min(y1, y2), max(y1, y2), x1, flow))
        return total + _crossings(flat, upright) + _shared(flat) + _shared(upright)

    def best_way(self, flow: Flow) -> tuple[float, Way]:
        """The cheapest simple route, as its cost and its corners."""
        source, target = self.scope.nodes[flow.source], self.scope.nodes[flow.target]
        own = {(source.column, source.row), (target.column, target.row)}
        ways = [(cost + self._along(way, own), way) for cost, way in self._ways(flow)]
        return min(ways, key=lambda found: found[0])

    def _ways(self, flow: Flow) -> list[tuple[float, Way]]:
        source, target = self.scope.nodes[flow.source], self.scope.nodes[flow.target]
        if source.host:
            return [self._from_boundary(source, target)]
        if flow.back:
            return list(_loops(source, target))
        if source.row == target.row:
            return _on_one_row(source, target)
        return _to_another_row(flow, source, target)

    def _from_boundary(self, source: Node, target: Node) -> tuple[float, Way]:
        column = source.column + self.offsets[source.id] * 0.8
        row, goal = source.row, (target.column, target.row)
        if target.row != row:
            return 1.0 if target.row > row else 1.8, [(column, row), (column, target.row), goal]
        between = target.column - 0.5
        under = [(column, row + 0.5), (between, row + 0.5), (between, row)]
        return 14.0, [(column, row), *under, goal]

    def _along(self, way: Way, own: set[tuple[int, int]]) -> float:
        cost = 0.0
        for (x1, y1), (x2, y2) in pairwise(way):
            hit = len(self._nodes_under((x1, y1), (x2, y2)) - own)
            cost += THROUGH_A_NODE * hit
            cost += A_ROW_AWAY * abs(y1 - y2) + A_COLUMN_ALONG * abs(x1 - x2)
        return cost

    def _nodes_under(self, a: XY, b: XY) -> set[tuple[int, int]]:
        (x1, y1), (x2, y2) = a, b
        if y1 == y2 and y1 == int(y1):
            columns = range(round(min(x1, x2)), round(max(x1, x2)) + 1)
            return {(column, int(y1)) for column in columns} & self.cells
        if x1 == x2 and abs(x1 - round(x1)) < 0.5:
            rows = range(int(min(y1, y2) + 0.6), int(max(y1, y2)) + 1)
            return {(round(x1), row) for row in rows} & self.cells
        return set()


def _loops(source: Node, target: Node) -> Iterator[tuple[float, Way]]:
    c, r, tc, tr = source.column, source.row, target.column, target.row
    for between in {min(r, tr) - 0.5, max(r, tr) + 0.5, r - 0.5, r + 0.5}:
        cost = 1.5 + (0.6 if between > r else 0)
        yield cost, [(c, r), (c, between), (tc, between), (tc, tr)]


def _on_one_row(source: Node, target: Node) -> list[tuple[float, Way]]:
    c, r, tc = source.column, source.row, target.column
    turn = 3.0 if source.gateway and target.gateway else 6.0
    around: list[tuple[float, Way]] = [
        (turn, [(c, r), (c, r + side), (tc, r + side), (tc, r)]) for side in (-0.5, 0.5)
    ]
    return [(0.0, [(c, r), (tc, r)]), *around]


def _to_another_row(flow: Flow, source: Node, target: Node) -> list[tuple[float, Way]]:
    c, r, tc, tr = source.column, source.row, target.column, target.row
    out = (0.4 if flow.rank else 1.6) if source.gateway else 5.0
    into = 0.6 if target.gateway else 3.0 if target.event else 4.0
    dear = 0.8 if source.gateway and flow.rank and tr < r else 0.0
    return [
        (1 + out + dear, [(c, r), (c, tr), (tc, tr)]),
        (1 + into + dear, [(c, r), (tc, r), (tc, tr)]),
        (2.0 + dear, [(c, r), (c + 0.5, r), (c + 0.5, tr), (tc, tr)]),
        (2.0 + dear, [(c, r), (tc - 0.5, r), (tc - 0.5, tr), (tc, tr)]),
    ]


def _crossings(flat: list[Stretch], upright: list[Stretch]) -> float:
    return CROSSING * sum(
        left < x < right and top < y < bottom and one is not two
        for left, right, y, one in flat
        for top, bottom, x, two in upright
    )


def _shared(lines: list[Stretch]) -> float:
    cost = 0.0
    for (a1, a2, at, one), (b1, b2, other, two) in combinations(lines, 2):
        same = at == other and at == int(at) and one is not two
        if same and min(a2, b2) - max(a1, b1) > 0.01:
            related = one.source == two.source or one.target == two.target
            cost += TRUNK if related else ON_EACH_OTHER
    return cost
