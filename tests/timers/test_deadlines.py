from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from timers.calendar import DayOff, calendar_for, expression_functions
from timers.deadlines import (
    DeadlineState,
    RulerDay,
    explain,
    explained,
    read_rule,
    rule_in_force,
    ruler,
    state_of,
)
from timers.happened import happened

ENGLAND = calendar_for("ENG")
LABELS = {
    "acknowledged_on": "Acknowledged",
    "raised_on": "Raised",
    "responded_on": "Stage 1 response sent",
    "stage_1_extension": "Stage 1 extension",
}
FACTS: dict[str, Any] = {
    "acknowledged_on": date(2024, 1, 2),
    "raised_on": date(2023, 12, 21),
    "responded_on": date(2024, 1, 30),
    "escalated_on": None,
    "stage_1_extension": 10,
    "stage_2_extension": 0,
    "pauses": [["2024-01-05", "2024-01-09"]],
    "name": "text",
}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "working_days(10, acknowledged_on)",
            "10 working days after Tuesday 2 January 2024, when it was acknowledged",
        ),
        (
            "working_days(10 + stage_1_extension, acknowledged_on)",
            "10 working days after Tuesday 2 January 2024, when it was acknowledged; "
            "extended by 10 with the resident's agreement on 12 January",
        ),
        (
            "working_days(10 + stage_2_extension, acknowledged_on)",
            "10 working days after Tuesday 2 January 2024, when it was acknowledged",
        ),
        (
            "working_days(5, raised_on)",
            "5 working days after Thursday 21 December 2023, when it was raised",
        ),
        (
            "months(12, responded_on)",
            "12 months after Tuesday 30 January 2024, when the Stage 1 response was sent",
        ),
        (
            "calendar_days(56, responded_on)",
            "56 days after Tuesday 30 January 2024, when the Stage 1 response was sent",
        ),
        (
            "working_days(-1, acknowledged_on)",
            "1 working day before Tuesday 2 January 2024, when it was acknowledged",
        ),
        ("working_days(20, escalated_on)", "20 working days after it is escalated"),
        (
            "working_days(10, acknowledged_on, pauses)",
            "10 working days after Tuesday 2 January 2024, when it was acknowledged; "
            "paused from Friday 5 January 2024 until Tuesday 9 January 2024",
        ),
        (
            "working_days(stage_1_extension, acknowledged_on)",
            "10 working days after Tuesday 2 January 2024, when it was acknowledged",
        ),
    ],
)
def test_rule_is_told_in_words_and_counts_as_its_expression_does(
    expression: str, words: str
) -> None:
    rule = read_rule(expression, FACTS, LABELS)
    assert rule is not None
    notes = {"stage_1_extension": "with the resident's agreement on 12 January"}
    assert explain(rule, notes) == words
    names = {**FACTS, **expression_functions(ENGLAND)}
    # the expressions are those above; the engine has its own interpreter
    assert rule.due_on(ENGLAND) == eval(expression, {"__builtins__": {}}, names)


def test_open_pause_is_told_and_has_no_date() -> None:
    facts = {**FACTS, "pauses": [["2024-01-05", None]]}
    rule = read_rule("working_days(10, acknowledged_on, pauses)", facts, LABELS)
    assert rule is not None
    assert rule.due_on(ENGLAND) is None
    assert explain(rule).endswith("; paused from Friday 5 January 2024 and still paused")


def test_extension_not_yet_decided_gives_no_date() -> None:
    rule = read_rule("working_days(10 + x, raised_on)", {**FACTS, "x": None}, LABELS)
    assert rule is not None
    assert rule.due_on(ENGLAND) is None


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "10",
        "working_days(10)",
        "working_days(10, name)",
        "working_days(name, raised_on)",
        "working_days(10 * 2, raised_on)",
        "working_days(10, later(raised_on, responded_on))",
        "later(working_days(10, raised_on), responded_on)",
        "working_days(10, raised_on, name)",
        "working_days(10, raised_on, nothing)",
        "working_days(n=10, base=raised_on)",
        "working_days(10, raised_on, pauses, pauses)",
        "months(12, raised_on, pauses)",
        "working_days(10, raised_on",
        "__import__('os').system('true')",
        "working_days(True, raised_on)",
        "(" * 5000,
        "working_days(10, \x00)",
    ],
)
def test_other_shapes_are_no_rule(expression: str) -> None:
    assert read_rule(expression, FACTS, LABELS) is None


@pytest.mark.parametrize(
    ("expression", "true", "rule"),
    [
        ("None if refused else working_days(15, x)", False, "working_days(15, x)"),
        ("None if refused else working_days(15, x)", True, "working_days(15, x)"),
        ("working_days(5, x) if new else months(1, x)", True, "working_days(5, x)"),
        ("working_days(5, x) if new else months(1, x)", False, "months(1, x)"),
        ("None if a else (x if b else None)", False, "x"),
        ("working_days(5, x)", False, "working_days(5, x)"),
    ],
)
def test_a_date_that_hangs_on_conditions_is_told_by_the_branch_in_force(
    expression: str, true: bool, rule: str
) -> None:
    assert rule_in_force(expression, lambda _: true) == rule


def test_explained_deadline_names_the_days_that_did_not_count() -> None:
    facts = {"raised_on": date(2026, 12, 18)}
    due = date(2026, 12, 29)
    told = explained("working_days(5, raised_on)", facts, LABELS, ENGLAND, due)
    assert told.words == "5 working days after Friday 18 December 2026, when it was raised"
    assert told.due_on == due
    assert told.calendar_version == ENGLAND.version
    assert [day.on.day for day in told.days_off] == [25, 28]
    assert told.days_off[0] == DayOff(date(2026, 12, 25), "Christmas Day")


def test_rule_of_another_shape_is_quoted() -> None:
    told = explained("later(a, b)", {}, {}, ENGLAND, date(2026, 1, 5))
    assert told.words == "By the rule later(a, b)"
    assert told.rule is None


# The day ruler


def strokes(base: date, due: date, today: date) -> list[tuple[str, str, str]]:
    return [(f"{d.day:%d %b}", d.kind, d.label) for d in ruler(ENGLAND, base, due, today)]


def test_ruler_of_the_task_page() -> None:
    assert strokes(date(2026, 11, 13), date(2026, 11, 27), date(2026, 11, 24)) == [
        ("13 Nov", "base", "start"),
        ("14 Nov", "off", "weekend"),
        ("16 Nov", "gone", "day 1"),
        ("17 Nov", "gone", "day 2"),
        ("18 Nov", "gone", "day 3"),
        ("19 Nov", "gone", "day 4"),
        ("20 Nov", "gone", "day 5"),
        ("21 Nov", "off", "weekend"),
        ("23 Nov", "gone", "day 6"),
        ("24 Nov", "today", "today"),
        ("25 Nov", "left", "day 8"),
        ("26 Nov", "left", "day 9"),
        ("27 Nov", "due", "due"),
    ]


def test_bank_holidays_share_the_gap_of_their_weekend_and_are_named() -> None:
    gaps = [d for d in ruler(ENGLAND, date(2026, 3, 31), date(2026, 4, 8), date(2026, 4, 1))]
    assert gaps[3] == RulerDay(date(2026, 4, 3), "off", "Good Friday, weekend, Easter Monday")


def test_ruler_of_a_late_duty_goes_on_to_today() -> None:
    shown = strokes(date(2026, 11, 17), date(2026, 11, 19), date(2026, 11, 24))
    assert shown[2:] == [
        ("19 Nov", "due", "due"),
        ("20 Nov", "gone", "1 day late"),
        ("21 Nov", "off", "weekend"),
        ("23 Nov", "gone", "2 days late"),
        ("24 Nov", "today", "today"),
    ]


def test_today_stands_out_even_where_something_else_falls_on_it() -> None:
    base, due = date(2026, 11, 17), date(2026, 11, 19)
    assert strokes(base, due, due)[-1] == ("19 Nov", "today", "due today")
    assert strokes(base, due, base)[0] == ("17 Nov", "today", "start, today")
    saturday = strokes(date(2026, 11, 20), date(2026, 11, 24), date(2026, 11, 21))
    assert saturday[1:3] == [("21 Nov", "today", "today"), ("22 Nov", "off", "weekend")]


def test_ruler_too_long_to_count_is_empty() -> None:
    assert ruler(ENGLAND, date(2026, 1, 5), date(2027, 1, 5), date(2026, 6, 1)) == []


# States

FRIDAY = date(2026, 11, 27)
MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 11, 24), DeadlineState("ok", "3 days left", 3)),
        (date(2026, 11, 26), DeadlineState("ok", "1 day left", 1)),
        (date(2026, 11, 22), DeadlineState("ok", "5 days left", 5)),
        (date(2026, 11, 27), DeadlineState("due", "Due today", 0)),
        (date(2026, 11, 28), DeadlineState("late", "Late", 0)),
        (date(2026, 11, 30), DeadlineState("late", "1 day late", 1)),
        (date(2026, 12, 1), DeadlineState("late", "2 days late", 2)),
    ],
)
def test_open_duty(today: date, state: DeadlineState) -> None:
    assert state_of("duty", FRIDAY, None, None, today, ENGLAND, False) == state


@pytest.mark.parametrize(
    ("met_on", "state"),
    [
        (date(2026, 11, 20), DeadlineState("met", "Met")),
        (date(2026, 11, 27), DeadlineState("met", "Met")),
        (date(2026, 11, 28), DeadlineState("met_late", "Met late", 0)),
        (date(2026, 11, 30), DeadlineState("met_late", "Met 1 day late", 1)),
        (date(2026, 12, 2), DeadlineState("met_late", "Met 3 days late", 3)),
    ],
)
def test_met_duty_remembers_for_ever_that_it_was_late(met_on: date, state: DeadlineState) -> None:
    for ended_on in (None, date(2026, 12, 24)):
        assert state_of("duty", FRIDAY, met_on, ended_on, date(2027, 1, 4), ENGLAND) == state


def test_paused_deadline_shows_no_number() -> None:
    state = state_of("duty", None, None, None, FRIDAY, ENGLAND, True)
    assert state == DeadlineState("paused", "Paused")


def test_deadline_whose_base_has_not_happened_waits() -> None:
    state = state_of("duty", None, None, None, FRIDAY, ENGLAND)
    assert state == DeadlineState("waiting", "Not counting yet")


def test_ended_deadline_is_over_even_if_it_was_late() -> None:
    state = state_of("duty", FRIDAY, None, MONDAY, date(2026, 12, 24), ENGLAND)
    assert state == DeadlineState("ended", "Ended")


def test_window_of_the_resident_is_never_late() -> None:
    open_window = state_of("window", FRIDAY, None, None, date(2026, 11, 26), ENGLAND)
    assert open_window == DeadlineState("window", "With resident", 1)
    last_day = state_of("window", FRIDAY, None, None, FRIDAY, ENGLAND)
    assert last_day == DeadlineState("window", "With resident", 0)
    lapsed = state_of("window", FRIDAY, None, None, MONDAY, ENGLAND)
    assert lapsed == DeadlineState("ended", "Ended")
    used = state_of("window", FRIDAY, date(2026, 12, 9), None, date(2026, 12, 10), ENGLAND)
    assert used == DeadlineState("met", "Met")


def test_reminder_is_never_late() -> None:
    before = state_of("reminder", FRIDAY, None, None, date(2026, 11, 26), ENGLAND)
    assert before == DeadlineState("ok", "1 day left", 1)
    for today in (FRIDAY, MONDAY):
        after = state_of("reminder", FRIDAY, None, None, today, ENGLAND)
        assert after == DeadlineState("ended", "Reminded")


def test_deadline_at_a_weekend_names_its_day_when_no_working_day_is_left() -> None:
    sunday = date(2026, 11, 29)
    assert state_of("duty", sunday, None, None, FRIDAY, ENGLAND) == DeadlineState(
        "due", "Due Sunday", 0
    )
    assert state_of("duty", sunday, None, None, sunday, ENGLAND).words == "Due today"
    assert state_of("duty", sunday, None, None, MONDAY, ENGLAND).words == "1 day late"


@pytest.mark.parametrize(
    ("label", "clause", "not_yet"),
    [
        ("Acknowledged", "it was acknowledged", "it is acknowledged"),
        ("Issue first raised", "the issue was first raised", "the issue is first raised"),
        ("Stage One answer sent", "the Stage One answer was sent", "the Stage One answer is sent"),
        ("Stage Two asked for", "Stage Two was asked for", "Stage Two is asked for"),
        ("Council consulted", "the council was consulted", "the council is consulted"),
        ("Withdrawn by the resident", "it was withdrawn by the resident", None),
        ("Request for Stage Two refused", "the request for Stage Two was refused", None),
        ("Reasons sent", "the reasons were sent", "the reasons are sent"),
    ],
)
def test_a_label_is_told_as_something_that_happened(
    label: str, clause: str, not_yet: str | None
) -> None:
    assert happened(label, yet=True) == clause
    assert not_yet is None or happened(label, yet=False) == not_yet


def test_a_label_of_another_shape_still_reads() -> None:
    def said(label: str) -> str:
        facts = {"base_on": date(2024, 1, 2)}
        told = explained(
            "working_days(5, base_on)", facts, {"base_on": label}, ENGLAND, date(2024, 1, 9)
        )
        return told.words

    assert said("When the matter arose").endswith("Tuesday 2 January 2024, when the matter arose")
    assert said("Day of the hearing").endswith("Tuesday 2 January 2024 (day of the hearing)")
