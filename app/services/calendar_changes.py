"""A bank holiday was entered: which dates of open cases it moves, and moving them.

A case keeps the calendar it began with until a manager has seen the dates and approved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select

from app import clock
from app.db import db, transaction
from app.engine import EngineRefused, recompute
from app.errors import ChangedMeanwhile, NotAllowed
from app.models import Case, Deadline, Instance
from app.services import accounts, casefile, code_clocks, deployments, steps
from app.services.access import unconflicted
from app.services.calendars import calendar_of, pinned_calendar
from app.services.incidents import report
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.services.steps import PROCEDURE, Step
from app.viewer import Viewer
from timers.calendar import DayOff, WorkingCalendar

JOB = "calendar"
MOST_SHOWN = 200  # cases in one preview


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
    return (
        db.session.scalar(select(func.count()).select_from(_older(landlord_id, first).subquery()))
        or 0
    )


def preview(viewer: Viewer) -> Preview:
    """Every date that moves, of the first MOST_SHOWN cases. Nothing is changed."""
    if not viewer.can("watch"):
        raise NotAllowed
    first = _first_unknown(viewer.landlord_id)
    if first is None:
        return Preview([], 0, 0, [])
    calendar = _in_force(viewer.landlord_id)
    older = _older(viewer.landlord_id, first)
    every = set(db.session.scalars(older.with_only_columns(Instance.case_id)))
    mine = unconflicted(select(Case).where(Case.landlord_id == viewer.landlord_id), viewer)
    seen = set(db.session.scalars(mine.where(Case.id.in_(every)).with_only_columns(Case.id)))
    moves: list[Move] = []
    for instance in db.session.scalars(older.where(Instance.case_id.in_(seen)).limit(MOST_SHOWN)):
        moves += _moves(instance, calendar)
    days = [day for day in calendar.extra if day.on >= first]
    order = sorted(moves, key=lambda move: (move.now, move.case.reference))
    return Preview(days, len(every), len(every - seen), order)


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
    version = _in_force(landlord_id).version
    dates = select(Deadline.instance_id).where(
        Deadline.landlord_id == Instance.landlord_id,
        Deadline.instance_id == Instance.id,
        Deadline.due_on >= first,
        Deadline.met_on.is_(None),
        Deadline.ended_at.is_(None),
    )
    return (
        select(Instance)
        .where(
            Instance.landlord_id == landlord_id,
            Instance.completed.is_(False),
            Instance.held.is_(False),
            Instance.calendar_version != version,
            dates.exists(),
        )
        .order_by(Instance.id)
    )


def _moves(instance: Instance, calendar: WorkingCalendar) -> Iterator[Move]:
    """What working a case out again would change; the engine is asked, nothing is saved."""
    deployed = deployments.of_instance(instance)
    session = db.session()
    file = casefile.read(session, instance, PROCEDURE)
    step = Step(session, file, instance, deployed, calendar, PROCEDURE, clock.now())
    try:
        snapshot = recompute(deployed.procedure, step.stored(), step.now, calendar)
    except EngineRefused:
        return  # the move makes an incident of it, with its cause
    dates = {key: armed.due_on for key, armed in snapshot.deadlines.items()}
    dates |= {(code_clocks.HOST, id): on for id, on in code_clocks.dates(step).items()}
    for row in (row for row in file.deadlines if not row.met_on and not row.ended_at):
        now = dates.get((row.host, row.element))
        if row.due_on and now and now != row.due_on:
            yield Move(instance.case, row.name, row.kind, row.due_on, now)


def move(progress: Progress) -> str:
    """Work out every open case again, each in a transaction of its own."""
    landlord_id = progress.landlord_id
    actor = accounts.who_asked(landlord_id, progress.asked_by)
    first = _first_unknown(landlord_id)
    older = _older(landlord_id, first).with_only_columns(Instance.id) if first else None
    ids = list(db.session.scalars(older)) if older is not None else []
    failed = 0
    for number, instance_id in enumerate(ids):
        if number % 20 == 0:
            progress.tell(number, len(ids))
        failed += not _move(landlord_id, instance_id, actor)
    progress.tell(len(ids), len(ids))
    stopped = f" {failed} could not go on: see Incidents." if failed else ""
    return f"{len(ids) - failed} cases count by the calendar of now.{stopped}"


def _move(landlord_id: str, instance_id: str, actor: Viewer, tries: int = 3) -> bool:
    case_id = ""
    try:
        with transaction() as session:
            instance = session.get(Instance, (landlord_id, instance_id))
            if instance is None or instance.completed or instance.held:
                return True
            case_id = instance.case_id
            step = steps.open_step(session, instance, actor)
            days = sorted({*calendar_of(step.calendar.nation).extra} ^ {*step.calendar.extra})
            says = ", ".join(f"{day.on.isoformat()} {day.name}" for day in days)
            step.write("calendar_changed", days=says)
            steps.work_out_again(step)
    except ChangedMeanwhile:
        return tries > 0 and _move(landlord_id, instance_id, actor, tries - 1)
    except EngineRefused as refused:
        report(landlord_id, case_id, "The calendar changed", refused)
        return False
    return True
