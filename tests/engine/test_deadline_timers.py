"""Deadlines: worked out from facts, again after every step, and fired at their own instants."""

from __future__ import annotations

from datetime import date

import pytest
from drawing import (
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    parallel,
    send,
    start,
    timer,
    user,
)
from playing import Played, at, begin, declare, parse

from app.engine import ExpressionRefused, Gone, Procedure, Stored, fire_due
from timers.calendar import DayOff, calendar_for

FACTS = declare(
    received_on="date",
    acknowledged_on="date",
    responded_on="date",
    extension="int",
    pauses="list",
)
LATE = "working_days(10 + extension, received_on, pauses)"


def limited(date: str = LATE, **values: str) -> Procedure:
    """A task with one limit beside it, and another task with which facts can be changed."""
    return parse(
        diagram(
            start(),
            parallel("fork"),
            user("answer"),
            timer("late", date, on="answer", **values),
            send("alert", alert="team"),
            end("alerted"),
            user("change"),
            parallel("join"),
            end(),
            flows("begun > fork > answer > join > done", "fork > change > join"),
            flows("late > alert > alerted"),
        ),
        facts=FACTS,
    )


def moves(case: Played) -> list[tuple[str | None, str | None]]:
    """The last step's moves of deadlines: from, to."""
    events = case.snapshot.events
    return [(e.detail["was"], e.detail["now"]) for e in events if e.action == "moved"]


def test_a_deadline_is_a_london_date_that_falls_due_when_the_day_is_over() -> None:
    case = begin(limited(), "2026-07-01", received_on="2026-07-01")
    late = case.deadline("late")
    assert late.due_on == date(2026, 7, 15)
    assert late.falls_due_at is not None
    assert late.falls_due_at.isoformat() == "2026-07-15T23:00:00+00:00"
    assert late.rule == LATE
    assert late.host == case.task("answer")
    assert case.wait("2026-07-15 23:59").happened("due") == []
    assert case.wait("2026-07-16 00:00").happened("due", "sent") == ["late", "alert"]
    assert case.wait("2026-08-01").happened("due") == []


def test_a_reminder_comes_at_the_beginning_of_its_day() -> None:
    case = begin(limited(kind="reminder"), received_on="2026-03-02")
    assert case.wait("2026-03-15 23:59").happened("due") == []
    assert case.wait("2026-03-16 00:00").happened("due") == ["late"]


def test_a_deadline_follows_extension_pause_and_holiday_and_keeps_its_task() -> None:
    case = begin(limited(), received_on="2026-03-02")
    host, task = case.deadline("late").host, case.task("answer")
    assert case.due_on("late") == date(2026, 3, 16)
    case.do("change", extension=5)
    assert case.due_on("late") == date(2026, 3, 23)
    assert moves(case) == [("2026-03-16", "2026-03-23")]

    again = limited()  # another process: only the bytes go over
    paused = Stored(case.snapshot.state, case.facts | {"pauses": [["2026-03-04", "2026-03-06"]]})
    case = Played(again, fire_due(again, paused, case.now, case.calendar), case.now)
    assert case.due_on("late") == date(2026, 3, 25)
    royal = calendar_for("ENG", [DayOff(date(2026, 3, 10), "A coronation")])
    case.recompute(royal)
    assert case.due_on("late") == date(2026, 3, 26)
    case.recompute(calendar_for("ENG"))
    assert case.due_on("late") == date(2026, 3, 25)
    assert case.recompute(calendar_for("ENG")).snapshot.events == ()
    assert (case.deadline("late").host, case.task("answer")) == (host, task)


def test_a_new_calendar_neither_revives_nor_withdraws_a_deadline_that_has_passed() -> None:
    royal = calendar_for("ENG", [DayOff(date(2026, 3, 10), "A coronation")])
    fired = begin(limited(), received_on="2026-03-02").wait("2026-03-17 00:30")
    assert fired.happened("due") == ["late"]
    fired.recompute(royal)
    assert (fired.due_on("late"), fired.deadline("late").fired) == (date(2026, 3, 16), True)
    fired.wait("2026-03-18")  # nor does a later step under the new calendar
    assert (fired.due_on("late"), fired.happened("due")) == (date(2026, 3, 16), [])
    fired.do("change", extension=5)  # a fact does
    assert (fired.due_on("late"), fired.deadline("late").fired) == (date(2026, 3, 24), False)

    unswept = begin(limited(), received_on="2026-03-02")
    unswept.now = at("2026-03-17 00:30")
    assert unswept.recompute(royal).happened("due") == ["late"]
    assert unswept.due_on("late") == date(2026, 3, 16)


def test_while_a_pause_is_open_there_is_no_date() -> None:
    case = begin(limited(), received_on="2026-03-02", pauses=[["2026-03-04", None]])
    assert case.due_on("late") is None
    case.wait("2026-06-01").do("change", pauses=[["2026-03-04", "2026-05-29"]])
    assert case.due_on("late") == date(2026, 6, 10)


def test_a_missing_fact_leaves_the_deadline_without_a_date_until_it_comes() -> None:
    case = begin(limited("working_days(10, acknowledged_on)"))
    assert case.due_on("late") is None
    assert case.deadline("late").falls_due_at is None
    case.do("change", acknowledged_on="2026-03-03")
    assert case.due_on("late") == date(2026, 3, 17)


def test_a_missed_deadline_that_is_extended_alarms_again() -> None:
    case = begin(limited(), received_on="2026-03-02").wait("2026-03-18")
    late = case.deadline("late")
    assert (late.fired, late.falls_due_at) == (True, None)
    case.do("change", extension=5)
    late = case.deadline("late")
    assert (late.fired, late.due_on) == (False, date(2026, 3, 23))
    assert moves(case) == [("2026-03-16", "2026-03-23")]
    assert case.wait("2026-03-24").happened("due") == ["late"]


def test_an_extension_that_has_passed_already_moves_the_date_without_a_second_alarm() -> None:
    case = begin(limited(), received_on="2026-03-02").wait("2026-03-31")
    case.do("change", extension=5)
    assert case.due_on("late") == date(2026, 3, 23)
    assert case.deadline("late").fired
    assert case.happened("due") == []


def test_a_deadline_met_by_its_fact_says_nothing_any_more() -> None:
    case = begin(limited(met_by="acknowledged_on"), received_on="2026-03-02")
    case.do("change", "2026-03-05", acknowledged_on="2026-03-05")
    late = case.deadline("late")
    assert (late.due_on, late.falls_due_at, late.fired) == (date(2026, 3, 16), None, False)
    assert case.wait("2026-04-01").happened("due") == []


def test_a_repeating_alert_comes_each_working_day_until_its_fact_is_known() -> None:
    procedure = limited(met_by="acknowledged_on", repeat="working_day")
    case = begin(procedure, received_on="2026-03-02")
    heard = []
    for day in range(16, 27):  # Monday 16 March 2026 is the due date
        if case.wait(f"2026-03-{day} 09:00").happened("due"):
            heard.append(day)
        if day == 24:
            case.do("change", acknowledged_on="2026-03-24")
    assert heard == [17, 18, 19, 20, 21, 24]  # Friday's is told on Saturday, Monday's on Tuesday
    late = case.deadline("late")
    assert (late.due_on, late.falls_due_at) == (date(2026, 3, 16), None)


def test_a_repeating_reminder_comes_each_working_morning() -> None:
    case = begin(limited(kind="reminder", repeat="working_day"), received_on="2026-03-02")
    heard = [d for d in range(15, 25) if case.wait(f"2026-03-{d} 09:00").happened("due")]
    assert heard == [16, 17, 18, 19, 20, 23, 24]


def test_a_repeating_alert_comes_once_after_an_outage() -> None:
    case = begin(limited(repeat="working_day"), received_on="2026-03-02")
    assert case.wait("2026-04-30 10:00").happened("due") == ["late"]
    assert case.wait("2026-05-01 00:00").happened("due") == ["late"]
    assert case.do("answer").wait("2026-05-08").happened("due") == []


def test_a_repeating_alert_stops_when_its_deadline_is_extended() -> None:
    case = begin(limited(repeat="working_day"), received_on="2026-03-02").wait("2026-03-18")
    case.do("change", extension=20)
    assert case.due_on("late") == date(2026, 4, 15)
    assert case.wait("2026-04-15").happened("due") == []
    assert case.wait("2026-04-16").happened("due") == ["late"]


def test_a_limit_on_a_stage_counts_for_all_of_it_and_ends_with_it() -> None:
    stage = diagram(
        start("stage_begun"),
        user("answer"),
        end("answered"),
        flows("stage_begun > answer > answered"),
        process="stage_1",
    )
    main = diagram(
        start(),
        call("stage", "stage_1", stage="stage_1"),
        timer("late", LATE, on="stage"),
        end("told"),
        user("learn"),
        end(),
        flows("begun > stage > learn > done", "late > told"),
    )
    case = begin(parse(main, stage, facts=FACTS), received_on="2026-03-02")
    assert case.due_on("late") == date(2026, 3, 16)
    case.do("answer")
    assert case.happened("disarmed") == ["late"]
    assert not case.snapshot.deadlines


def test_after_an_outage_everything_fires_in_order_each_at_its_own_time() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            timer("remind", "calendar_days(3, received_on)", on="ask"),
            send("alert", alert="team", sets="acknowledged_on"),
            end("told"),
            timer("over", "calendar_days(9, received_on)", on="ask", ends=True),
            first_of("window"),
            timer("slow", "calendar_days(30, received_on)"),
            timer("quick", "calendar_days(12, received_on)"),
            user("one"),
            user("two"),
            end(),
            end("one_done"),
            end("two_done"),
            flows("begun > ask > done", "remind > alert > told", "over > window > slow > one"),
            flows("one > one_done", "window > quick > two > two_done"),
        ),
        facts=FACTS,
    )
    case = begin(procedure, received_on="2026-03-02").wait("2026-12-01")
    fired = [
        (e.element, e.at.date().isoformat()) for e in case.snapshot.events if e.action == "due"
    ]
    assert fired == [("remind", "2026-03-06"), ("over", "2026-03-12"), ("quick", "2026-03-15")]
    assert case.open == ["two"]
    assert case.facts["acknowledged_on"] == "2026-03-06"


def test_of_two_limits_of_one_moment_one_ends_the_activity() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            timer("first", "calendar_days(3, received_on)", on="ask", ends=True),
            timer("second", "calendar_days(3, received_on)", on="ask", ends=True),
            user("one"),
            user("two"),
            end(),
            flows("begun > ask > done", "first > one > done", "second > two > done"),
        ),
        facts=FACTS,
    )
    case = begin(procedure, received_on="2026-03-02").wait("2026-03-20")
    assert len(case.open) == 1  # Spiff lets both go on
    assert not case.snapshot.deadlines


def test_behind_a_gateway_the_earliest_date_wins_even_if_both_have_passed() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            first_of("window"),
            timer("slow", "calendar_days(30, received_on)"),
            timer("quick", "calendar_days(12, received_on)"),
            message("news"),
            end(),
            end("slow_done"),
            end("quick_done"),
            flows("begun > ask > window > slow > slow_done", "window > quick > quick_done"),
            flows("window > news > done"),
        ),
        facts=FACTS,
    )
    case = begin(procedure, received_on="2026-01-02").do("ask", "2026-06-01")
    assert case.happened("due") == ["quick"]
    assert case.happened("ended") == ["quick_done"]


def test_what_is_due_fires_before_the_task_is_completed() -> None:
    procedure = parse(
        diagram(
            start(),
            user("settle"),
            timer("over", "working_days(5, received_on)", on="settle", ends=True),
            user("formal"),
            end(),
            end("settled"),
            flows("begun > settle > settled", "over > formal > done"),
        ),
        facts=FACTS,
    )
    case = begin(procedure, received_on="2026-03-02")
    with pytest.raises(Gone):
        case.do("settle", "2026-03-10 00:00")
    assert case.do("settle", "2026-03-09 23:59").snapshot.completed


def test_a_clock_set_back_does_not_turn_the_procedure_back() -> None:
    case = begin(limited(), received_on="2026-03-02").wait("2026-03-18")
    case.do("change", "2026-03-02", extension=1)
    assert case.deadline("late").fired
    assert case.snapshot.events[0].at == at("2026-03-18")


def test_a_timer_whose_value_is_no_date_stops_the_step() -> None:
    with pytest.raises(ExpressionRefused, match="no date"):
        begin(limited("extension + 3"))
