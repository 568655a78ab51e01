"""How long open work has lain, against what is usual here: the heat of the managers' diagram."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select

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
    of the finished ones. A stage is as hot as at least half of its tasks. Weekends count on both
    sides.
    """
    if not viewer.can("watch"):
        raise NotAllowed
    usual = _usual(viewer.landlord_id)
    if not usual:
        return {}
    elements = deployments.live(viewer.landlord_id, kind).procedure.elements
    found: dict[str, list[int]] = {}  # of each place: its tasks, those that lie longer, and twice
    for element, *numbers in db.session.execute(_lying(viewer.landlord_id, kind, usual)):
        for place in watch.around(elements, [element]):
            before = found.get(place, [0, 0, 0])
            found[place] = [a + b for a, b in zip(before, numbers, strict=True)]
    return {place: _degree(*numbers) for place, numbers in found.items()}


def _lying(landlord_id: str, kind: str, usual: Mapping[str, timedelta]) -> Any:
    """Of each element: the open tasks, and how many have lain LONGER and TWICE than is usual."""
    now = clock.now()

    def since(times: float) -> ColumnElement[int]:
        before = {element: now - times * span for element, span in usual.items()}
        return func.sum(case((Task.opened_at <= case(before, value=Task.element), 1), else_=0))

    return (
        select(Task.element, func.count(), since(LONGER), since(TWICE))
        .join(Case, (Case.landlord_id == Task.landlord_id) & (Case.id == Task.case_id))
        .where(
            Task.landlord_id == landlord_id,
            Task.status == literal_column("'open'"),
            Task.element.in_(usual),
            Case.kind == kind,
        )
        .group_by(Task.element)
    )


def _usual(landlord_id: str) -> dict[str, timedelta]:
    """The median time of each task that was finished in the last twelve months."""
    taken: dict[str, list[float]] = {}
    for element, opened_at, closed_at in db.session.execute(
        select(Task.element, Task.opened_at, Task.closed_at)
        .where(
            Task.landlord_id == landlord_id,
            Task.status == literal_column("'done'"),
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


def _degree(tasks: int, longer: int, twice: int) -> int:
    return 3 if 2 * twice >= tasks else 2 if 2 * longer >= tasks else 1
