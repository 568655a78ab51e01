"""The cost of a placement, counted on a sketch of the routes over grid cells.

A cell is (column, row); half a column or row is the gap between two. Costs have no unit: they only
weigh one thing against another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import TypeAlias

from ..boxes import XY
from .model import Flow, Node, Scope

Cell: TypeAlias = tuple[int, int]
Way: TypeAlias = list[XY]  # corners
Stretch: TypeAlias = tuple[float, float, float, Flow]  # from, to, at, whose

A_ROW, TWO_IN_A_CELL = 2.2, 200.0
THROUGH_A_NODE, CROSSING, ON_EACH_OTHER, TRUNK = 12.0, 14.0, 7.0, 1.5
A_ROW_AWAY, A_COLUMN_ALONG = 0.7, 0.12


class Ways:
    """The simple routes of each flow between two cells. They are asked for again and again."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known: dict[tuple[str, Cell, Cell, float], list[Laid]] = {}

    def of(self, flow: Flow, offset: float) -> list[Laid]:
        """offset: how far along its host's edge a boundary event sits; 0 for all else."""
        source, target = self.scope.nodes[flow.source], self.scope.nodes[flow.target]
        a, b = (source.column, source.row), (target.column, target.row)
        key = (flow.id, a, b, offset)
        if key not in self.known:
            ways = _ways(flow, source, target, offset)
            self.known[key] = [Laid(cost, way, {a, b}) for cost, way in ways]
        return self.known[key]


class Laid:
    """A route with what it costs; beside that, each element that it runs through costs more."""

    def __init__(self, cost: float, way: Way, own: set[Cell]) -> None:
        self.way, self.base = way, cost
        self.stretches = [
            (
                _cells_under(a, b) - own,
                A_ROW_AWAY * abs(a[1] - b[1]) + A_COLUMN_ALONG * abs(a[0] - b[0]),
            )
            for a, b in pairwise(way)
        ]
        self.under = frozenset(cell for cells, _ in self.stretches for cell in cells)
        self.free = cost + self._along(set())

    def cost(self, cells: set[Cell]) -> float:
        """cells: those in which something stands."""
        return self.free if self.under.isdisjoint(cells) else self.base + self._along(cells)

    def _along(self, cells: set[Cell]) -> float:
        cost = 0.0
        for under, length in self.stretches:
            cost += THROUGH_A_NODE * len(under & cells)
            cost += length
        return cost


class Sketch:
    """One placement, drawn roughly. routes: the way that each flow would take."""

    def __init__(self, scope: Scope, offsets: dict[str, float], ways: Ways) -> None:
        self.scope, self.offsets, self.ways = scope, offsets, ways
        self.cells = {(node.column, node.row) for node in scope.standing}
        self.flows = sorted(scope.flows, key=lambda flow: flow.back)
        self.routes: dict[str, Way] = {}

    def cost(self, row_count: int) -> float:
        """Lay every flow and add up what is not nice."""
        total = A_ROW * row_count
        total += TWO_IN_A_CELL * (len(self.scope.standing) - len(self.cells))
        flat: list[Stretch] = []
        upright: list[Stretch] = []
        for flow in self.flows:
            cost, way = self._best_way(flow, flat, upright)
            total += cost
            self.routes[flow.id] = way
            level, steep = _stretches(flow, way)
            flat += level
            upright += steep
        return total + _crossings(flat, upright) + _shared(flat) + _shared(upright)

    def _best_way(
        self, flow: Flow, flat: list[Stretch], upright: list[Stretch]
    ) -> tuple[float, Way]:
        """The cheapest simple route, as its cost and its corners; a loop gives way to what lies."""
        ways = self.ways.of(flow, self.offsets.get(flow.source, 0.0))

        def whole(one: Laid) -> float:
            level, steep = _stretches(flow, one.way)
            return one.cost(self.cells) + _crossings(level, upright) + _crossings(flat, steep)

        best = min(ways, key=whole if flow.back else lambda one: one.cost(self.cells))
        return best.cost(self.cells), best.way


def _stretches(flow: Flow, way: Way) -> tuple[list[Stretch], list[Stretch]]:
    """Those of a route that are level, and those that are not."""
    flat: list[Stretch] = []
    upright: list[Stretch] = []
    for (x1, y1), (x2, y2) in pairwise(way):
        if y1 == y2 and x1 != x2:
            flat.append((min(x1, x2), max(x1, x2), y1, flow))
        elif y1 != y2:
            upright.append((min(y1, y2), max(y1, y2), x1, flow))
    return flat, upright


def _ways(flow: Flow, source: Node, target: Node, offset: float) -> list[tuple[float, Way]]:
    if source.host:
        return [_from_boundary(source, target, offset)]
    if flow.back:
        return list(_loops(source, target))
    if source.row == target.row:
        return _on_one_row(source, target)
    return _to_another_row(flow, source, target)


def _from_boundary(source: Node, target: Node, offset: float) -> tuple[float, Way]:
    column = source.column + offset * 0.8
    row, goal = source.row, (target.column, target.row)
    if target.row != row:
        return 1.0 if target.row > row else 1.8, [(column, row), (column, target.row), goal]
    between = target.column - 0.5
    under = [(column, row + 0.5), (between, row + 0.5), (between, row)]
    return 14.0, [(column, row), *under, goal]


def _cells_under(a: XY, b: XY) -> set[Cell]:
    (x1, y1), (x2, y2) = a, b
    if y1 == y2 and y1 == int(y1):
        return {(column, int(y1)) for column in range(round(min(x1, x2)), round(max(x1, x2)) + 1)}
    if x1 == x2 and abs(x1 - round(x1)) < 0.5:
        return {(round(x1), row) for row in range(int(min(y1, y2) + 0.6), int(max(y1, y2)) + 1)}
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
    found = 0
    for top, bottom, x, two in upright:
        for left, right, y, one in flat:
            if left < x < right and top < y < bottom and one is not two:
                found += 1
    return CROSSING * found


def _shared(lines: list[Stretch]) -> float:
    """What lines cost that run on each other, along the middle of a row or column."""
    along: dict[float, list[Stretch]] = defaultdict(list)
    for line in lines:
        if line[2] == int(line[2]):
            along[line[2]].append(line)
    cost = 0.0
    for together in along.values():
        for (a1, a2, _, one), (b1, b2, _, two) in combinations(together, 2):
            if one is not two and min(a2, b2) - max(a1, b1) > 0.01:
                related = one.source == two.source or one.target == two.target
                cost += TRUNK if related else ON_EACH_OTHER
    return cost
