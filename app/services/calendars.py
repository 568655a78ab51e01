"""The working-day calendars: bank holidays from `holidays`, and days entered by hand.

A case is pinned to the calendar it began with. A day entered later, or a bank holiday that another
version of `holidays` has, counts for new cases; it reaches open ones only when somebody works them
out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.errors import BadInput, NotAllowed
from app.landlords import Landlord
from app.models import CalendarRow, DayOffRow
from app.viewer import Viewer
from timers.calendar import NATIONS, DayOff, WorkingCalendar, calendar_for


def calendar_of(nation: str, closures: Mapping[date, str] = {}) -> WorkingCalendar:
    """The calendar in force for a nation (ENG, WLS, SCT, NIR)."""
    rows = db.session.scalars(select(DayOffRow).where(DayOffRow.nation == nation))
    named = dict(closures) | {row.on: row.name for row in rows}
    return calendar_for(nation, tuple(DayOff(on, name) for on, name in named.items()))


def calendar_at(landlord: Landlord) -> WorkingCalendar:
    """The calendar in force at a landlord: closures that its policy does not count are off, too."""
    return calendar_of(landlord.nation, landlord.days_off)


def pinned_calendar(nation: str, version: str) -> WorkingCalendar:
    """The calendar of an open case; the one in force when that version was never kept."""
    known = _pinned.get((nation, version))
    if known is not None:
        return known
    row = db.session.get(CalendarRow, (nation, version))
    if row is None:
        return calendar_of(nation)
    days = _read(row.days)
    if row.bank_holidays is None:
        return calendar_for(nation, days, version)
    bank = _read(row.bank_holidays)
    return _pinned.setdefault((nation, version), calendar_for(nation, days, version, bank))


_pinned: dict[tuple[str, str], WorkingCalendar] = {}  # what a version names stays so


def keep_calendar(session: Session, calendar: WorkingCalendar) -> None:
    """Keep a calendar that a case is pinned to, whole: `holidays` may be another one tomorrow."""
    key = CalendarRow.nation == calendar.nation, CalendarRow.version == calendar.version
    if session.scalar(select(CalendarRow.bank_holidays.is_not(None)).where(*key)):
        return
    row = CalendarRow(nation=calendar.nation, version=calendar.version)
    row.days, row.bank_holidays = _write(calendar.extra), _write(calendar.bank)
    session.merge(row)
    session.flush()


def _read(rows: Iterable[list[str]]) -> tuple[DayOff, ...]:
    return tuple(DayOff(date.fromisoformat(on), name) for on, name in rows)


def _write(days: Iterable[DayOff]) -> list[list[str]]:
    return [[day.on.isoformat(), day.name] for day in days]


def add_day_off(viewer: Viewer, nation: str, on: date, name: str) -> None:
    """Enter a one-off bank holiday for the cases that begin from now on."""
    if not viewer.can("administer"):
        raise NotAllowed
    if nation not in NATIONS:
        raise BadInput({"nation": "Choose England, Wales, Scotland or Northern Ireland."})
    with transaction() as session:
        session.merge(DayOffRow(nation=nation, on=on, name=name.strip()[:100]))
