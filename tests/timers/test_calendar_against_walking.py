"""The calendar against an independent, slow one: walk a day at a time over bank holidays by rule.

England's bank holidays are worked out here from the Banking and Financial Dealings Act 1971 and the
proclamations since 2000, not taken from the `holidays` package.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timers.calendar import StillPaused, calendar_for, falls_due_at, london_date

DAY = timedelta(days=1)
MONDAY = 0

ENGLAND = calendar_for("ENG")
days = st.dates(date(2000, 1, 1), date(2050, 12, 31))
counts = st.integers(-60, 60)


def easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian computus."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    p = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * p + 114, 31)
    return date(year, month, day + 1)


def first_monday(year: int, month: int) -> date:
    day = date(year, month, 1)
    while day.weekday() != MONDAY:
        day += DAY
    return day


def last_monday(year: int, month: int) -> date:
    day = date(year, month, 31)
    while day.weekday() != MONDAY:
        day -= DAY
    return day


@cache
def bank_holidays(year: int) -> frozenset[date]:
    days = {easter(year) - 2 * DAY, easter(year) + DAY, last_monday(year, 8)}
    early = {2020: date(2020, 5, 8)}.get(year, first_monday(year, 5))
    spring = {2002: date(2002, 6, 4), 2012: date(2012, 6, 4), 2022: date(2022, 6, 2)}
    days |= {early, spring.get(year, last_monday(year, 5))}
    extra = {
        1999: date(1999, 12, 31),
        2002: date(2002, 6, 3),
        2011: date(2011, 4, 29),
        2012: date(2012, 6, 5),
        2023: date(2023, 5, 8),
    }
    if year in extra:
        days.add(extra[year])
    if year == 2022:
        days |= {date(2022, 6, 3), date(2022, 9, 19)}
    for fixed in (date(year, 1, 1), date(year, 12, 25), date(year, 12, 26)):
        while fixed.weekday() > 4 or fixed in days:
            fixed += DAY
        days.add(fixed)
    return frozenset(days)


def walked_is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def walk(n: int, base: date, paused: frozenset[date] = frozenset()) -> date:
    step = DAY if n > 0 else -DAY
    left = abs(n)
    day = base
    while left:
        day += step
        if walked_is_working_day(day) and day not in paused:
            left -= 1
    return day


def walk_months(n: int, base: date) -> date:
    year, month = base.year, base.month
    for _ in range(abs(n)):
        month += 1 if n > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    day = base.day
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


@settings(deadline=None)
@given(days)
def test_working_day_as_the_act_of_1971_says(day: date) -> None:
    assert ENGLAND.is_working_day(day) == walked_is_working_day(day)
    assert ENGLAND.is_working_day(day) == (day.weekday() < 5 and ENGLAND.day_off_name(day) is None)


def test_every_bank_holiday_of_fifty_years() -> None:
    day = date(2000, 1, 1)
    while day < date(2051, 1, 1):
        assert ENGLAND.is_working_day(day) == walked_is_working_day(day), day
        day += DAY


@settings(deadline=None)
@given(counts, days)
def test_counts_as_walking_does(n: int, base: date) -> None:
    assert ENGLAND.working_days(n, base) == walk(n, base)


@settings(deadline=None, max_examples=300)
@given(counts, days, st.lists(st.tuples(days, st.integers(0, 40)), max_size=4))
def test_counts_round_pauses_as_walking_does(
    n: int, base: date, drawn: list[tuple[date, int]]
) -> None:
    # pauses near the base, or they would hardly ever matter
    near = [(base + timedelta(days=(b - base).days % 120 - 60), length) for b, length in drawn]
    pauses = [(begin, begin + timedelta(days=length)) for begin, length in near]
    paused = frozenset(b + timedelta(days=k) for b, length in near for k in range(length))
    assert ENGLAND.working_days(n, base, pauses) == walk(n, base, paused)


@settings(deadline=None)
@given(st.integers(1, 60), days, st.integers(-100, 100))
def test_open_pause_holds_only_what_it_began_before(n: int, base: date, offset: int) -> None:
    begin = base + timedelta(days=offset)
    due = ENGLAND.working_days(n, base)
    if begin <= due:
        with pytest.raises(StillPaused):
            ENGLAND.working_days(n, base, [(begin, None)])
    else:
        assert ENGLAND.working_days(n, base, [(begin, None)]) == due


@settings(deadline=None)
@given(days, days)
def test_counting_between_undoes_counting_on(a: date, b: date) -> None:
    n = ENGLAND.working_days_between(a, b)
    assert n == -ENGLAND.working_days_between(b, a)
    if n > 0:
        assert ENGLAND.working_days(n, a) <= b < ENGLAND.working_days(n + 1, a)


@settings(deadline=None)
@given(st.integers(-400, 400), days)
def test_months_as_stepping_does(n: int, base: date) -> None:
    assert ENGLAND.months(n, base) == walk_months(n, base)


@settings(deadline=None)
@given(days)
def test_rolls_to_a_working_day_and_no_further(day: date) -> None:
    rolled = ENGLAND.roll(day)
    assert walked_is_working_day(rolled)
    assert ENGLAND.working_days_between(day, rolled) == (0 if rolled == day else 1)


@settings(deadline=None)
@given(days)
def test_a_deadline_falls_due_on_the_next_london_date(due_on: date) -> None:
    at = falls_due_at(due_on)
    assert london_date(at) == due_on + DAY
    assert london_date(at - timedelta(microseconds=1)) == due_on


def test_a_hundred_thousand_random_deadlines_agree() -> None:
    """Of every unit, over clock changes and leap days; each ends at midnight in London."""
    chance = Random(2024)
    first, span = date(2000, 1, 1), 50 * 365
    for _ in range(100_000):
        base, n = first + timedelta(days=chance.randrange(span)), chance.randint(1, 40)
        unit = chance.choice(("working days", "days", "months", "rolled"))
        if unit == "working days":
            due, expected = ENGLAND.working_days(n, base), walk(n, base)
        elif unit == "days":
            due, expected = ENGLAND.calendar_days(n, base), base + n * DAY
        elif unit == "months":
            due, expected = ENGLAND.months(n, base), walk_months(n, base)
        else:
            came = base if walked_is_working_day(base) else walk(1, base)
            due, expected = ENGLAND.working_days(n, ENGLAND.roll(base)), walk(n, came)
        assert due == expected, (unit, n, base)
        ends = falls_due_at(due)
        assert london_date(ends) == due + DAY
        assert london_date(ends - timedelta(microseconds=1)) == due
