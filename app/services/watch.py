"""For managers: the running cases, what is late, and what soon will be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from app import clock
from app.db import db
from app.engine import ROOT, Element
from app.errors import NotAllowed
from app.models import Case, Deadline, Task
from app.services import deployments, promises, tasks
from app.services.access import unconflicted
from app.services.calendars import calendar_of
from app.services.deadlines import state
from app.services.deployments import Deployed
from app.services.references import spaced
from app.viewer import Viewer
from timers.deadlines import DeadlineState


@dataclass(frozen=True)
class Running:
    """An open case in the list.

    at: the elements where it stands: its first task, else what it waits for. with_resident: nobody
    has work on it, and nothing but the resident's time is waited for. waits: the day that it waits
    for instead.
    """

    case: Case
    reference: str
    place: str
    at: tuple[str, ...]
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

    kinds: how many cases of each kind are open; all else is of the kind asked for, or of all.
    places: of one kind only, since each has diagrams of its own.
    """

    rows: list[Running]
    places: list[Place]
    numbers: dict[str, int]
    stages: list[tuple[str, str, int]]
    kinds: dict[str, int]


def control_room(viewer: Viewer, show: str = "", stage: str = "", kind: str = "") -> ControlRoom:
    """The open cases of the viewer's landlord, the least time left first.

    A case with a late promise is looked after though it is closed; only "promises" shows it.
    kind: only these; places are those of the complaint when no kind is asked for.
    """
    if not viewer.can("watch"):
        raise NotAllowed
    calendar = calendar_of(deployments.landlord(viewer.landlord_id).nation)
    today = clock.today()
    broken = promises.late_cases(db.session(), viewer.landlord_id)
    opened = list(
        db.session.scalars(
            unconflicted(
                select(Case).where(
                    Case.landlord_id == viewer.landlord_id,
                    or_(Case.status == "open", Case.id.in_(broken)),
                ),
                viewer,
            )
        )
    )
    standing = _first_duties(viewer.landlord_id, {case.id for case in opened})
    work = _work(viewer.landlord_id, {case.id for case in opened})
    idle = _waited_for(viewer.landlord_id, {case.id for case in opened} - work.keys())
    rows = []
    for case in opened:
        deadline = standing.get(case.id)
        at = work.get(case.id, [])
        first = at[0] if at else None
        waits = idle.get(case.id, [])
        day = waits[0] if waits and waits[0].kind != "window" else None
        rows.append(
            Running(
                case,
                spaced(case.reference),
                first.stage_name if first else case.stage_name,
                (first.element,) if first else tuple(row.element for row in waits),
                first.name if first else "Waits for that day" if day else "Waits for the resident",
                (tasks.name_of(first.claimed_by) or "Nobody yet") if first else "",
                deadline,
                state(deadline, today, calendar) if deadline else None,
                case.id in broken,
                with_resident=first is None and day is None,
                waits=day,
            )
        )
    rows.sort(key=lambda row: (row.deadline.due_on if row.deadline else None) or date.max)
    counted = Counter(row.case.kind for row in rows if row.case.status == "open")
    rows = [row for row in rows if kind in ("", row.case.kind)]
    running = [row for row in rows if row.case.status == "open"]
    listed = rows if show == "promises" else running
    return ControlRoom(
        rows=[row for row in listed if _shown(row, show, stage, today)],
        places=_places(deployments.live(viewer.landlord_id, kind or ROOT), running, today),
        numbers=_numbers(running, today) | {"promises": sum(row.promise_late for row in rows)},
        stages=_by_stage(running),
        kinds=dict(counted),
    )


def _first_duties(landlord_id: str, case_ids: set[str]) -> dict[str, Deadline]:
    found: dict[str, Deadline] = {}
    for row in db.session.scalars(
        select(Deadline)
        .where(
            Deadline.landlord_id == landlord_id,
            Deadline.kind == "duty",
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.due_on.is_not(None),
        )
        .order_by(Deadline.due_on)
    ):
        if row.case_id in case_ids:
            found.setdefault(row.case_id, row)
    return found


def _work(landlord_id: str, case_ids: set[str]) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = {}
    for task in db.session.scalars(
        select(Task)
        .where(Task.landlord_id == landlord_id, Task.status == "open")
        .order_by(Task.due_on.is_(None), Task.due_on, Task.opened_at)
    ):
        if task.case_id in case_ids:
            found.setdefault(task.case_id, []).append(task)
    return found


def _waited_for(landlord_id: str, case_ids: set[str]) -> dict[str, list[Deadline]]:
    """What a case without work waits for: the resident's windows, else the next day that counts.

    What hangs on a step or a stage holds nothing up.
    """
    elements = deployments.live(landlord_id).elements
    found: dict[str, list[Deadline]] = {}
    for row in db.session.scalars(
        select(Deadline)
        .where(
            Deadline.landlord_id == landlord_id,
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.due_on.is_not(None),
        )
        .order_by(Deadline.due_on)
    ):
        element = elements.get(row.element)
        if row.case_id in case_ids and not (element and element.attached_to):
            found.setdefault(row.case_id, []).append(row)
    windows = {case: [r for r in rows if r.kind == "window"] for case, rows in found.items()}
    return {case: windows[case] or rows[:1] for case, rows in found.items()}


def _is_late(row: Running, today: date) -> bool:
    return bool(row.deadline and row.deadline.due_on and row.deadline.due_on < today)


def _shown(row: Running, show: str, stage: str, today: date) -> bool:
    if stage and row.case.stage != stage:
        return False
    match show:
        case "late":
            return _is_late(row, today)
        case "today":
            return bool(row.deadline and row.deadline.due_on == today)
        case "waiting":
            return row.with_resident
        case "hazard":
            return row.case.hazard
        case "promises":
            return row.promise_late
        case "unclaimed":
            return row.who == "Nobody yet"
    return True


def _numbers(rows: list[Running], today: date) -> dict[str, int]:
    return {
        "open": len(rows),
        "late": sum(_is_late(row, today) for row in rows),
        "today": sum(bool(r.deadline and r.deadline.due_on == today) for r in rows),
        "unclaimed": sum(row.who == "Nobody yet" for row in rows),
        "hazard": sum(row.case.hazard for row in rows),
        "waiting": sum(row.with_resident for row in rows),
    }


def _by_stage(rows: Iterable[Running]) -> list[tuple[str, str, int]]:
    counted = Counter((row.case.stage, row.case.stage_name) for row in rows)
    return [(code, name, count) for (code, name), count in sorted(counted.items())]


def _places(deployed: Deployed, rows: list[Running], today: date) -> list[Place]:
    """Counts for the diagrams of a kind: at each task, and at each call activity above it."""
    elements = deployed.procedure.elements
    opened: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for row in (row for row in rows if row.case.kind == deployed.kind):
        for element in around(elements, row.at):
            opened[element] += 1
            late[element] += _is_late(row, today)
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
