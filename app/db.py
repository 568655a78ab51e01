"""The database session, and the one place that commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from app import pipeline, wall
from app.errors import Busy, ChangedMeanwhile

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. Refuses naive ones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime cannot be stored: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def as_json(value: Any) -> str:
    """What a column of JSON holds, without blanks."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


class Base(DeclarativeBase):
    """Base of all tables."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES), type_annotation_map={datetime: Instant}
    )


db = SQLAlchemy(model_class=Base, session_options={"class_": pipeline.Session})
_writing: ContextVar[bool] = ContextVar("writing", default=False)


def prepare(engine: Engine) -> None:
    """SQLite: a write takes its lock at BEGIN and waits for it, so two steps never interleave.

    PostgreSQL: each transaction begins with whose rows are in sight; no lock is waited for long.
    """
    if engine.dialect.name != "sqlite":
        event.listen(engine, "begin", wall.tell)
        event.listen(engine, "connect", limit)
        return

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def look_keys_up(_1: Any, _2: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
        if "IN (VALUES" not in statement:
            return statement, values
        return KEYS.sub(r"IN (SELECT * FROM (\1))", statement), values


# many keys of two columns, as of the people in many cases: for a list of VALUES SQLite may read the
# whole table, for a SELECT it uses the key
KEYS = re.compile(r"\bIN \((VALUES (?:\(\?(?:, \?)+\)(?:, )?)+)\)")

LIMITS = {  # of PostgreSQL: for a lock, a statement, and a transaction that does nothing
    "default_transaction_isolation": "read committed",
    "lock_timeout": "5s",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "10min",
}
# lock_not_available, deadlock_detected, query_canceled; and what SQLite says
WAITED = {"55P03", "40P01", "57014", "SQLITE_BUSY"}


def limit(connection: Any, _record: Any) -> None:
    """A connection to PostgreSQL with our LIMITS."""
    for name, value in LIMITS.items():
        connection.execute(f"SET {name} = '{value}'")
    connection.commit()


def _waited_too_long(problem: OperationalError) -> bool:
    said = (getattr(problem.orig, name, "") for name in ("sqlstate", "sqlite_errorname"))
    return not WAITED.isdisjoint(said)


def start_over() -> None:
    """Leave a transaction that only reads, or in which a statement has failed."""
    db.session.rollback()


def look_at(landlord_ids: Iterable[str] | None) -> None:
    """Only these landlords' rows from here on, in the transaction that is open, too. None: all."""
    wall.look_at(landlord_ids)
    session = db.session()
    if session.in_transaction():
        wall.tell(session.connection())


def _leave_reading(session: Session) -> None:
    """A step sees what is committed now, whatever the request has read before.

    In PostgreSQL each statement does, so that the transaction can go on; what was changed outside
    of a use-case is never saved.
    """
    changed = session.new or session.dirty or session.deleted
    if changed or not session.in_transaction() or not pipeline.is_sound(session):
        session.rollback()
    else:
        session.expire_all()


@contextmanager
def transaction() -> Iterator[Session]:
    """One use-case, one transaction, no nesting. Nothing else commits.

    Raises ChangedMeanwhile when another transaction moved the same instance first, and Busy when
    one has held it for too long; whatever is raised, nothing is saved.
    """
    session: Session = db.session()
    if session.info.get("in_use_case"):
        raise RuntimeError("a service called another service's transaction")
    _leave_reading(session)
    session.info["in_use_case"] = True
    token = _writing.set(True)
    try:
        yield session
        session.commit()
    except StaleDataError as lost:
        session.rollback()
        raise ChangedMeanwhile from lost
    except OperationalError as problem:
        session.rollback()
        if _waited_too_long(problem):
            raise Busy from problem
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)
        session.info.pop("in_use_case", None)
