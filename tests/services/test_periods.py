"""Quarters, half-years, years, and stretches of days."""

from __future__ import annotations

from datetime import date

import pytest

from app.services.periods import Period, around, between, latest, read


def test_a_quarter_is_the_same_whenever_the_year_begins() -> None:
    day = date(2026, 11, 24)
    assert around(day, "quarter", 1) == around(day, "quarter", 4)
    assert around(day, "quarter").name == "October to December 2026"


@pytest.mark.parametrize(
    ("kind", "begins", "name"),
    [
        ("half", 4, "October 2026 to March 2027"),
        ("half", 1, "July to December 2026"),
        ("year", 4, "April 2026 to March 2027"),
        ("year", 1, "January to December 2026"),
    ],
)
def test_half_years_and_years_begin_with_the_landlords_year(
    kind: str, begins: int, name: str
) -> None:
    assert around(date(2026, 11, 24), kind, begins).name == name


def test_the_last_full_ones_do_not_hold_today() -> None:
    found = latest(date(2026, 10, 1), "quarter", 3)
    assert [period.name for period in found] == [
        "July to September 2026",
        "April to June 2026",
        "January to March 2026",
    ]


def test_the_period_before_is_as_long() -> None:
    assert around(date(2026, 2, 3), "quarter").before().name == "October to December 2025"
    february = Period(date(2026, 2, 1), date(2026, 2, 28))
    assert february.before() == Period(date(2026, 1, 1), date(2026, 1, 31))
    ten_days = Period(date(2026, 3, 2), date(2026, 3, 11))
    assert ten_days.before() == Period(date(2026, 2, 20), date(2026, 3, 1))
    assert ten_days.name == "2 March 2026 to 11 March 2026"


def test_an_address_names_a_period_and_nothing_else() -> None:
    period = Period(date(2026, 7, 1), date(2026, 9, 30))
    assert read(period.code) == period
    for wrong in ("", "..", "2026-07-01", "2026-07-01..yesterday", "2026-09-30..2026-07-01"):
        assert read(wrong) is None
    assert between("0001-01-01", "9999-12-31") is None


def test_a_day_belongs_to_a_period_by_london_time() -> None:
    begins, ends = Period(date(2026, 7, 1), date(2026, 10, 31)).instants
    assert begins.isoformat() == "2026-06-30T23:00:00+00:00"  # summer time
    assert ends.isoformat() == "2026-11-01T00:00:00+00:00"


def test_months_are_whole() -> None:
    months = Period(date(2026, 1, 20), date(2026, 3, 2)).months()
    assert [month.name for month in months] == ["January 2026", "February 2026", "March 2026"]
