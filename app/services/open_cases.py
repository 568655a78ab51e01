"""The open cases of a landlord, counted and listed by the database: nothing is loaded but a page.

A case stands at its first task, the nearest deadline first. Without work it stands where it waits:
in the resident's windows, or else for the next day that counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from app import clock
from app.db import db
from app.models import Case, Deadline, Promise, Task
from app.services import deployments, promises
from app.services.access import unconflicted
from app.viewer import Viewer

Condition = ColumnElement[bool]
# literals: an index of open rows only is not used for a value that is bound later
OPEN: Condition = Case.status == literal_column("'open'")
FREE, TAKEN, WINDOW, DAY = "free", "taken", "window", "day"  # how a case stands where it does


@dataclass(frozen=True)
class Wanted:
    """Which cases. show: late, today, waiting, hazard, promises, unclaimed; else all that are open.

    kind, stage: only these, if any. after: the last row seen, "<due>|<case id>".
    """

    show: str = ""
    stage: str = ""
    kind: str = ""
    after: str = ""


@dataclass(frozen=True)
class Lot:
    """Open cases that have all this in common. how: FREE, TAKEN, WINDOW, DAY, or "" for nothing.

    at: the elements where they stand. late, today: how many by their first duty.
    """

    kind: str
    stage: str
    stage_name: str
    how: str
    at: tuple[str, ...]
    number: int
    hazard: int
    late: int
    today: int

    @property
    def with_resident(self) -> bool:
        """Whether nothing but the resident's time is waited for."""
        return self.how in ("", WINDOW)


def lots(viewer: Viewer) -> list[Lot]:
    """All open cases that the viewer may know of: as many lots as the procedure has places."""
    return [
        Lot(kind, stage, name, how, tuple(at.split()), number, hazard, late or 0, today or 0)
        for kind, stage, name, place, number, hazard, late, today in db.session.execute(
            counting(viewer)
        )
        for how, _, at in [(place or "").partition(" ")]
    ]


def counting(viewer: Viewer) -> Select[Any]:
    """What asks for these: kind, stage, its name, place, and the four numbers."""
    duty = aliased(Deadline)
    due = (
        select(duty.case_id, func.min(duty.due_on).label("due_on"))
        .where(duty.landlord_id == viewer.landlord_id, _is_duty(duty))
        .where(duty.due_on <= clock.today())
        .group_by(duty.case_id)
        .subquery()
    )
    each = (
        select(
            Case.kind, Case.stage, Case.stage_name, Case.hazard, due.c.due_on,
            _place(viewer.landlord_id).label("place"),
        )
        .outerjoin(due, due.c.case_id == Case.id)
        .where(Case.landlord_id == viewer.landlord_id, OPEN)
    )  # fmt: skip
    standing = unconflicted(each, viewer).cte("standing").prefix_with("MATERIALIZED")
    of = standing.c
    same = of.kind, of.stage, of.stage_name, of.place
    return select(
        *same, func.count(),
        *(func.sum(case((which, 1), else_=0)) for which in (
            of.hazard.is_(True), of.due_on < clock.today(), of.due_on == clock.today()
        )),
    ).group_by(*same)  # fmt: skip


def with_late_promises(viewer: Viewer, kind: str) -> int:
    """How many cases, open or closed, have a promise whose date has passed."""
    every = [Case.landlord_id == viewer.landlord_id, Case.id.in_(_broken(viewer.landlord_id))]
    every += [Case.kind == kind] if kind else []
    return db.session.scalar(unconflicted(select(func.count(Case.id)).where(*every), viewer)) or 0


def first(viewer: Viewer, wanted: Wanted, most: int) -> list[tuple[date | None, str]]:
    """The first duty and the id of the first cases after `wanted.after`, the least time first.

    Those without a duty come last.
    """
    found: list[tuple[date | None, str]] = []
    for query in queries(viewer, wanted, most):
        rows = db.session.execute(query) if len(found) < most else ()
        found += [(due_on, case_id) for due_on, case_id in rows]
    return found[:most]


def queries(viewer: Viewer, wanted: Wanted, most: int) -> list[Any]:
    """What asks for those with a duty, in the order of an index; and for those without one."""
    day, _, case_id = wanted.after.partition("|")
    duty, other = aliased(Deadline), aliased(Deadline)
    duties = select(other).where(_its(other), _is_duty(other))
    narrow = _narrowed(viewer.landlord_id, wanted)  # asked before what costs more
    dated = (
        select(duty.due_on, duty.case_id)
        .distinct()
        .join(Case, and_(Case.landlord_id == duty.landlord_id, Case.id == duty.case_id))
        .where(duty.landlord_id == viewer.landlord_id, _is_duty(duty), *narrow)
        .where(~duties.where(other.due_on < duty.due_on).exists())
        .order_by(duty.due_on, duty.case_id)
    )
    undated = (
        select(literal(None), Case.id)
        .where(Case.landlord_id == viewer.landlord_id, *narrow, ~duties.exists())
        .order_by(Case.id)
    )
    if day:
        seen = tuple_(date.fromisoformat(day), case_id)
        dated = dated.where(tuple_(duty.due_on, duty.case_id) > seen)
    asked: list[Any] = [dated, undated]
    if wanted.show == "late":
        asked = [dated.where(duty.due_on < clock.today())]
    elif wanted.show == "today":
        asked = [dated.where(duty.due_on == clock.today())]
    elif case_id and not day:
        asked = [undated.where(Case.id > case_id)]
    return [unconflicted(query, viewer).limit(most) for query in asked]


def _narrowed(landlord_id: str, wanted: Wanted) -> list[Condition]:
    found = [] if wanted.show == "promises" else [OPEN]
    found += [Case.kind == wanted.kind] if wanted.kind else []
    found += [Case.stage == wanted.stage] if wanted.stage else []
    place = _place(landlord_id)
    match wanted.show:
        case "waiting":  # most have work, and an index knows: they are left out first
            idle = select(Case.id).where(Case.landlord_id == landlord_id, OPEN, ~_work().exists())
            found.append(Case.id.in_(select(idle.cte("idle").prefix_with("MATERIALIZED").c.id)))
            found.append(func.coalesce(place, f"{WINDOW} ").startswith(f"{WINDOW} "))
        case "hazard":
            found.append(Case.hazard.is_(True))
        case "promises":
            found.append(Case.id.in_(_broken(landlord_id)))
        case "unclaimed":
            found.append(place.startswith(f"{FREE} "))
    return found


def _broken(landlord_id: str) -> Select[str]:
    return select(Promise.case_id).where(*promises.late(landlord_id))


def _is_duty(row: type[Deadline]) -> Condition:
    return and_(row.kind == literal_column("'duty'"), _is_unmet(row), row.due_on.is_not(None))


def _is_unmet(row: type[Deadline]) -> Condition:
    return and_(row.met_on.is_(None), row.ended_at.is_(None))


def _place(landlord_id: str) -> ColumnElement[str | None]:
    """How a case stands, and the elements where: "free answer", "window asked heard", or null."""
    how = case((Task.claimed_by.is_(None), f"{FREE} "), else_=f"{TAKEN} ")
    held_up = _held_up(landlord_id)
    windows = f"{WINDOW} " + func.aggregate_strings(Deadline.element, " ")
    days = held_up.order_by(Deadline.due_on, Deadline.element)
    return func.coalesce(
        _work().with_only_columns(how + Task.element).limit(1).scalar_subquery(),
        held_up.where(Deadline.kind == "window").with_only_columns(windows).scalar_subquery(),
        days.with_only_columns(f"{DAY} " + Deadline.element).limit(1).scalar_subquery(),
    )


def _work() -> Select[Any]:
    """The open tasks of a case, the nearest deadline first."""
    query = select(Task.id).where(_its(Task), Task.status == literal_column("'open'"))
    return query.order_by(Task.due_on.nulls_last(), Task.opened_at, Task.id)


def _held_up(landlord_id: str) -> Select[Any]:
    """What a case without work waits for. What hangs on a step or a stage holds nothing up."""
    elements = deployments.live(landlord_id).elements.values()
    hangs = Deadline.element.in_([element.id for element in elements if element.attached_to])
    return select(Deadline.element).where(
        _its(Deadline), _is_unmet(Deadline), Deadline.due_on.is_not(None), ~hangs
    )


def _its(row: type[Deadline] | type[Task]) -> Condition:
    """Of the case of the query around."""
    return and_(row.landlord_id == Case.landlord_id, row.case_id == Case.id)
