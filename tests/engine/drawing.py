"""Diagrams for the engine's tests, drawn in a few words.

    diagram(start("begun"), user("ask"), end("done"), flows("begun > ask > done"))

Each element function returns a piece of BPMN. Names default to ids, a user task's form to its id.
An arrow from a to b has the id a_to_b; `flows("g [amount > 5] > b")` puts a condition on it.
"""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise

from lxml import etree

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
TEAM = "Complaints team"


def element(tag: str, id: str, inside: str = "", name: str | None = None, **attributes: str) -> str:
    """One BPMN element. Attributes named camunda_x are written camunda:x."""
    written = "".join(
        f' {key.replace("camunda_", "camunda:")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    label = escape(id if name is None else name)
    return f'<bpmn:{tag} id="{id}" name="{label}"{written}>{inside}</bpmn:{tag}>'


def properties(**values: str) -> str:
    """camunda:properties; those that are empty are left out."""
    written = "".join(
        f'<camunda:property name="{key}" value="{escape(value)}"/>'
        for key, value in values.items()
        if value
    )
    inside = f"<camunda:properties>{written}</camunda:properties>"
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>" if written else ""


def start(id: str = "begun", form: str = "record_complaint", **values: str) -> str:
    return element("startEvent", id, properties(**values), camunda_formKey=form)


def end(id: str = "done", inside: str = "", **values: str) -> str:
    return element("endEvent", id, properties(**values) + inside)


def user(id: str, inside: str = "", form: str | None = None, **values: str) -> str:
    form = id if form is None else form
    return element("userTask", id, properties(**values) + inside, camunda_formKey=form)


def send(id: str, **values: str) -> str:
    values = values or {"letter": "notice"}
    return element("sendTask", id, properties(**values))


def rule(id: str, decision: str) -> str:
    return element("businessRuleTask", id, camunda_decisionRef=decision)


def call(id: str, process: str, **values: str) -> str:
    return element("callActivity", id, properties(**values), calledElement=process)


def sub(id: str, *inside: str, **attributes: str) -> str:
    return element("subProcess", id, "".join(inside), **attributes)


def gateway(kind: str, id: str, default: str = "") -> str:
    """kind: exclusive, parallel, inclusive or eventBased. default: the element it leads to."""
    attributes = {"default": f"{id}_to_{default}"} if default else {}
    return element(f"{kind}Gateway", id, **attributes)


def xor(id: str, default: str = "") -> str:
    return gateway("exclusive", id, default)


def parallel(id: str) -> str:
    return gateway("parallel", id)


def inclusive(id: str, default: str = "") -> str:
    return gateway("inclusive", id, default)


def first_of(id: str) -> str:
    return gateway("eventBased", id)


def timer(id: str, date: str, on: str = "", ends: bool = False, **values: str) -> str:
    """A timer, in the flow or on the edge of an activity (`on`); `ends`: it ends the activity."""
    kind = '<bpmn:timeDate xsi:type="bpmn:tFormalExpression">'
    when = f"<bpmn:timerEventDefinition>{kind}{escape(date)}</bpmn:timeDate>"
    return _event(id, f"{when}</bpmn:timerEventDefinition>", on, ends, values)


def message(id: str, name: str = "", on: str = "", ends: bool = False, **values: str) -> str:
    """A message event; the message is called like the event if nothing else is said."""
    values = {"form": name or id, **values}
    waits = f'<bpmn:messageEventDefinition messageRef="message_{name or id}"/>'
    return _event(id, waits, on, ends, values)


def _event(id: str, definition: str, on: str, ends: bool, values: dict[str, str]) -> str:
    inside = properties(**values) + definition
    if not on:
        return element("intermediateCatchEvent", id, inside)
    return element("boundaryEvent", id, inside, attachedToRef=on, cancelActivity=str(ends).lower())


def each(members: str, item: str = "member", in_turn: bool = False) -> str:
    """Repeats the activity it stands in for each entry of a list."""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(in_turn).lower()}" '
        f'camunda:collection="{escape(members)}" camunda:elementVariable="{item}"/>'
    )


def flows(*ways: str) -> str:
    """Arrows: "a > b > c", "gateway [condition] > b"."""
    return "".join(_flow(*step) for way in ways for step in _steps(way))


def _steps(way: str) -> list[tuple[str, str, str]]:
    condition = ""
    if "[" in way:
        source, rest = way.split("[", 1)
        condition, rest = rest.rsplit("]", 1)
        way = source + rest
    names = [name.strip() for name in way.split(">")]
    steps = enumerate(pairwise(names))
    return [(a, b, condition if n == 0 else "") for n, (a, b) in steps]


def _flow(source: str, target: str, condition: str) -> str:
    kind = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
    inside = f"{kind}{escape(condition)}</bpmn:conditionExpression>" if condition else ""
    arrow = f'id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {arrow}>{inside}</bpmn:sequenceFlow>"


def diagram(*parts: str, process: str = "complaint", lane: str = TEAM) -> bytes:
    """A file with one process, all of it in one lane."""
    body = "".join(parts)
    nodes = etree.fromstring(f"<x {NAMESPACES}>{body}</x>")
    ids = [node.get("id") for node in nodes if not node.tag.endswith("}sequenceFlow")]
    refs = "".join(f"<bpmn:flowNodeRef>{id}</bpmn:flowNodeRef>" for id in ids)
    lanes = f'<bpmn:laneSet><bpmn:lane id="lane" name="{lane}">{refs}</bpmn:lane></bpmn:laneSet>'
    names = sorted(set(re.findall(r'messageRef="message_(\w+)"', body)))
    messages = "".join(f'<bpmn:message id="message_{name}" name="{name}"/>' for name in names)
    inside = f'<bpmn:process id="{process}" isExecutable="true">{lanes}{body}</bpmn:process>'
    file = f'<bpmn:definitions {NAMESPACES} targetNamespace="x">{inside}{messages}'
    return f"{file}</bpmn:definitions>".encode()


def table(
    id: str,
    inputs: list[str],
    outputs: list[str],
    rows: list[list[str]],
    policy: str = "FIRST",
) -> bytes:
    """A DMN file with one decision table. Each row: its input cells, then its output cells."""
    columns = "".join(
        f"<input><inputExpression><text>{escape(text)}</text></inputExpression></input>"
        for text in inputs
    ) + "".join(f'<output name="{name}"/>' for name in outputs)
    rules = "".join(
        f'<rule id="{id}_row_{n}">' + _cells(row, len(inputs)) + "</rule>"
        for n, row in enumerate(rows, 1)
    )
    space = "https://www.omg.org/spec/DMN/20191111/MODEL/"
    body = f'<decisionTable hitPolicy="{policy}">{columns}{rules}</decisionTable>'
    decision = f'<decision id="{id}" name="{id}">{body}</decision>'
    return f'<definitions xmlns="{space}" name="d" namespace="x">{decision}</definitions>'.encode()


def _cells(row: list[str], inputs: int) -> str:
    kinds = ["inputEntry"] * inputs + ["outputEntry"] * (len(row) - inputs)
    return "".join(
        f"<{kind}><text>{escape(cell)}</text></{kind}>"
        for kind, cell in zip(kinds, row, strict=True)
    )
