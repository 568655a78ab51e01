"""What Putright is measured against: the same row of tasks elsewhere, and the limits.

Each arm has `case(size)`: one case through all of its tasks, and how long each step took. Every
step loads, advances, saves, and is on the disk when it returns.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, Protocol

from flask import current_app
from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    insert,
    select,
    update,
)

from app.db import prepare
from app.models.base import new_id
from app.settings import ROOT
from tests.bench import row
from tests.bench.table import Times, milliseconds

TABLES = MetaData()
STATES = Table(
    "peer_state", TABLES, Column("id", String(32), primary_key=True), Column("state", Text)
)
ROWS = Table("peer_row", TABLES, Column("id", String(32), primary_key=True), Column("n", Integer))
AUDIT = Table(
    "peer_audit",
    TABLES,
    Column("id", String(32), primary_key=True),
    Column("row_id", String(32)),
    Column("said", Text),
)
START = "import sys; from tests.bench.flows import main; main(*sys.argv[1:])"
SAID = json.dumps(row.ANSWERS)


class Arm(Protocol):
    """One way of doing it."""

    def case(self, size: int) -> Times:
        """One case of the procedure with that many tasks."""
        ...


@contextmanager
def peer_engine() -> Iterator[Engine]:
    """The test's database for a peer, with its tables: durable, and without Putright's wall."""
    engine = create_engine(current_app.extensions["settings"].owner_database)
    if engine.dialect.name == "sqlite":
        prepare(engine)
    TABLES.create_all(engine)
    yield engine
    engine.dispose()


class Ours:
    """Putright's own service: history, answer, register of deadlines, inbox and all."""

    def __init__(self, *sizes: int) -> None:
        self.officers = {size: row.officer(row.deploy(size)) for size in sizes}

    def case(self, size: int) -> Times:
        viewer, references = self.officers[size], list[str]()
        recording = row.recording(viewer)
        start = milliseconds(lambda: references.append(recording()))
        finish = [milliseconds(row.finishing(viewer, references[0])) for _ in range(size)]
        return Times(start, finish)


class Raw:
    """SpiffWorkflow as its documentation has it: the default serializer, JSON in one row."""

    def __init__(self, engine: Engine, due: timedelta = timedelta(days=90)) -> None:
        self.engine = engine
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        self.specs: dict[int, Any] = {}
        falls_due = {"due": lambda: (datetime.now(UTC) + due).isoformat()}
        self.scripts = PythonScriptEngine(TaskDataEnvironment(falls_due))

    def spec(self, size: int) -> Any:
        """The parsed procedure, once in a process."""
        if size not in self.specs:
            parser = BpmnParser()
            drawing = row.drawn(size, lambda _: "due()")
            parser.add_bpmn_xml(etree.parse(BytesIO(drawing)))
            self.specs[size] = parser.get_spec("complaint")
        return self.specs[size]

    def start(self, size: int) -> str:
        """A new case: its id."""
        workflow = BpmnWorkflow(self.spec(size), script_engine=self.scripts)
        workflow.data.update(row.SAID)
        workflow.do_engine_steps()
        case = new_id()
        with self.engine.begin() as connection:
            state = self.serializer.serialize_json(workflow)
            connection.execute(insert(STATES).values(id=case, state=state))
        return case

    @contextmanager
    def loaded(self, case: str) -> Iterator[BpmnWorkflow]:
        """The case's workflow, saved afterwards."""
        with self.engine.begin() as connection:
            state = connection.scalar(select(STATES.c.state).where(STATES.c.id == case))
            workflow = self.serializer.deserialize_json(state)
            workflow.script_engine = self.scripts
            yield workflow
            saved = self.serializer.serialize_json(workflow)
            connection.execute(update(STATES).where(STATES.c.id == case).values(state=saved))

    def finish(self, case: str) -> None:
        """Finish the open task."""
        with self.loaded(case) as workflow:
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            task.data.update(row.ANSWERS)
            task.run()
            workflow.do_engine_steps()

    def fire(self, case: str) -> None:
        """Fire the limit that is due."""
        with self.loaded(case) as workflow:
            workflow.refresh_timers()
            workflow.do_engine_steps()

    def has_told(self, case: str) -> bool:
        """Whether the first limit has run to its end."""
        tasks = json.loads(self.state(case))["tasks"].values()
        return [t["state"] for t in tasks if t["task_spec"] == "told_0"] == [TaskState.COMPLETED]

    def state(self, case: str) -> str:
        """What is saved."""
        with self.engine.connect() as connection:
            return str(connection.scalar(select(STATES.c.state).where(STATES.c.id == case)))

    def case(self, size: int) -> Times:
        self.spec(size)
        cases: list[str] = []
        start = milliseconds(lambda: cases.append(self.start(size)))
        finish = [milliseconds(lambda: self.finish(cases[0])) for _ in range(size)]
        assert self.loaded_is_completed(cases[0])
        return Times(start, finish)

    def loaded_is_completed(self, case: str) -> bool:
        return bool(self.serializer.deserialize_json(self.state(case)).is_completed())


class Limit:
    """The least that a durable step can be: one row changed and one added, by SQLAlchemy Core."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def case(self, size: int) -> Times:
        case = new_id()
        start = milliseconds(lambda: self.start(case))
        return Times(start, [milliseconds(lambda: self.step(case)) for _ in range(size)])

    def start(self, case: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(insert(ROWS).values(id=case, n=0))

    def step(self, case: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(ROWS).where(ROWS.c.id == case).values(n=ROWS.c.n + 1))
            connection.execute(insert(AUDIT).values(id=new_id(), row_id=case, said=SAID))


class Viewflow:
    """django-viewflow, in a process of its own (flows.py)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin and process.stdout
        self._in, self._out = process.stdin, process.stdout

    def case(self, size: int) -> Times:
        print(size, file=self._in, flush=True)
        return Times(**json.loads(self._out.readline()))


@contextmanager
def viewflow(address: str, *sizes: int) -> Iterator[Viewflow]:
    """Its process, on a database of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", START, address, *map(str, sizes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Viewflow(process)
        assert process.stdin
        process.stdin.close()
