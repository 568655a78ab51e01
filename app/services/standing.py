"""Where an open case stands, and its first duty: kept with the case by whatever changes them.

So a landlord's cases are counted and listed without a look at their tasks and deadlines. Lateness
is not kept but told from the duty's date, so that no day has to be written down when it passes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import lazyload

from app.db import db, start_over, transaction
from app.models import Case, Instance, Task
from app.services import casefile, deployments
from app.services.casefile import CaseFile
from app.services.deployments import Deployed
from app.viewer import Viewer

logger = logging.getLogger(__name__)
FREE, TAKEN, WINDOW, DAY = "free", "taken", "window", "day"  # how a case stands where it does
NOBODY = Viewer("")
MOST_WINDOWS = 5  # that are named: an index has room for no more
BATCH = 50  # cases in one transaction
Stopping = Callable[[], bool]
Key = tuple[str, str]  # of a case: its landlord and its id


class Work(NamedTuple):
    """An open task."""

    due_on: date | None
    opened_at: datetime
    id: str
    element: str
    is_free: bool


class Limit(NamedTuple):
    """A deadline that has a date, is not met and still counts. kind: duty, window or reminder."""

    due_on: date
    element: str
    kind: str


def note(file: CaseFile, deployed: Deployed) -> None:
    """Keep with a case where it stands now."""
    file.case.place, file.case.duty_on = of(file, deployed)


def of(file: CaseFile, deployed: Deployed) -> tuple[str, date | None]:
    """Where a case stands by its open tasks and its deadlines, and the date of its first duty."""
    work = [work_of(task) for task in file.tasks.values()]
    limits = [
        Limit(row.due_on, row.element, row.kind)
        for row in file.deadlines
        if row.due_on and not row.met_on and not row.ended_at
    ]
    return place(work, limits, deployed), first_duty(limits)


def work_of(task: Task) -> Work:
    """An open task as it counts here."""
    return Work(task.due_on, task.opened_at, task.id, task.element, task.claimed_by is None)


def first_duty(limits: Iterable[Limit]) -> date | None:
    """The date of the duty that comes first."""
    return min((limit.due_on for limit in limits if limit.kind == "duty"), default=None)


def place(work: Collection[Work], limits: Iterable[Limit], deployed: Deployed) -> str:
    """How a case stands, and the elements where: "free answer", "window asked heard", or "".

    At its first task, the nearest deadline first. Without work it stands where it waits: in the
    resident's windows, or else for the next day that counts. What hangs on a step or a stage holds
    nothing up.
    """
    if work:
        first = min(work, key=lambda one: (one.due_on or date.max, one.opened_at, one.id))
        return f"{FREE if first.is_free else TAKEN} {first.element}"
    elements = deployed.elements
    free = sorted(
        limit
        for limit in limits
        if not ((element := elements.get(limit.element)) and element.attached_to)
    )
    if windows := list(dict.fromkeys(one.element for one in free if one.kind == "window")):
        return " ".join([WINDOW, *windows[:MOST_WINDOWS]])
    return f"{DAY} {free[0].element}" if free else ""


def look_again(stopping: Stopping = lambda: False, *, unknown: bool = False) -> int:
    """Look at every open case, or at those where nobody has yet; return how many stood elsewhere.

    A version that does not know of it may have been at work, or a mistake of ours. Cases that
    somebody is at are left out.
    """
    changed = 0
    after: Key = ("", "")
    while not stopping() and (rows := db.session.execute(_open(after, unknown)).all()):
        keys = [(landlord_id, case_id) for landlord_id, case_id in rows]
        if wrong := _elsewhere(keys):
            changed += _put_right(wrong)
        after = keys[-1]
    if changed and not unknown:
        logger.warning("cases stood elsewhere", extra={"cases": changed})
    return changed


def _open(after: Key, unknown: bool) -> Select[str, str]:
    query = select(Case.landlord_id, Case.id).where(
        Case.status == casefile.OPEN, tuple_(Case.landlord_id, Case.id) > after
    )
    if unknown:
        query = query.where(Case.place.is_(None))
    return query.order_by(Case.landlord_id, Case.id).limit(BATCH)


def _instances(keys: Collection[Key]) -> Select[Instance]:
    its_key = tuple_(Instance.landlord_id, Instance.case_id)
    return select(Instance).where(its_key.in_(keys)).options(lazyload(Instance.case))


def _elsewhere(keys: Collection[Key]) -> list[Key]:
    """Which of these cases do not stand where they say. Nobody waits for it."""
    start_over()  # what the ones before needed is let go
    session = db.session()
    files = casefile.read_all(session, session.scalars(_instances(keys)).all(), NOBODY).values()
    return [
        (file.case.landlord_id, file.case.id)
        for file in files
        if (file.case.place, file.case.duty_on) != of(file, deployments.of_instance(file.instance))
    ]


def _put_right(keys: Collection[Key]) -> int:
    with transaction() as session:
        free = session.scalars(_instances(keys).with_for_update(skip_locked=True, of=Instance))
        files = casefile.read_all(session, free.all(), NOBODY).values()
        for file in files:
            note(file, deployments.of_instance(file.instance))
        return sum(session.is_modified(file.case) for file in files)
