"""Where a case is in its diagrams, and the way it took there: for the drawing and for the list.

What was passed comes from the history, what is now from open tasks and from what is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.db import db
from app.engine import ROOT, Element, Flow
from app.errors import NotFound
from app.models import Case, Deadline, Event, Instance, Payload, Task
from app.services import actions, tasks
from app.services.deployments import Deployed
from app.services.history import BEFORE

NUMBERED = {"userTask", "sendTask", "businessRuleTask", "callActivity", "message"}
PASSED = {"started", "submitted", "received", "passed", "sent", "decided", "due"}


@dataclass(frozen=True)
class StepTaken:
    """One numbered step. ended_early: it was begun, but a deadline or a message ended it."""

    number: int
    name: str
    at: datetime
    who: str
    ended_early: bool


@dataclass(frozen=True)
class Now:
    """A place where the case stands; the label says who or what it waits for, and may be empty."""

    element: str
    name: str
    label: str


@dataclass
class Picture:
    """One diagram with what is known of the case. done: element -> its places in the order."""

    process: str
    title: str
    done: dict[str, list[int]] = field(default_factory=dict)
    flows: list[str] = field(default_factory=list)
    now: list[Now] = field(default_factory=list)
    steps: list[StepTaken] = field(default_factory=list)
    focus: str = ""


@dataclass(frozen=True)
class _Happened:
    """One event that left a mark on a diagram."""

    element: Element
    at: datetime
    who: str
    ended_early: bool


def pictures(case: Case, instance: Instance, deployed: Deployed) -> list[Picture]:
    """The whole procedure, then what is open inside it, outermost first; last where the work is."""
    happened = _happened(instance, deployed)
    now = _now(case, deployed)
    main, root = deployed.procedure.main, deployed.procedure.root
    inside = [place.process for place, _ in now if place.process != root]
    working = {element.process for element, _ in _open_tasks(case, deployed)}
    shown = sorted(dict.fromkeys([main, *inside]), key=lambda p: (p != main, p in working))
    return [_picture(process, deployed, happened, now) for process in shown]


def picture_of(case: Case, instance: Instance, deployed: Deployed, process: str) -> Picture:
    """One diagram of the case's own deployment. Raises NotFound for another."""
    if process not in {e.process for e in deployed.procedure.elements.values()}:
        raise NotFound
    return _picture(process, deployed, _happened(instance, deployed), _now(case, deployed))


def entered(case: Case, instance: Instance, deployed: Deployed) -> list[tuple[str, str]]:
    """The diagrams that the case has been in, in order: process and what people call it."""
    processes = dict.fromkeys(h.element.process for h in _happened(instance, deployed))
    return [(process, title_of(deployed, process)) for process in processes]


def file_of(deployed: Deployed, process: str) -> bytes:
    """The BPMN file that holds a process. Raises NotFound."""
    for element in deployed.procedure.elements.values():
        if element.process == process:
            return deployed.files[element.file]
    raise NotFound


def title_of(deployed: Deployed, process: str) -> str:
    """What people call a diagram: the name of the call that leads into it."""
    procedure = deployed.procedure
    if process == procedure.main:
        return "The whole complaint" if procedure.root == ROOT else procedure.name
    if process == procedure.root:
        return "What runs side by side"
    calls = (e.name for e in procedure.elements.values() if e.calls == process)
    return next(calls, process.replace("_", " "))


def _picture(
    process: str,
    deployed: Deployed,
    happened: list[_Happened],
    now: list[tuple[Element, str]],
) -> Picture:
    here = [(e, label) for e, label in now if e.process == process]
    live = {element.id for element, _ in here}
    marks = [mark for mark in happened if mark.element.process == process]
    gateways = _waited_at(live, deployed)
    passed = {mark.element.id for mark in marks} | live | gateways
    picture = Picture(process, title_of(deployed, process))
    picture.done = {gateway: [] for gateway in gateways}
    picture.now = [Now(element.id, element.name, label) for element, label in here]
    picture.flows = list(_flows_taken(deployed, _with_frames(passed, deployed)))
    for mark in marks:
        if mark.element.kind == "subProcess":
            continue  # a frame round other elements: tinted, it would hide what was not reached
        numbers = picture.done.setdefault(mark.element.id, [])
        if mark.element.kind in NUMBERED:
            numbers.append(len(picture.steps) + 1)
            picture.steps.append(
                StepTaken(numbers[-1], mark.element.name, mark.at, mark.who, mark.ended_early)
            )
        picture.focus = mark.element.id
    return picture


def _happened(instance: Instance, deployed: Deployed) -> list[_Happened]:
    """The events of the case that left a mark, in order."""
    rows = db.session.execute(
        select(Event, Payload)
        .outerjoin(
            Payload,
            (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
        )
        .where(Event.landlord_id == instance.landlord_id, Event.instance_id == instance.id)
        .order_by(Event.n)
    )
    found: list[_Happened] = []
    finished: set[str] = set()
    for event, payload in rows:
        element = deployed.procedure.elements.get(event.element)
        detail: dict[str, Any] = payload.values if payload else {}
        if element is None:
            continue
        if event.action == "submitted":
            finished.add(detail.get("task", ""))
        if event.action == "closed" and detail.get("task") not in finished:
            found.append(_Happened(element, event.at, _by(event), ended_early=True))
        if event.action in PASSED and not _is_panel(event, element):
            found += _ended_by(event, element, deployed)
            found.append(_Happened(element, event.at, _by(event), ended_early=False))
    return found


def _is_panel(event: Event, element: Element) -> bool:
    """A task of several people is passed once more when all have answered: they count, not it."""
    return event.action == "passed" and element.kind == "userTask"


def _ended_by(event: Event, element: Element, deployed: Deployed) -> list[_Happened]:
    """The stage that an event on its edge has ended: it was entered, but never passed."""
    host = deployed.procedure.elements.get(element.attached_to or "")
    if host is None or host.kind != "callActivity" or not element.interrupting:
        return []
    return [_Happened(host, event.at, _by(event), ended_early=True)]


def _by(event: Event) -> str:
    by_itself = {"resident": "The resident", "record": BEFORE}.get(
        event.actor_kind, "By the procedure"
    )
    return tasks.name_of(event.actor_id) or by_itself


def _now(case: Case, deployed: Deployed) -> list[tuple[Element, str]]:
    """Open tasks, what is waited for, and the calls round them; outermost first."""
    elements = deployed.procedure.elements
    places = [*_open_tasks(case, deployed), *_waiting(case, deployed)]
    around: dict[str, tuple[Element, str]] = {}
    for element, _ in places:
        for call in _calls_round(element, deployed):
            around.setdefault(call.id, (call, f"Now: {call.name}"))
    by_id = around | {element.id: (elements[element.id], label) for element, label in places}
    return sorted(by_id.values(), key=lambda pair: len(list(_calls_round(pair[0], deployed))))


def _calls_round(element: Element, deployed: Deployed) -> Iterator[Element]:
    """The calls that an element stands in, innermost first."""
    elements = deployed.procedure.elements.values()
    process, seen = element.process, {element.process}
    while call := next((e for e in elements if e.calls == process), None):
        yield call
        process = call.process
        if process in seen:
            return
        seen.add(process)


def _open_tasks(case: Case, deployed: Deployed) -> list[tuple[Element, str]]:
    rows = db.session.scalars(
        select(Task)
        .where(Task.landlord_id == case.landlord_id, Task.case_id == case.id, Task.status == "open")
        .order_by(Task.opened_at, Task.id)
    )
    return [
        (deployed.procedure.elements[task.element], f"Now: {_who(task, deployed)}")
        for task in rows
        if task.element in deployed.procedure.elements
    ]


def _who(task: Task, deployed: Deployed) -> str:
    team = deployed.landlord.teams.get(task.team)
    return tasks.name_of(task.claimed_by) or (team.name if team else "unclaimed")


def _waiting(case: Case, deployed: Deployed) -> list[tuple[Element, str]]:
    """Messages and windows that hold the case up: those that hang on no activity."""
    elements = deployed.procedure.elements
    rows = db.session.scalars(
        select(Deadline)
        .where(
            Deadline.landlord_id == case.landlord_id,
            Deadline.case_id == case.id,
            Deadline.ended_at.is_(None),
            Deadline.met_on.is_(None),
            Deadline.due_on.is_not(None),  # a clock that is not set yet holds nothing up
        )
        .order_by(Deadline.due_on)  # the diagram opens at the first
    )
    waiting = {row.element: _until(row.due_on) for row in rows}
    offers = [*actions.offered(case, "staff"), *actions.offered(case, "resident")]
    waiting |= {offer.element: "" for offer in offers}
    return [
        (elements[element], label)
        for element, label in waiting.items()
        if element in elements and not elements[element].attached_to
    ]


def _until(day: date | None) -> str:
    return f"Waits until {day:%a} {day.day} {day:%b}" if day else "Waits"


def _waited_at(live: set[str], deployed: Deployed) -> set[str]:
    """The event-based gateways that stand before what is waited for: the case has come to them."""
    elements = deployed.procedure.elements
    before = {flow.source for identifier in live for flow in elements[identifier].incoming}
    return {source for source in before if elements[source].kind == "eventBasedGateway"}


def _with_frames(passed: set[str], deployed: Deployed) -> set[str]:
    """Who was inside a subprocess has entered it."""
    elements, found = deployed.procedure.elements, set(passed)
    for identifier in passed:
        parent = elements[identifier].parent
        while parent:
            found.add(parent)
            parent = elements[parent].parent
    return found


def _flows_taken(deployed: Deployed, passed: set[str]) -> Iterator[str]:
    """Arrows that must have been taken: the only way from one passed element to another."""
    elements = deployed.procedure.elements
    left_by_event = {
        e.attached_to
        for e in elements.values()
        if e.attached_to and e.interrupting and e.id in passed
    }
    for element in (elements[identifier] for identifier in passed):
        ways: list[Flow] = [flow for flow in element.outgoing if flow.target in passed]
        if len(ways) == 1 and element.id not in left_by_event:
            yield ways[0].id
