"""From the meaning of a file to its drawing, and back into the file."""

from __future__ import annotations

from math import inf
from time import monotonic

from lxml import etree

from ..boxes import XY, Box, segments
from ..check import defects
from ..drawing import BPMN, BPMNDI, DC, DI, parse
from .coordinates import HEADER, set_coordinates
from .label import place_labels, places_of_node
from .model import Node, Scope
from .net import note_boxes
from .place import Placement
from .read import read_process
from .route import ON_LABEL, Router

LEFT, TOP = 160, 80  # px: where the process begins on the page
INNER_LEFT, INNER_TOP, INNER_RIGHT = 30, 18, 20  # px inside an open subprocess
TRIES = ((1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0), (6, 1.0), (2, 1.3), (3, 1.3), (7, 1.3))
ENOUGH = 3  # tries, if one of them has no defect
A_BEND = 60  # px of line that a bend weighs as much as


def best_drawing(source: bytes, seconds: float = inf) -> bytes:
    """Try some seeds, then wider spacing; keep the fewest defects, then the shortest lines.

    seconds: no other try is begun that would probably end after them.
    """
    begun = monotonic()
    found: list[tuple[int, float, int, bytes]] = []
    for turn, (seed, spread) in enumerate(TRIES):
        drawn = draw(source, seed, spread)
        found.append((len(defects(drawn)), _weight(drawn), turn, drawn))
        so_far = monotonic() - begun
        next_ends = so_far * (turn + 2) / (turn + 1)
        if (turn >= ENOUGH - 1 and min(found)[0] == 0) or next_ends > seconds:
            break
    return min(found)[3]


def draw(source: bytes, seed: int = 1, spread: float = 1.0) -> bytes:
    """The same file with a new drawing. seed, spread: which of the many, and how wide."""
    root = parse(source)
    for old in root.findall(f"{BPMNDI}BPMNDiagram"):
        root.remove(old)
    scope = read_process(root)
    _lay_out(scope, seed, spread)
    new = etree.SubElement(
        root,
        f"{BPMNDI}BPMNDiagram",
        nsmap={"bpmndi": BPMNDI[1:-1], "dc": DC[1:-1], "di": DI[1:-1]},
        id="diagram",
    )
    pool = root.find(f"{BPMN}collaboration")
    page = root.find(f"{BPMN}process") if pool is None else pool
    assert page is not None  # read_process has found the process
    plane = etree.SubElement(new, f"{BPMNDI}BPMNPlane", id="plane", bpmnElement=page.get("id", ""))
    participant = None if pool is None else pool.find(f"{BPMN}participant")
    if participant is not None:
        edge = min([box.x for box in scope.lane_boxes], default=-50.0)
        box = Box(LEFT + edge - HEADER, TOP, scope.width - edge + HEADER, scope.height)
        _shape(plane, participant.get("id", ""), box, isHorizontal="true")
    _write(plane, scope, LEFT, TOP)
    etree.indent(new, "  ", level=1)
    new.tail = "\n"
    root[-2].tail = "\n  "
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _lay_out(scope: Scope, seed: int, spread: float) -> None:
    for node in scope.nodes.values():
        if node.inside:
            _lay_out(node.inside, seed, spread)
            node.inside.shift(INNER_LEFT, INNER_TOP)
            node.inside.width += INNER_RIGHT
            node.inside.height += INNER_TOP
    placement = Placement(scope, seed)
    placement.search()
    tracks = set_coordinates(scope, placement, spread)
    for node in scope.nodes.values():
        if node.labelled:
            scope.labels[node.id] = places_of_node(node)[0]
    router = Router(scope, *tracks)
    for on_label in (ON_LABEL / 8, ON_LABEL, ON_LABEL):  # lines first, then they give way
        router.run(2, on_label, seed)
        place_labels(scope)


def _weight(drawn: bytes) -> float:
    total = 0.0
    for line in parse(drawn).iter(f"{BPMNDI}BPMNEdge"):
        points = [
            (float(p.get("x", 0)), float(p.get("y", 0))) for p in line.findall(f"{DI}waypoint")
        ]
        total += sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in segments(points))
        total += A_BEND * (len(points) - 2)
    return total


# ---- writing ------------------------------------------------------------------------------------


def _write(plane: etree._Element, scope: Scope, dx: float, dy: float) -> None:
    scope.shift(dx, dy)
    for (lane, _), box in zip(scope.lanes, scope.lane_boxes, strict=False):
        _shape(plane, lane, box, isHorizontal="true")
    for node in sorted(scope.nodes.values(), key=lambda node: node.host is not None):
        _shape(plane, node.id, node.box, scope.labels.get(node.id), **_marks(node))
        if node.inside:
            _write(plane, node.inside, node.box.x, node.box.y)
        for (note, box), written in zip(note_boxes(node), node.notes, strict=True):
            _shape(plane, note, box)
            to = (box.x if node.gateway else node.x, box.bottom)
            _edge(plane, written.line, [(node.x, node.box.y), to])
    for flow in scope.flows:
        _edge(plane, flow.id, flow.points, scope.labels.get(flow.id))


def _marks(node: Node) -> dict[str, str]:
    if node.tag == "exclusiveGateway":
        return {"isMarkerVisible": "true"}
    return {"isExpanded": "true"} if node.inside else {}


def _shape(
    plane: etree._Element, identifier: str, box: Box, label: Box | None = None, **marks: str
) -> None:
    named = {"id": f"{identifier}_di", "bpmnElement": identifier}
    drawn = etree.SubElement(plane, f"{BPMNDI}BPMNShape", named | marks)
    _bounds(drawn, box)
    _label(drawn, label)


def _edge(
    plane: etree._Element, identifier: str, points: list[XY], label: Box | None = None
) -> None:
    drawn = etree.SubElement(
        plane, f"{BPMNDI}BPMNEdge", id=f"{identifier}_di", bpmnElement=identifier
    )
    for x, y in points:
        etree.SubElement(drawn, f"{DI}waypoint", x=f"{x:.0f}", y=f"{y:.0f}")
    _label(drawn, label)


def _label(drawn: etree._Element, label: Box | None) -> None:
    if label is not None:
        _bounds(etree.SubElement(drawn, f"{BPMNDI}BPMNLabel"), label)


def _bounds(parent: etree._Element, box: Box) -> None:
    sizes = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    etree.SubElement(parent, f"{DC}Bounds", {name: f"{px:.0f}" for name, px in sizes.items()})
