"""A step costs the same in a long procedure as in a short one."""

from __future__ import annotations

import os
from dataclasses import replace
from statistics import median
from time import process_time

from drawing import diagram, end, flows, rule, start, table, timer, user
from playing import Played, begin, declare, parse

from app.engine import Procedure

FACTS = declare(received_on="date", amount="money", agreed="bool", n="int")
ROUNDS = 2_000 if os.environ.get("PUTRIGHT_LONG") else 300


def row_of_tasks(tasks: int) -> Procedure:
    """Tasks one after the other, each with a limit; a table between them."""
    names = [f"task_{n}" for n in range(tasks)]
    drawn = [user(name) for name in names]
    drawn += [
        timer(f"late_{n}", f"working_days({n + 1}, received_on)", on=name) + end(f"told_{n}")
        for n, name in enumerate(names)
    ]
    arrows = [f"late_{n} > told_{n}" for n in range(tasks)]
    half = tasks // 2
    way = [*names[:half], "decide", *names[half:]]
    return parse(
        diagram(
            start(),
            *drawn,
            rule("decide", "count"),
            end(),
            flows("begun > " + " > ".join(way) + " > done", *arrows),
        ),
        facts=FACTS,
        tables=(table("count", [], ["n"], [["n + 1"]]),),
    )


def advanced(procedure: Procedure, to: int) -> Played:
    """A case whose first tasks are done."""
    case = begin(procedure, received_on="2026-03-02")
    for task in range(to):
        case.do(f"task_{task}")
    return case


def cost_of_step(case: Played, task: int) -> float:
    """CPU seconds of one step, always from the same snapshot."""
    began = process_time()
    replace(case).do(f"task_{task}", amount="12.50", agreed=True)
    return process_time() - began


def test_a_step_of_sixty_tasks_costs_what_a_step_of_four_does() -> None:
    short, middle, late = (
        advanced(row_of_tasks(4), 1),
        advanced(row_of_tasks(60), 31),
        advanced(row_of_tasks(60), 57),
    )
    costs: list[tuple[float, ...]] = []
    for _ in range(ROUNDS):  # taken in turn, so that whatever else the machine does weighs on all
        steps = ((short, 1), (middle, 31), (late, 57))
        costs.append(tuple(cost_of_step(case, task) for case, task in steps))
    of_four, in_the_middle, near_the_end = (median(cost) for cost in zip(*costs, strict=True))
    assert in_the_middle / of_four <= 1.2
    assert near_the_end / of_four <= 1.2


def test_the_state_does_not_grow_with_what_is_finished() -> None:
    case = begin(row_of_tasks(60), received_on="2026-03-02")
    sizes = []
    for task in range(59):
        sizes.append(len(case.do(f"task_{task}").snapshot.state))
    assert max(sizes) <= min(sizes) + 10
    assert max(sizes) < 350
