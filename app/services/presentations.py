"""When a report is due, for whom, and that it was presented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotAllowed
from app.landlords import DueReport
from app.models import ReportPresented
from app.models.base import new_id
from app.services import deployments, tasks
from app.services.calendars import calendar_at
from app.services.periods import DAY, added
from app.viewer import Viewer
from timers.calendar import london_date

SOON = 20  # working days before the date


@dataclass(frozen=True)
class Due:
    """The next date of a report. days: working days left, or late; soon: it needs a look now."""

    report: DueReport
    due_on: date
    days: int
    late: bool

    @property
    def soon(self) -> bool:
        return self.late or self.days <= SOON


def due(viewer: Viewer) -> list[Due]:
    """The next date of each report that landlord.toml names, the nearest first."""
    if not viewer.can("report"):
        raise NotAllowed
    landlord = deployments.landlord(viewer.landlord_id)
    calendar, today = calendar_at(landlord), clock.today()
    found = []
    for report in landlord.reports:
        due_on = next(_dates(report, _counted_from(viewer.landlord_id, report)))
        days = abs(calendar.working_days_between(today, due_on))
        found.append(Due(report, due_on, days, today > due_on))
    return sorted(found, key=lambda one: one.due_on)


def _counted_from(landlord_id: str, report: DueReport) -> date:
    """The last date that was met; before the first one, the day the landlord came here."""
    last = db.session.scalar(
        select(ReportPresented.due_on)
        .where(ReportPresented.landlord_id == landlord_id, ReportPresented.report == report.name)
        .order_by(ReportPresented.due_on.desc())
        .limit(1)
    )
    return last or london_date(deployments.history(landlord_id)[-1].at) - DAY


def _dates(report: DueReport, after: date) -> Iterator[date]:
    """The last days of its months that lie after a date."""
    first = after.replace(day=1)
    while True:
        last = added(first, 1) - DAY
        if first.month in report.months and last > after:
            yield last
        first = added(first, 1)


def presented(viewer: Viewer) -> list[tuple[ReportPresented, str]]:
    """The reports that were presented, and who recorded it, newest first."""
    if not viewer.can("report"):
        raise NotAllowed
    rows = db.session.scalars(
        select(ReportPresented)
        .where(ReportPresented.landlord_id == viewer.landlord_id)
        .order_by(ReportPresented.presented_on.desc(), ReportPresented.report)
    )
    return [(row, tasks.name_of(row.by)) for row in rows]


def record(viewer: Viewer, name: str, due_on: str, presented_on: date | None) -> ReportPresented:
    """Record that the report which was due on a date (ISO) was presented. Raises BadInput."""
    if not viewer.can("watch"):
        raise NotAllowed
    standing = {(one.report.name, one.due_on.isoformat()): one for one in due(viewer)}
    one = standing.get((name, due_on))
    if one is None:
        raise BadInput({"presented_on": "This date was recorded in the meantime. Look once more."})
    if presented_on is None:
        raise BadInput({"presented_on": "Enter the day on which it was presented."})
    if presented_on > clock.today():
        raise BadInput({"presented_on": "Enter today or an earlier day."})
    with transaction() as session:
        row = ReportPresented(
            landlord_id=viewer.landlord_id,
            id=new_id(),
            report=name,
            due_on=one.due_on,
            presented_on=presented_on,
            by=viewer.user_id,
        )
        session.add(row)
        return row
