"""The days off have changed: which dates of open cases that moves, and moving them.

Somebody has entered a day, or an upgrade of `holidays` has brought other bank holidays. A case
keeps the calendar it began with until a manager has seen the dates and approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from app.db import db, transaction
from app.errors import ChangedMeanwhile, NotAllowed
from app.models import Case, Deadline, Instance
from app.services import accounts, deployments, rearming, steps
from app.services.access import unconflicted
from app.services.calendars import calendar_at, pinned_calendar
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
    """days: those off now that open cases count; gone: off for them, and counted now.

    cases: how many may move; moves: of the first. kept_out: how many cases
    the viewer may not know of; their dates move with the others.
    """

    days: list[DayOff]
    gone: list[DayOff]
    cases: int
    kept_out: int
    moves: list[Move]


def waiting(landlord_id: str) -> int:
    """How many open cases have a date that a day off they do not know may move."""
    first = _first(*_unknown(landlord_id))
    return _number(_older(landlord_id, first)) if first else 0


def preview(viewer: Viewer) -> Preview:
    """Every date that moves, of the first MOST_SHOWN cases. Nothing is changed."""
    if not viewer.can("watch"):
        raise NotAllowed
    days, gone = _unknown(viewer.landlord_id)
    first = _first(days, gone)
    if first is None:
        return Preview([], [], 0, 0, [])
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
    order = sorted(moves, key=lambda move: (move.now, move.case.reference))
    return Preview(days, gone, every, every - seen, order)


def _number(query: Select[Instance]) -> int:
    counted = query.order_by(None).with_only_columns(func.count())
    return db.session.scalar(counted) or 0


def approve(viewer: Viewer) -> str:
    """Move the dates of all open cases. Returns the id of the job that does."""
    if not viewer.can("watch"):
        raise NotAllowed
    return jobs.ask(viewer, JOB, {"version": _in_force(viewer.landlord_id).version})


def _in_force(landlord_id: str) -> WorkingCalendar:
    return calendar_at(deployments.landlord(landlord_id))


def _unknown(landlord_id: str) -> tuple[list[DayOff], list[DayOff]]:
    """The days that are off now and not for some open case, and the other way round.

    A day before the first of these cases came moves none of their dates.
    """
    now = _in_force(landlord_id)
    running = Instance.landlord_id == landlord_id, Instance.completed.is_(False)
    kept = [pinned_calendar(now.nation, version) for version in _versions(*running)]
    added = {day for old in kept for day in now.off_only_here(old)}
    gone = {day for old in kept for day in old.off_only_here(now)}
    if not added and not gone:
        return [], []
    first = select(func.min(Case.received_on)).join(Instance, _ITS_CASE).where(*running)
    since = db.session.scalar(first) or date.min
    return (
        sorted(day for day in added if day.on >= since),
        sorted(day for day in gone if day.on >= since),
    )


def _versions(*running: ColumnElement[bool]) -> list[str]:
    """The calendars of such instances: from one to the next in an index, however many have it."""
    least = select(func.min(Instance.calendar_version)).where(*running)
    known = least.cte("known", recursive=True)
    version = known.c[0]
    following = least.where(Instance.calendar_version > version).scalar_subquery()
    known = known.union_all(select(following).where(version.is_not(None)))
    return list(db.session.scalars(select(known.c[0]).where(known.c[0].is_not(None))))


def _first(days: list[DayOff], gone: list[DayOff]) -> date | None:
    return min((day.on for day in (*days, *gone)), default=None)


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
    ids = list(db.session.scalars(query)) if any(_unknown(landlord_id)) else []
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
            now = _in_force(landlord_id)
            days = rearming.days_between(step.calendar, now, step.case.received_on)
            step.write("calendar_changed", days=days)
            steps.work_out_again(step)
    except ChangedMeanwhile:
        return tries > 0 and _move(landlord_id, instance_id, actor, tries - 1)
    except (OperationalError, InterfaceError):
        raise  # no fault of the case
    except Exception as cause:
        report(landlord_id, case_id, "The calendar changed", cause)
        return False
    return True
