"""What a step of the engine alone costs, by the size of its procedure (P3)."""

from __future__ import annotations

import sys
from statistics import median

from app.settings import ROOT
from tests.bench.conftest import Tell

sys.path.append(str(ROOT / "tests" / "engine"))  # its drawings are made for its own folder
from test_cost import advanced, cost_of_step, row_of_tasks

ROUNDS = 200
SIZES = (4, 12, 30, 60)


def test_an_engine_step_by_size_of_the_procedure(told: Tell) -> None:
    cases = {size: advanced(row_of_tasks(size), size // 2) for size in SIZES}
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size, case in cases.items():
            costs[size].append(cost_of_step(case, size // 2) * 1000)
    for size in SIZES:
        told(f"engine step, {size} tasks, ms of CPU", median(costs[size]))
    ratio = median(costs[60]) / median(costs[4])
    told("P3 engine step: 60 tasks / 4 tasks", ratio, "<= 1.2")
    assert ratio <= 1.4  # with slack; nothing here waits for a disk
