"""Many cases under a new calendar: each worked out by the engine, many written at once.

Where nothing happens but that dates move, that is all of a step. Whatever else happens in a case
(something is due, a rule counts another way, its rows do not fit) takes a step of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, defaultload, lazyload

from app import clock, many
from app.db import Base
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
from app.many import Rows
from app.models import Case, Deadline, Event, Instance, Payload, Task
from app.models.base import new_id
from app.services import code_clocks, deadlines, deployments, standing
from app.services.calendars import keep_calendar, pinned_calendar
from app.services.casefile import CaseFile
from app.services.standing import Limit
from app.services.steps import PROCEDURE, Step, actor_kind
from app.viewer import Viewer
from timers.calendar import DayOff, WorkingCalendar, falls_due_at
from timers.rules import rule_in_force

BARE = defaultload(Instance.case).lazyload(Case.parties)  # nobody's name is asked for
MOST_NAMED = 10  # days off in one line of history
Row = TypeVar("Row", Deadline, Task)
Dates = tuple[date | None, date | None]  # due, and as letters print it


@dataclass
class Rearmed:
    """One case by another calendar, worked out and not saved.

    moved: the rows of the register with another date. rows: all that are open. events: what the
    history tells, of the Code's limits, too. tasks: with the date and the name of the limit that
    now hangs over them. stands: where the case then stands, and its first duty; None: as before.
    plain: nothing but this happens.
    """

    instance: Instance
    after: Redated | Snapshot
    revision: int
    received_on: date
    rows: Sequence[Deadline]
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

    def over(self, step: Step, task: Task) -> frozenset[str]:
        key = step.deployed.id, task.element
        if key not in self.limits:
            self.limits[key] = deadlines.over_task(step.deployed, task.element)
        return self.limits[key]


def work_out(
    session: Session, landlord_id: str, ids: Collection[str], calendar: WorkingCalendar
) -> Iterator[Rearmed]:
    """The cases of these instances, in no order; those that the engine cannot take are left out."""
    rows = _by_instance(session.scalars(_open_deadlines(landlord_id, ids)))
    tasks = _by_instance(session.scalars(_open_tasks(landlord_id, ids)))
    known = Known(calendar.nation)
    query = select(Instance).where(Instance.landlord_id == landlord_id, Instance.id.in_(ids))
    for instance in session.scalars(query.options(BARE)):
        deployed = deployments.of_instance(instance)
        file = CaseFile(instance.case, instance)
        step = Step(session, file, deployed, calendar, PROCEDURE, clock.now())
        stored = Stored(instance.state, instance.facts)
        try:
            given = deployed.procedure, stored, step.now, calendar
            after = redate(*given) or recompute(*given)
            yield _rearmed(step, after, rows[instance.id], tasks[instance.id], known)
        except (EngineRefused, ValueError, TypeError, LookupError):
            continue  # a step of its own says what is wrong


def _by_instance(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row.instance_id].append(row)
    return found


def _open_deadlines(landlord_id: str, ids: Collection[str]) -> Select[Deadline]:
    return select(Deadline).where(
        Deadline.landlord_id == landlord_id,
        Deadline.instance_id.in_(ids),
        Deadline.met_on.is_(None),
        Deadline.ended_at.is_(None),
    )


def _open_tasks(landlord_id: str, ids: Collection[str]) -> Select[Task]:
    which = Task.landlord_id == landlord_id, Task.instance_id.in_(ids), Task.status == "open"
    return select(Task).where(*which).options(lazyload(Task.case))


def _rearmed(
    step: Step,
    after: Redated | Snapshot,
    rows: list[Deadline],
    tasks: list[Task],
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
    found = Rearmed(instance, after, instance.revision, since, rows, events)
    keys = {(row.host, row.element) for row in rows}
    offered = [offer.element for offer in after.messages]
    found.plain = (
        isinstance(after, Redated) and after.deadlines.keys() <= keys and offered == instance.offers
    )
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


def _prints(step: Step, row: Deadline, due_on: date | None) -> date | None:
    prints = step.deployed.elements[row.element].properties.get("prints")
    if not prints:
        return due_on
    said: date | None = condition(prints, step.instance.facts, step.deployed.facts, step.calendar)
    return said


def _counts_the_same(step: Step, row: Deadline, known: Known) -> bool:
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
    tasks: list[Task],
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


def _stand(step: Step, found: Rearmed, tasks: list[Task]) -> None:
    """Where the case stands by the new dates."""
    limits = [
        Limit(due_on, row.element, row.kind)
        for row in found.rows
        if (due_on := _due_on(found, row))
    ]
    hung = {task_id: due_on for task_id, due_on, _ in found.tasks}
    work = [
        standing.work_of(task)._replace(due_on=hung.get(task.id, task.due_on)) for task in tasks
    ]
    stands = standing.place(work, limits, step.deployed), standing.first_duty(limits)
    found.stands = stands if stands != (step.case.place, step.case.duty_on) else None


def _due_on(found: Rearmed, row: Deadline) -> date | None:
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


# --- writing


def save(
    session: Session, rearmed: Sequence[Rearmed], actor: Viewer, calendar: WorkingCalendar
) -> set[str]:
    """Write plain cases, all of one landlord; return those written: nobody has changed them since.

    Takes eight statements, however many there are.
    """
    if not rearmed:
        return set()
    landlord_id = actor.landlord_id
    standing = select(Instance.id, Instance.revision, Instance.held).where(
        Instance.landlord_id == landlord_id, Instance.id.in_([r.instance.id for r in rearmed])
    )
    now_at = {
        row.id: row.revision
        for row in session.execute(standing.with_for_update(skip_locked=True))
        if not row.held
    }
    same = [r for r in rearmed if now_at.get(r.instance.id) == r.revision]
    keep_calendar(session, calendar)
    payloads, events = _history(same, actor, calendar)
    _insert(session, Payload, payloads)
    _insert(session, Event, events)
    _update(session, Instance, ("id",), [_state(r, calendar) for r in same])
    _update(session, Deadline, ("instance_id", "host", "element"), list(_dates(same, calendar)))
    session.execute(
        update(Deadline)
        .where(
            Deadline.landlord_id == landlord_id,
            Deadline.instance_id.in_([r.instance.id for r in same]),
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.calendar_version != calendar.version,
        )
        .values(calendar_version=calendar.version)
        .execution_options(synchronize_session=False)
    )
    _update(session, Task, ("id",), list(_tasks(same)))
    _update(session, Case, ("id",), list(_cases(same)))
    return {r.instance.id for r in same}


def _insert(session: Session, model: type[Base], rows: Rows) -> None:
    many.insert(session.connection(), model.metadata.tables[model.__tablename__], rows)


def _update(session: Session, model: type[Base], keys: tuple[str, ...], rows: Rows) -> None:
    table = model.metadata.tables[model.__tablename__]
    many.update(session.connection(), table, ("landlord_id", *keys), rows)


def _state(r: Rearmed, calendar: WorkingCalendar) -> dict[str, Any]:
    return {
        "landlord_id": r.instance.landlord_id,
        "id": r.instance.id,
        "state": r.after.state,
        "calendar_version": calendar.version,
        "events": r.instance.events + 1 + len(r.events),
        "next_due_at": r.next_due_at,
        "revision": r.revision + 1,
    }


def _dates(rearmed: Sequence[Rearmed], calendar: WorkingCalendar) -> Iterator[dict[str, Any]]:
    for r in rearmed:
        for (host, element), (due_on, prints_on) in r.moved.items():
            yield {
                "landlord_id": r.instance.landlord_id,
                "instance_id": r.instance.id,
                "host": host,
                "element": element,
                "due_on": due_on,
                "prints_on": prints_on,
                "calendar_version": calendar.version,
            }


def _tasks(rearmed: Sequence[Rearmed]) -> Iterator[dict[str, Any]]:
    for r in rearmed:
        for task_id, due_on, name in r.tasks:
            yield {
                "landlord_id": r.instance.landlord_id,
                "id": task_id,
                "due_on": due_on,
                "due_name": name,
            }


def _cases(rearmed: Sequence[Rearmed]) -> Iterator[dict[str, Any]]:
    for r in rearmed:
        if r.stands:
            its = {"landlord_id": r.instance.landlord_id, "id": r.instance.case_id}
            yield its | dict(zip(("place", "duty_on"), r.stands, strict=True))


def days_between(old: WorkingCalendar, new: WorkingCalendar) -> list[tuple[DayOff, str]]:
    """The days that are off in one of two calendars only, each with what became of it."""
    added = ((day, "") for day in new.off_only_here(old))
    gone = ((day, " (no longer off)") for day in old.off_only_here(new))
    return sorted((*added, *gone))


def in_words(days: Iterable[tuple[DayOff, str]], since: date) -> str:
    """Those from a day on, as history says them."""
    said = [f"{day.on.isoformat()} {day.name}{how}" for day, how in days if day.on >= since]
    more = [f"{len(said) - MOST_NAMED} more"] if len(said) > MOST_NAMED else []
    return ", ".join(said[:MOST_NAMED] + more)


def _history(
    rearmed: Sequence[Rearmed], actor: Viewer, calendar: WorkingCalendar
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Payloads and lines: that the calendar changed, and each date that moved."""
    payloads, events = [], []
    known, now = Known(calendar.nation), clock.now()
    versions = {r.instance.calendar_version for r in rearmed}
    differ = {version: days_between(known.calendar(version), calendar) for version in versions}
    for r in rearmed:
        days = in_words(differ[r.instance.calendar_version], r.received_on)
        lines = [("calendar_changed", "", now, actor, {"days": days})]
        lines += [(e.action, e.element, e.at, PROCEDURE, dict(e.detail)) for e in r.events]
        numbers = count(r.instance.events + 1)
        for action, element, at, by, detail in lines:
            payload = {"landlord_id": r.instance.landlord_id, "id": new_id(), "values": detail}
            payloads.append(payload)
            events.append(
                {
                    "landlord_id": r.instance.landlord_id,
                    "instance_id": r.instance.id,
                    "n": next(numbers),
                    "at": at,
                    "recorded_at": now,
                    "actor_id": by.user_id,
                    "actor_kind": actor_kind(by),
                    "action": action,
                    "element": element,
                    "revision": r.revision,
                    "deployment_id": r.instance.deployment_id,
                    "payload_id": payload["id"],
                }
            )
    return payloads, events
