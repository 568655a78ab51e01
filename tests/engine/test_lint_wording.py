"""Lint on expressions and decision tables, and the trial run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawing import (
    each,
    end,
    flows,
    message,
    rule,
    start,
    table,
    timer,
    user,
    xor,
)
from linting import KNOWN, found, plain, says

from app.engine import Problem

DATE = "working_days(10, received_on)"


def view(id: str) -> str:
    return user(id, form="view")


WORDING: list[tuple[list[Problem], str, str]] = [
    (plain(timer("late", "10", on="ask"), end("told"), flows("late > told")),
     "late", "gives a number where a date is needed"),
    (plain(timer("late", "months(1, recieved_on)", on="ask"), end("told"), flows("late > told")),
     "late", "'recieved_on' is not a declared fact"),
    (plain(timer("late", DATE, on="ask", prints="weeks"), end("told"), flows("late > told")),
     "late", "prints 'weeks': gives a number where a date is needed"),
    (plain(message("news", on="ask", offered_when="received_on"), end("told"),
           flows("news > told")),
     "news", "offered_when 'received_on': gives a date where yes or no is needed"),
    (plain(xor("which", "done"), end("other"), flows("which [late(received_on)] > other"),
     way="begun > ask > which > done"), "which", "there is no function late()"),
    (plain(xor("which", "done"), end("other"), flows('which [outcome == "uphold"] > other'),
     way="begun > ask > which > done"), "which", "'uphold' is no choice of outcome"),
    (plain(xor("which", "done"), end("other"), flows("which [open('x')] > other"),
     way="begun > ask > which > done"), "which", "there is no function open()"),
    (found(start(), user("ask", each("weeks")), end(), flows("begun > ask > done")),
     "ask", "members 'weeks': gives a number where a list is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("problems", "where", "message_says"), WORDING)
def test_a_wrong_expression_is_told_with_its_element(
    problems: list[Problem], where: str, message_says: str
) -> None:
    assert says(problems, where, message_says)


TABLES: list[tuple[bytes, str, str]] = [
    (table("authority", ["amont"], ["weeks"], [["> 5", "1"]]), "authority",
     "'amont' is not a declared fact"),
    (table("authority", ["amount"], ["weeks"], [['"a"', "1"]]), "authority_row_1",
     "compares a number with a word"),
    (table("authority", ["outcome"], ["weeks"], [['"uphold"', "1"]]), "authority_row_1",
     "'uphold' is no choice of outcome"),
    (table("authority", ["amount"], ["week"], [["", "1"]]), "authority",
     "sets 'week', which is not a declared fact"),
    (table("authority", ["amount"], ["weeks"], [["", '"1"']]), "authority_row_1",
     "gives a word where a number is needed"),
    (table("authority", ["amount"], ["weeks"], [["", "1.5"]]), "authority_row_1", "whole number"),
    (table("authority", ["amount"], ["outcome"], [["", '"uphold"']]), "authority_row_1",
     "needs one of upheld, refused"),
    (table("authority", ["amount"], ["weeks"], [["", "1"]], "COLLECT"), "authority", "not a list"),
    (table("authority", ["amount"], ["weeks"], [["", "1"]], "ANY"), "authority", "hit policy"),
    (table("authority", ["amount"], ["weeks"], [["x.y", "1"]]), "authority_row_1", "row 1"),
    (table("authority", ["amount", "accepted"], ["weeks"],
           [["> 5", "true", "1"], ["[3..7]", "-", "2"]], "UNIQUE"), "authority_row_2",
     "can match together with row 1"),
    (table("authority", ["outcome"], ["weeks"],
           [['"upheld"', "1"], ['not("refused")', "2"]], "UNIQUE"), "authority_row_2",
     "can match together with row 1"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "where", "message_says"), TABLES)
def test_a_wrong_table_is_told_with_its_row(raw: bytes, where: str, message_says: str) -> None:
    problems = found(
        start(), user("ask"), rule("next", "authority"), end(), flows("begun > ask > next > done"),
        extra={"a.dmn": raw},
    )  # fmt: skip
    assert says(problems, where, message_says)
    assert any(problem.severity == "error" for problem in problems)


def test_unique_rows_that_never_match_together_are_right() -> None:
    rows = [["> 5", "true", "1"], ["<= 5", "true", "2"], ["-", "false", "3"]]
    raw = table("authority", ["amount", "accepted"], ["weeks"], rows, "UNIQUE")
    problems = found(
        start(), user("ask"), rule("next", "authority"), end(), flows("begun > ask > next > done"),
        extra={"a.dmn": raw},
    )  # fmt: skip
    assert problems == []


@pytest.mark.parametrize(
    ("name", "rule", "new"),
    [
        ("10 working days, 20 if agreed", "working_days(8 + weeks, received_on)",
         "8 working days, 20 if agreed"),
        ("1 working day to answer", "working_days(2, received_on)", "2 working days to answer"),
        ("12 weeks", "calendar_days(70, received_on)", "10 weeks"),
        ("24 hours", "calendar_days(2, received_on)", "48 hours"),
        ("10 working days", "calendar_days(10, received_on)", "10 calendar days"),
        ("3 months without it", "months(4, received_on) if accepted else None",
         "4 months without it"),
    ],
)  # fmt: skip
def test_a_name_with_another_number_than_its_rule_is_told(name: str, rule: str, new: str) -> None:
    late = named(timer("late", rule, on="ask"), name)
    (problem,) = plain(late, end("told"), flows("late > told"))
    assert problem.severity == "warning" and problem.element == "late"
    assert f"call it “{new}”" in problem.message


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("10 working days, 20 if agreed", "working_days(10 + weeks, received_on)"),
        ("12 weeks", "calendar_days(84, received_on)"),
        ("24 hours", "calendar_days(1, received_on)"),
        ("10 days", "working_days(10, received_on)"),
        ("3 working days before the end", "working_days(7, received_on)"),
        ("The day they agreed", "working_days(7, received_on)"),
        ("10 working days", "received_on"),
    ],
)
def test_a_name_that_says_the_number_or_none_is_right(name: str, rule: str) -> None:
    late = named(timer("late", rule, on="ask"), name)
    assert plain(late, end("told"), flows("late > told")) == []


def named(drawn: str, name: str) -> str:
    return drawn.replace('name="late"', f'name="{name}"')


def test_a_trial_run_meets_what_the_drawing_does_not_show() -> None:
    """The window's date hangs on a fact that no form asks for, so the case never ends."""
    known = replace(KNOWN, form_keys={"record_complaint": set(), "ask": {"accepted"}})
    problems = found(
        start(), user("ask"), timer("wait", "working_days(10, answered_on)"), end(),
        flows("begun > ask > wait > done"),
        known=known,
    )  # fmt: skip
    (problem,) = problems
    assert problem.severity == "warning"
    assert "in a trial run: nothing and nobody could move the case" in problem.message
    assert "ask → wait" in problem.message
