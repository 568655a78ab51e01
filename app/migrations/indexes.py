"""Indexes of large tables are made and dropped beside the work: nobody waits for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

# by name: the table, its columns after landlord_id, and which rows, or None for all
Indexes = Mapping[str, tuple[str, list[str], str | None]]


@contextmanager
def beside_the_work() -> Iterator[None]:
    """PostgreSQL builds an index while others write: in no transaction, however long it takes."""
    context = op.get_context()
    if context.dialect.name != "postgresql":
        yield
        return
    with context.autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute("SET lock_timeout = '3s'")


def change(dropped: Indexes, made: Indexes) -> None:
    """Drop some and make others; what an earlier try left broken off is made anew."""
    with beside_the_work():
        for name, (table, columns, rows) in made.items():
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            only = rows and sa.text(rows)
            where = {f"{dialect}_where": only for dialect in ("sqlite", "postgresql")}
            its = ["landlord_id", *columns]
            op.create_index(name, table, its, **where, postgresql_concurrently=True)
        for name, (table, _, _) in dropped.items():
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
