"""The working-day calendars: bank holidays from `holidays`, and days entered by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.db import db, transaction
from app.errors import BadInput, NotAllowed
from app.models import DayOffRow
from app.viewer import Viewer
from timers.calendar import NATIONS, DayOff, WorkingCalendar, calendar_for


def calendar_of(nation: str) -> WorkingCalendar:
    """The calendar in force for a nation (ENG, WLS, SCT, NIR)."""
    rows = db.session.scalars(
        select(DayOffRow).where(DayOffRow.nation == nation).order_by(DayOffRow.on)
    )
    return calendar_for(nation, tuple(DayOff(row.on, row.name) for row in rows))


def add_day_off(viewer: Viewer, nation: str, on: date, name: str) -> None:
    """Enter a one-off bank holiday. Open cases keep their calendar until a job moves them."""
    if not viewer.can("administer"):
        raise NotAllowed
    if nation not in NATIONS:
        raise BadInput({"nation": "Choose England, Wales, Scotland or Northern Ireland."})
    with transaction() as session:
        session.merge(DayOffRow(nation=nation, on=on, name=name.strip()[:100]))
