"""A clock that stands still: elements that begin and end a pause, and what is left of the days."""

from __future__ import annotations

from datetime import date

from drawing import diagram, end, flows, message, start, timer, user
from linting import found, says
from playing import Played, begin, declare, parse

DUE = "working_days(10, received_on, insurer_pauses)"


def claim(**refer: str) -> tuple[str, ...]:
    """A claim with a clock of ten working days that stands still while the insurers look at it."""
    return (
        start(sets="received_on"),
        user("handle"),
        timer("claim_due", DUE, on="handle"),
        message("referred", on="handle", **(refer or {"pauses": "insurer_pauses"})),
        message("concluded", on="handle", resumes="insurer_pauses"),
        end("late"),
        end("referral_noted"),
        end("conclusion_noted"),
        end("done"),
        flows(
            "begun > handle > done",
            "claim_due > late",
            "referred > referral_noted",
            "concluded > conclusion_noted",
        ),
    )


def begun() -> Played:
    """Received on Monday 2 March 2026: ten working days are Monday 16 March."""
    facts = declare(received_on="date", insurer_pauses="list")
    case = begin(parse(diagram(*claim()), facts=facts))
    assert case.due_on("claim_due") == date(2026, 3, 16)
    return case


def test_the_clock_stands_still_and_keeps_the_days_that_are_left() -> None:
    case = begun().hear("referred", on="2026-03-06")
    assert case.facts["insurer_pauses"] == [["2026-03-06", None]]
    assert case.due_on("claim_due") is None

    case = case.wait("2026-05-01 09:00").hear("concluded", on="2026-05-05")
    assert case.facts["insurer_pauses"] == [["2026-03-06", "2026-05-05"]]
    assert case.due_on("claim_due") == date(2026, 5, 13)  # three days were used; seven are left


def test_it_may_stand_still_twice_but_a_second_pause_begins_only_after_the_first() -> None:
    case = begun().hear("referred", on="2026-03-06").hear("referred", on="2026-03-09")
    assert case.facts["insurer_pauses"] == [["2026-03-06", None]]

    case = case.hear("concluded", on="2026-03-10").hear("referred", on="2026-03-11")
    assert case.facts["insurer_pauses"] == [["2026-03-06", "2026-03-10"], ["2026-03-11", None]]


def test_a_pause_that_ends_on_its_first_day_was_none() -> None:
    case = begun().hear("referred", on="2026-03-06").hear("concluded", on="2026-03-06")
    assert case.facts["insurer_pauses"] == []
    assert case.due_on("claim_due") == date(2026, 3, 16)


def test_an_end_without_a_beginning_changes_nothing() -> None:
    assert begun().hear("concluded", on="2026-03-06").facts["insurer_pauses"] == []


def test_a_pause_is_a_declared_list() -> None:
    problems = found(*claim(pauses="nothing_of_ours"))
    assert says(problems, "referred", "'nothing_of_ours', which is no declared list fact")
