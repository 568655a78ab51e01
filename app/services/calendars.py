"""The working-day calendars: bank holidays from `holidays`, and days entered by hand.

A case is pinned to the calendar it began with. A day entered later counts for new cases; it
reaches open ones only when somebody works them out again.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.errors import BadInput, NotAllowed
from app.models import CalendarRow, DayOffRow
from app.viewer import Viewer
from timers.calendar import NATIONS, DayOff, WorkingCalendar, calendar_for


def calendar_of(nation: str) -> WorkingCalendar:
    """The calendar in force for a nation (ENG, WLS, SCT, NIR)."""
    rows = db.session.scalars(
        select(DayOffRow).where(DayOffRow.nation == nation).order_by(DayOffRow.on)
    )
    return calendar_for(nation, tuple(DayOff(row.on, row.name) for row in rows))


def pinned_calendar(nation: str, version: str) -> WorkingCalendar:
    """The calendar of an open case; the one in force when that version was never kept."""
    known = _pinned.get((nation, version))
    if known is not None:
        return known
    row = db.session.get(CalendarRow, (nation, version))
    if row is None:
        return calendar_of(nation)
    days = tuple(DayOff(date.fromisoformat(on), name) for on, name in row.days)
    _pinned[nation, version] = calendar_for(nation, days, version)
    return _pinned[nation, version]


_pinned: dict[tuple[str, str], WorkingCalendar] = {}  # what a version names stays so


def keep_calendar(session: Session, calendar: WorkingCalendar) -> None:
    """Keep a calendar that a case is pinned to."""
    key = (calendar.nation, calendar.version)
    if session.get(CalendarRow, key) is None:
        days = [[day.on.isoformat(), day.name] for day in calendar.extra]
        session.add(CalendarRow(nation=key[0], version=key[1], days=days))
        session.flush()


def add_day_off(viewer: Viewer, nation: str, on: date, name: str) -> None:
    """Enter a one-off bank holiday for the cases that begin from now on."""
    if not viewer.can("administer"):
        raise NotAllowed
    if nation not in NATIONS:
        raise BadInput({"nation": "Choose England, Wales, Scotland or Northern Ireland."})
    with transaction() as session:
        session.merge(DayOffRow(nation=nation, on=on, name=name.strip()[:100]))
