"""Quarters, half-years, years and other stretches of days, as reports count by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from timers.calendar import LONDON

DAY = timedelta(days=1)
MONTHS = {"quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True)
class Period:
    """From the first to the last day, both counted."""

    first: date
    last: date

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last

    @property
    def code(self) -> str:
        """How an address names it: 2026-07-01..2026-09-30."""
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @property
    def name(self) -> str:
        """July to September 2026; with days where it is not whole months."""
        first, last = self.first, self.last
        if first.day != 1 or (last + DAY).day != 1:
            return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
        if (first.year, first.month) == (last.year, last.month):
            return f"{first:%B %Y}"
        return f"{first:%B}{'' if first.year == last.year else f' {first.year}'} to {last:%B %Y}"

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """From midnight in London before the first day to midnight after the last (UTC)."""
        begins, ends = (
            datetime.combine(day, time.min, LONDON).astimezone(UTC)
            for day in (self.first, self.last + DAY)
        )
        return begins, ends

    def before(self) -> Period:
        """The stretch of the same length that ends the day before: as many months, or days."""
        if self.first.day == 1 and (self.last + DAY).day == 1:
            months = len(list(self.months()))
            return Period(added(self.first, -months), self.first - DAY)
        return Period(self.first - (self.last - self.first) - DAY, self.first - DAY)

    def months(self) -> Iterator[Period]:
        """The calendar months that it touches, whole."""
        first = self.first.replace(day=1)
        while first <= self.last:
            after = added(first, 1)
            yield Period(first, after - DAY)
            first = after


def added(first: date, months: int) -> date:
    """The first day of a month, so many months on."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def around(day: date, kind: str, year_begins: int = 4) -> Period:
    """The quarter, half or year that a day lies in. year_begins: the month of a year's first."""
    length = MONTHS[kind]
    months = (day.month - year_begins) % 12 % length
    first = added(day.replace(day=1), -months)
    return Period(first, added(first, length) - DAY)


def latest(day: date, kind: str, how_many: int, year_begins: int = 4) -> list[Period]:
    """The last full ones before a day, the newest first."""
    found: list[Period] = []
    period = around(day, kind, year_begins)
    while len(found) < how_many:
        period = around(period.first - DAY, kind, year_begins)
        found.append(period)
    return found


def read(code: str) -> Period | None:
    """The period that an address names; None for what is none."""
    first, _, last = code.partition("..")
    return between(first, last)


def between(first: str, last: str) -> Period | None:
    """From one ISO date to another; None if either is none, or they stand the wrong way round."""
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None
    whole = date(2000, 1, 1) <= period.first <= period.last <= date(2099, 12, 31)
    return period if whole else None
