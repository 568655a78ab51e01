"""Reads the elements of a process for the layout."""

from __future__ import annotations

from collections import Counter

from lxml import etree

from ..check_labels import cramped, is_activity
from ..drawing import BPMN
from .model import EVENT, GATEWAY, TASK, Flow, Node, Note, Scope

WIDTHS = (100.0, 110.0, 120.0, 140.0, 160.0, 200.0)  # px; the least that holds an activity's name


def read_process(root: etree._Element) -> Scope:
    """The process of a file. Raise ValueError if there is none."""
    process = root.find(f"{BPMN}process")
    if process is None:
        raise ValueError("there is no process in the file")
    drawn = list(process.iter(f"{BPMN}lane"))
    lanes = [(lane.get("id", ""), lane.get("name", "")) for lane in drawn] or [("", "")]
    lane_of = {
        (ref.text or "").strip(): n
        for n, lane in enumerate(drawn)
        for ref in lane.findall(f"{BPMN}flowNodeRef")
    }
    scope = _scope(process, lanes, lane_of)
    scope.pool = next((pool.get("name", "") for pool in root.iter(f"{BPMN}participant")), "")
    return scope


def _scope(element: etree._Element, lanes: list[tuple[str, str]], lane_of: dict[str, int]) -> Scope:
    own = [c for c in element if isinstance(c.tag, str) and c.tag.startswith(BPMN)]
    nodes = {n.id: n for n in (_node(child, lane_of) for child in own) if n is not None}
    flows = [
        Flow(c.get("id", ""), c.get("sourceRef", ""), c.get("targetRef", ""), c.get("name", ""))
        for c in own
        if c.tag == f"{BPMN}sequenceFlow"
    ]
    seen: Counter[str] = Counter()
    for flow in flows:
        flow.rank = seen[flow.source]
        seen[flow.source] += 1
    _read_notes(element, nodes)
    scope = Scope(nodes, flows, lanes)
    for node in nodes.values():
        if node.host:
            scope.hosted.setdefault(node.host, []).append(node)
            node.lane = nodes[node.host].lane
    return scope


def _node(child: etree._Element, lane_of: dict[str, int]) -> Node | None:
    tag, identifier, name = etree.QName(child).localname, child.get("id", ""), child.get("name", "")
    if tag.endswith("Gateway"):
        size = GATEWAY
    elif tag.endswith("Event"):
        size = EVENT
    elif is_activity(tag):
        many = child.find(f"{BPMN}multiInstanceLoopCharacteristics") is not None
        size = (_activity_width(name, tag, many), TASK[1])
    else:
        return None
    node = Node(identifier, tag, name, *size, lane=lane_of.get(identifier, 0))
    node.host = child.get("attachedToRef")
    if tag == "subProcess":
        node.inside = _scope(child, [("", "")], {})
    return node


def _activity_width(name: str, tag: str, many: bool) -> float:
    fitting = (w for w in WIDTHS if not cramped(name, tag, w, TASK[1], many))
    return next(fitting, WIDTHS[-1])


def _read_notes(element: etree._Element, nodes: dict[str, Node]) -> None:
    texts = {
        note.get("id", ""): note.findtext(f"{BPMN}text") or ""
        for note in element.findall(f"{BPMN}textAnnotation")
    }
    for line in element.findall(f"{BPMN}association"):
        note, node = line.get("targetRef", ""), nodes.get(line.get("sourceRef", ""))
        if note in texts and node is not None:
            node.notes.append(Note(note, texts[note], line.get("id", "")))
