"""Whether a database is whole: asked of a restored copy, and of the living one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, func, inspect, select, text, tuple_

from app.db import Base, db
from app.engine import EngineRefused, look
from app.engine.snapshot import Stored
from app.models import Deadline, Event, Instance, Task
from app.services import code_clocks, deployments, standing
from app.services.calendars import pinned_calendar
from app.services.casefile import OPEN, CaseFile
from app.services.deadlines import next_due
from app.services.operations.health import Check, migrations

MOST_NAMED = 3  # of what is wrong, in one line


def verify(counts: Mapping[str, int] | None = None) -> list[Check]:
    """Every check of the database in force. counts: the rows of each table, as a backup noted."""
    found = [Check("migrations", *migrations()), _check("file", _file())]
    if counts is not None:
        found.append(_check("rows", _rows(counts)))
    return found + verify_cases()


def verify_cases() -> list[Check]:
    """That each history is whole, and each case stands where its rows say."""
    return [_check("histories", _histories()), _check("cases", _cases())]


def count_rows(connection: Connection | None = None) -> dict[str, int]:
    """How many rows each table has that is there.

    In quarantine nothing changes but what this leaves out.
    """
    asked = connection or db.session.connection()
    there = set(inspect(asked).get_table_names()) - {"beat", "quarantine"}
    tables = [table for table in Base.metadata.sorted_tables if table.name in there]
    return {t.name: asked.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def _check(name: str, problems: Iterator[str]) -> Check:
    wrong = list(problems)
    more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    return Check(name, not wrong, "; ".join(wrong[:MOST_NAMED]) + more or "whole")


def _file() -> Iterator[str]:
    """SQLite looks through its own pages, and for rows that point nowhere."""
    if db.engine.dialect.name != "sqlite":
        missing = set(Base.metadata.tables) - set(inspect(db.engine).get_table_names())
        yield from (f"table {name} is missing" for name in sorted(missing))
        return
    for (said,) in db.session.execute(text("PRAGMA integrity_check")):
        if said != "ok":
            yield str(said)
    for row in db.session.execute(text("PRAGMA foreign_key_check")):
        yield f"a row of {row[0]} points nowhere"


def _rows(counts: Mapping[str, int]) -> Iterator[str]:
    here = count_rows()
    for name, number in sorted(counts.items()):
        if here.get(name) != number:
            yield f"{name} has {here.get(name)} rows instead of {number}"


def _histories() -> Iterator[str]:
    """Each history counts from 1 without a gap up to the number that its case knows."""
    rows = db.session.execute(
        select(Instance.id, Instance.events, func.count(Event.n), func.max(Event.n))
        .outerjoin(
            Event,
            (Event.landlord_id == Instance.landlord_id) & (Event.instance_id == Instance.id),
        )
        .group_by(Instance.landlord_id, Instance.id, Instance.events)
    )
    for instance_id, known, number, newest in rows:
        if not known == number == (newest or 0):
            yield f"the history of {instance_id} has {number} of {known} lines"


def _instances() -> Iterator[Instance]:
    """All of them, some at a time."""
    key, after = tuple_(Instance.landlord_id, Instance.id), ("", "")
    while some := db.session.scalars(
        select(Instance).where(key > after).order_by(Instance.landlord_id, Instance.id).limit(200)
    ).all():
        yield from some
        after = some[-1].landlord_id, some[-1].id


def _cases() -> Iterator[str]:
    """Each state can be read, and waits for the tasks and the date that its rows say.

    An open case says itself where it stands; `putright migrate` has filled that in.
    """
    for instance in _instances():
        try:
            deployed = deployments.of_instance(instance)
            calendar = pinned_calendar(deployed.landlord.nation, instance.calendar_version)
            stored = Stored(instance.state, instance.facts)
            now = look(deployed.procedure, stored, calendar)
        except (EngineRefused, LookupError) as refused:
            yield f"the state of {instance.id} cannot be read: {refused}"
            continue
        file = _file_of(instance)
        waits, seen = now.tasks.keys(), file.tasks.keys()
        if waits != seen:
            yield f"{instance.id} waits for {len(waits)} tasks, but {len(seen)} are open"
        case = file.case
        if case.status == "open" and (case.place, case.duty_on) != standing.of(file, deployed):
            yield f"{instance.id} stands elsewhere than its case says"
        if instance.next_due_at != code_clocks.next_look(file.deadlines, next_due(now)):
            yield f"{instance.id} is looked at when none of its deadlines falls due"


def _file_of(instance: Instance) -> CaseFile:
    """No more of a case than is looked at here: other tables may be damaged."""
    tasks = db.session.scalars(
        select(Task).where(
            Task.landlord_id == instance.landlord_id,
            Task.instance_id == instance.id,
            Task.status == OPEN,
        )
    )
    deadlines = db.session.scalars(
        select(Deadline).where(
            Deadline.landlord_id == instance.landlord_id, Deadline.instance_id == instance.id
        )
    )
    by_id = {task.id: task for task in tasks}
    return CaseFile(instance.case, instance, tasks=by_id, deadlines=list(deadlines))
