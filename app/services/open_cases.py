"""The open cases of a landlord, counted and listed by the database: nothing is loaded but a page.

Where a case stands, and the date of its first duty, are kept with it (standing.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from app import clock
from app.db import db
from app.models import Case, Conflict, Promise
from app.services import casefile, promises
from app.services.access import unconflicted
from app.services.standing import FREE, WINDOW
from app.viewer import Viewer

Condition = ColumnElement[bool]
OPEN: Condition = Case.status == casefile.OPEN


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
    def place(self) -> str:
        """As the cases keep it."""
        return " ".join((self.how, *self.at))

    @property
    def with_resident(self) -> bool:
        """Whether nothing but the resident's time is waited for."""
        return self.how in ("", WINDOW)


def lots(viewer: Viewer) -> list[Lot]:
    """All open cases that the viewer may know of: as many lots as the procedure has places."""
    return [
        Lot(kind, stage, name, how, tuple(at), *numbers)
        for kind, stage, name, place, *numbers in db.session.execute(counting(viewer))
        for how, *at in [(place or "").split(" ")]
    ]


def counting(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What asks for these: kind, stage, its name, place, and the four numbers."""
    same = Case.kind, Case.stage, Case.stage_name, Case.place
    today = clock.today()
    counted = Case.hazard.is_(True), Case.duty_on < today, Case.duty_on == today
    kept_out = select(Conflict.case_id).where(
        Conflict.landlord_id == viewer.landlord_id, Conflict.user_id == viewer.user_id
    )
    return (
        select(*same, func.count(), *(func.count().filter(which) for which in counted))
        .where(Case.landlord_id == viewer.landlord_id, OPEN, Case.id.not_in(kept_out))
        .group_by(*same)
    )


def with_late_promises(viewer: Viewer, kind: str) -> int:
    """How many cases, open or closed, have a promise whose date has passed."""
    every = [Case.landlord_id == viewer.landlord_id, Case.id.in_(_broken(viewer.landlord_id))]
    every += [Case.kind == kind] if kind else []
    return db.session.scalar(unconflicted(select(func.count(Case.id)).where(*every), viewer)) or 0


def first(
    viewer: Viewer, wanted: Wanted, most: int, every: Iterable[Lot]
) -> list[tuple[date | None, str]]:
    """The first duty and the id of the first cases after `wanted.after`, the least time first.

    Those without a duty come last. every: the lots of now.
    """
    found: list[tuple[date | None, str]] = []
    for query in queries(viewer, wanted, most, every):
        rows = db.session.execute(query) if len(found) < most else ()
        found += [(due_on, case_id) for due_on, case_id in rows]
    return found[:most]


def queries(viewer: Viewer, wanted: Wanted, most: int, every: Iterable[Lot]) -> list[Any]:
    """What asks for those with a duty, in the order of an index; and for those without one."""
    day, _, case_id = wanted.after.partition("|")
    its = select(Case.duty_on, Case.id).where(
        Case.landlord_id == viewer.landlord_id, *_narrowed(viewer.landlord_id, wanted, every)
    )
    dated = its.where(Case.duty_on.is_not(None)).order_by(Case.duty_on, Case.id)
    undated = its.where(Case.duty_on.is_(None)).order_by(Case.id)
    if day:
        dated = dated.where(tuple_(Case.duty_on, Case.id) > (date.fromisoformat(day), case_id))
    asked: list[Any] = [dated, undated]
    if wanted.show == "late":
        asked = [dated.where(Case.duty_on < clock.today())]
    elif wanted.show == "today":
        asked = [dated.where(Case.duty_on == clock.today())]
    elif case_id and not day:
        asked = [undated.where(Case.id > case_id)]
    return [unconflicted(query, viewer).limit(most) for query in asked]


def _narrowed(landlord_id: str, wanted: Wanted, every: Iterable[Lot]) -> list[Condition]:
    found = [] if wanted.show == "promises" else [OPEN]
    found += [Case.kind == wanted.kind] if wanted.kind else []
    found += [Case.stage == wanted.stage] if wanted.stage else []
    match wanted.show:
        case "waiting":
            found.append(_stands_at(lot.place for lot in every if lot.with_resident))
        case "hazard":
            found.append(Case.hazard.is_(True))
        case "promises":
            found.append(Case.id.in_(_broken(landlord_id)))
        case "unclaimed":
            found.append(_stands_at(lot.place for lot in every if lot.how == FREE))
    return found


def _stands_at(places: Iterable[str]) -> Condition:
    """Whole places, not how they begin: behind the wall PostgreSQL cannot tell how many do."""
    return Case.place.in_(sorted(set(places)))


def _broken(landlord_id: str) -> Select[str]:
    return select(Promise.case_id).where(*promises.late(landlord_id))
