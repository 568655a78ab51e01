"""What a diagram may be made of. Procedure.parse refuses the rest, whatever lint said before.

These are the elements that the core has been proved to run; see processes/README.md for how an
owner draws with them. Everything refused here is either unsafe (scripts), unreliable in the
library (event subprocesses, terminate ends), or copies data past the facts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from lxml import etree

from app.engine.diagram import BPMN, CAMUNDA, EVENTS, NODES, Diagram, tag_of
from app.engine.problems import Problem

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
RESERVED_IDS = frozenset({"Start", "End", "Root", "StartEventSplit", "StartEventJoin"})
MAX_NESTED_SUBPROCESSES = 5
MAX_ELEMENTS = 200  # of one file; Spiff reads a diagram by recursion

_INSTEAD = {
    "scriptTask": "a script task cannot be used; let a decision table set facts",
    "serviceTask": "a service task cannot be used; use a send task or a decision table",
    "receiveTask": "a receive task cannot be used; use a message event",
    "manualTask": "a manual task cannot be used; use a user task with a form",
    "task": "say what kind of task this is: user task, send task or rule task",
    "transaction": "a transaction cannot be used; use a plain subprocess",
    "adHocSubProcess": "an ad-hoc subprocess cannot be used; use a plain subprocess",
    "complexGateway": "a complex gateway cannot be used; use exclusive or parallel ones",
    "intermediateThrowEvent": "an event that throws cannot be used; use a send task",
}
# What has an id of the engine's, or has one as soon as it is of another kind.
WITH_IDS = NODES | {"process", "sequenceFlow"} | _INSTEAD.keys()
_DATA = frozenset(
    {
        "ioSpecification",
        "dataObject",
        "dataObjectReference",
        "dataStore",
        "dataStoreReference",
        "dataInputAssociation",
        "dataOutputAssociation",
        "correlationProperty",
        "correlationKey",
        "correlationSubscription",
        "property",
    }
)
_CAMUNDA_CODE = frozenset(
    {"inputOutput", "executionListener", "taskListener", "connector", "formData", "script"}
)
_LOOPS = frozenset({"standardLoopCharacteristics", "loopCardinality", "completionCondition"})


def refusals(diagrams: Iterable[Diagram]) -> list[Problem]:
    """Everything in these files that could not be run safely."""
    diagrams = list(diagrams)
    return [*_bad_ids(diagrams), *(found for one in diagrams for found in _refused_in(one))]


@lru_cache(maxsize=256)
def _refused_in(diagram: Diagram) -> tuple[Problem, ...]:
    problems = []
    if len(diagram.elements) > MAX_ELEMENTS:
        message = f"has more than {MAX_ELEMENTS} elements; split it into stages"
        problems.append(Problem(diagram.file, None, message))
    for node in diagram.root.iter():
        if reason := _refusal(node):
            problems.append(Problem(diagram.file, _owner(node), reason))
    return tuple(problems)


def _refusal(node: etree._Element) -> str | None:
    tag = tag_of(node)
    if node.tag.startswith(CAMUNDA) and tag in _CAMUNDA_CODE:
        return f"camunda:{tag} runs code or copies data; use forms and facts"
    if not node.tag.startswith(BPMN):
        return None
    if tag in _INSTEAD:
        return _INSTEAD[tag]
    if tag in _DATA:
        return "data objects and input/output lists cannot be used; use facts"
    if tag in _LOOPS:
        return "repeat a task with a list of members only (camunda:collection); loop with a gateway"
    if tag.endswith("EventDefinition"):
        return _event_refusal(node, tag)
    if tag == "process" and node.get("isExecutable", "true") != "true":
        return "tick 'Executable' on the process, or it cannot be run"
    if tag == "multiInstanceLoopCharacteristics" and not node.get(f"{CAMUNDA}collection"):
        return "a repeated task needs a list of members (camunda:collection)"
    if tag == "subProcess":
        return _subprocess_refusal(node)
    return None


def _event_refusal(event: etree._Element, tag: str) -> str | None:
    host = event.getparent()
    kind = tag.removesuffix("EventDefinition")
    if host is None or tag_of(host) not in EVENTS:
        if kind == "terminate":
            return "a terminate end cannot be used; interrupt the stage with a message instead"
        return f"a {kind} event cannot stand here; start and end events are plain; take it off"
    if kind not in ("timer", "message"):
        return f"a {kind} event cannot be used; use a timer or a message"
    if len([e for e in host if tag_of(e).endswith("EventDefinition")]) > 1:
        return "an event waits for one thing only; draw another for the other"
    if kind == "timer" and event.find(f"{BPMN}timeDate") is None:
        return "a timer is a date worked out from facts (type Date), never a duration or a cycle"
    return None


def _subprocess_refusal(node: etree._Element) -> str | None:
    if node.get("triggeredByEvent") == "true":
        return "an event subprocess cannot be used; put a message on the stage that it ends"
    if sum(1 for _ in node.iterancestors(f"{BPMN}subProcess")) >= MAX_NESTED_SUBPROCESSES:
        return f"subprocesses are nested more than {MAX_NESTED_SUBPROCESSES} deep; call one"
    return None


def _bad_ids(diagrams: list[Diagram]) -> Iterator[Problem]:
    seen: Counter[str] = Counter()
    for diagram in diagrams:
        for identifier in _ids(diagram):
            seen[identifier] += 1
            if identifier in RESERVED_IDS:
                yield Problem(
                    diagram.file, identifier, f"the id {identifier} is the engine's own; rename it"
                )
            elif not IDENTIFIER.fullmatch(identifier):
                yield Problem(
                    diagram.file,
                    identifier or None,
                    "an id is made of letters, digits and _ and does not begin with a digit",
                )
            if seen[identifier] == 2:
                yield Problem(
                    diagram.file,
                    identifier,
                    "this id is used twice in the procedure; rename one of the two",
                )


@lru_cache(maxsize=256)
def _ids(diagram: Diagram) -> tuple[str, ...]:
    """The ids that the engine uses: processes, elements and flows. Shapes have ids of their own."""
    named = NODES | {"process", "sequenceFlow"}
    return tuple(
        node.get("id", "")
        for node in diagram.root.iter()
        if node.tag.startswith(BPMN) and tag_of(node) in named
    )


def _owner(node: etree._Element) -> str | None:
    """The id of the element that a part of it belongs to."""
    at: etree._Element | None = node
    while at is not None and tag_of(at) not in NODES | {"process", *_INSTEAD}:
        at = at.getparent()
    return node.get("id") if at is None else at.get("id")
