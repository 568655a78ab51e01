"""How many rows of a table a query reads, and by which index, as the database itself tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select

from app.db import db


def rows_read(query: Select[Any], table: str) -> int:
    """PostgreSQL: how many rows of the table were visited. SQLite: 0, if each look is by an index.

    Fails where SQLite would go through the whole table or sort what an index has in order.
    """
    if db.engine.dialect.name == "sqlite":
        for step in plan(query):
            assert not step.startswith(f"SCAN {table}"), step
        return 0
    explained = _ask(f"EXPLAIN (ANALYZE, FORMAT JSON) {_said(query)}")
    return sum(_visited(json.loads(json.dumps(explained[0][0]))[0]["Plan"], table))


def plan(query: Select[Any]) -> list[str]:
    """The steps of SQLite."""
    return [row[-1] for row in _ask(f"EXPLAIN QUERY PLAN {_said(query)}")]


def _said(query: Select[Any]) -> str:
    """The SQL with its values in it."""
    return str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))


def _ask(sql: str) -> list[Any]:
    return list(db.session.connection().exec_driver_sql(sql.replace("%", "%%")))


def _visited(node: dict[str, Any], table: str) -> Iterator[float]:
    """What each scan of the table gave, and what it read in vain."""
    if node.get("Relation Name") == table:
        removed = node.get("Rows Removed by Filter", 0) + node.get(
            "Rows Removed by Index Recheck", 0
        )
        yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from _visited(below, table)
