"""What stands in a BPMN file: its elements and flows, by id, as the whole system reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from app.engine.xml import read_xml

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
EVENTS = frozenset({"boundaryEvent", "intermediateCatchEvent"})
NODES = EVENTS | {
    "startEvent",
    "endEvent",
    "userTask",
    "sendTask",
    "businessRuleTask",
    "callActivity",
    "subProcess",
    "exclusiveGateway",
    "parallelGateway",
    "inclusiveGateway",
    "eventBasedGateway",
}


@dataclass(frozen=True)
class Flow:
    """An arrow. condition: the expression on it; default: taken when no condition is true."""

    id: str
    source: str
    target: str
    name: str = ""
    condition: str | None = None
    default: bool = False


@dataclass(frozen=True)
class Element:
    """One element of a diagram.

    kind: the BPMN name ("userTask"), but "timer" or "message" for a catching event.
    process: the process it belongs to; parent: the subprocess it stands in, if any.
    lane: a team's name. form: a form's id. properties: the camunda:properties on it.
    attached_to: the activity a boundary event sits on; interrupting: does it end that activity?
    expression: a timer's date; message: the name of what a message event waits for.
    calls: the process of a call activity; decision: the table of a rule task.
    collection, item_name: the list a task is repeated over, and the name of its entry.
    """

    id: str
    name: str
    kind: str
    file: str
    process: str
    parent: str | None = None
    lane: str | None = None
    form: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    attached_to: str | None = None
    interrupting: bool = True
    documentation: str = ""
    expression: str | None = None
    message: str | None = None
    calls: str | None = None
    decision: str | None = None
    collection: str | None = None
    item_name: str | None = None
    incoming: tuple[Flow, ...] = ()
    outgoing: tuple[Flow, ...] = ()

    @property
    def stage(self) -> str | None:
        """The code of the stage that a call activity stands for."""
        return self.properties.get("stage")

    def listed(self, name: str) -> tuple[str, ...]:
        """A property that holds several names, such as `sets`: with blanks or commas between."""
        return tuple(self.properties.get(name, "").replace(",", " ").split())


@dataclass(frozen=True, eq=False)
class Diagram:
    """One file: its XML for the rules that read it, and its elements."""

    file: str
    root: etree._Element
    processes: tuple[str, ...]
    elements: Mapping[str, Element]


@lru_cache(maxsize=256)  # who draws changes one file of many; nothing in a Diagram changes
def read_diagram(file: str, raw: bytes) -> Diagram:
    """Read a BPMN file. Raise XmlRefused if it is unsafe or no XML."""
    root = read_xml(raw)
    reader = _Reader(file, root)
    processes = list(root.iterfind(f"{BPMN}process"))
    elements = {e.id: e for process in processes for e in reader.elements(process)}
    return Diagram(file, root, tuple(p.get("id", "") for p in processes), elements)


def tag_of(node: etree._Element) -> str:
    """The name of an XML element without its namespace."""
    return etree.QName(node).localname


def properties_of(node: etree._Element) -> dict[str, str]:
    """The camunda:properties of an XML element."""
    path = f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property"
    return {p.get("name", ""): p.get("value", "").strip() for p in node.iterfind(path)}


def text_of(node: etree._Element, path: str) -> str | None:
    """The text below an XML element, stripped; None where there is none."""
    return (node.findtext(path) or "").strip() or None


class _Reader:
    """Reads the elements of one file."""

    def __init__(self, file: str, root: etree._Element) -> None:
        self.file = file
        self.messages = {m.get("id"): m.get("name") for m in root.iterfind(f"{BPMN}message")}
        self.lanes = {
            (ref.text or "").strip(): lane.get("name")
            for lane in root.iter(f"{BPMN}lane")
            for ref in lane.iterfind(f"{BPMN}flowNodeRef")
        }
        defaults = {node.get("default") for node in root.iter() if node.get("default")}
        self.flows = [
            Flow(
                flow.get("id", ""),
                flow.get("sourceRef", ""),
                flow.get("targetRef", ""),
                flow.get("name", ""),
                text_of(flow, f"{BPMN}conditionExpression"),
                flow.get("id") in defaults,
            )
            for flow in root.iter(f"{BPMN}sequenceFlow")
        ]

    def elements(self, process: etree._Element) -> Iterator[Element]:
        yield from self._inside(process, process.get("id", ""), None, None)

    def _inside(
        self, scope: etree._Element, process: str, parent: str | None, lane: str | None
    ) -> Iterator[Element]:
        for node in scope:
            if not node.tag.startswith(BPMN) or tag_of(node) not in NODES:
                continue
            element = self._element(node, process, parent, lane)
            yield element
            if element.kind == "subProcess":
                yield from self._inside(node, process, element.id, element.lane)

    def _element(
        self, node: etree._Element, process: str, parent: str | None, lane: str | None
    ) -> Element:
        identifier, properties = node.get("id", ""), properties_of(node)
        loop = node.find(f"{BPMN}multiInstanceLoopCharacteristics")
        collection = loop.get(f"{CAMUNDA}collection") if loop is not None else None
        item = loop.get(f"{CAMUNDA}elementVariable", "member") if loop is not None else None
        event = node.find(f"{BPMN}messageEventDefinition")
        return Element(
            id=identifier,
            name=" ".join(node.get("name", "").split()),
            kind=_kind(node),
            file=self.file,
            process=process,
            parent=parent,
            lane=self.lanes.get(identifier, lane),
            form=node.get(f"{CAMUNDA}formKey") or properties.get("form"),
            properties=properties,
            attached_to=node.get("attachedToRef"),
            interrupting=node.get("cancelActivity", "true") == "true",
            documentation=text_of(node, f"{BPMN}documentation") or "",
            expression=text_of(node, f"{BPMN}timerEventDefinition/{BPMN}timeDate"),
            message=None if event is None else self.messages.get(event.get("messageRef")),
            calls=node.get("calledElement"),
            decision=node.get(f"{CAMUNDA}decisionRef"),
            collection=collection,
            item_name=item,
            incoming=tuple(flow for flow in self.flows if flow.target == identifier),
            outgoing=tuple(flow for flow in self.flows if flow.source == identifier),
        )


def _kind(node: etree._Element) -> str:
    """The BPMN name, or for a catching event what it waits for."""
    tag = tag_of(node)
    if tag in EVENTS:
        for kind in ("timer", "message"):
            if node.find(f"{BPMN}{kind}EventDefinition") is not None:
                return kind
    return tag
