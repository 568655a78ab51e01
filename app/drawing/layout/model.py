"""What is laid out: nodes and flows of a process, or of what stands in a subprocess."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..boxes import XY, Box

TASK, EVENT, GATEWAY = (100.0, 80.0), (36.0, 36.0), (50.0, 50.0)  # bpmn.io's own sizes, px


@dataclass(frozen=True)
class Note:
    """A text annotation: its id, its text, and the id of the dotted line to it."""

    id: str
    text: str
    line: str


@dataclass
class Node:
    """An element. column and row: its cell; x, y: its middle in px; lane: from the top, from 0.

    host: what a boundary event sits on; side: on its lower (1) or upper (-1) edge.
    inside: what stands in an open subprocess. up: px from the line of its row to its upper edge.
    """

    id: str
    tag: str
    name: str
    width: float
    height: float
    lane: int = 0
    host: str | None = None
    notes: list[Note] = field(default_factory=list)
    inside: Scope | None = None
    column: int = 0
    row: int = 0
    x: float = 0
    y: float = 0
    side: int = 1
    up: float = 0

    def __post_init__(self) -> None:
        self.up = self.height / 2

    @property
    def gateway(self) -> bool:
        return self.tag.endswith("Gateway")

    @property
    def event(self) -> bool:
        return self.tag.endswith("Event")

    @property
    def labelled(self) -> bool:
        """Whether its name stands outside its shape."""
        return bool(self.name) and (self.event or self.gateway)

    @property
    def box(self) -> Box:
        return Box(self.x - self.width / 2, self.y - self.up, self.width, self.height)


@dataclass
class Flow:
    """An arrow. rank: 0 is the first out of its source; back: it closes a loop."""

    id: str
    source: str
    target: str
    name: str
    rank: int = 0
    back: bool = False
    points: list[XY] = field(default_factory=list)


@dataclass
class Scope:
    """A process, or what is inside a subprocess.

    lanes: (id, name) from the top; one without a name where the process has none.
    hosted: the boundary events of each activity. pool: the name of the pool round it all.
    """

    nodes: dict[str, Node]
    flows: list[Flow]
    lanes: list[tuple[str, str]]
    labels: dict[str, Box] = field(default_factory=dict)
    lane_boxes: list[Box] = field(default_factory=list)
    width: float = 0
    height: float = 0
    hosted: dict[str, list[Node]] = field(default_factory=dict)
    pool: str = ""

    @property
    def standing(self) -> list[Node]:
        """The nodes that have a cell of their own: all but boundary events."""
        return [node for node in self.nodes.values() if not node.host]

    def anchor(self, flow: Flow) -> Node:
        """Where a flow starts on the grid: the host stands in for its boundary event."""
        node = self.nodes[flow.source]
        return self.nodes[node.host] if node.host else node

    def shift(self, dx: float, dy: float) -> None:
        """Move everything that is drawn."""
        for node in self.nodes.values():
            node.x, node.y = node.x + dx, node.y + dy
        for flow in self.flows:
            flow.points = [(x + dx, y + dy) for x, y in flow.points]
        self.labels = {i: box.moved(dx, dy) for i, box in self.labels.items()}
        self.lane_boxes = [box.moved(dx, dy) for box in self.lane_boxes]


def most_on_a_side(events: list[Node]) -> int:
    """How many boundary events share an edge of their host, at most."""
    return max(sum(event.side == side for event in events) for side in (1, -1))


def along(n: int, count: int) -> float:
    """Where the n-th of `count` boundary events sits on its host's edge: -0.5 left, 0.5 right.

    The middle of the lower edge belongs to the marker.
    """
    if count <= 3:
        return ((0.28,), (-0.28, 0.28), (-0.40, -0.12, 0.28))[count - 1][n]
    return (n + 0.5) / count - 0.5
