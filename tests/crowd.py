"""Many cases in no time: the rows of one real case copied, each with a token of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert, literal_column, select, text

from app.db import db
from app.models import Case, Deadline, Event, Instance, Party, Task
from app.models.base import new_id
from tests.conftest import by_owner

AT_ONCE = 2_000


def crowd(case: Case, number: int) -> None:
    """So many more like this case, with its history; who is in it and what was typed is shared."""
    db.session.rollback()
    with db.engine.connect() as connection:
        kept = {
            model: [dict(row._mapping) for row in connection.execute(_of(model.__table__, case))]
            for model in (Case, Party, Instance, Deadline, Task)
        }
        twin = "CREATE TEMPORARY TABLE twin (instance_id VARCHAR(32) PRIMARY KEY)"
        connection.execute(text(twin))
        for done in range(0, number, AT_ONCE):
            _copy(connection, kept, min(AT_ONCE, number - done))
            connection.commit()
            if not done:
                by_owner("ANALYZE")  # or PostgreSQL looks for each row's case through all cases
        _histories(connection, kept[Instance][0])
        connection.execute(text("DROP TABLE twin"))
        connection.commit()
    by_owner("ANALYZE")


def _copy(connection: Connection, kept: dict[Any, list[dict[str, Any]]], number: int) -> None:
    twins = [_twin(kept) for _ in range(number)]
    for model in kept:
        rows = [row for twin in twins for row in twin[model]]
        connection.execute(insert(model.__table__), rows)
    ids = [{"id": twin[Instance][0]["id"]} for twin in twins]
    connection.execute(text("INSERT INTO twin VALUES (:id)"), ids)


def _of(table: Table, case: Case) -> Any:
    key = "id" if table.name == "case" else "case_id"
    return select(table).where(table.c.landlord_id == case.landlord_id, table.c[key] == case.id)


def _twin(kept: dict[Any, list[dict[str, Any]]]) -> dict[Any, list[dict[str, Any]]]:
    """The rows of another case. Its open tasks are other tokens in its state."""
    (case,), (instance,) = kept[Case], kept[Instance]
    case_id, instance_id = new_id(), new_id()
    tokens = {task["id"]: new_id() for task in kept[Task]}
    state = instance["state"]
    for old, new in tokens.items():
        state = state.replace(old.encode(), new.encode())
    own = {"case_id": case_id, "instance_id": instance_id}
    return {
        Case: [
            case
            | {"id": case_id, "reference": case_id[:20], "link_hash": None}
            | {"submission_key": case_id, "old_reference": None}
        ],
        Party: [party | {"case_id": case_id} for party in kept[Party]],
        Instance: [instance | {"id": instance_id, "case_id": case_id, "state": state}],
        Deadline: [
            row | own | {"host": tokens.get(row["host"], row["host"])} for row in kept[Deadline]
        ],
        Task: [task | own | {"id": tokens[task["id"]]} for task in kept[Task]],
    }


def _histories(connection: Connection, instance: dict[str, Any]) -> None:
    """Each line of the history again, for all at once; what a line says is shared."""
    table = Event.__table__
    columns = [
        literal_column("twin.instance_id") if column.name == "instance_id" else column
        for column in table.columns
    ]
    lines = (
        select(*columns)
        .select_from(table)
        .join(text("twin"), literal_column("1") == literal_column("1"))
        .where(
            table.c.landlord_id == instance["landlord_id"], table.c.instance_id == instance["id"]
        )
    )
    connection.execute(insert(table).from_select([c.name for c in table.columns], lines))
