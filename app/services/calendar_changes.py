"""The days off have changed: which dates of open cases that moves, and moving them.

Somebody has entered a day, or an upgrade of `holidays` has brought other bank holidays. A case
keeps the calendar it began with until a manager has seen the dates and approved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from app.db import db, look_at, start_over, transaction
from app.errors import ChangedMeanwhile, NotAllowed, NotOffered
from app.models import Case, Conflict, Deadline, Instance
from app.services import accounts, deployments, rearming, steps, writing_dates
from app.services.access import unconflicted
from app.services.calendars import calendar_at, pinned_calendar
from app.services.incidents import report
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.services.rearming import Rearmed
from app.viewer import Viewer
from timers.calendar import DayOff, WorkingCalendar

JOB = "calendar"
PAGE = 200  # cases of a preview
BATCH = 250  # cases in one transaction
CHANGED_AGAIN = (
    "The days off have changed again since the dates were shown, so nothing more was moved. "
    "What moves now is shown below."
)
COLUMNS = ("reference", "deadline", "kind", "old_date", "new_date")
_ITS_CASE = (Case.landlord_id == Instance.landlord_id) & (Case.id == Instance.case_id)


@dataclass(frozen=True)
class Move:
    """One deadline by both calendars. now: None if it has no date then."""

    case: Case
    name: str
    kind: str
    was: date
    now: date | None


@dataclass(frozen=True)
class Preview:
    """calendar: names that by which dates move, for `approve`. days: those off now that open cases
    count; gone: off for them, and counted now.

    cases: how many may move. kept_out: how many of them the viewer may not know of; their dates
    move with the others. first, last: which of the others, counted from 1, are on this page;
    moves: their dates. following: where the next page begins, empty after the last.
    """

    calendar: str
    days: list[DayOff]
    gone: list[DayOff]
    cases: int = 0
    kept_out: int = 0
    first: int = 0
    last: int = 0
    moves: Sequence[Move] = ()
    following: str = ""

    @property
    def seen(self) -> int:
        """How many cases are on all pages."""
        return self.cases - self.kept_out


def waiting(landlord_id: str) -> int:
    """How many open cases have a date that a day off they do not know may move."""
    calendar = _in_force(landlord_id)
    first = _first(*_unknown(landlord_id, calendar))
    return _number(_older(landlord_id, calendar, first)) if first else 0


def preview(viewer: Viewer, after: str = "") -> Preview:
    """The dates that move, of the cases on a page: those with the nearest come first.

    after: where the page begins. Nothing is changed.
    """
    calendar, days, gone = _asked(viewer)
    first = _first(days, gone)
    if first is None:
        return Preview(_mark(calendar), [], [])
    mine = _mine(viewer, calendar, first)
    kept_out = _number(
        _older(viewer.landlord_id, calendar, first)
        .join(Case, _ITS_CASE)
        .join(Conflict, _kept(viewer))
    )
    begin = bisect_right(mine, after, key=lambda place_and_id: place_and_id[0])
    begin = begin if begin < len(mine) else 0  # those that came then are gone meanwhile
    page = mine[begin : begin + PAGE]
    last = begin + len(page)
    return Preview(
        _mark(calendar),
        days,
        gone,
        cases=len(mine) + kept_out,
        kept_out=kept_out,
        first=begin + 1,
        last=last,
        moves=_moves(viewer, calendar, page),
        following=page[-1][0] if last < len(mine) else "",
    )


def table(viewer: Viewer) -> Iterator[list[tuple[Any, ...]]]:
    """All dates that move, by COLUMNS, a page at a time."""
    calendar, days, gone = _asked(viewer)
    first = _first(days, gone)
    mine = _mine(viewer, calendar, first) if first else []
    for begin in range(0, len(mine), PAGE):
        yield [
            (move.case.reference, move.name, move.kind, move.was, move.now or "")
            for move in _moves(viewer, calendar, mine[begin : begin + PAGE])
        ]
        start_over()  # nobody's dates are held meanwhile


def _asked(viewer: Viewer) -> tuple[WorkingCalendar, list[DayOff], list[DayOff]]:
    if not viewer.can("watch"):
        raise NotAllowed
    calendar = _in_force(viewer.landlord_id)
    return calendar, *_unknown(viewer.landlord_id, calendar)


def _mine(viewer: Viewer, calendar: WorkingCalendar, first: date) -> list[tuple[str, str]]:
    """The cases that may move and that the viewer may know of: place in the list, and instance."""
    query = _older(viewer.landlord_id, calendar, first).join(Case, _ITS_CASE).order_by(None)
    columns = _nearest(first), Case.reference, Instance.id
    found = db.session.execute(unconflicted(query, viewer).with_only_columns(*columns))
    return sorted((f"{nearest} {reference}", id) for nearest, reference, id in found)


def _kept(viewer: Viewer) -> ColumnElement[bool]:
    """The conflict that keeps a viewer out of a case."""
    its_case = (Conflict.landlord_id == Case.landlord_id) & (Conflict.case_id == Case.id)
    return its_case & (Conflict.user_id == viewer.user_id)


def _moves(
    viewer: Viewer, calendar: WorkingCalendar, page: Sequence[tuple[str, str]]
) -> list[Move]:
    order = {id: number for number, (_, id) in enumerate(page)}
    query = select(Case).join(Instance, _ITS_CASE)
    its = query.where(Instance.landlord_id == viewer.landlord_id, Instance.id.in_(order))
    cases = {case.id: case for case in db.session.scalars(its)}  # with who is in them, all at once
    found = list(rearming.work_out(db.session(), viewer.landlord_id, order, calendar))
    found.sort(key=lambda rearmed: order[rearmed.instance.id])
    return [move for one in found for move in _moves_of(one, cases[one.instance.case_id])]


def _moves_of(rearmed: Rearmed, case: Case) -> list[Move]:
    moves = [
        Move(case, row.name, row.kind, row.due_on, now)
        for row in rearmed.rows
        for now, _ in [rearmed.moved.get((row.host, row.element), (row.due_on, None))]
        if row.due_on and now != row.due_on
    ]
    return sorted(moves, key=lambda move: (move.was, move.name))


def _number(query: Select[Instance]) -> int:
    counted = query.order_by(None).with_only_columns(func.count())
    return db.session.scalar(counted) or 0


def approve(viewer: Viewer, calendar: str) -> str:
    """Move the dates of all open cases by the calendar that a preview named.

    Returns the id of the job that does. Raises NotOffered when another is in force.
    """
    if not viewer.can("watch"):
        raise NotAllowed
    return jobs.ask(viewer, JOB, {"calendar": _mark(_approved(viewer.landlord_id, calendar))})


def _mark(calendar: WorkingCalendar) -> str:
    """What names a calendar among those of all nations."""
    return f"{calendar.nation} {calendar.version}"


def _approved(landlord_id: str, mark: str | None) -> WorkingCalendar:
    """The calendar in force, as long as it is the one that was approved."""
    calendar = _in_force(landlord_id)
    if _mark(calendar) != mark:
        raise NotOffered(CHANGED_AGAIN)
    return calendar


def _in_force(landlord_id: str) -> WorkingCalendar:
    return calendar_at(deployments.landlord(landlord_id))


def _unknown(landlord_id: str, now: WorkingCalendar) -> tuple[list[DayOff], list[DayOff]]:
    """The days that are off now and not for some open case, and the other way round.

    A day before the first of these cases came moves none of their dates.
    """
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


def _nearest(first: date) -> ScalarSelect[date | None]:
    """The nearest open date of an instance on or after a day."""
    return (
        select(func.min(Deadline.due_on))
        .where(
            Deadline.landlord_id == Instance.landlord_id,
            Deadline.instance_id == Instance.id,
            Deadline.due_on >= first,
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
        )
        .correlate(Instance)
        .scalar_subquery()
    )


def _older(landlord_id: str, calendar: WorkingCalendar, first: date) -> Select[Instance]:
    """The open instances under another calendar with a date on or after a day."""
    return _open(landlord_id, calendar).where(_nearest(first).is_not(None))


def _open(landlord_id: str, calendar: WorkingCalendar) -> Select[Instance]:
    """The open instances under another calendar."""
    return (
        select(Instance)
        .where(
            Instance.landlord_id == landlord_id,
            Instance.completed.is_(False),
            Instance.held.is_(False),
            Instance.calendar_version != calendar.version,
        )
        .order_by(Instance.id)
    )


def move(progress: Progress) -> str:
    """Work out every open case again: many at once, or in a transaction of its own.

    Raises NotOffered once another calendar is in force than the one that was approved.
    """
    landlord_id, mark = progress.landlord_id, progress.args.get("calendar")
    actor = accounts.who_asked(landlord_id, progress.asked_by)
    calendar = _approved(landlord_id, mark)
    query = _open(landlord_id, calendar).with_only_columns(Instance.id)
    ids = list(db.session.scalars(query)) if any(_unknown(landlord_id, calendar)) else []
    failed = done = 0
    with closing(_ahead(landlord_id, ids, calendar)) as batches:
        for some, plain in batches:
            progress.tell(done, len(ids))
            _approved(landlord_id, mark)
            left = {*some} - _move_many(plain, actor, calendar)
            failed += sum(not _move(landlord_id, each, actor, calendar) for each in sorted(left))
            done += len(some)
    progress.tell(len(ids), len(ids))
    stopped = f" {failed} could not go on: see Incidents." if failed else ""
    return f"{len(ids) - failed} cases count by the calendar of now.{stopped}"


def _ahead(
    landlord_id: str, ids: Sequence[str], calendar: WorkingCalendar
) -> Generator[tuple[Sequence[str], list[Rearmed]]]:
    """Batches with the plain ones among them, each worked out while the one before is written."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def plain(some: Sequence[str]) -> list[Rearmed]:
        with app.app_context():
            look_at((landlord_id,))  # this thread has been told of nobody
            found = list(rearming.work_out(db.session(), landlord_id, some, calendar))
            db.session.expunge_all()  # what was read stays as it was read
        return [each for each in found if each.plain]

    batches = [ids[begun : begun + BATCH] for begun in range(0, len(ids), BATCH)]
    with ThreadPoolExecutor(max_workers=1) as aside:
        coming = deque(aside.submit(plain, some) for some in batches[:1])
        for some, following in zip_longest(batches, batches[1:]):
            worked_out = coming.popleft().result()
            if following:
                coming.append(aside.submit(plain, following))
            yield some, worked_out


def _move_many(plain: Sequence[Rearmed], actor: Viewer, calendar: WorkingCalendar) -> set[str]:
    """Returns which were moved: nobody else has taken a step in them meanwhile."""
    with transaction() as session:
        return writing_dates.save(session, plain, actor, calendar)


def _move(
    landlord_id: str, instance_id: str, actor: Viewer, calendar: WorkingCalendar, tries: int = 3
) -> bool:
    case_id = ""
    try:
        with transaction() as session:
            instance = session.get(Instance, (landlord_id, instance_id))
            if instance is None or instance.completed or instance.held:
                return True
            case_id = instance.case_id
            step = steps.open_step(session, instance, actor)
            differ = writing_dates.days_between(step.calendar, calendar)
            days = writing_dates.in_words(differ, step.case.received_on)
            step.write("calendar_changed", days=days)
            steps.work_out_again(step, calendar)
    except ChangedMeanwhile:
        return tries > 0 and _move(landlord_id, instance_id, actor, calendar, tries - 1)
    except (OperationalError, InterfaceError):
        raise  # no fault of the case
    except Exception as cause:
        report(landlord_id, case_id, "The calendar changed", cause)
        return False
    return True
