"""Placement: a column and a row of its lane for every element.

Columns: the longest way from the start, loops left out. Elements that follow each other in a lane
form a chain; the row of each chain is searched for by hill climbing from several guesses.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from .model import Flow, Node, Scope, along
from .sketch import Sketch, Way, Ways

GUESSES = 7


def set_columns(scope: Scope) -> list[str]:
    """Set every column; mark the flows that close loops. Return the ids as they were found."""
    order = _discover(scope)
    for _ in order:
        changed = False
        for flow in scope.flows:
            source, target = scope.anchor(flow), scope.nodes[flow.target]
            if not flow.back and target.column < source.column + 1:
                target.column, changed = source.column + 1, True
        if not changed:
            break
    return order


def _discover(scope: Scope) -> list[str]:
    leaving: dict[str, list[Flow]] = defaultdict(list)
    for flow in scope.flows:
        leaving[scope.anchor(flow).id].append(flow)
    for flows in leaving.values():  # the flow straight on first, boundary events last
        flows.sort(key=lambda flow: (scope.nodes[flow.source].host is not None, flow.rank))
    order: list[str] = []
    state: dict[str, str] = {}

    def visit(identifier: str) -> None:
        state[identifier] = "open"
        order.append(identifier)
        for flow in leaving[identifier]:
            if state.get(flow.target) == "open":
                flow.back = True
            elif flow.target not in state:
                visit(flow.target)
        state[identifier] = "done"

    entered = {flow.target for flow in scope.flows}
    grid = [node.id for node in scope.standing]
    for identifier in [i for i in grid if i not in entered] + grid:
        if identifier not in state:
            visit(identifier)
    return order


def chains_of(scope: Scope, order: list[str]) -> list[list[Node]]:
    """Elements that follow each other in one lane, to be kept on one line."""
    leaving: dict[str, list[Flow]] = defaultdict(list)
    for flow in scope.flows:
        if not flow.back and not scope.nodes[flow.source].host:
            leaving[flow.source].append(flow)
    taken: set[str] = set()
    chains = []
    for identifier in order:
        chain: list[Node] = []
        node: Node | None = scope.nodes[identifier] if identifier not in taken else None
        while node is not None:
            chain.append(node)
            taken.add(node.id)
            flows = sorted(leaving[node.id], key=lambda flow: flow.rank)
            after = [scope.nodes[flow.target] for flow in flows]
            node = next((n for n in after if n.lane == node.lane and n.id not in taken), None)
        if chain:
            chains.append(chain)
    return chains


class Placement:
    """The search for the rows. rows: of each chain, counted in its lane."""

    def __init__(self, scope: Scope, seed: int) -> None:
        self.scope, self.random = scope, Random(seed)
        self.chains = chains_of(scope, set_columns(scope))
        self.rows = [0] * len(self.chains)
        self.row_count = 0
        self.routes: dict[str, Way] = {}
        self.ways = Ways(scope)
        self.costs: dict[tuple[int, ...], float] = {}  # of rows that were tried

    def search(self) -> None:
        """Take the best of some climbs."""
        found = []
        for guess in range(GUESSES):
            self._first_guess(shuffle=guess > 0)
            found.append((self._climb(), guess, list(self.rows)))
        self.rows = min(found)[2]
        self.cost()

    def _first_guess(self, shuffle: bool) -> None:
        cells: dict[tuple[int, int], set[int]] = defaultdict(set)
        for n, chain in enumerate(self.chains):
            columns = set(range(chain[0].column - 1, chain[-1].column + 1))
            row = self.random.randint(0, 2) if shuffle else 0
            while cells[chain[0].lane, row] & columns:
                row += 1
            cells[chain[0].lane, row] |= columns
            self.rows[n] = row

    def _climb(self) -> float:
        cost, improved = self._known_cost(), True
        while improved:
            improved = False
            for n in self.random.sample(range(len(self.chains)), len(self.chains)):
                best, rows = self._best_move(n, cost)
                self.rows = rows
                if best < cost - 1e-9:
                    cost, improved = best, True
        return cost

    def _best_move(self, n: int, cost: float) -> tuple[float, list[int]]:
        """The best row for one chain: a row that is there, or a new one opened for it."""
        old, lane = list(self.rows), self.chains[n][0].lane
        used = max(r for r, c in zip(old, self.chains, strict=True) if c[0].lane == lane)
        best, best_rows = cost, old
        for row in range(used + 2):
            for opening in (False, True):
                self.rows = self._opened(old, lane, row) if opening else list(old)
                self.rows[n] = row
                new = self._known_cost()
                if new < best - 1e-9:
                    best, best_rows = new, list(self.rows)
        return best, best_rows

    def _opened(self, rows: list[int], lane: int, at: int) -> list[int]:
        return [
            row + 1 if chain[0].lane == lane and row >= at else row
            for row, chain in zip(rows, self.chains, strict=True)
        ]

    def _known_cost(self) -> float:
        """A climb comes by the same rows again and again."""
        rows = tuple(self.rows)
        if rows not in self.costs:
            self.costs[rows] = self.cost()
        return self.costs[rows]

    def cost(self) -> float:
        """Apply the rows and sketch what follows from them."""
        self.apply()
        sketch = Sketch(self.scope, self.offsets(), self.ways)
        total = sketch.cost(self.row_count)
        self.routes = sketch.routes
        return total

    def apply(self) -> None:
        """Give every node its row, counted through all lanes, and boundary events their side."""
        used: dict[int, set[int]] = defaultdict(set)
        for row, chain in zip(self.rows, self.chains, strict=True):
            used[chain[0].lane].add(row)
        below, first = 0, {}
        for lane in range(len(self.scope.lanes)):
            first[lane] = below
            below += max(1, len(used[lane]))
        self.row_count = below
        for row, chain in zip(self.rows, self.chains, strict=True):
            for node in chain:
                node.row = first[node.lane] + sorted(used[node.lane]).index(row)
        for host, events in self.scope.hosted.items():
            for event in events:
                self._hang(event, self.scope.nodes[host])

    def _hang(self, event: Node, host: Node) -> None:
        event.column, event.row = host.column, host.row
        target = self._target_of(event)
        event.side = -1 if target is not None and target.row < event.row else 1

    def _target_of(self, event: Node) -> Node | None:
        flows = (f for f in self.scope.flows if f.source == event.id)
        return next((self.scope.nodes[flow.target] for flow in flows), None)

    def offsets(self) -> dict[str, float]:
        """How far along its host's edge each boundary event sits.

        The one that leads furthest away stands leftmost.
        """
        found = {}
        for events in self.scope.hosted.values():
            for side in (1, -1):
                mine = [event for event in events if event.side == side]
                mine.sort(key=lambda event: -self._distance(event))
                for n, event in enumerate(mine):
                    found[event.id] = along(n, len(mine))
        return found

    def _distance(self, event: Node) -> int:
        target = self._target_of(event)
        return abs(target.row - event.row) if target else 0
