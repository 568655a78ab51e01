"""A step costs the same in a long procedure as in a short one."""

from __future__ import annotations

import os
from statistics import median
from time import process_time

from drawing import diagram, end, flows, rule, start, table, timer, user
from playing import Played, begin, declare, parse

from app.engine import Procedure

FACTS = declare(received_on="date", amount="money", agreed="bool", n="int")
ROUNDS = 40 if os.environ.get("PUTRIGHT_LONG") else 12


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


def one_step(case: Played, task: int) -> float:
    """The CPU seconds of one step, in the middle of a procedure."""
    began = process_time()
    case.do(f"task_{task}", amount="12.50", agreed=True)
    return process_time() - began


def test_a_step_of_sixty_tasks_costs_what_a_step_of_four_does() -> None:
    short, long = row_of_tasks(4), row_of_tasks(60)
    ratios = []
    for _ in range(ROUNDS):
        # taken in turn, so that whatever else the machine does weighs on both
        cases = [begin(p, received_on="2026-03-02") for p in (short, long)]
        costs = [[], []]  # type: list[list[float]]
        for task in range(3):
            for cost, case in zip(costs, cases, strict=True):
                cost.append(one_step(case, task))
        for case, skip in ((cases[1], range(3, 57)),):
            for task in skip:
                case.do(f"task_{task}")
        costs[1] += [one_step(cases[1], task) for task in (57, 58)]
        ratios.append(median(costs[1]) / median(costs[0]))
    assert median(ratios) <= 1.2


def test_the_state_does_not_grow_with_what_is_finished() -> None:
    case = begin(row_of_tasks(60), received_on="2026-03-02")
    sizes = []
    for task in range(59):
        sizes.append(len(case.do(f"task_{task}").snapshot.state))
    assert max(sizes) <= min(sizes) + 10
    assert max(sizes) < 350
