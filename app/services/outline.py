"""A diagram as text: who does what, with which form, by when, and where the policy says so.

It tells what the picture shows, for people who cannot see it, and for owners who check it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from app.engine import ROOT, Element, FactSpec, Flow
from app.engine.diagram import BPMN
from app.engine.xml import read_xml
from app.landlords import Landlord
from app.services.deployments import Deployed
from app.services.kinds import title_of
from app.services.plain_rules import condition, day
from timers.deadlines import explain, read_rule

KINDS = {
    "startEvent": "Begins",
    "endEvent": "Ends",
    "userTask": "Somebody does it",
    "sendTask": "Sends",
    "businessRuleTask": "Decision table",
    "callActivity": "A diagram of its own",
    "subProcess": "Several steps",
    "exclusiveGateway": "One way of several",
    "parallelGateway": "Ways side by side",
    "inclusiveGateway": "One way or several",
    "eventBasedGateway": "Whichever comes first",
    "message": "May come from outside",
    "duty": "Deadline",
    "window": "The resident’s time",
    "reminder": "Reminder",
}


@dataclass(frozen=True)
class Entry:
    """One element in words. depth: 1 for what stands inside a subprocess, and so on.

    calls: the process a stage opens, table: the decision table, form: (id, title).
    """

    id: str
    name: str
    kind: str
    depth: int
    lane: str
    form: tuple[str, str] | None
    deadline: str
    policy: str
    about: str
    notes: tuple[str, ...]
    goes_to: tuple[str, ...]
    calls: str
    table: str


@dataclass(frozen=True)
class Picture:
    """One process: its diagram's file and its name."""

    process: str
    name: str
    file: str


def pictures(deployed: Deployed) -> list[Picture]:
    """All processes: the whole complaint first, in the order of the calls; then other kinds."""
    found = {
        name: Picture(name, process_name(node, deployed.landlord), file)
        for file, body in deployed.files.items()
        if file.endswith(".bpmn")
        for node in read_xml(body).iterfind(f"{BPMN}process")
        for name in [node.get("id") or ""]
    }
    order, todo = dict[str, None](), list(deployed.contents.procedures)
    while todo:
        process = todo.pop(0)
        if process not in order:
            order[process] = None
            calls = [e.calls for e in deployed.elements.values() if e.process == process]
            todo = [*filter(None, calls), *todo]
    return [found[process] for process in [*order, *sorted(set(found) - set(order))]]


def by_kind(deployed: Deployed) -> list[tuple[str, list[Picture]]]:
    """The processes of each kind of case under its heading; last those that nothing calls."""
    all_of_them = pictures(deployed)
    groups = []
    for kind, procedure in deployed.contents.procedures.items():
        reached = {element.process for element in procedure.elements.values()}
        heading = "The complaint and its stages" if kind == ROOT else title_of(procedure)
        groups.append((heading, [p for p in all_of_them if p.process in reached]))
    shown = {picture for _, group in groups for picture in group}
    unused = [picture for picture in all_of_them if picture not in shown]
    return [*groups, *([("Not in use", unused)] if unused else [])]


def process_name(process: etree._Element, landlord: Landlord) -> str:
    """The name of a process without the landlord's, which stands on every page."""
    name = process.get("name") or process.get("id") or ""
    for called in (landlord.name, landlord.short_name, landlord.name.split()[0]):
        name = name.removeprefix(f"{called}: ")
    return name[:1].upper() + name[1:]


def name_of(element: Element) -> str:
    """What an element is called; one without a name by what it does, in brackets."""
    return element.name or f"({KINDS.get(element.kind, element.kind).lower()})"


def outline(deployed: Deployed, process: str) -> list[Entry]:
    """The elements of one process along its arrows, each with all that the diagram says of it."""
    elements = {k: e for k, e in deployed.elements.items() if e.process == process}
    return [_entry(deployed, element, depth) for element, depth in along(elements)]


def along(elements: Mapping[str, Element]) -> Iterator[tuple[Element, int]]:
    """Every element once with its depth: from the starts along the arrows, side branches where
    they leave. An arrow that leads to nothing is passed by."""
    inside: dict[str | None, list[Element]] = {}
    for element in elements.values():
        inside.setdefault(element.parent, []).append(element)
    seen: set[str] = set()

    def follow(element: Element, depth: int) -> Iterator[tuple[Element, int]]:
        if element.id in seen:
            return
        seen.add(element.id)
        yield element, depth
        yield from within(element.id, depth + 1)
        for event in (e for e in elements.values() if e.attached_to == element.id):
            yield from follow(event, depth)
        for flow in element.outgoing:
            if flow.target in elements:
                yield from follow(elements[flow.target], depth)

    def within(parent: str | None, depth: int) -> Iterator[tuple[Element, int]]:
        here = inside.get(parent, [])
        for element in sorted(here, key=lambda e: (e.kind != "startEvent", bool(e.attached_to))):
            yield from follow(element, depth)

    yield from within(None, 0)


def _entry(deployed: Deployed, element: Element, depth: int) -> Entry:
    form = deployed.forms.get(element.form or "")
    says = (_letter(deployed, element), _alert(deployed, element), *_rules(deployed, element))
    flows = [_flow_words(flow, deployed) for flow in element.outgoing]
    return Entry(
        id=element.id,
        name=name_of(element),
        kind=KINDS[timer_kind(element)] if element.kind == "timer" else KINDS[element.kind],
        depth=depth,
        lane=element.lane or "",
        form=(form.name, form.title) if form else None,
        deadline=rule_words(element.expression, deployed.facts) if element.expression else "",
        policy=element.properties.get("policy", ""),
        about=element.documentation,
        notes=tuple(filter(None, says)),
        goes_to=tuple(flows),
        calls=element.calls or "",
        table=element.decision or "",
    )


def timer_kind(element: Element) -> str:
    """duty, window or reminder; what stands when the diagram says nothing is a contract."""
    return element.properties.get("kind") or ("duty" if element.attached_to else "window")


def rule_words(expression: str, facts: Mapping[str, FactSpec]) -> str:
    """When a timer falls due, in words: "10 working days after it is acknowledged"."""
    empty: dict[str, Any] = {
        name: [] if spec.type == "list" else None for name, spec in facts.items()
    }
    labels = {name: spec.label for name, spec in facts.items()}
    rule = read_rule(expression, empty, labels)
    if rule is None:
        return day(expression, facts)
    longer = "".join(f"; longer by “{extension.label}”" for extension in rule.extensions)
    return explain(rule) + longer


def _flow_words(flow: Flow, deployed: Deployed) -> str:
    """ "Yes: Send the answer (if “Working days added” is more than 0)"."""
    to = _leads_to(flow, deployed.elements)
    asked = condition(flow.condition, deployed.facts) if flow.condition else ""
    when = f" (if {asked})" if asked else " (otherwise)" if flow.default else ""
    return f"{flow.name}: {to}{when}" if flow.name else f"{to}{when}"


def _leads_to(flow: Flow, elements: Mapping[str, Element]) -> str:
    """What people call the end of an arrow; where ways only meet, what comes after that."""
    seen: set[str] = set()
    target = elements[flow.target]
    while not target.name and len(target.outgoing) == 1 and target.id not in seen:
        seen.add(target.id)
        target = elements[target.outgoing[0].target]
    return name_of(target)


def _letter(deployed: Deployed, element: Element) -> str:
    for name, words in (("letter", "Sends the letter"), ("writes", "Writes the letter")):
        if letter := element.properties.get(name):
            versions = deployed.letters.get(letter)
            return f"{words} “{versions[0].title if versions else letter}”."
    return ""


def _alert(deployed: Deployed, element: Element) -> str:
    team = deployed.landlord.teams.get(
        deployed.landlord.team_of(element.properties.get("alert")) or ""
    )
    return f"Tells the {team.name}: “{element.properties.get('says', '')}”" if team else ""


# property -> what it means; {} are the names of the steps or facts it lists
_LISTED = {
    "not_the_handler_of": "Not for whoever did {}.",
    "senior_to": "By somebody more senior than whoever did {}.",
    "assigned_in": "Goes to the person chosen in {}.",
    "sets": "Sets the date {}.",
    "met_by": "Met by the date {}.",
    "approved_in": "Approved in {}.",
}


def _rules(deployed: Deployed, element: Element) -> Iterator[str]:
    """What the other properties mean."""
    names = {fact.name: fact.label for fact in deployed.facts.values()}
    names |= {step.id: step.name for step in deployed.elements.values()}
    told = element.properties
    if element.kind == "message":
        yield f"Offered to: {told.get('offered_to', 'staff').replace(', ', ' and ')}."
    if when := told.get("offered_when"):
        yield f"Only if {condition(when, deployed.facts)}."
    for name, words in _LISTED.items():
        if listed := element.listed(name):
            join = " and " if name == "sets" else " or "
            yield words.format(join.join(f"“{names.get(id, id)}”" for id in listed))
    if element.attached_to and element.interrupting:
        yield f"Ends “{names.get(element.attached_to, element.attached_to)}”."
    if public := told.get("public_form"):
        form = deployed.forms.get(public)
        yield f"Residents fill in “{form.title if form else public}” themselves."
    yield from _asides(element)


def _asides(element: Element) -> Iterator[str]:
    """What needs no other name."""
    if element.properties.get("repeat"):
        yield "Comes again each working day until it is done."
    if arranges := element.properties.get("arranges"):
        yield f"The contact arrangement {arranges}."
    if element.properties.get("closes"):
        yield "The case is then closed, but still waits for a late word from the resident."
    if element.collection:
        yield "Once for each person on the list."
    if element.properties.get("outcome"):
        yield "Reports count the cases that end so."
