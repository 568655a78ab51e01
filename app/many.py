"""Many rows of a table written at once.

PostgreSQL is given them as one array for each column, in one statement whose text does not hang on
how many there are. SQLite takes a statement a row, at no distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, FromClause, Table, bindparam, column, func, select
from sqlalchemy import insert as inserting
from sqlalchemy import update as updating

Rows = Sequence[dict[str, Any]]  # all with the same columns


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Add rows."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(inserting(table), rows)
        return
    given = _given(table, rows)
    connection.execute(inserting(table).from_select(list(rows[0]), select(*given.c)))


def update(connection: Connection, table: Table, keys: Sequence[str], rows: Rows) -> None:
    """Change the rows that have these keys; a row's other values are what is new."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        where = [table.c[key] == bindparam(f"its_{key}") for key in keys]
        named = [{f"its_{n}" if n in keys else n: v for n, v in row.items()} for row in rows]
        connection.execute(updating(table).where(*where), named)
        return
    given = _given(table, rows)
    changed = {name: given.c[name] for name in rows[0] if name not in keys}
    same = [table.c[key] == given.c[key] for key in keys]
    connection.execute(updating(table).where(*same).values(changed))


def _given(table: Table, rows: Rows) -> FromClause:
    """The rows as a table of PostgreSQL."""
    types = {name: table.c[name].type for name in rows[0]}
    arrays = [
        bindparam(f"all_{name}", [row[name] for row in rows], ARRAY(kind, dimensions=1))
        for name, kind in types.items()
    ]
    columns = [column(name, kind) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
