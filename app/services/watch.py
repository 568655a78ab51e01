"""For managers: the running cases, what is late, and what soon will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import lazyload

from app import clock
from app.db import db
from app.engine import ROOT, Element
from app.errors import NotAllowed
from app.models import Case, Deadline, Promise, Task, User
from app.services import deployments, open_cases, promises
from app.services.calendars import calendar_at
from app.services.deadlines import state
from app.services.deployments import Deployed
from app.services.open_cases import Lot, Wanted
from app.services.references import spaced
from app.services.standing import FREE
from app.viewer import Viewer
from timers.deadlines import DeadlineState

PAGE = 50  # rows of one page


@dataclass(frozen=True)
class Running:
    """An open case in the list.

    with_resident: nobody has work on it, and nothing but the resident's time is waited for. waits:
    the day that it waits for instead.
    """

    case: Case
    reference: str
    place: str
    step: str
    who: str
    deadline: Deadline | None
    state: DeadlineState | None
    promise_late: bool
    with_resident: bool
    waits: Deadline | None


@dataclass(frozen=True)
class Place:
    """How many cases stand at an element, and how many of them are late."""

    element: str
    name: str
    process: str
    open: int
    late: int


@dataclass(frozen=True)
class ControlRoom:
    """All that the page shows. numbers: of each filter.

    rows: of one page; next_after: where the next one begins, if there is one.
    kinds: how many cases of each kind are open; all else is of the kind asked for, or of all.
    places: of one kind only, since each has diagrams of its own.
    """

    rows: list[Running]
    places: list[Place]
    numbers: dict[str, int]
    stages: list[tuple[str, str, int]]
    kinds: dict[str, int]
    next_after: str = ""


def control_room(
    viewer: Viewer, show: str = "", stage: str = "", kind: str = "", after: str = ""
) -> ControlRoom:
    """The open cases of the viewer's landlord, the least time left first: PAGE of them.

    A case with a late promise is looked after though it is closed; only "promises" shows it.
    kind: only these; places are those of the complaint when no kind is asked for. after: where the
    page before ended, its next_after.
    """
    if not viewer.can("watch"):
        raise NotAllowed
    every = open_cases.lots(viewer)
    lots = [lot for lot in every if kind in ("", lot.kind)]
    found = open_cases.first(viewer, Wanted(show, stage, kind, after), PAGE + 1, every)
    due_on, last = found[PAGE - 1] if len(found) > PAGE else (None, "")
    return ControlRoom(
        rows=_rows(viewer, [case_id for _, case_id in found[:PAGE]]),
        places=_places(deployments.live(viewer.landlord_id, kind or ROOT), lots),
        numbers=_numbers(lots) | {"promises": open_cases.with_late_promises(viewer, kind)},
        stages=_by_stage(lots),
        kinds=_summed((lot.kind, lot.number) for lot in every),
        next_after=f"{due_on or ''}|{last}" if last else "",
    )


def _rows(viewer: Viewer, ids: Sequence[str]) -> list[Running]:
    """What the page shows of these cases, in their order."""
    its = Case.landlord_id == viewer.landlord_id, Case.id.in_(ids)
    cases = {case.id: case for case in db.session.scalars(select(Case).where(*its))}
    calendar = calendar_at(deployments.landlord(viewer.landlord_id))
    duties = _first_duties(viewer.landlord_id, ids)
    work = _work(viewer.landlord_id, ids)
    idle = _waited_for(viewer.landlord_id, [case_id for case_id in ids if case_id not in work])
    broken = _with_late_promises(viewer.landlord_id, ids)
    names = _names({task.claimed_by for task in work.values()})
    rows = []
    for case in (cases[case_id] for case_id in ids if case_id in cases):
        deadline, first, waits = duties.get(case.id), work.get(case.id), idle.get(case.id)
        day = waits if waits and waits.kind != "window" else None
        rows.append(
            Running(
                case,
                spaced(case.reference),
                first.stage_name if first else case.stage_name,
                first.name if first else "Waits for that day" if day else "Waits for the resident",
                (names.get(first.claimed_by) or "Nobody yet") if first else "",
                deadline,
                state(deadline, clock.today(), calendar) if deadline else None,
                case.id in broken,
                with_resident=first is None and day is None,
                waits=day,
            )
        )
    return rows


def _unmet(landlord_id: str, case_ids: Sequence[str]) -> Select[Deadline]:
    """The deadlines of these cases that still count, in the order of their dates."""
    return (
        select(Deadline)
        .where(
            Deadline.landlord_id == landlord_id,
            Deadline.case_id.in_(case_ids),
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.due_on.is_not(None),
        )
        .order_by(Deadline.due_on, Deadline.element)
    )


def _first_duties(landlord_id: str, case_ids: Sequence[str]) -> dict[str, Deadline]:
    rows = db.session.scalars(_unmet(landlord_id, case_ids).where(Deadline.kind == "duty"))
    return _first_of_each(rows)


def _work(landlord_id: str, case_ids: Sequence[str]) -> dict[str, Task]:
    """The first open task of each case that has one."""
    query = (
        select(Task)
        .where(Task.landlord_id == landlord_id, Task.case_id.in_(case_ids), Task.status == "open")
        .order_by(Task.due_on.nulls_last(), Task.opened_at, Task.id)
        .options(lazyload(Task.case))
    )
    return _first_of_each(db.session.scalars(query))


def _waited_for(landlord_id: str, case_ids: Sequence[str]) -> dict[str, Deadline]:
    """What a case without work waits for: a resident's window, else the next day that counts.

    What hangs on a step or a stage holds nothing up.
    """
    elements = deployments.live(landlord_id).elements
    rows = [
        row
        for row in db.session.scalars(_unmet(landlord_id, case_ids))
        if not ((element := elements.get(row.element)) and element.attached_to)
    ]
    return _first_of_each(sorted(rows, key=lambda row: row.kind != "window"))


Row = TypeVar("Row", Deadline, Task)


def _first_of_each(rows: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row.case_id, row)
    return found


def _with_late_promises(landlord_id: str, case_ids: Sequence[str]) -> set[str]:
    late = select(Promise.case_id).where(*promises.late(landlord_id), Promise.case_id.in_(case_ids))
    return set(db.session.scalars(late))


def _names(user_ids: Collection[str | None]) -> dict[str | None, str]:
    found = db.session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {user_id: name for user_id, name in found}


def _numbers(lots: Iterable[Lot]) -> dict[str, int]:
    found = Counter({"open": 0, "late": 0, "today": 0, "unclaimed": 0, "hazard": 0, "waiting": 0})
    for lot in lots:
        found["open"] += lot.number
        found["late"] += lot.late
        found["today"] += lot.today
        found["unclaimed"] += lot.number * (lot.how == FREE)
        found["hazard"] += lot.hazard
        found["waiting"] += lot.number * lot.with_resident
    return dict(found)


def _by_stage(lots: Iterable[Lot]) -> list[tuple[str, str, int]]:
    counted = _summed(((lot.stage, lot.stage_name), lot.number) for lot in lots)
    return [(code, name, count) for (code, name), count in sorted(counted.items())]


Key = TypeVar("Key", bound=Hashable)


def _summed(numbers: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for key, number in numbers:
        found[key] = found.get(key, 0) + number
    return found


def _places(deployed: Deployed, lots: Iterable[Lot]) -> list[Place]:
    """Counts for the diagrams of a kind: at each task, and at each call activity above it."""
    elements = deployed.procedure.elements
    opened: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for lot in (lot for lot in lots if lot.kind == deployed.kind):
        for element in around(elements, lot.at):
            opened[element] += lot.number
            late[element] += lot.late
    return [
        Place(e.id, e.name, e.process, opened[e.id], late[e.id])
        for e in elements.values()
        if opened[e.id]
    ]


def around(elements: Mapping[str, Element], at: Iterable[str]) -> set[str]:
    """Where a case stands: the elements, and the calls and subprocesses around them."""
    found, todo = set(), list(at)
    while todo:
        element = elements.get(todo.pop())
        if element is None or element.id in found:
            continue
        found.add(element.id)
        todo += [element.parent] if element.parent else []
        todo += [e.id for e in elements.values() if e.calls and e.calls == element.process]
    return found
