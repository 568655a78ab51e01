"""What a step reads of its case, at once, before it writes anything.

A step costs few statements because of this: everything else that it does is in memory until it
flushes once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    bindparam,
    event,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, joinedload, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from app.models import (
    AccessibleCopy,
    CarriedOn,
    Case,
    Conflict,
    Deadline,
    Draft,
    Instance,
    Promise,
    Task,
)
from app.services.access import case_of_task
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
    instance: Instance
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
    """The same for some instances, by id, in the same two statements."""
    keys = [(instance.landlord_id, instance.case_id) for instance in instances]
    return _read(session, _file(BY_KEY), {"keys": keys}, viewer) if keys else {}


def read_by_task(session: Session, viewer: Viewer, task_id: str) -> CaseFile | None:
    """The same for the case of a task, with its instance; None if there is none."""
    which = {"landlord_id": viewer.landlord_id, "task_id": task_id}
    return next(iter(_read(session, _file(BY_TASK), which, viewer).values()), None)


def _read(
    session: Session, query: Select[Any], which: Mapping[str, Any], viewer: Viewer
) -> dict[str, CaseFile]:
    files: dict[str, CaseFile] = {}
    touched = session.info.get(TOUCHED, 0)
    rows = session.execute(query, {**which, "user_id": viewer.user_id}).unique()
    for instance, case, *sums, carried, kept_out, task, drafted in rows:
        file = files.get(instance.id)
        if file is None:
            file = CaseFile(case, instance, Sums(*sums), kept_out=kept_out > 0, touched=touched)
            files[instance.id] = file
            if not carried:  # nobody of most cases has died
                set_committed_value(case, "carried", [])
        if task is not None:
            file.tasks[task.id] = task
        if drafted is not None:
            file.drafted.add(drafted)
    keys = [(file.case.landlord_id, id) for id, file in files.items()]
    for deadline in session.scalars(_register(), {"keys": keys}) if files else ():
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


# A statement of SQLAlchemy takes longer to make than to run: these are made once. Each says the
# case's own key, so that PostgreSQL needs no statistics to begin with it.

KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
BY_KEY = tuple_(Case.landlord_id, Case.id).in_(KEYS)
BY_TASK = case_of_task()


@cache
def _register() -> Select[Any]:
    return select(Deadline).where(tuple_(Deadline.landlord_id, Deadline.instance_id).in_(KEYS))


@cache
def _file(which: ColumnElement[bool]) -> Select[Any]:
    user_id = bindparam("user_id", type_=String)
    carried = _beside(CarriedOn, func.count())
    kept_out = _beside(Conflict, func.count(), Conflict.user_id == user_id)
    of_case = (Task.landlord_id == Case.landlord_id) & (Task.case_id == Case.id)
    of_task = (Draft.landlord_id == Task.landlord_id) & (Draft.task_id == Task.id)
    return (
        select(Instance, Case, *_sums(), carried, kept_out, Task, Draft.task_id)
        .select_from(Instance)
        .join(Instance.case)
        .outerjoin(Task, of_case & (Task.status == OPEN))
        .outerjoin(Draft, of_task & (Draft.user_id == user_id))
        .where(which)
        .options(joinedload(Case.parties), lazyload(Instance.case), lazyload(Task.case))
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
    rows: type[Promise | AccessibleCopy | CarriedOn | Conflict],
    sum: ColumnElement[Any],
    *which: ColumnElement[bool],
) -> ScalarSelect[Any]:
    """A sum over the rows of a case."""
    of_case = rows.landlord_id == Case.landlord_id, rows.case_id == Case.id
    return select(sum).where(*of_case, *which).correlate(Case).scalar_subquery()
