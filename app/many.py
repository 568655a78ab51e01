"""Many rows of a table written at once.

PostgreSQL is given them in one statement whose text does not hang on how many there are: an array
for each column, or its value where that is the same in all rows. SQLite takes a statement a row,
at no distance. For a few rows the session's own way is faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    bindparam,
    column,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

Rows = Sequence[dict[str, Any]]  # all with the same columns


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), rows)
        return
    given = _given(table, rows, list(rows[0])[:1])
    connection.execute(insert(table).from_select(list(given), select(*given.values())))


def change(connection: Connection, table: Table, keys: Sequence[str], rows: Rows) -> None:
    """Update the rows that have these keys; a row's other values are what is new."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        where = [table.c[key] == bindparam(f"its_{key}") for key in keys]
        named = [{f"its_{n}" if n in keys else n: v for n, v in row.items()} for row in rows]
        connection.execute(update(table).where(*where), named)
        return
    given = _given(table, rows, keys)
    same = [table.c[key] == given.pop(key) for key in keys]
    connection.execute(update(table).where(*same).values(given))


def _given(table: Table, rows: Rows, keys: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """What the rows have in each column, as rows of PostgreSQL. keys: never one value for all."""
    first = rows[0]
    values = {name: [row[name] for row in rows] for name in first}
    kinds = {name: _uncut(table.c[name].type) for name in first}
    varied = [n for n in first if n in keys or any(v != first[n] for v in values[n])]
    arrays = (bindparam(f"all_{n}", values[n], ARRAY(kinds[n], dimensions=1)) for n in varied)
    columns = (column(name, kinds[name]) for name in varied)
    unnested = func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    same = {n: bindparam(f"one_{n}", first[n], kinds[n]) for n in first if n not in varied}
    return {name: same[name] if name in same else unnested.c[name] for name in first}


def _uncut(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """PostgreSQL cuts words that are cast to a length, and refuses to store what is too long."""
    return Text() if isinstance(kind, String) else kind
