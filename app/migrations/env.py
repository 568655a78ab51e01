"""How Alembic reaches the database: as its owner, and then the application's role gets its rights.

The running app says where; nothing else does.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

import app.models  # noqa: F401  (fills the metadata)
from app import wall
from app.db import Base, Instant, prepare


def plain(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Migrations name the database's types only, so that they outlive our code."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, Instant) else False


@contextmanager
def one_at_a_time(engine: Engine) -> Iterator[None]:
    """Two machines that start at once migrate one after the other.

    The second asks again and again: were it to wait in a transaction, an index that the first
    builds beside the work would wait for that transaction's end.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
        if holder.dialect.name == "postgresql":
            while not holder.scalar(text("SELECT pg_try_advisory_lock(7265)")):
                time.sleep(0.2)
        yield


def hold_nobody_up(connection: Connection) -> None:
    """Whoever wants a table that we wait for waits behind us: so we give up soon."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '3s'"))
        connection.execute(text("SET statement_timeout = 0"))


settings = current_app.extensions["settings"]
engine = create_engine(settings.owner_database, poolclass=NullPool)
prepare(engine)
with one_at_a_time(engine), engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=plain,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        hold_nobody_up(connection)
        context.run_migrations()
        for grant in wall.grants_between(settings.owner_database, settings.database):
            connection.exec_driver_sql(grant)
    connection.commit()
