"""Dates alone under a new calendar: what a whole step would do, or nothing."""

from __future__ import annotations

from datetime import date

import pytest
from drawing import diagram, end, flows, message, start, timer, user
from playing import ENGLAND, Played, at, begin, declare, parse

from app.engine import Procedure, StateRefused, Stored, redate
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


@pytest.mark.parametrize("damage", [(b"[2,", b"[1,"), (b"answer", b"reply")])
def test_a_damaged_state_is_refused(damage: tuple[bytes, bytes]) -> None:
    case = begin(answered(), received_on="2026-03-02")
    stored = Stored(case.snapshot.state.replace(*damage), case.facts)
    with pytest.raises(StateRefused):
        redate(case.procedure, stored, case.now, ENGLAND)
