"""PostgreSQL in few round trips: a flush's writes and BEGIN go out with what comes after them.

A connection is in libpq's pipeline mode for as long as it lives, so a statement need not wait for
the answer to the one before. Whatever is read waits; a write of a flush is promised to hit its
rows, and whether it did is asked with the next that waits: before a COMMIT at the latest.
"""

from __future__ import annotations

import select
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from typing import Any, LiteralString

import psycopg
from flask_sqlalchemy.session import Session as FlaskSession
from psycopg.generators import send
from psycopg.pq import ConnStatus, TransactionStatus
from sqlalchemy import Engine, event, insert
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm.exc import StaleDataError

APPENDED = "appended"  # in a session's info: rows by table
WRITES = ("INSERT", "UPDATE", "DELETE")
_flushing: ContextVar[bool] = ContextVar("flushing", default=False)


class Pipeline(psycopg.Pipeline):
    """Waits for an answer only once all that was said has gone out.

    psycopg itself tries to send once: what is larger than the socket takes, such as a photo, may
    then stay here for ever, while PostgreSQL waits for the rest.
    """

    def _communicate_gen(self) -> Generator[Any, Any, None]:
        yield from super()._communicate_gen()
        yield from send(self.pgconn)


class Connection(psycopg.Connection[Any]):
    """A connection that stays in pipeline mode, and begins no transaction by itself.

    promising: the writes of which nobody has asked yet whether they hit their rows.
    told_to_go: the server has said that it ends this connection.
    """

    _mode: AbstractContextManager[psycopg.Pipeline]
    pipe: psycopg.Pipeline
    promising: list[Cursor]
    told_to_go = False

    def enter(self) -> None:
        """Go into pipeline mode. Nothing is sent."""
        self._pipeline = Pipeline(self)
        self._mode, self.promising = self.pipeline(), []
        self.pipe = self._mode.__enter__()
        self.add_notice_handler(self._noticed)

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        self.told_to_go |= notice.severity_nonlocalized in {"FATAL", "PANIC"}

    def is_lost(self) -> bool:
        """Whether the server has hung up on us while we were idle. Sends and awaits nothing.

        There is nothing to read then but its farewell, or a notice.
        """
        try:
            while _has_more(self.pgconn.socket):
                self.pgconn.consume_input()
                self.pgconn.is_busy()  # libpq takes in what has come
        except (psycopg.Error, OSError):
            return True
        return self.told_to_go or self.pgconn.status != ConnStatus.OK

    def hear(self) -> None:
        """Wait for the answers to all that was said. Raises as `keep_promise`."""
        self.pipe.sync()
        promising, self.promising = self.promising, []
        for cursor in promising:
            cursor.keep_promise()

    def commit(self) -> None:
        """Raises StaleDataError, and nothing is saved, if an update has missed a row."""
        if self.promising:
            self.hear()
        super().commit()

    def rollback(self) -> None:
        """One round trip, or none; what was prepared stays so unless something went wrong."""
        if self.promising:
            with suppress(psycopg.Error):  # what is taken back need not be right
                self.pipe.sync()
        self.promising = []
        status = self.info.transaction_status
        if status == TransactionStatus.INTRANS:
            kept, self.prepare_threshold = self.prepare_threshold, None  # else psycopg forgets all
            ahead(self, "ROLLBACK")
            self.prepare_threshold = kept
            self.pipe.sync()
        elif status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}:  # unknown: lost
            super().rollback()

    def close(self) -> None:
        """Leave it first: nobody waits for what is lost with a broken connection."""
        with suppress(psycopg.Error):
            self._mode.__exit__(None, None, None)
        super().close()


class Cursor(psycopg.Cursor[Any]):
    """Waits for its result unless that is asked for later. promised: rows of a write that waits."""

    promised: int | None = None
    connection: Connection

    def execute(self, query: Any, params: Any = None, **how: Any) -> Cursor:
        super().execute(query, params, **how)
        self._wait(query, 1)
        return self

    def executemany(
        self, query: Any, params_seq: Iterable[Any], *, returning: bool = False
    ) -> None:
        rows = list(params_seq)
        super().executemany(query, rows, returning=returning)
        self._wait(query, len(rows))

    @property
    def rowcount(self) -> int:
        return self._rowcount if self.promised is None else self.promised

    def close(self) -> None:
        """What waits is closed once its result is there."""
        if self.promised is None:
            super().close()

    def _wait(self, query: Any, rows: int) -> None:
        if _flushing.get() and query.startswith(WRITES) and " RETURNING " not in query:
            self.promised = rows
            self.connection.promising.append(self)
        else:
            self.connection.hear()

    def keep_promise(self) -> None:
        """Raises StaleDataError if an update has not hit what it was to hit."""
        promised, self.promised = self.promised, None
        updated, changed = (self.statusmessage or "").startswith("UPDATE"), self.rowcount
        self.close()
        if updated and changed != promised:
            raise StaleDataError(f"{promised} rows were to change, {changed} did.")


def _has_more(socket: int) -> bool:
    asked = select.poll()
    asked.register(socket, select.POLLIN)
    return bool(asked.poll(0))


def ahead(connection: Connection, statement: LiteralString, params: tuple[Any, ...] = ()) -> None:
    """Say something whose result is of no interest; it goes out with the next statement."""
    psycopg.Cursor(connection).execute(statement, params)


def first(connection: Any, statement: LiteralString, params: tuple[Any, ...] = ()) -> None:
    """As `ahead`, on a connection of SQLAlchemy, whose error is raised instead of the driver's."""
    try:
        ahead(connection.connection.driver_connection, statement, params)
    except psycopg.OperationalError as problem:
        raise OperationalError(statement, params, problem, hide_parameters=True) from problem


class Session(FlaskSession):
    """On PostgreSQL nobody waits for its flushes alone."""

    def flush(self, objects: Any = None) -> None:
        """What PostgreSQL refuses is raised with the next statement, or by the commit."""
        token = _flushing.set(True)
        try:
            super().flush(objects)
            for table, rows in self.info.pop(APPENDED, {}).items():
                self.connection().execute(insert(table), rows)
        finally:
            _flushing.reset(token)

    def rollback(self) -> None:
        super().rollback()
        self.info.pop(APPENDED, None)


def is_sound(session: OrmSession) -> bool:
    """Whether a transaction of PostgreSQL is open in which nothing has failed."""
    if not session.is_active:
        return False
    driver = session.connection().connection.driver_connection
    sound = TransactionStatus.INTRANS
    return isinstance(driver, Connection) and driver.info.transaction_status == sound


def append(session: OrmSession, model: type[DeclarativeBase], **values: Any) -> None:
    """Add a row with the next flush that this transaction neither reads nor changes.

    As history is: it costs no object that the session would keep.
    """
    session.info.setdefault(APPENDED, {}).setdefault(model.__table__, []).append(values)


def use(engine: Engine) -> None:
    """All connections of an engine, if it is PostgreSQL's."""
    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: Any, words: Any) -> Connection:
        connection = Connection.connect(*args, autocommit=True, cursor_factory=Cursor, **words)
        connection.enter()
        return connection

    @event.listens_for(engine, "checkout")
    def checkout(connection: Connection, _record: Any, _proxy: Any) -> None:
        if connection.is_lost():
            raise DisconnectionError  # the pool makes another

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        first(connection, "BEGIN")
