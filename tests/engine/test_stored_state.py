"""The stored state: small, and not trusted when it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from drawing import diagram, each, end, flows, message, start, sub, timer, user
from playing import ENGLAND, begin, declare, parse

from app.engine import FactRefused, Procedure, StateRefused, Stored, fire_due

FACTS = declare(received_on="date", panel="list", kind="choice: a, b")


def procedure(
    task: str = "answer", *, on_edge: str = "late", inside: str = "work", facts: Any = FACTS
) -> Procedure:
    """A subprocess with a limit, and in it a task."""
    return parse(
        diagram(
            start(),
            sub(inside, start("in"), user(task), end("out"), flows(f"in > {task} > out")),
            timer(on_edge, "working_days(10, received_on)", on=inside),
            end("told"),
            end(),
            flows(f"begun > {inside} > done", f"{on_edge} > told"),
        ),
        facts=facts,
    )


@pytest.fixture
def stored() -> Stored:
    return begin(procedure(), received_on="2026-03-02").snapshot.stored


def reload(stored: Stored, into: Procedure) -> None:
    fire_due(into, stored, begin(procedure()).now, ENGLAND)


def test_a_case_goes_on_under_a_diagram_whose_other_parts_changed(stored: Stored) -> None:
    reload(stored, procedure())


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (procedure("reply"), "'answer', which this diagram does not have"),
        (procedure(inside="job"), "which this diagram does not have"),
        (procedure(on_edge="overdue"), "which this diagram does not have"),
    ],
)
def test_a_state_that_does_not_fit_the_diagram_is_refused(
    stored: Stored, changed: Procedure, says: str
) -> None:
    with pytest.raises(StateRefused, match=says):
        reload(stored, changed)


def test_a_limit_drawn_anew_on_an_open_activity_is_refused(stored: Stored) -> None:
    extended = parse(
        diagram(
            start(),
            sub("work", start("in"), user("answer"), end("out"), flows("in > answer > out")),
            timer("late", "working_days(10, received_on)", on="work"),
            message("stop", on="work", ends=True),
            end("told"),
            end("stopped"),
            end(),
            flows("begun > work > done", "late > told", "stop > stopped"),
        ),
        facts=FACTS,
    )
    with pytest.raises(StateRefused, match="on the edge of 'work'"):
        reload(stored, extended)


def test_an_activity_that_became_another_kind_is_refused(stored: Stored) -> None:
    changed = parse(
        diagram(
            start(),
            user("work"),
            timer("late", "working_days(10, received_on)", on="work"),
            end("told"),
            end(),
            flows("begun > work > done", "late > told"),
        ),
        facts=FACTS,
    )
    with pytest.raises(StateRefused, match="cannot wait at 'work'"):
        reload(stored, changed)


def test_every_cut_and_every_changed_piece_of_a_state_is_refused_or_harmless(
    stored: Stored,
) -> None:
    def damaged() -> list[bytes]:
        cuts = [stored.state[:n] for n in range(0, len(stored.state), 7)]
        tree = orjson.loads(stored.state)
        changes: list[Any] = [
            [],
            {},
            None,
            1,
            [1, *tree[1:]],
            [2, "yesterday", "", []],
            [*tree[:3], 5],
        ]
        for row in range(len(tree[3][0][2])):
            for column, wrong in ((0, "Start"), (1, "x"), (2, 999), (3, 50), (4, None)):
                broken = orjson.loads(stored.state)
                broken[3][0][2][row][column] = wrong
                changes.append(broken)
        return [*cuts, *(orjson.dumps(change) for change in changes)]

    for state in damaged():
        with pytest.raises(StateRefused):
            reload(replace(stored, state=state), procedure())


def test_stored_facts_are_checked_and_new_ones_take_their_default(stored: Stored) -> None:
    more = declare(received_on="date", panel="list", kind="choice: a, b", extension="int")
    snapshot = fire_due(procedure(facts=more), stored, begin(procedure()).now, ENGLAND)
    assert snapshot.facts["extension"] == 0
    for wrong in ({"received_on": "soon"}, {"kind": "c"}, {"panel": "ann"}):
        with pytest.raises(FactRefused):
            reload(replace(stored, facts=dict(stored.facts) | wrong), procedure())


def test_a_fact_that_is_declared_no_longer_is_kept_but_not_seen(stored: Stored) -> None:
    fewer = declare(received_on="date")
    snapshot = fire_due(procedure(facts=fewer), stored, begin(procedure()).now, ENGLAND)
    assert snapshot.facts["panel"] == []


def test_a_completed_case_can_be_loaded_and_does_nothing() -> None:
    done = begin(procedure(), received_on="2026-03-02").do("answer").snapshot
    again = fire_due(procedure(), done.stored, begin(procedure()).now, ENGLAND)
    assert again.completed
    assert again.events == ()
    assert again.state == done.state


def test_the_state_of_a_panel_keeps_its_members() -> None:
    drawn = diagram(start(), user("view", each("panel")), end(), flows("begun > view > done"))
    panel = parse(drawn, facts=FACTS)
    case = begin(panel, panel=["ann", "bob", "cat"])
    assert len(case.snapshot.tasks) == 3
    assert len(case.do("view").wait("2026-03-05").snapshot.tasks) == 2
