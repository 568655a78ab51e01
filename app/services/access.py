"""Which cases a viewer may know of. Every service that takes an id from outside asks here."""

from __future__ import annotations

from functools import cache
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, select
from sqlalchemy.orm import Session, aliased, contains_eager, lazyload

from app import pipeline
from app.db import db
from app.errors import NotAllowed, NotFound
from app.models import Case, Conflict, Draft, Instance, Party, Person, Task
from app.viewer import Viewer

Columns = TypeVarTuple("Columns")


def unconflicted(query: Select[*Columns], viewer: Viewer) -> Select[*Columns]:
    """Leave out the cases that name the viewer or in which the viewer has a conflict."""
    return query.where(
        ~select(Conflict.case_id)
        .where(
            Conflict.landlord_id == Case.landlord_id,
            Conflict.case_id == Case.id,
            Conflict.user_id == viewer.user_id,
        )
        .exists()
    )


def get_case(viewer: Viewer, reference: str, ability: str = "read_cases") -> Case:
    """A case by its reference, however it was typed.

    Raises NotAllowed for a role without `ability`, NotFound for everything else that is not theirs.
    """
    if not viewer.can(ability):
        raise NotAllowed
    plain = reference.replace(" ", "").replace("-", "").upper()
    case = db.session.scalar(
        unconflicted(
            select(Case).where(Case.landlord_id == viewer.landlord_id, Case.reference == plain),
            viewer,
        )
    )
    if case is None:
        raise NotFound
    return case


def may_know(viewer: Viewer, reference: str) -> bool:
    """Whether a case of this reference is there for the viewer. Loads nothing of it."""
    named = Case.landlord_id == viewer.landlord_id, Case.reference == reference
    return db.session.scalar(unconflicted(select(Case.id).where(*named), viewer)) is not None


def instance_of(case: Case) -> Instance:
    """The running procedure of a case."""
    which = {"landlord_id": case.landlord_id, "case_id": case.id}
    found: Instance | None = db.session.scalar(_of_case(), which)
    if found is None:
        raise NotFound
    return found


@cache
def _of_case() -> Select[Instance]:
    of_landlord = Instance.landlord_id == bindparam("landlord_id")
    query = select(Instance).where(of_landlord, Instance.case_id == bindparam("case_id"))
    return query.options(lazyload(Instance.case))  # whoever asks has it


def lock(session: Session, instance: Instance) -> None:
    """Wait until nobody else takes a step on the case; then everything is read anew.

    Also what was read a moment before the instance was: it may be older than the instance.
    On SQLite the transaction itself holds everybody off.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    session.flush()
    session.expire_all()
    session.refresh(instance, with_for_update={"of": Instance})


def lock_by_task(session: Session, viewer: Viewer, task_id: str) -> None:
    """The same for the case of a task, as the first statement of a transaction.

    It goes to PostgreSQL with the next statement, which sees what is committed once it has waited.
    """
    connection = session.connection()
    if isinstance(connection.connection.driver_connection, pipeline.Connection):
        pipeline.first(connection, LOCK_BY_TASK, (viewer.landlord_id, task_id))


LOCK_BY_TASK = (
    "SELECT FROM instance WHERE (landlord_id, id) = "
    "(SELECT landlord_id, instance_id FROM task WHERE landlord_id = %s AND id = %s) FOR UPDATE"
)


def one_at_a_time(session: Session, key: str) -> None:
    """Wait until nobody else has a transaction that goes by this key, such as a form sent twice.

    On SQLite the transaction itself holds everybody off.
    """
    connection = session.connection()
    if isinstance(connection.connection.driver_connection, pipeline.Connection):
        pipeline.first(connection, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))


def get_task(viewer: Viewer, task_id: str, ability: str = "work") -> Task:
    """A task of the viewer's landlord, open or over. Raises as `get_case` does."""
    if not viewer.can(ability):
        raise NotAllowed
    task = db.session.get(Task, (viewer.landlord_id, task_id))
    if task is None or is_kept_out(viewer, task.case):
        raise NotFound
    return task


def task_and_all(viewer: Viewer, task_id: str) -> tuple[Task, Instance, Draft | None]:
    """A task with its case and people, the running procedure, and the viewer's draft, at once.

    Raises as `get_task` does.
    """
    if not viewer.can("work"):
        raise NotAllowed
    which = {"landlord_id": viewer.landlord_id, "task_id": task_id, "user_id": viewer.user_id}
    found = db.session.execute(_task_and_all(), which).unique().one_or_none()
    if found is None:
        raise NotFound
    task, instance, draft = found
    return task, instance, draft


@cache
def _task_and_all() -> Select[Task, Instance, Draft]:
    user_id = bindparam("user_id", type_=String)
    its_instance = (Instance.landlord_id == Case.landlord_id) & (Instance.case_id == Case.id)
    drafted = (Draft.landlord_id == Task.landlord_id) & (Draft.task_id == Task.id)
    kept_out = (Conflict.landlord_id == Task.landlord_id) & (Conflict.case_id == Task.case_id)
    query = (
        select(Task, Instance, Draft)
        .join(Task.case)
        .join(Instance, its_instance)
        .outerjoin(Draft, drafted & (Draft.user_id == user_id))
        .outerjoin(Conflict, kept_out & (Conflict.user_id == user_id))
    )
    return query.where(
        Task.landlord_id == bindparam("landlord_id"),
        Task.id == bindparam("task_id"),
        case_of_task(),
        Conflict.user_id.is_(None),
    ).options(contains_eager(Task.case).joinedload(Case.parties), lazyload(Instance.case))


def case_of_task() -> ColumnElement[bool]:
    """The key of the case of a task, for a statement that is given landlord_id and task_id.

    Said so, PostgreSQL knows it before it reads anything, and finds all that belongs to it by it.
    """
    landlord_id, its = bindparam("landlord_id", type_=String), aliased(Task)
    case_id = select(its.case_id).where(
        its.landlord_id == landlord_id, its.id == bindparam("task_id", type_=String)
    )
    return and_(Case.landlord_id == landlord_id, Case.id == case_id.scalar_subquery())


def with_people(landlord_id: str, which: ColumnElement[bool]) -> Select[str]:
    """The ids of the cases in which such people have a part, whatever it is."""
    return (
        select(Party.case_id)
        .join(Person, (Person.landlord_id == Party.landlord_id) & (Person.id == Party.person_id))
        .where(Party.landlord_id == landlord_id, which)
    )


def is_kept_out(viewer: Viewer, case: Case) -> bool:
    """Whether the case names the viewer, or the viewer has declared a conflict."""
    return db.session.get(Conflict, (case.landlord_id, case.id, viewer.user_id)) is not None
