"""How Alembic reaches the database: as its owner, and then the application's role gets its rights.

The running app says where; nothing else does.
"""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import NullPool, create_engine, text

import app.models  # noqa: F401  (fills the metadata)
from app import wall
from app.db import Base, Instant, prepare


def plain(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Migrations name the database's types only, so that they outlive our code."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, Instant) else False


def wait_for_others(connection: Any) -> None:
    """Two machines that start at once migrate one after the other; nobody else waits for us long.

    Whoever wants a table that we wait for waits behind us: so we give up soon.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(7265)"))
        connection.execute(text("SET LOCAL lock_timeout = '3s'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))


settings = current_app.extensions["settings"]
engine = create_engine(settings.owner_database, poolclass=NullPool)
prepare(engine)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=plain,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        wait_for_others(connection)
        context.run_migrations()
        for grant in wall.grants_between(settings.owner_database, settings.database):
            connection.exec_driver_sql(grant)
    connection.commit()
