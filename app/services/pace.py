"""How long open work has lain, against what is usual here: the heat of the managers' diagram."""

from __future__ import annotations

from datetime import timedelta
from statistics import median

from sqlalchemy import select

from app import clock
from app.db import db
from app.engine import ROOT
from app.errors import NotAllowed
from app.models import Case, Task
from app.services import deployments, watch
from app.viewer import Viewer

LOOK_BACK = timedelta(days=365)
ENOUGH = 5  # finished tasks, before anything is called usual
SHORTEST = timedelta(days=1)  # what takes minutes is not late after an hour
LONGER, TWICE = 1.5, 2.0
NEWEST = 5_000  # finished tasks that are looked at


def heat(viewer: Viewer, kind: str = ROOT) -> dict[str, int]:
    """For each element with open work: 1 usual, 2 longer, 3 twice as long; left out if unknown.

    Counted are cases of one kind. Compared is the time that open tasks have lain with the median
    of the finished ones. A stage is as hot as the middle one of its tasks. Weekends count on both
    sides.
    """
    if not viewer.can("watch"):
        raise NotAllowed
    now = clock.now()
    usual = _usual(viewer.landlord_id)
    elements = deployments.live(viewer.landlord_id, kind).procedure.elements
    ratios: dict[str, list[float]] = {}
    for element, opened_at in db.session.execute(
        select(Task.element, Task.opened_at)
        .join(Case, (Case.landlord_id == Task.landlord_id) & (Case.id == Task.case_id))
        .where(Task.landlord_id == viewer.landlord_id, Task.status == "open", Case.kind == kind)
    ):
        if element in usual:
            ratio = (now - opened_at) / usual[element]
            for place in watch.around(elements, [element]):
                ratios.setdefault(place, []).append(ratio)
    return {place: _degree(median(found)) for place, found in ratios.items()}


def _usual(landlord_id: str) -> dict[str, timedelta]:
    """The median time of each task that was finished in the last twelve months."""
    taken: dict[str, list[float]] = {}
    for element, opened_at, closed_at in db.session.execute(
        select(Task.element, Task.opened_at, Task.closed_at)
        .where(
            Task.landlord_id == landlord_id,
            Task.status == "done",
            Task.closed_at >= clock.now() - LOOK_BACK,
        )
        .order_by(Task.closed_at.desc())
        .limit(NEWEST)
    ):
        if closed_at is not None:
            taken.setdefault(element, []).append((closed_at - opened_at).total_seconds())
    return {
        element: max(timedelta(seconds=median(seconds)), SHORTEST)
        for element, seconds in taken.items()
        if len(seconds) >= ENOUGH
    }


def _degree(ratio: float) -> int:
    return 3 if ratio >= TWICE else 2 if ratio >= LONGER else 1
