"""One step of a case: what the engine did becomes rows, letters, alerts and history at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.engine import (
    EngineRefused,
    HistoryEvent,
    OpenTask,
    Snapshot,
    Stored,
    complete,
    fire_due,
    receive,
    recompute,
    start,
)
from app.models import Alert, Case, Event, Instance, Payload, Point, Task
from app.models.base import new_id
from app.pipeline import append
from app.services import (
    access,
    arrangements,
    assigning,
    casefile,
    conversions,
    deadlines,
    deployments,
    letters,
    remedies,
    standing,
)
from app.services.calendars import calendar_at, keep_calendar, pinned_calendar
from app.services.casefile import CaseFile
from app.services.deployments import Deployed
from app.services.kept_facts import kept_facts
from app.viewer import Viewer
from timers.calendar import WorkingCalendar

PROCEDURE = Viewer("", name="By the procedure")  # the actor of automatic steps
ASKED_FIRST = frozenset({"recorded_by_staff"})  # known from the first day, whatever the form asks


@dataclass
class Step:
    """All that one step of one case needs. Made inside a transaction, gone with it."""

    session: Session
    file: CaseFile
    deployed: Deployed
    calendar: WorkingCalendar
    actor: Viewer
    now: datetime
    # what the submitted form says in letters: parts by name, and the points as they stood before
    parts: Mapping[str, str | list[str]] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    points: Callable[[], Sequence[Point]] = list
    past: bool = False  # of a case that is read in: `now` lies behind, and nothing goes out

    @property
    def case(self) -> Case:
        return self.file.case

    @property
    def instance(self) -> Instance:
        return self.file.instance

    @property
    def today(self) -> date:
        return self.now.astimezone(clock.LONDON).date()

    @cached_property
    def answered_points(self) -> list[dict[str, str]]:
        """What the form answers to each point."""
        return letters.points_part(self.points(), self.answers)

    def stored(self) -> Stored:
        """What the engine goes on from, with the facts that Putright keeps by itself."""
        return Stored(self.instance.state, self.instance.facts, kept_facts(self))

    def write(
        self,
        action: str,
        element: str = "",
        at: datetime | None = None,
        actor: Viewer | None = None,
        **detail: Any,
    ) -> None:
        """Append one line of history."""
        actor = actor or self.actor
        owner, payload_id = self.case.landlord_id, new_id() if detail else None
        if payload_id:
            append(self.session, Payload, landlord_id=owner, id=payload_id, values=detail)
        self.instance.events += 1
        append(
            self.session,
            Event,
            landlord_id=owner,
            instance_id=self.instance.id,
            n=self.instance.events,
            at=at or self.now,
            recorded_at=clock.now() if self.past else self.now,
            actor_id=actor.user_id,
            actor_kind=actor_kind(actor, self.past),
            action=action,
            element=element,
            revision=self.instance.revision or 0,
            deployment_id=self.instance.deployment_id,
            payload_id=payload_id,
        )

    def record(self, event: HistoryEvent) -> None:
        """Append what the engine did, or what came of it."""
        acted = event.action in {"submitted", "received", "started"}
        actor = self.actor if acted else PROCEDURE
        self.write(event.action, event.element, event.at, actor, **event.detail)

    def alert(self, team: str, element: str, says: str, at: datetime | None = None) -> None:
        """Tell a team something about the case now."""
        self.session.add(
            Alert(
                landlord_id=self.case.landlord_id,
                id=new_id(),
                case_id=self.case.id,
                team=team,
                element=element,
                text=says[:500],
                at=at or self.now,
            )
        )
        self.write("alerted", element, at, PROCEDURE, team=team, says=says)


def actor_kind(actor: Viewer, past: bool = False) -> str:
    """user, resident, procedure, or record: the one that a case was read in from."""
    if actor.user_id:
        return "user"
    if past:
        return "record"
    return "resident" if actor.resident_case_id else "procedure"


def open_step(session: Session, instance: Instance, actor: Viewer) -> Step:
    """A step on an existing case, whose row is locked until the transaction ends."""
    access.lock(session, instance)
    return step_on(session, instance, actor)


def step_on(session: Session, instance: Instance, actor: Viewer) -> Step:
    """A step on a case whose row this transaction has locked already."""
    return step_with(session, casefile.read(session, instance, actor), actor)


def step_with(session: Session, file: CaseFile, actor: Viewer) -> Step:
    """A step on a case that was read since its row was locked."""
    instance = file.instance
    deployed = deployments.pinned(instance.landlord_id, instance.deployment_id, file.case.kind)
    calendar = pinned_calendar(deployed.landlord.nation, instance.calendar_version)
    return Step(session, file, deployed, calendar, actor, clock.now())


def first_step(session: Session, case: Case, deployed: Deployed, actor: Viewer) -> Step:
    """The first step of a new case, with its instance."""
    instance = Instance(
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        deployment_id=deployed.id,
        events=0,
        case=case,
    )
    calendar = calendar_at(deployed.landlord)
    return Step(session, CaseFile(case, instance), deployed, calendar, actor, clock.now())


def declared(deployed: Deployed, answers: dict[str, Any]) -> dict[str, Any]:
    """The answers that are facts of the procedure."""
    return {key: value for key, value in answers.items() if key in deployed.facts}


def begin(step: Step, answers: dict[str, Any]) -> None:
    """Start the procedure with the answers of its first form."""
    keep_calendar(step.session, step.calendar)
    snapshot = start(
        step.deployed.procedure,
        kept_facts(step),
        step.now,
        step.calendar,
        form=declared(step.deployed, answers) | _received(answers),
    )
    _apply(step, snapshot)


def foreseen(
    deployed: Deployed, instance: Instance, task_id: str, answers: dict[str, Any]
) -> Snapshot:
    """What finishing a task would lead to. Nothing is saved. Raises EngineRefused."""
    stored = Stored(instance.state, instance.facts)
    calendar = pinned_calendar(deployed.landlord.nation, instance.calendar_version)
    facts = declared(deployed, answers)
    return complete(deployed.procedure, stored, task_id, facts, clock.now(), calendar)


def finish_task(step: Step, task: Task, answers: dict[str, Any]) -> None:
    """Complete an open task. Raises Gone when the engine no longer waits for it."""
    facts = declared(step.deployed, answers)
    procedure, stored = step.deployed.procedure, step.stored()
    _apply(step, complete(procedure, stored, task.id, facts, step.now, step.calendar), task)


def deliver(step: Step, message: str, answers: dict[str, Any]) -> None:
    """Hand a message to the procedure. Raises Gone when it is not offered now."""
    facts = declared(step.deployed, answers) | _received(answers)
    procedure, stored = step.deployed.procedure, step.stored()
    _apply(step, receive(procedure, stored, message, facts, step.now, step.calendar))


def fire(step: Step) -> None:
    """Fire what has fallen due."""
    _apply(step, fire_due(step.deployed.procedure, step.stored(), step.now, step.calendar))


def settle(step: Step) -> None:
    """Let the procedure see what people left behind: a fact that is kept may set a timer going."""
    instance = step.instance
    if instance.completed or instance.held:
        return
    if any(instance.facts.get(name) != value for name, value in kept_facts(step).items()):
        fire(step)


def work_out_again(step: Step, calendar: WorkingCalendar) -> None:
    """Work every armed deadline out again by another calendar, and pin the case to it."""
    step.calendar = calendar
    keep_calendar(step.session, step.calendar)
    _apply(step, recompute(step.deployed.procedure, step.stored(), step.now, step.calendar))


def take_over(step: Step, snapshot: Snapshot, done: Task | None = None) -> None:
    """Write a step of the past that was worked out by the engine (app/engine/placing.py)."""
    _apply(step, snapshot, done)


def _received(answers: dict[str, Any]) -> dict[str, Any]:
    """The date on which the message came, which `sets` needs even where it is no fact."""
    return {"received_on": answers["received_on"]} if answers.get("received_on") else {}


def _apply(step: Step, snapshot: Snapshot, done: Task | None = None) -> None:
    """Write all that follows from a snapshot. The caller's transaction makes it one."""
    if snapshot.stuck:
        raise EngineRefused("Nobody and nothing can move this case any further.")
    instance = step.instance
    instance.state, instance.facts = snapshot.state, snapshot.facts
    instance.completed = snapshot.completed
    instance.offers = [offer.element for offer in snapshot.messages]
    instance.calendar_version = step.calendar.version
    instance.next_due_at = deadlines.next_due(snapshot)
    _set_stage(step, snapshot)
    for event in snapshot.events:
        step.record(event)
    if instance not in step.session:  # new, and whole: what follows refers to its row
        step.session.add(instance)
        step.session.flush()
    _set_tasks(step, snapshot, done)
    deadlines.register(step, snapshot)
    if done is not None and not step.past:
        letters.freeze(step, done)
    for event in snapshot.events:  # only now are all dates known that a letter prints
        if event.action == "sent" and not step.past:
            _send(step, event)
    _set_status(step, snapshot)
    deadlines.hang_over_tasks(step)
    standing.note(step.file, step.deployed)
    if step.past:
        return
    for event in snapshot.events:
        _continue_as(step, event)
    settle(step)


def _send(step: Step, event: HistoryEvent) -> None:
    """A send task was passed: queue its letter, or tell its team, and arrange what it says."""
    element = step.deployed.elements[event.element]
    if "arranges" in element.properties:
        arrangements.arrange(step, event)
    if letter := element.properties.get("letter"):
        remedies.promise(step, letter, event.at)
        letters.queue(step, letter, event.element, event.at)
    if team := step.deployed.landlord.team_of(element.properties.get("alert")):
        says = element.properties.get("says") or element.name.removeprefix("Alert: ").capitalize()
        step.alert(team, event.element, says, event.at)


def _set_stage(step: Step, snapshot: Snapshot) -> None:
    """The stage the case is in; between stages it keeps the last one."""
    if snapshot.stage:
        step.case.stage = snapshot.stage[-1]
        step.case.stage_name = step.deployed.stage_name(step.case.stage)


def _set_tasks(step: Step, snapshot: Snapshot, done: Task | None) -> None:
    """Tasks by their token: new ones open, missing ones end; a claim or draft is never touched."""
    case, tasks = step.case, step.file.tasks
    for over in [task for task in tasks.values() if task.id not in snapshot.tasks]:
        del tasks[over.id]
        over.status = "done" if done is not None and over.id == done.id else "cancelled"
        over.closed_at = step.now
        over.closed_by = step.actor.user_id if over.status == "done" else None
    for token, opened in snapshot.tasks.items():
        if token in tasks:
            continue
        stage = opened.stage or case.stage
        task = Task(
            landlord_id=case.landlord_id,
            id=token,
            instance_id=step.instance.id,
            case_id=case.id,
            element=opened.element,
            name=opened.name,
            team=step.deployed.landlord.team_of(opened.lane) or "",
            form=opened.form or "",
            stage=stage,
            stage_name=step.deployed.stage_name(stage) if stage else "",
            item=dict(opened.item),
            status="open",
            opened_at=step.now,
        )
        assigning.assign(step, task)
        step.session.add(task)
        tasks[token] = task


def _set_status(step: Step, snapshot: Snapshot) -> None:
    """Open while somebody works on it or a stage runs; closed when ended, or by `closes`."""
    case, elements = step.case, step.deployed.elements
    closes = None
    for event in snapshot.events:
        element = elements.get(event.element)
        if element is None:
            continue
        if event.action in {"due", "sent"}:
            closes = element.properties.get("closes", closes)
        if event.action == "ended" or (event.action == "passed" and element.kind == "endEvent"):
            case.outcome = element.properties.get("outcome", case.outcome)
            closes = element.properties.get("outcome", closes)
    busy = bool(snapshot.stage) or any(_keeps_open(step, t) for t in snapshot.tasks.values())
    if snapshot.completed or (closes and not busy):
        if case.status != "closed":
            case.status, case.closed_at = "closed", step.now
            case.outcome = case.outcome if snapshot.completed else closes or case.outcome
            step.write("closed", actor=PROCEDURE, outcome=case.outcome)
    elif case.status == "closed" and busy:
        case.status, case.closed_at, case.outcome = "open", None, ""
        step.write("reopened", actor=PROCEDURE)


def _keeps_open(step: Step, task: OpenTask) -> bool:
    """Whether a case with this task is open: not if a call around it says keeps_open="no"."""
    elements = step.deployed.elements
    around = deadlines.hosts_over(step.deployed.procedure, task.element)
    return not any(elements[host].properties.get("keeps_open") == "no" for host in around)


def _continue_as(step: Step, event: HistoryEvent) -> None:
    """An end with `continues_as` begins a case of another kind with what is known, linked."""
    element = step.deployed.elements.get(event.element)
    kind = element.properties.get("continues_as") if element else None
    if not element or not kind or event.action != "passed":
        return
    old = step.case
    deployed = deployments.live(old.landlord_id, kind)
    since = step.instance.facts.get(element.properties.get("counted_from", ""))
    received_on = date.fromisoformat(since) if since else step.today
    new = conversions.continued(step.session, old, deployed, received_on, step.now)
    begun = begin_from(step, new, deployed)
    begun.write("continued_from", other=old.reference)
    step.write("continued_as", event.element, other=new.reference)


def begin_from(step: Step, new: Case, deployed: Deployed) -> Step:
    """Start the procedure of a case made of this one, with what its first form would ask."""
    asked = {field.key for field in deployed.forms[deployed.procedure.start_form or ""].fields}
    facts = {k: v for k, v in step.instance.facts.items() if k in asked or k in ASKED_FIRST}
    begun = first_step(step.session, new, deployed, step.actor)
    begin(begun, facts | {"received_on": new.received_on.isoformat()})
    return begun
