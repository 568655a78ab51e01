"""Each line takes the cheapest way over the net; lines are laid one by one, then laid anew."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from random import Random
from typing import TypeAlias

from ..boxes import XY, Box
from .coordinates import Tracks
from .model import Flow, Node, Scope
from .net import DOWN, LEFT, RIGHT, STEP, UP, Net, Point, Unit, opposite, unit_of

BEND, CROSS, TOUCH, ON_LABEL = 45, 260, 700, 420
FORBIDDEN = 10**6
BACKWARDS, ON_GATEWAY_NAME = 150, 30
NOWHERE: Point = (-1, -1)  # stands for the middle of the target

NOBODY: frozenset[str] = frozenset()

State: TypeAlias = tuple[Point, int]  # a point, and the direction of travel on arrival


class Router:
    """Lays the lines of one scope. on_label: what running over a label costs now."""

    def __init__(self, scope: Scope, tracks_x: Tracks, tracks_y: Tracks) -> None:
        self.scope = scope
        self.net = Net(scope, tracks_x, tracks_y)
        self.flow_of = {flow.id: flow for flow in scope.flows}
        self.on_label: float = ON_LABEL
        self.labels: Mapping[Unit, list[str]] = {}

    def run(self, passes: int, on_label: float, seed: int) -> None:
        """Lay every line `passes` times, in an order that depends on the seed."""
        self.on_label = on_label
        self.labels = self.net.hits(self.scope.labels, 2)
        flows = sorted(self.scope.flows, key=lambda flow: (flow.back, self._distance(flow)))
        if seed % 3 == 2:
            flows.sort(key=lambda flow: not flow.back)
        elif seed > 3:
            Random(seed).shuffle(flows)
        for _ in range(passes):
            for flow in flows:
                self.net.remove(flow.id)
                self._lay(flow)

    def _distance(self, flow: Flow) -> float:
        a, b = self.scope.nodes[flow.source], self.scope.nodes[flow.target]
        return abs(a.x - b.x) + 3 * abs(a.y - b.y)

    def _lay(self, flow: Flow) -> None:
        """Dijkstra over (point, direction of travel)."""
        net = self.net
        source, target = self.scope.nodes[flow.source], self.scope.nodes[flow.target]
        start, goal = net.point_of(source), net.point_of(target)
        best: dict[State, float] = {}
        came: dict[State, State] = {}
        for way in range(4):
            cost = self._leave_cost(flow, way) + self._crowd(flow, source, way, entering=False)
            if cost < FORBIDDEN:
                best[start, way] = cost
        queue = [(cost, state) for state, cost in best.items()]
        heapq.heapify(queue)
        while queue:
            cost, state = heapq.heappop(queue)
            if cost > best[state]:
                continue
            if state[0] == NOWHERE:
                self._keep(flow, self._path(state, came, goal))
                return
            turns = (state[1],) if state[0] == start else range(4)
            for there, more in self._onward(flow, state, turns, goal):
                if cost + more < best.get(there, FORBIDDEN):
                    best[there], came[there] = cost + more, state
                    heapq.heappush(queue, (cost + more, there))
        flow.points = [(source.x, source.y), (target.x, target.y)]  # no way: check will say so

    def _onward(
        self, flow: Flow, state: State, turns: range | tuple[int], goal: Point
    ) -> Iterator[tuple[State, float]]:
        """The next states and what it costs to reach them."""
        here, way = state
        target = self.scope.nodes[flow.target]
        for turn in turns:
            there = (here[0] + STEP[turn][0], here[1] + STEP[turn][1])
            if opposite(turn) == way or not self.net.has(there):
                continue
            cost = self._step_cost(flow, here, there, way, turn)
            if cost is None:
                continue
            if there == goal:
                cost += _enter_cost(flow, target, turn)
                cost += self._crowd(flow, target, opposite(turn), entering=True)
                yield (NOWHERE, turn), cost
            else:
                yield (there, turn), cost

    # ---- what ends cost

    def _leave_cost(self, flow: Flow, way: int) -> float:
        node = self.scope.nodes[flow.source]
        if node.host:
            return 0 if way == (DOWN if node.side > 0 else UP) else FORBIDDEN
        if node.gateway:
            return self._leave_gateway(flow)[way]
        edges = {DOWN if e.side > 0 else UP for e in self.scope.hosted.get(flow.source, [])}
        if way in edges:
            return 400  # that edge belongs to the boundary events
        return (0, 120, FORBIDDEN, 120)[way]

    def _leave_gateway(self, flow: Flow) -> tuple[float, float, float, float]:
        if sum(other.source == flow.source for other in self.scope.flows) == 1:
            return 0, 40, FORBIDDEN, 40
        if flow.back:
            return 80, 14, FORBIDDEN, 10
        return (0, 30, FORBIDDEN, 45) if flow.rank == 0 else (45, 0, FORBIDDEN, 14)

    def _crowd(self, flow: Flow, node: Node, way: int, entering: bool) -> float:
        """What it costs to use a port that others use; in and out through one port is worst."""
        cost = 0
        for other in self.net.ports[node.id, way] - {flow.id}:
            same = (self.flow_of[other].target == node.id) is entering
            cost = max(cost, (160 if way == LEFT else 50) if same else 420)
        return cost

    # ---- what a step costs

    def _step_cost(
        self, flow: Flow, here: Point, there: Point, way: int, turn: int
    ) -> float | None:
        """None where a shape is in the way."""
        unit = unit_of(here, there)
        boxes = self.net.blocks.get(unit)
        if boxes and any(self._is_blocked(flow, box, here, there) for box in boxes):
            return None
        (x1, y1), (x2, y2) = self.net.px(here), self.net.px(there)
        length = abs(x1 - x2) + abs(y1 - y2)
        cost = length + (BEND if turn != way else 0)
        if turn == LEFT and not flow.back:
            cost += BACKWARDS + 2 * length
        for other in self.net.used.get(unit, NOBODY) - {flow.id}:
            cost += 2 + length * 0.05 if self._share_a_gateway(flow, other) else TOUCH
        if passing := self.net.through.get(here):
            cost += self._meeting_cost(flow, passing, here, way, turn)
        if labels := self.labels.get(unit):
            cost += self._label_cost(flow, labels)
        return cost + length * 0.01 * self.net.lean(here, turn)

    def _is_blocked(self, flow: Flow, box_id: str, here: Point, there: Point) -> bool:
        a, b = self.net.px(here), self.net.px(there)
        own = (flow.source, flow.target)
        host = self.scope.nodes[flow.source].host
        node = self.scope.nodes.get(box_id)
        if node is not None and box_id in own:
            return _inside_off_axis(node, a, b)
        if node is not None and node.host in own and node.host != host:
            return False  # an event on an activity that the line leaves or enters
        on_host = node is not None and bool(node.host) and node.host == host
        if box_id == host or on_host:
            spare = -0.5 if box_id == host else 3
            return self.net.boxes[box_id].grown(spare).cut_by(a, b)
        return True

    def _meeting_cost(
        self, flow: Flow, passing: Mapping[str, set[int]], here: Point, way: int, turn: int
    ) -> float:
        """Crossing or touching the lines that pass a point."""
        ends = (self.scope.nodes[flow.source], self.scope.nodes[flow.target])
        if here in [self.net.point_of(node) for node in ends]:
            return 0
        mine = {opposite(way), turn}
        cost = 0.0
        for other, directions in passing.items():
            if other == flow.id:
                continue
            if not mine & directions:
                straight = turn == way and len(directions) == 2
                cost += CROSS if straight else TOUCH
            elif not self._share_a_gateway(flow, other, turn in directions):
                cost += TOUCH
            elif mine != directions:
                cost += 12
        return cost

    def _label_cost(self, flow: Flow, labels: Iterable[str]) -> float:
        cost = 0.0
        for label in labels:
            own = label in (flow.source, flow.target) and self.scope.nodes[label].gateway
            if own:
                cost += ON_GATEWAY_NAME  # a gateway's name can stand elsewhere
            elif label != flow.id:
                cost += self.on_label
        return cost

    def _share_a_gateway(self, flow: Flow, other: str, onward: bool = True) -> bool:
        """Flows may run together where they leave, or enter, the same gateway.

        onward: they go on together; those that enter it together part no more.
        """
        mate = self.flow_of[other]
        leave = flow.source == mate.source and self.scope.nodes[flow.source].gateway
        enter = flow.target == mate.target and self.scope.nodes[flow.target].gateway
        return leave or (enter and onward)

    # ---- keeping a way

    def _path(self, end: State, came: dict[State, State], goal: Point) -> list[Point]:
        path, state = [goal], came[end]
        while True:
            path.append(state[0])
            if state not in came:
                return path[::-1]
            state = came[state]

    def _keep(self, flow: Flow, path: list[Point]) -> None:
        ways = [STEP.index((b[0] - a[0], b[1] - a[1])) for a, b in pairwise(path)]
        for (a, b), way in zip(pairwise(path), ways, strict=True):
            self.net.take(flow.id, a, b, way)
        self.net.ports[flow.source, ways[0]].add(flow.id)
        self.net.ports[flow.target, opposite(ways[-1])].add(flow.id)
        turns = [path[n] for n in range(1, len(path) - 1) if ways[n] != ways[n - 1]]
        points = [self.net.px(point) for point in (path[0], *turns, path[-1])]
        points[0] = _border(self.scope.nodes[flow.source].box, points[0], ways[0])
        points[-1] = _border(self.scope.nodes[flow.target].box, points[-1], opposite(ways[-1]))
        flow.points = points


def _enter_cost(flow: Flow, node: Node, way: int) -> float:
    """`way` is the direction of travel on arrival."""
    if node.gateway:
        return ((60, 6, 90, 10) if flow.back else (0, 18, FORBIDDEN, 18))[way]
    if node.event:
        return (0, 70, FORBIDDEN, 90)[way]
    return (0, 75, FORBIDDEN, 75)[way]


def _inside_off_axis(node: Node, a: XY, b: XY) -> bool:
    """A line may run to the middle of its own shapes, but only along their axes."""
    if (a[1] == b[1] == node.y) or (a[0] == b[0] == node.x):
        return False
    x, y, box = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, node.box
    return box.x < x < box.right and box.y < y < box.bottom


def _border(box: Box, point: XY, way: int) -> XY:
    """Where the line meets the border of the shape that it leaves in direction `way`."""
    x, y = point
    return {RIGHT: (box.right, y), DOWN: (x, box.bottom), LEFT: (box.x, y), UP: (x, box.y)}[way]
