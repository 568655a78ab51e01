"""Our limits: how many were kept, how many were missed, and how long the work took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median

from sqlalchemy import or_, select

from app import clock
from app.db import db
from app.engine import Element, Procedure
from app.models import Deadline, Event, Instance
from app.services.calendars import calendar_at
from app.services.deadlines import hosts_over, kind_of
from app.services.reporting.figures import Figure, Group, Scope, Section, counted
from timers.calendar import WorkingCalendar, london_date


@dataclass(frozen=True)
class Duty:
    """One limit of the procedure. median, longest: working days from its first day to its end."""

    element: str
    name: str
    stage: str
    in_time: Figure
    late: Figure
    not_done: Figure
    median: Figure
    longest: Figure

    @property
    def figures(self) -> tuple[Figure, ...]:
        return (self.in_time, self.late, self.not_done, self.median, self.longest)

    @property
    def decided(self) -> int:
        """How many were kept or missed."""
        return int(self.in_time.number or 0) + int(self.late.number or 0)


def duties(scope: Scope) -> list[Duty]:
    """Each limit of the live procedure, and others that were kept or missed in the period.

    A duty belongs to the period in which it was met in time, else to the one in which its date
    passed; so each is counted once, and a report of the past does not change.
    """
    known = {e.id: (e, p) for p in scope.deployed.contents.procedures.values() for e in _timers(p)}
    rows: dict[str, list[Deadline]] = {element: [] for element in known}
    for row in _rows(scope):
        rows.setdefault(row.element, []).append(row)
    calendar = calendar_at(scope.landlord)
    stages = stage_names(scope)
    found = []
    for element, here in rows.items():
        drawn = known.get(element)
        name = drawn[0].properties.get("label") or drawn[0].name if drawn else here[-1].name
        stage = stage_of(*drawn) if drawn else here[-1].stage
        found.append(_duty(scope, element, name, stages.get(stage, stage), here, calendar))
    order = list(stages.values())
    found.sort(key=lambda duty: order.index(duty.stage) if duty.stage in order else len(order))
    return found


def _timers(procedure: Procedure) -> list[Element]:
    timers = (e for e in procedure.elements.values() if e.kind == "timer" and e.attached_to)
    return [timer for timer in timers if kind_of(timer) == "duty"]


def stage_of(timer: Element, procedure: Procedure) -> str:
    """The code of the innermost stage that a timer hangs over or runs in; empty for none."""
    hosts = hosts_over(procedure, timer.attached_to or timer.id)
    stages = [host for host in hosts if procedure.elements[host].stage]
    inner = max(stages, key=lambda host: len(hosts_over(procedure, host)), default=None)
    return procedure.elements[inner].stage or "" if inner else ""


def stage_names(scope: Scope) -> dict[str, str]:
    """The stages of all kinds of case, by code, as the diagrams list them."""
    elements = scope.deployed.elements.values()
    return {e.stage: e.name for e in elements if e.stage}


def _rows(scope: Scope) -> Iterable[Deadline]:
    """The duties that may belong to the period."""
    first, last = scope.period.first, scope.period.last
    dates = (Deadline.met_on, Deadline.missed_on, Deadline.due_on)
    return db.session.scalars(
        select(Deadline)
        .where(
            Deadline.landlord_id == scope.landlord_id,
            Deadline.kind == "duty",
            or_(*(day.between(first, last) for day in dates)),
        )
        .order_by(Deadline.armed_at, Deadline.case_id)
    )


def _duty(
    scope: Scope,
    element: str,
    name: str,
    stage: str,
    rows: list[Deadline],
    calendar: WorkingCalendar,
) -> Duty:
    last = scope.period.last
    late = [row for row in rows if missed_on(row) in scope.period]
    in_time = [row for row in rows if missed_on(row) is None and row.met_on in scope.period]
    done = [(row, row.met_on) for row in late + in_time if row.met_on and row.met_on <= last]
    open_ = [row for row in late if row.met_on is None or row.met_on > last]
    days = [
        calendar.working_days_between(row.base_on or london_date(row.armed_at), met_on)
        for row, met_on in done
    ]
    most = max(days, default=None)
    slowest = [row.case_id for (row, _), n in zip(done, days, strict=True) if n == most]
    key = f"duty.{element}"
    return Duty(
        element,
        name,
        stage,
        counted(f"{key}.in_time", "In time", (row.case_id for row in in_time)),
        counted(f"{key}.late", "Late", (row.case_id for row in late)),
        counted(f"{key}.not_done", "Late, and not done by the end", (r.case_id for r in open_)),
        Figure(f"{key}.median", "Median", median(days) if days else None, unit="days"),
        Figure(f"{key}.longest", "Longest", most, tuple(dict.fromkeys(slowest)), "days"),
    )


def missed_on(row: Deadline) -> date | None:
    """The day that a duty missed; also before the sweep has come by."""
    if row.missed_on or row.met_on or row.ended_at or row.due_on is None:
        return row.missed_on
    return row.due_on if row.due_on < clock.today() else None


def stages(scope: Scope) -> Section:
    """How many cases went through each stage."""
    calls = {e.id: e.stage or "" for e in scope.deployed.elements.values() if e.stage}
    begins, ends = scope.period.instants
    rows = db.session.execute(
        select(Event.element, Instance.case_id)
        .join(
            Instance,
            (Instance.landlord_id == Event.landlord_id) & (Instance.id == Event.instance_id),
        )
        .where(
            Event.landlord_id == scope.landlord_id,
            Event.action == "passed",
            Event.element.in_(calls),
            Event.at >= begins,
            Event.at < ends,
        )
    )
    through: dict[str, list[str]] = {stage: [] for stage in calls.values()}
    for element, case_id in rows:
        through[calls[element]].append(case_id)
    names = stage_names(scope)
    figures = [
        counted(f"stage.{stage}", names[stage], dict.fromkeys(cases))
        for stage, cases in through.items()
    ]
    note = "Cases that finished the stage in the period; a stage that was stopped is not finished."
    return Section("stages", "Stages", note, [Group("Finished", figures)])
