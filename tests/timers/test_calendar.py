from __future__ import annotations

import timeit
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from timers.calendar import (
    CalendarRunsOut,
    DayOff,
    calendar_for,
    expression_functions,
    falls_due_at,
    london_date,
)

ENGLAND = calendar_for("ENG")
FUNCTIONS = expression_functions(ENGLAND)


def test_no_days_is_the_base_itself_even_on_a_sunday() -> None:
    assert ENGLAND.working_days(0, date(2026, 2, 8)) == date(2026, 2, 8)


def test_leap_days() -> None:
    assert ENGLAND.months(12, date(2024, 2, 29)) == date(2025, 2, 28)
    assert ENGLAND.months(48, date(2024, 2, 29)) == date(2028, 2, 29)
    assert ENGLAND.months(3, date(2023, 11, 30)) == date(2024, 2, 29)
    assert ENGLAND.months(-1, date(2024, 3, 31)) == date(2024, 2, 29)
    assert ENGLAND.calendar_days(1, date(2024, 2, 28)) == date(2024, 2, 29)
    assert ENGLAND.working_days(1, date(2024, 2, 28)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("day", "off_in"),
    [
        (date(2026, 4, 6), {"ENG", "WLS", "NIR"}),  # Easter Monday
        (date(2026, 8, 31), {"ENG", "WLS", "NIR"}),  # late summer
        (date(2026, 8, 3), {"SCT"}),  # first Monday of August
        (date(2026, 1, 2), {"SCT"}),
        (date(2026, 6, 15), {"SCT"}),  # proclaimed for the World Cup
        (date(2026, 11, 30), {"SCT"}),  # Saint Andrew
        (date(2026, 3, 17), {"NIR"}),  # Saint Patrick
        (date(2026, 7, 13), {"NIR"}),  # Battle of the Boyne, a Sunday in 2026
        (date(2022, 9, 19), {"ENG", "WLS", "SCT", "NIR"}),
    ],
)
def test_each_nation_has_its_own_bank_holidays(day: date, off_in: set[str]) -> None:
    nations = {"ENG", "WLS", "SCT", "NIR"}
    assert {n for n in nations if not calendar_for(n).is_working_day(day)} == off_in


def test_unknown_nation_is_refused() -> None:
    with pytest.raises(ValueError, match="no such nation: 'FRA'"):
        calendar_for("FRA")


def test_days_off_entered_by_hand_do_not_count() -> None:
    closed = [DayOff(date(2026, 12, day), "Office closed") for day in (29, 30, 31)]
    closing = calendar_for("ENG", closed)
    assert ENGLAND.working_days(10, date(2026, 12, 18)) == date(2027, 1, 6)
    assert closing.working_days(10, date(2026, 12, 18)) == date(2027, 1, 11)
    assert closing.day_off_name(date(2026, 12, 30)) == "Office closed"
    assert closing.day_off_name(date(2026, 12, 25)) == "Christmas Day"


def test_calendars_that_count_differently_differ_in_their_version() -> None:
    royal = DayOff(date(2030, 6, 4), "Jubilee")
    assert calendar_for("ENG") is ENGLAND
    assert calendar_for("ENG", [royal]) != ENGLAND
    assert calendar_for("ENG", [royal]).version.startswith(ENGLAND.version + "+")
    assert calendar_for("ENG", [royal, royal]) == calendar_for("ENG", (royal,))
    assert calendar_for("ENG", [DayOff(royal.on, "Other")]) != calendar_for("ENG", [royal])
    assert calendar_for("ENG", version="a") != calendar_for("ENG", version="b")
    assert len({calendar_for("ENG"), ENGLAND, calendar_for("WLS")}) == 2


@pytest.mark.parametrize(
    ("n", "base"), [(1, date(1989, 12, 31)), (1, date(2101, 1, 1)), (10, date(2100, 12, 29))]
)
def test_years_without_known_bank_holidays_are_not_guessed_at(n: int, base: date) -> None:
    with pytest.raises(CalendarRunsOut):
        ENGLAND.working_days(n, base)


def test_counting_back_before_the_first_year_is_refused() -> None:
    with pytest.raises(CalendarRunsOut):
        ENGLAND.working_days(-10, date(1990, 1, 4))


@pytest.mark.parametrize("n", [10**12, -(10**12)])
def test_huge_numbers_are_refused_in_every_unit(n: int) -> None:
    for count in (ENGLAND.working_days, ENGLAND.calendar_days, ENGLAND.months):
        with pytest.raises(CalendarRunsOut):
            count(n, date(2026, 1, 5))


# Time zones


def test_date_in_london_changes_at_midnight_in_london() -> None:
    assert london_date(datetime(2026, 7, 1, 22, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert london_date(datetime(2026, 7, 1, 23, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert london_date(datetime(2026, 1, 1, 23, 59, tzinfo=UTC)) == date(2026, 1, 1)
    tokyo = timezone(timedelta(hours=9))
    assert london_date(datetime(2026, 1, 2, 8, 0, tzinfo=tokyo)) == date(2026, 1, 1)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        london_date(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="need a date"):
        falls_due_at(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("due_on", "at"),
    [
        (date(2026, 1, 16), datetime(2026, 1, 17, 0, 0, tzinfo=UTC)),
        (date(2026, 7, 16), datetime(2026, 7, 16, 23, 0, tzinfo=UTC)),
        (date(2026, 3, 28), datetime(2026, 3, 29, 0, 0, tzinfo=UTC)),  # clocks go on at 1 am
        (date(2026, 3, 29), datetime(2026, 3, 29, 23, 0, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 23, 0, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 26, 0, 0, tzinfo=UTC)),  # back at 2 am
    ],
)
def test_the_whole_due_day_counts_in_london(due_on: date, at: datetime) -> None:
    assert falls_due_at(due_on) == at
    assert falls_due_at(due_on).tzinfo is UTC
    assert falls_due_at(due_on + timedelta(days=1), kind="reminder") == at


# What a diagram may call


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("working_days", (10, None)),
        ("working_days", (None, date(2026, 1, 5))),
        ("working_days", (10, date(2026, 1, 5), None)),
        ("calendar_days", (10, None)),
        ("months", (None, None)),
        ("later", (None, date(2026, 1, 5))),
        ("earlier", (date(2026, 1, 5), None)),
        ("len", (None,)),
        ("min", (1, None)),
        ("max", (None, 1)),
    ],
)
def test_null_gives_null(name: str, arguments: tuple[Any, ...]) -> None:
    assert FUNCTIONS[name](*arguments) is None


def test_functions_count() -> None:
    base = date(2026, 12, 18)
    assert FUNCTIONS["working_days"](10, base) == date(2027, 1, 6)
    assert FUNCTIONS["working_days"](-1, base) == date(2026, 12, 17)
    assert FUNCTIONS["calendar_days"](56, base) == date(2027, 2, 12)
    assert FUNCTIONS["months"](12, base) == date(2027, 12, 18)
    assert FUNCTIONS["later"](base, date(2026, 1, 1)) == base
    assert FUNCTIONS["earlier"](base, date(2026, 1, 1)) == date(2026, 1, 1)
    assert FUNCTIONS["len"]([1, 2]) == 2
    assert (FUNCTIONS["min"](2, 1), FUNCTIONS["max"](2, 1)) == (1, 2)


def test_there_is_no_today_in_an_expression() -> None:
    assert set(FUNCTIONS) == {
        *(
            "working_days",
            "calendar_days",
            "months",
            "rolled",
            "later",
            "earlier",
            "len",
            "min",
            "max",
        )
    }


def test_pauses_may_be_text_as_stored_and_an_open_one_gives_null() -> None:
    count, base = FUNCTIONS["working_days"], date(2026, 3, 2)
    assert count(10, base, []) == date(2026, 3, 16)
    assert count(10, base, [["2026-03-04", "2026-03-06"]]) == date(2026, 3, 18)
    assert count(10, base, [[date(2026, 3, 4), date(2026, 3, 6)]]) == date(2026, 3, 18)
    assert count(10, base, [["2026-03-04", None]]) is None
    assert count(10, base, [["2026-03-17", None]]) == date(2026, 3, 16)


@pytest.mark.parametrize(
    "arguments",
    [
        ("10", date(2026, 1, 5)),
        (1.5, date(2026, 1, 5)),
        (True, date(2026, 1, 5)),
        (10, "2026-01-05"),
        (10, datetime(2026, 1, 5, tzinfo=UTC)),
        (10, date(2026, 1, 5), [[1, 2]]),
    ],
)
def test_arguments_of_another_type_are_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        FUNCTIONS["working_days"](*arguments)


def test_counting_costs_the_same_for_one_day_and_for_ten_thousand() -> None:
    base = date(2026, 12, 18)
    few = min(timeit.repeat(lambda: ENGLAND.working_days(1, base), number=2000, repeat=5))
    many = min(timeit.repeat(lambda: ENGLAND.working_days(10_000, base), number=2000, repeat=5))
    assert many < few * 20  # walking would cost some thousand times as much


def test_a_policy_may_count_from_the_next_working_day() -> None:
    saturday, friday = date(2026, 2, 7), date(2026, 2, 6)
    rolled, working_days = FUNCTIONS["rolled"], FUNCTIONS["working_days"]
    assert (rolled(saturday), rolled(friday), rolled(None)) == (date(2026, 2, 9), friday, None)
    assert working_days(1, rolled(saturday)) == date(2026, 2, 10)
