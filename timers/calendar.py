"""Working days of the four nations of the United Kingdom.

Day 0 is the day of the event: `working_days(1, friday)` is the next working day (procedures C1).
A working day is no Saturday, Sunday or bank holiday of the nation (C2). Months are clamped to the
month's end (C5). Deadlines are London dates; the instant they fall due is worked out from the date,
never stored in its place (C3).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
NATIONS = frozenset({"ENG", "WLS", "SCT", "NIR"})
FIRST_YEAR, LAST_YEAR = 1990, 2100  # the years whose bank holidays are counted

COUNTING = ("working_days", "rolled")  # the functions of expressions that hang on days off

ONE_DAY = timedelta(days=1)
SATURDAY = 5

Pause = tuple[date, date | None]  # from (a paused day), to (not a paused day; None: still open)


class CalendarRunsOut(ValueError):
    """A day was asked for outside 1990 to 2100, whose bank holidays nobody has entered."""


class StillPaused(ValueError):
    """The deadline has no date: a pause without an end began before the last day was counted."""


@dataclass(frozen=True, order=True)
class DayOff:
    """A day off entered by hand: a royal event, or a closure that the policy does not count."""

    on: date
    name: str


@lru_cache(maxsize=1)
def package_version() -> str:
    """The version of `holidays` that is installed."""
    return importlib.metadata.version("holidays")


def bank_holidays(nation: str) -> tuple[DayOff, ...]:
    """All that the installed `holidays` knows of a nation, 1990 to 2100, in order."""
    # Without a subdivision `holidays` silently leaves out Easter Monday and the August holiday.
    found = holidays.country_holidays(
        "GB", subdiv=nation, years=range(FIRST_YEAR, LAST_YEAR + 1), expand=False
    )
    return tuple(sorted(DayOff(day, name) for day, name in found.items()))


@dataclass(frozen=True)
class WorkingCalendar:
    """One nation's working days, as they stood in one version. Equal if nation and version are.

    bank: the bank holidays; extra: the days off entered by hand, which go before them.
    Counting is a bisection over a sorted list made once, so it costs the same for 1 or 1,000 days.
    """

    nation: str
    version: str
    extra: tuple[DayOff, ...] = field(compare=False)
    bank: tuple[DayOff, ...] = field(compare=False, repr=False)

    @cached_property
    def _names(self) -> dict[date, str]:
        return {day.on: day.name for day in (*self.bank, *self.extra)}

    @cached_property
    def _days(self) -> tuple[date, ...]:
        first, last = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
        every_day = (date.fromordinal(n) for n in range(first, last + 1))
        return tuple(d for d in every_day if d.weekday() < SATURDAY and d not in self._names)

    def is_working_day(self, day: date) -> bool:
        """Raise CalendarRunsOut outside 1990 to 2100."""
        self._check(day)
        return day.weekday() < SATURDAY and day not in self._names

    def day_off_name(self, day: date) -> str | None:
        """The bank holiday's or closure's name; None for other days, plain weekends among them."""
        self._check(day)
        return self._names.get(day)

    def working_days(self, n: int, base: date, pauses: Sequence[Pause] = ()) -> date:
        """Return the n-th working day strictly after `base`, or before it if n is negative.

        With n = 0 it is `base` itself, working day or not. `pauses` are [from, to): the days of a
        pause are not counted, the day it ends is.
        Raise CalendarRunsOut outside 1990 to 2100, and StillPaused if a pause without an end began
        on or before the day that would have been counted last.
        """
        self._check(base)
        if n == 0:
            return base
        days = self._days
        if n > 0:
            at = bisect_right(days, base)  # the first working day counted
            last = at + n - 1
            for begin, end in _merged(pauses):
                low = max(bisect_left(days, begin), at)
                high = len(days) if end is None else bisect_left(days, end)
                if low > last:
                    break
                if end is None:
                    raise StillPaused(f"paused since {begin}")
                last += max(0, high - low)
        else:
            at = bisect_left(days, base) - 1
            last = at + n + 1
            for begin, end in reversed(_merged(pauses)):
                if end is None and begin < base:
                    raise StillPaused(f"paused since {begin}")
                low = bisect_left(days, begin)
                high = min(len(days) if end is None else bisect_left(days, end), at + 1)
                if high - 1 < last:
                    break
                last -= max(0, high - low)
        if not 0 <= last < len(days):
            raise CalendarRunsOut(f"{n} working days from {base} end outside 1990 to 2100")
        return days[last]

    def calendar_days(self, n: int, base: date) -> date:
        """Return the date n days after `base` (before, if negative); not moved to a working day."""
        try:
            return base + timedelta(days=n)
        except OverflowError:
            raise CalendarRunsOut(f"{n} days from {base} end outside the calendar") from None

    def months(self, n: int, base: date) -> date:
        """Return the same day n months on, or that month's last day if it has no such day."""
        months = base.year * 12 + base.month - 1 + n
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise CalendarRunsOut(f"{n} months from {base} end outside the calendar")
        return date(year, month + 1, min(base.day, monthrange(year, month + 1)[1]))

    def working_days_between(self, a: date, b: date) -> int:
        """Count the working days strictly after `a` up to and including `b`; negative if b < a."""
        self._check(a)
        self._check(b)
        return bisect_right(self._days, b) - bisect_right(self._days, a)

    def roll(self, day: date) -> date:
        """Return `day` if it is a working day, else the next one (procedures C4, ROLL)."""
        self._check(day)
        at = bisect_left(self._days, day)
        if at == len(self._days):
            raise CalendarRunsOut(f"no working day after {day} is known")
        return self._days[at]

    def off_only_here(self, other: WorkingCalendar) -> list[DayOff]:
        """The days from Monday to Friday that are off in this one and counted by the other."""
        only = self._names.keys() - other._names.keys()
        return sorted(DayOff(day, self._names[day]) for day in only if day.weekday() < SATURDAY)

    def _check(self, day: date) -> None:
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise CalendarRunsOut(f"{day} is outside 1990 to 2100")


def calendar_for(
    nation: str,
    extra: Iterable[DayOff] = (),
    version: str | None = None,
    bank: tuple[DayOff, ...] | None = None,
) -> WorkingCalendar:
    """Return the calendar of a nation, with days off entered by hand.

    nation: one of NATIONS; raises ValueError otherwise.
    version: names this calendar for good. By default it is the version of the `holidays` package,
    and with extra days a short hash of them: two calendars that count differently differ in it.
    bank: the bank holidays; by default those of the package.
    """
    if nation not in NATIONS:
        raise ValueError(f"no such nation: {nation!r}; use one of {', '.join(sorted(NATIONS))}")
    days = tuple(sorted(set(extra)))
    if bank is not None:
        return WorkingCalendar(nation, version or _version(days), days, bank)
    return _calendar(nation, days, version or _version(days))


@lru_cache(maxsize=256)
def _calendar(nation: str, extra: tuple[DayOff, ...], version: str) -> WorkingCalendar:
    return WorkingCalendar(nation, version, extra, bank_holidays(nation))


def _version(extra: tuple[DayOff, ...]) -> str:
    if not extra:
        return package_version()
    lines = "\n".join(f"{day.on} {day.name}" for day in extra)
    return f"{package_version()}+{hashlib.sha256(lines.encode()).hexdigest()[:8]}"


def london_date(at: datetime) -> date:
    """Return the date in London at an instant. Raise ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError(f"need an aware datetime, got {at!r}")
    return at.astimezone(LONDON).date()


def falls_due_at(due_on: date, kind: str = "duty") -> datetime:
    """Return the UTC instant at which a due date has passed: 00:00 in London of the next day.

    A reminder (kind="reminder") comes at 00:00 of the date itself. Raise ValueError for a datetime.
    """
    if isinstance(due_on, datetime):
        raise ValueError(f"need a date, got {due_on!r}")
    day = due_on if kind == "reminder" else due_on + ONE_DAY
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


@lru_cache(maxsize=64)
def expression_functions(calendar: WorkingCalendar) -> Mapping[str, Callable[..., Any]]:
    """Return the functions that a diagram's expressions may call. A null argument gives null.

    A deadline that an open pause holds up is null too. There is no today(): a deadline hangs on
    facts alone. Raise TypeError where a date is no date or a number no whole number.
    """

    def working_days(n: int, base: date, pauses: Sequence[Sequence[Any]] = ()) -> date | None:
        _check_arguments(n, base)
        try:
            return calendar.working_days(n, base, read_pauses(pauses))
        except StillPaused:
            return None

    def calendar_days(n: int, base: date) -> date:
        _check_arguments(n, base)
        return calendar.calendar_days(n, base)

    def months(n: int, base: date) -> date:
        _check_arguments(n, base)
        return calendar.months(n, base)

    def later(a: date, b: date) -> date:
        return max(a, b)

    def earlier(a: date, b: date) -> date:
        return min(a, b)

    def rolled(day: date) -> date:
        return calendar.roll(day)

    functions = (working_days, calendar_days, months, rolled, later, earlier, len, min, max)
    return MappingProxyType({each.__name__: _null_safe(each) for each in functions})


def _null_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call


def _check_arguments(n: object, base: object) -> None:
    if type(n) is not int:
        raise TypeError(f"need a whole number of days or months, got {n!r}")
    if type(base) is not date:
        raise TypeError(f"need a date, got {base!r}")


def read_pauses(pauses: Sequence[Sequence[Any]]) -> list[Pause]:
    """Pauses are a list fact, so their dates come as text, as facts are stored."""
    return [(_read_date(begin), None if end is None else _read_date(end)) for begin, end in pauses]


def _read_date(value: object) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if type(value) is date:
        return value
    raise TypeError(f"a pause needs dates, got {value!r}")


def _merged(pauses: Sequence[Pause]) -> list[Pause]:
    """Sort pauses and join those that touch, so that no day is skipped twice."""
    merged: list[Pause] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if end is not None and end <= begin:
            continue  # ended on the day it began: no day was paused
        was_begin, was_end = merged[-1] if merged else (date.min, date.min)
        if was_end is None or begin <= was_end:
            merged[-1:] = [(was_begin, max(was_end, end) if was_end and end else None)]
        else:
            merged.append((begin, end))
    return merged
