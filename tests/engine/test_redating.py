"""Dates alone under a new calendar: what a whole step would do, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest
from drawing import diagram, end, flows, message, start, timer, user
from playing import Played, at, begin, declare, parse

from app.engine import EngineRefused, Procedure, StateRefused, Stored, recompute, redate
from tests.redated import as_a_step
from timers.calendar import DayOff, calendar_for

FACTS = declare(received_on="date")
ROYAL = calendar_for("ENG", [DayOff(date(2026, 3, 10), "A coronation")])


def answered(**values: str) -> Procedure:
    """An answer within ten working days."""
    return parse(
        diagram(
            start(),
            user("answer"),
            timer("late", "working_days(10, received_on)", on="answer", **values),
            end("told"),
            end(),
            flows("begun > answer > done", "late > told"),
        ),
        facts=FACTS,
    )


def redated(case: Played) -> tuple[date | None, list[str]] | None:
    """The date of the limit by the royal calendar, and what is told; None if it takes a step."""
    found = as_a_step(case.procedure, case.snapshot.stored, case.now, ROYAL)
    if found is None:
        return None
    (limit,) = found.deadlines.values()
    return limit.due_on, [event.action for event in found.events]


def test_a_date_moves_as_in_a_step() -> None:
    case = begin(answered(), received_on="2026-03-02")
    assert redated(case) == (date(2026, 3, 17), ["moved"])


def test_a_day_that_no_date_counts_moves_nothing() -> None:
    case = begin(answered(), "2026-03-11", received_on="2026-03-11")
    assert redated(case) == (date(2026, 3, 25), [])


def test_what_is_due_takes_a_step() -> None:
    case = begin(answered(), received_on="2026-03-02")
    case.now = at("2026-03-17 00:30")  # due by the old calendar, not by the new
    assert redated(case) is None


def test_what_has_passed_keeps_its_date_and_its_next_reminder() -> None:
    case = begin(answered(), received_on="2026-03-02").wait("2026-03-18")
    assert redated(case) == (date(2026, 3, 16), [])
    repeated = begin(answered(repeat="working_day"), received_on="2026-03-02")
    repeated.wait("2026-03-17 12:00")
    assert redated(repeated) == (date(2026, 3, 16), [])


@pytest.mark.parametrize(
    ("offered_when", "alone"),
    [("received_on != None", True), ("rolled(received_on) == received_on", False)],
)
def test_what_may_be_offered_by_days_off_takes_a_step(offered_when: str, alone: bool) -> None:
    procedure = parse(
        diagram(
            start(),
            user("answer"),
            message("stop", on="answer", offered_when=offered_when),
            end("stopped"),
            end(),
            flows("begun > answer > done", "stop > stopped"),
        ),
        facts=FACTS,
    )
    case = begin(procedure, received_on="2026-03-10")  # which the royal calendar has off
    assert case.offers() == ["stop"]
    found = redate(procedure, case.snapshot.stored, case.now, ROYAL)
    assert (found is not None) == alone
    assert case.recompute(ROYAL).offers() == (["stop"] if alone else [])


def test_a_fact_that_has_been_declared_since_takes_a_step() -> None:
    case = begin(answered(), received_on="2026-03-02")
    assert as_a_step(case.procedure, Stored(case.snapshot.state, {}), case.now, ROYAL) is None


Scopes = list[Any]  # [name, owner, rows] each


def a_scope_without_rows(scopes: Scopes) -> None:
    scopes[0][2].clear()


def a_scope_that_nobody_began(scopes: Scopes) -> None:
    scopes.append(["complaint", "0" * 32, scopes[0][2]])


def another_process(scopes: Scopes) -> None:
    scopes[0][0] = "compliment"


def a_row(field: int, value: object) -> Callable[[Scopes], None]:
    def put(scopes: Scopes) -> None:
        scopes[0][2][-1][field] = value

    return put


@pytest.mark.parametrize(
    "damaged",
    [
        a_scope_without_rows,
        a_scope_that_nobody_began,
        another_process,
        *(a_row(field, None) for field in range(6)),
        a_row(0, "reply"),
        a_row(1, "no token"),
        a_row(3, 99),
    ],
)
def test_a_damaged_state_is_refused_as_by_a_step(damaged: Callable[[Scopes], None]) -> None:
    case = begin(answered(), received_on="2026-03-02")
    version, now, calendar, scopes = orjson.loads(case.snapshot.state)
    damaged(scopes)
    stored = Stored(orjson.dumps([version, now, calendar, scopes]), case.facts)
    for way in (redate, recompute):
        with pytest.raises(EngineRefused):
            way(case.procedure, stored, case.now, ROYAL)


@pytest.mark.parametrize("parts", [3, 5])
def test_a_state_of_another_version_is_told_by_its_version(parts: int) -> None:
    case = begin(answered(), received_on="2026-03-02")
    stored = Stored(orjson.dumps([9] + [""] * parts), case.facts)
    for way in (redate, recompute):
        with pytest.raises(StateRefused, match="version 9"):
            way(case.procedure, stored, case.now, ROYAL)
