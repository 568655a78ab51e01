"""What a step reads of its case, at once, before it writes anything.

A step costs few statements because of this: everything else that it does is in memory until it
flushes once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    bindparam,
    event,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session, joinedload, lazyload

from app.models import AccessibleCopy, Case, Conflict, Deadline, Draft, Instance, Promise, Task
from app.viewer import Viewer

SUMMED = (Promise, AccessibleCopy)
# a literal: for a value that is bound, SQLite plans a statement with an index of open rows anew
OPEN: ColumnElement[str] = literal_column("'open'")
TOUCHED = "summed rows touched"  # in a session's info: how many flushes did


class Sums(NamedTuple):
    """What the rows beside a case come to. copies: how many there are, made or not."""

    promises_made_at: datetime | None = None
    promise_due_on: date | None = None
    copy_asked_at: datetime | None = None
    copies: int = 0


NO_SUMS = Sums()


@dataclass
class CaseFile:
    """tasks: the open ones, by id. deadlines: the whole register. kept_out: whoever acts is.

    drafted: the tasks for which whoever acts has a text that was not sent.
    """

    case: Case
    sums: Sums = NO_SUMS
    tasks: dict[str, Task] = field(default_factory=dict)
    deadlines: list[Deadline] = field(default_factory=list)
    kept_out: bool = False
    touched: int = 0  # TOUCHED when the sums were read
    drafted: set[str] = field(default_factory=set)


def read(session: Session, instance: Instance, viewer: Viewer) -> CaseFile:
    """Everything that most steps need, in two statements."""
    return read_all(session, [instance], viewer)[instance.id]


def read_all(
    session: Session, instances: Iterable[Instance], viewer: Viewer
) -> dict[str, CaseFile]:
    """The same for some instances, by id, in two statements for each landlord."""
    files: dict[str, CaseFile] = {}
    landlord = attrgetter("landlord_id")
    for landlord_id, group in groupby(sorted(instances, key=landlord), landlord):
        some = {instance.case_id: instance for instance in group}
        ids = [instance.id for instance in some.values()]
        which = {"landlord_id": landlord_id, "user_id": viewer.user_id, "case_ids": [*some]}
        touched = session.info.get(TOUCHED, 0)
        for case, *sums, kept_out, task, drafted in session.execute(_file(), which).unique():
            file = files.setdefault(some[case.id].id, CaseFile(case))
            file.sums, file.kept_out, file.touched = Sums(*sums), bool(kept_out), touched
            if task is not None:
                file.tasks[task.id] = task
            if drafted is not None:
                file.drafted.add(drafted)
        for deadline in session.scalars(_register(), {"landlord_id": landlord_id, "ids": ids}):
            files[deadline.instance_id].deadlines.append(deadline)
    return files


def bring_up_to_date(session: Session, file: CaseFile) -> None:
    """Sum again, if the transaction has touched a row that is summed."""
    if not _summed_in(session) and session.info.get(TOUCHED, 0) == file.touched:
        return
    case = file.case
    which = Case.landlord_id == case.landlord_id, Case.id == case.id
    file.sums = Sums(*session.execute(select(*_sums()).where(*which)).one())
    file.touched = session.info.get(TOUCHED, 0)


@event.listens_for(Session, "after_flush")
def _count(session: Session, _context: Any) -> None:
    if _summed_in(session):
        session.info[TOUCHED] = session.info.get(TOUCHED, 0) + 1


def _summed_in(session: Session) -> bool:
    return any(isinstance(row, SUMMED) for row in (*session.new, *session.dirty))


# A statement of SQLAlchemy takes longer to make than to run: these two are made once.


@cache
def _register() -> Select[Any]:
    of_landlord = Deadline.landlord_id == bindparam("landlord_id")
    of_instance = Deadline.instance_id.in_(bindparam("ids", expanding=True))
    return select(Deadline).where(of_landlord, of_instance)


@cache
def _file() -> Select[Any]:
    user_id = bindparam("user_id", type_=String)
    kept_out = _beside(Conflict, func.count(), Conflict.user_id == user_id)
    return (
        select(Case, *_sums(), kept_out, Task, Draft.task_id)
        .select_from(Case)
        .outerjoin(
            Task,
            (Task.landlord_id == Case.landlord_id)
            & (Task.case_id == Case.id)
            & (Task.status == OPEN),
        )
        .outerjoin(
            Draft,
            (Draft.landlord_id == Task.landlord_id)
            & (Draft.task_id == Task.id)
            & (Draft.user_id == user_id),
        )
        .where(Case.landlord_id == bindparam("landlord_id"))
        .where(Case.id.in_(bindparam("case_ids", expanding=True)))
        .options(joinedload(Case.parties), joinedload(Case.carried), lazyload(Task.case))
    )


def _sums() -> tuple[ScalarSelect[Any], ...]:
    open_promise, open_copy = Promise.done_on.is_(None), AccessibleCopy.sent_on.is_(None)
    return (
        _beside(Promise, func.min(Promise.made_at), open_promise),
        _beside(Promise, func.min(Promise.due_on), open_promise),
        _beside(AccessibleCopy, func.min(AccessibleCopy.asked_at), open_copy),
        _beside(AccessibleCopy, func.count()),
    )


def _beside(
    rows: type[Promise | AccessibleCopy | Conflict],
    sum: ColumnElement[Any],
    *which: ColumnElement[bool],
) -> ScalarSelect[Any]:
    """A sum over the rows of a case."""
    of_case = rows.landlord_id == Case.landlord_id, rows.case_id == Case.id
    return select(sum).where(*of_case, *which).correlate(Case).scalar_subquery()
