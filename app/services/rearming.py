"""Many cases under a new calendar: each worked out by the engine, to be written at once.

Where nothing happens but that dates move, that is all of a step. Whatever else happens in a case
(something is due, a rule counts another way, its rows do not fit) takes a step of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, defaultload

from app import clock
from app.engine import (
    EngineRefused,
    HistoryEvent,
    Redated,
    Snapshot,
    Stored,
    condition,
    recompute,
    redate,
)
from app.models import Case, Deadline, Instance, Task
from app.services import code_clocks, deadlines, deployments, standing
from app.services.calendars import pinned_calendar
from app.services.casefile import CaseFile
from app.services.steps import PROCEDURE, Step
from timers.calendar import WorkingCalendar, falls_due_at
from timers.rules import rule_in_force

BARE = defaultload(Instance.case).lazyload(Case.parties)  # nobody's name is asked for
Dates = tuple[date | None, date | None]  # due, and as letters print it


class Limit(NamedTuple):
    """An open row of the register with a date of some kind, as far as it is asked for here."""

    instance_id: str
    host: str
    element: str
    kind: str
    name: str
    rule: str
    why: str
    due_on: date | None
    prints_on: date | None
    missed_on: date | None


class Work(NamedTuple):
    """An open task, likewise."""

    instance_id: str
    id: str
    element: str
    due_on: date | None
    due_name: str
    opened_at: datetime
    claimed_by: str | None


Row = TypeVar("Row", Limit, Work)


@dataclass
class Rearmed:
    """One case by another calendar, worked out and not saved.

    moved: the rows of the register with another date. rows: the open ones that have a date.
    events: what the history tells, of the Code's limits, too. tasks: with the date and the name of
    the limit that now hangs over them. stands: where the case then stands, and its first duty;
    None: as before. plain: nothing but this happens.
    """

    instance: Instance
    after: Redated | Snapshot
    revision: int
    received_on: date
    at: datetime
    rows: Sequence[Limit]
    events: list[HistoryEvent]
    moved: dict[tuple[str, str], Dates] = field(default_factory=dict)
    tasks: list[tuple[str, date | None, str]] = field(default_factory=list)
    next_due_at: datetime | None = None
    stands: tuple[str, date | None] | None = None
    plain: bool = True


@dataclass
class Known:
    """What is the same for many cases: calendars by version, and the limits over a task."""

    nation: str
    calendars: dict[str, WorkingCalendar] = field(default_factory=dict)
    limits: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def calendar(self, version: str) -> WorkingCalendar:
        if version not in self.calendars:
            self.calendars[version] = pinned_calendar(self.nation, version)
        return self.calendars[version]

    def over(self, step: Step, task: Work) -> frozenset[str]:
        key = step.deployed.id, task.element
        if key not in self.limits:
            self.limits[key] = deadlines.over_task(step.deployed, task.element)
        return self.limits[key]


def work_out(
    session: Session, landlord_id: str, ids: Collection[str], calendar: WorkingCalendar
) -> Iterator[Rearmed]:
    """The open cases of these, in no order; those that the engine cannot take are left out."""
    query = select(Instance).where(
        Instance.landlord_id == landlord_id,
        Instance.id.in_(ids),
        Instance.completed.is_(False),
        Instance.held.is_(False),
    )
    # first: with an older revision than that of its rows, nothing of a case is saved
    instances = session.scalars(query.options(BARE)).all()
    rows = _by_instance(map(Limit._make, session.execute(_open_deadlines(landlord_id, ids))))
    tasks = _by_instance(map(Work._make, session.execute(_open_tasks(landlord_id, ids))))
    known = Known(calendar.nation)
    for instance in instances:
        deployed = deployments.of_instance(instance)
        file = CaseFile(instance.case, instance)
        step = Step(session, file, deployed, calendar, PROCEDURE, clock.now())
        stored = Stored(instance.state, instance.facts)
        try:
            given = deployed.procedure, stored, step.now, calendar
            after = redate(*given) or recompute(*given)
            yield _rearmed(step, after, rows[instance.id], tasks[instance.id], known)
        except (EngineRefused, ValueError, TypeError, LookupError, AttributeError):
            continue  # a step of its own says what is wrong


def _by_instance(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row.instance_id].append(row)
    return found


def _open_deadlines(landlord_id: str, ids: Collection[str]) -> Select[Any]:
    return select(*(getattr(Deadline, column) for column in Limit._fields)).where(
        Deadline.landlord_id == landlord_id,
        Deadline.instance_id.in_(ids),
        Deadline.met_on.is_(None),
        Deadline.ended_at.is_(None),
        or_(Deadline.due_on.is_not(None), Deadline.prints_on.is_not(None)),
    )


def _open_tasks(landlord_id: str, ids: Collection[str]) -> Select[Any]:
    which = Task.landlord_id == landlord_id, Task.instance_id.in_(ids), Task.status == "open"
    return select(*(getattr(Task, column) for column in Work._fields)).where(*which)


def _rearmed(
    step: Step,
    after: Redated | Snapshot,
    rows: list[Limit],
    tasks: list[Work],
    known: Known,
) -> Rearmed:
    instance = step.instance
    code = {row.element: row for row in rows if code_clocks.of_code(row)}
    of_code = code_clocks.dates(step, code.values())
    events = [
        *after.events,
        *(
            code_clocks.moved(step, element, was, now)
            for element, now in of_code.items()
            if (was := code[element].due_on) != now
        ),
    ]
    since = instance.case.received_on
    found = Rearmed(instance, after, instance.revision, since, step.now, rows, events)
    keys = {(row.host, row.element) for row in rows if row.due_on}
    dated = {key for key, armed in after.deadlines.items() if armed.due_on}
    found.plain = isinstance(after, Redated) and dated <= keys
    for row in rows:
        key = row.host, row.element
        if code_clocks.of_code(row):
            new = of_code.get(row.element, row.due_on), of_code.get(row.element, row.prints_on)
        elif armed := after.deadlines.get(key):
            new = armed.due_on, _prints(step, row, armed.due_on)
        else:
            continue
        if new != (row.due_on, row.prints_on):
            found.moved[key] = new
            late = row.kind == "duty" and not row.missed_on and new[0] and step.today > new[0]
            found.plain = found.plain and not late and _counts_the_same(step, row, known)
    _hang(step, found, tasks, known)
    found.next_due_at = _next_due(found)
    _stand(step, found, tasks)
    return found


def _prints(step: Step, row: Limit, due_on: date | None) -> date | None:
    prints = step.deployed.elements[row.element].properties.get("prints")
    if not prints:
        return due_on
    said: date | None = condition(prints, step.instance.facts, step.deployed.facts, step.calendar)
    return said


def _counts_the_same(step: Step, row: Limit, known: Known) -> bool:
    """Whether a rule with conditions takes the same way by both calendars: then so do its words."""
    if " if " not in row.rule:
        return True
    pinned = known.calendar(step.instance.calendar_version)
    facts, specs = step.instance.facts, step.deployed.facts

    def way(calendar: WorkingCalendar) -> str:
        return rule_in_force(row.rule, lambda test: bool(condition(test, facts, specs, calendar)))

    return way(pinned) == way(step.calendar)


def _hang(
    step: Step,
    found: Rearmed,
    tasks: list[Work],
    known: Known,
) -> None:
    """Over each open task, the earliest open duty by the new dates."""
    duties = [
        (due_on, row.name, row.element)
        for row in found.rows
        if row.kind == "duty" and (due_on := _due_on(found, row))
    ]
    for task in tasks:
        over = (duty for duty in duties if duty[2] in known.over(step, task))
        due_on, name, _ = min(over, key=lambda duty: duty[0], default=(None, "", ""))
        if (due_on, name) != (task.due_on, task.due_name):
            found.tasks.append((task.id, due_on, name))


def _stand(step: Step, found: Rearmed, tasks: list[Work]) -> None:
    """Where the case stands by the new dates."""
    limits = [
        standing.Limit(due_on, row.element, row.kind)
        for row in found.rows
        if (due_on := _due_on(found, row))
    ]
    hung = {task_id: due_on for task_id, due_on, _ in found.tasks}
    work = [
        standing.Work(
            hung.get(task.id, task.due_on),
            task.opened_at,
            task.id,
            task.element,
            task.claimed_by is None,
        )
        for task in tasks
    ]
    stands = standing.place(work, limits, step.deployed), standing.first_duty(limits)
    found.stands = stands if stands != (step.case.place, step.case.duty_on) else None


def _due_on(found: Rearmed, row: Limit) -> date | None:
    return found.moved.get((row.host, row.element), (row.due_on,))[0]


def _next_due(found: Rearmed) -> datetime | None:
    """When the case is next looked at: for a timer of its diagram, or a limit of the Code."""
    code = [
        falls_due_at(due_on, "duty").astimezone(UTC)
        for row in found.rows
        if code_clocks.of_code(row) and not row.missed_on and (due_on := _due_on(found, row))
    ]
    engine = deadlines.next_due(found.after)
    return min([*code, *([engine] if engine else [])], default=None)
