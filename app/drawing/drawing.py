"""What a BPMN file says, and where it draws it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from .boxes import XY, Box

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
BPMNDI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DI = "{http://www.omg.org/spec/DD/20100524/DI}"
NEXT_PAGE = 100_000  # px: further pages (closed subprocesses) are read as if drawn far below


def parse(source: Path | bytes) -> etree._Element:
    """The root of a file, read without fetching or expanding anything."""
    raw = source if isinstance(source, bytes) else source.read_bytes()
    return etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))


@dataclass
class Drawing:
    """Elements by id, and their boxes, lines (waypoints) and labels."""

    elements: dict[str, etree._Element] = field(default_factory=dict)
    shapes: dict[str, Box] = field(default_factory=dict)
    expanded: set[str] = field(default_factory=set)
    edges: dict[str, list[XY]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    lane_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, source: Path | bytes) -> Drawing:
        """Read a file, or its bytes."""
        root = parse(source)
        drawing = cls()
        for element in root.iter(f"{BPMN}*"):
            if identifier := element.get("id"):
                drawing.elements[identifier] = element
        for lane in root.iter(f"{BPMN}lane"):
            for ref in lane.findall(f"{BPMN}flowNodeRef"):
                drawing.lane_of[(ref.text or "").strip()] = lane.get("id", "")
        for page, diagram in enumerate(root.iter(f"{BPMNDI}BPMNDiagram")):
            drawing._take(diagram, page * NEXT_PAGE)
        return drawing

    def _take(self, diagram: etree._Element, below: float) -> None:
        for drawn in diagram.iter(f"{BPMNDI}BPMNShape", f"{BPMNDI}BPMNEdge"):
            identifier = drawn.get("bpmnElement", "")
            if drawn.tag == f"{BPMNDI}BPMNShape":
                if box := _box_of(drawn, below):
                    self.shapes[identifier] = box
                if drawn.get("isExpanded") == "true":
                    self.expanded.add(identifier)
            else:
                self.edges[identifier] = [
                    (float(p.get("x", 0)), float(p.get("y", 0)) + below)
                    for p in drawn.findall(f"{DI}waypoint")
                ]
            label = drawn.find(f"{BPMNDI}BPMNLabel")
            if label is not None and (box := _box_of(label, below)):
                self.labels[identifier] = box

    def tag(self, identifier: str) -> str:
        """The BPMN name of an element, without its namespace."""
        return str(self.elements[identifier].tag).rpartition("}")[2]

    def name(self, identifier: str) -> str:
        """The name that people see; the id where there is none."""
        return self.elements[identifier].get("name") or identifier

    def host(self, identifier: str) -> str | None:
        """The activity that a boundary event sits on."""
        return self.elements[identifier].get("attachedToRef")

    def contains(self, identifier: str) -> bool:
        """Whether others stand inside it: a pool, a lane, an open subprocess."""
        return self.tag(identifier) in ("participant", "lane") or identifier in self.expanded

    def ends(self, identifier: str) -> tuple[str, str]:
        """Source and target of a line."""
        edge = self.elements[identifier]
        return edge.get("sourceRef", ""), edge.get("targetRef", "")

    def around(self, identifier: str) -> set[str]:
        """What an element may lie upon: its host, its subprocesses, pools and lanes."""
        above = {a.get("id") or "" for a in self.elements[identifier].iterancestors()}
        return above | {self.host(identifier) or ""}

    @property
    def frames(self) -> set[str]:
        """Pools and lanes."""
        return {i for i in self.shapes if self.tag(i) in ("participant", "lane")}


def _box_of(drawn: etree._Element, below: float = 0) -> Box | None:
    bounds = drawn.find(f"{DC}Bounds")
    if bounds is None:
        return None
    x, y, width, height = (float(bounds.get(k, 0)) for k in ("x", "y", "width", "height"))
    return Box(x, y + below, width, height)
