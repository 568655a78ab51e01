"""A bank holiday was entered: which dates of open cases it moves, and moving them.

A case keeps the calendar it began with until a manager has seen the dates and approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from app.db import db, transaction
from app.errors import ChangedMeanwhile, NotAllowed
from app.models import Case, Deadline, Instance
from app.services import accounts, deployments, rearming, steps
from app.services.access import unconflicted
from app.services.calendars import calendar_of, pinned_calendar
from app.services.incidents import report
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.viewer import Viewer
from timers.calendar import DayOff, WorkingCalendar

JOB = "calendar"
MOST_SHOWN = 200  # cases in one preview
BATCH = 100  # cases in one transaction
_ITS_CASE = (Case.landlord_id == Instance.landlord_id) & (Case.id == Instance.case_id)


@dataclass(frozen=True)
class Move:
    """A deadline that moves. was, now: the dates before and after."""

    case: Case
    name: str
    kind: str
    was: date
    now: date


@dataclass(frozen=True)
class Preview:
    """days: those that open cases do not know yet. cases: how many may move; moves: of the first.

    kept_out: how many cases the viewer may not know of; their dates move with the others.
    """

    days: list[DayOff]
    cases: int
    kept_out: int
    moves: list[Move]


def waiting(landlord_id: str) -> int:
    """How many open cases have a date that a day off they do not know may move."""
    first = _first_unknown(landlord_id)
    if first is None:
        return 0
    return _number(_older(landlord_id, first))


def preview(viewer: Viewer) -> Preview:
    """Every date that moves, of the first MOST_SHOWN cases. Nothing is changed."""
    if not viewer.can("watch"):
        raise NotAllowed
    first = _first_unknown(viewer.landlord_id)
    if first is None:
        return Preview([], 0, 0, [])
    calendar = _in_force(viewer.landlord_id)
    older = _older(viewer.landlord_id, first).join(Case, _ITS_CASE)
    mine = unconflicted(older, viewer)
    every, seen = _number(older), _number(mine)
    shown = db.session.scalars(mine.with_only_columns(Instance.id).limit(MOST_SHOWN)).all()
    moves = [
        Move(rearmed.instance.case, row.name, row.kind, row.due_on, now)
        for rearmed in rearming.work_out(db.session(), viewer.landlord_id, shown, calendar)
        for row in rearmed.rows
        if row.due_on
        and (now := rearmed.moved.get((row.host, row.element), (None,))[0])
        and now != row.due_on
    ]
    days = [day for day in calendar.extra if day.on >= first]
    order = sorted(moves, key=lambda move: (move.now, move.case.reference))
    return Preview(days, every, every - seen, order)


def _number(query: Select[Instance]) -> int:
    counted = query.order_by(None).with_only_columns(func.count())
    return db.session.scalar(counted) or 0


def approve(viewer: Viewer) -> str:
    """Move the dates of all open cases. Returns the id of the job that does."""
    if not viewer.can("watch"):
        raise NotAllowed
    return jobs.ask(viewer, JOB, {"version": _in_force(viewer.landlord_id).version})


def _in_force(landlord_id: str) -> WorkingCalendar:
    return calendar_of(deployments.landlord(landlord_id).nation)


def _first_unknown(landlord_id: str) -> date | None:
    """The first day off that the calendar of an open case lacks."""
    now = _in_force(landlord_id)
    versions = db.session.scalars(
        select(Instance.calendar_version)
        .where(Instance.landlord_id == landlord_id, Instance.completed.is_(False))
        .distinct()
    )
    known = [pinned_calendar(now.nation, version).extra for version in versions]
    unknown = {day.on for extra in known for day in {*now.extra} ^ {*extra}}
    return min(unknown, default=None)


def _older(landlord_id: str, first: date) -> Select[Instance]:
    """The open instances under another calendar with a date on or after a day."""
    dates = select(Deadline.instance_id).where(
        Deadline.landlord_id == Instance.landlord_id,
        Deadline.instance_id == Instance.id,
        Deadline.due_on >= first,
        Deadline.met_on.is_(None),
        Deadline.ended_at.is_(None),
    )
    return _open(landlord_id).where(dates.exists())


def _open(landlord_id: str) -> Select[Instance]:
    """The open instances under another calendar."""
    return (
        select(Instance)
        .where(
            Instance.landlord_id == landlord_id,
            Instance.completed.is_(False),
            Instance.held.is_(False),
            Instance.calendar_version != _in_force(landlord_id).version,
        )
        .order_by(Instance.id)
    )


def move(progress: Progress) -> str:
    """Work out every open case again: many at once, or in a transaction of its own."""
    landlord_id = progress.landlord_id
    actor = accounts.who_asked(landlord_id, progress.asked_by)
    query = _open(landlord_id).with_only_columns(Instance.id)
    ids = list(db.session.scalars(query)) if _first_unknown(landlord_id) else []
    failed = 0
    for begun in range(0, len(ids), BATCH):
        progress.tell(begun, len(ids))
        some = ids[begun : begun + BATCH]
        left = {*some} - _move_many(landlord_id, some, actor)
        failed += sum(not _move(landlord_id, each, actor) for each in sorted(left))
    progress.tell(len(ids), len(ids))
    stopped = f" {failed} could not go on: see Incidents." if failed else ""
    return f"{len(ids) - failed} cases count by the calendar of now.{stopped}"


def _move_many(landlord_id: str, ids: Sequence[str], actor: Viewer) -> set[str]:
    """Move the plain ones among them; return which. Nothing is locked while they are worked out."""
    calendar = _in_force(landlord_id)
    found = list(rearming.work_out(db.session(), landlord_id, ids, calendar))
    plain = [each for each in found if each.plain]
    for each in plain:
        db.session.expunge(each.instance)  # what was read stays as it was read
    with transaction() as session:
        return rearming.save(session, plain, actor, calendar)


def _move(landlord_id: str, instance_id: str, actor: Viewer, tries: int = 3) -> bool:
    case_id = ""
    try:
        with transaction() as session:
            instance = session.get(Instance, (landlord_id, instance_id))
            if instance is None or instance.completed or instance.held:
                return True
            case_id = instance.case_id
            step = steps.open_step(session, instance, actor)
            now = calendar_of(step.calendar.nation)
            step.write("calendar_changed", days=rearming.days_between(step.calendar, now))
            steps.work_out_again(step)
    except ChangedMeanwhile:
        return tries > 0 and _move(landlord_id, instance_id, actor, tries - 1)
    except (OperationalError, InterfaceError):
        raise  # no fault of the case
    except Exception as cause:
        report(landlord_id, case_id, "The calendar changed", cause)
        return False
    return True
