"""How Alembic reaches the database: through the running app, nothing else."""

from typing import Any

from alembic import context
from flask import current_app

import app.models  # noqa: F401  (fills the metadata)
from app.db import Base, Instant


def plain(kind: str, thing: Any, _autogen: Any) -> str | bool:
    """Migrations name the database's types only, so that they outlive our code."""
    return "sa.DateTime()" if kind == "type" and isinstance(thing, Instant) else False


migrate = current_app.extensions["migrate"]
with migrate.db.engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=plain,
        **migrate.configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
