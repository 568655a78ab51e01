"""Cases under a new calendar are written: all of a batch at once, with their history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, many
from app.db import Base
from app.many import Rows
from app.models import Case, Deadline, Event, Instance, Payload, Task
from app.models.base import new_id
from app.services.calendars import keep_calendar
from app.services.rearming import Known, Rearmed
from app.services.steps import PROCEDURE, actor_kind
from app.viewer import Viewer
from timers.calendar import DayOff, WorkingCalendar

MOST_NAMED = 10  # days off in one line of history


def save(
    session: Session, rearmed: Sequence[Rearmed], actor: Viewer, calendar: WorkingCalendar
) -> set[str]:
    """Write plain cases, all of one landlord; return those written: nobody has changed them since.

    Takes nine statements, however many there are.
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
    many.add(session.connection(), model.metadata.tables[model.__tablename__], rows)


def _update(session: Session, model: type[Base], keys: tuple[str, ...], rows: Rows) -> None:
    table = model.metadata.tables[model.__tablename__]
    many.change(session.connection(), table, ("landlord_id", *keys), rows)


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
        lines = [("calendar_changed", "", r.at, actor, {"days": days})]
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
