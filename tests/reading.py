"""How many rows of a table are read, as the database itself tells of each statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import event

from app.db import db


def rows_read(act: Callable[[], object], table: str) -> int:
    """PostgreSQL: the rows that the worst statement of an act visits. SQLite: always 0.

    SQLite does not count; there the act fails if a statement goes through the whole table.
    """
    told: list[tuple[str, Any]] = []

    def said(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            told.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", said)
    act()
    event.remove(db.engine, "before_cursor_execute", said)
    return max(_read(statement, values, table) for statement, values in told)


def _read(statement: str, values: Any, table: str) -> int:
    connection = db.session.connection()
    if db.engine.dialect.name == "sqlite":
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        for *_, step in steps:
            assert step.split()[:2] != ["SCAN", table], statement
        return 0
    explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
    return round(sum(_visited(explained.scalar_one()[0]["Plan"], table)))


def _visited(node: dict[str, Any], table: str) -> Iterator[float]:
    """What each scan of the table gave, and what it read in vain."""
    if node.get("Relation Name") == table:
        in_vain = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        read = node["Actual Rows"] + sum(node.get(name, 0) for name in in_vain)
        yield read * node["Actual Loops"]
    for below in node.get("Plans", ()):
        yield from _visited(below, table)


def steps_taken(act: Callable[[], object]) -> int:
    """SQLite: how many hundred instructions its machine takes for an act."""
    raw: Any = db.session.connection().connection.dbapi_connection
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    raw.set_progress_handler(step, 100)
    act()
    raw.set_progress_handler(None, 0)
    return taken[0]
