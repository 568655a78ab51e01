"""What a step costs, as ratios in one run: these machines are noisy, ratios travel.

`./check --bench` prints the table and writes it as JSON beside pytest's cache.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import event, text

from app.db import db, transaction
from app.services import tasks
from app.settings import ROOT
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.conftest import by_owner
from tests.services.test_steps import accept

sys.path.append(str(ROOT / "tests" / "engine"))  # its drawings are made for its own folder
from test_cost import advanced, cost_of_step, row_of_tasks

ROUNDS = 40
SIZES = (4, 12, 30, 60)
Told = dict[str, float]


@pytest.fixture(scope="module")
def told() -> Told:
    """The table, printed and kept at the end."""
    table: Told = {}
    yield table
    print()
    for name, value in table.items():
        print(f"{name:48} {value:10.2f}")
    kept = ROOT / ".pytest_cache" / "bench.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(table, indent=2))


def milliseconds(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return (perf_counter() - began) * 1000


def test_an_engine_step_by_size_of_the_procedure(told: Told) -> None:
    cases = {size: advanced(row_of_tasks(size), size // 2) for size in SIZES}
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS * 5):
        for size, case in cases.items():
            costs[size].append(cost_of_step(case, size // 2) * 1000)
    for size in SIZES:
        told[f"engine step, {size} tasks, ms"] = median(costs[size])
    ratio = median(costs[60]) / median(costs[4])
    told["engine step, 60 tasks / 4 tasks"] = ratio
    assert ratio <= 1.2


def test_a_finished_task_against_a_bare_transaction_of_two_rows(
    app: Flask, landlord: str, person: Callable[..., Viewer], told: Told
) -> None:
    officer = person("grace", teams=(first_team(landlord),))
    by_owner("CREATE TABLE bare (id INTEGER PRIMARY KEY, n INTEGER)")
    flask_migrate.stamp()  # lets the application use it
    steps, bare, counted = [], [], []
    statements: list[str] = []
    event.listen(
        db.engine, "before_cursor_execute", lambda _c, _k, said, *_: statements.append(said)
    )
    for n in range(ROUNDS):
        task = open_task(recorded(landlord))
        form = accept(officer, task)
        statements.clear()
        steps.append(milliseconds(lambda t=task, f=form: tasks.submit(officer, t.id, f)))
        counted.append(len(statements))
        bare.append(milliseconds(lambda n=n: _two_rows(n)))
    told["finish a task, ms"] = median(steps)
    told["bare transaction of two rows, ms"] = median(bare)
    told["finish a task / bare transaction"] = median(steps) / median(bare)
    told["finish a task, statements"] = median(counted)
    assert max(counted) == min(counted)


def _two_rows(n: int) -> None:
    with transaction() as session:
        session.execute(text("INSERT INTO bare (id, n) VALUES (:n, 0)"), {"n": n})
        session.execute(text("UPDATE bare SET n = n + 1 WHERE id = :n"), {"n": n})
