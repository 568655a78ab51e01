"""What a story may expect to hold after a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.db import db
from app.models import Alert, Case, Deadline, EqualityCount, Letter, Task
from app.services import actions
from app.services.access import instance_of


class Play(Protocol):
    """The part of a played story that is looked at."""

    landlord_id: str
    case_id: str
    refused: str

    @property
    def case(self) -> Case: ...

    @property
    def alerts_seen(self) -> int: ...

    @property
    def letters_seen(self) -> int: ...


def _of_case(column: InstrumentedAttribute[str]) -> Callable[[Play, Any], str | None]:
    def found(state: Play, _wanted: Any) -> str | None:
        mine = (Case.landlord_id == state.landlord_id) & (Case.id == state.case_id)
        return db.session.scalar(select(column).where(mine))

    return found


def open_elements(state: Play) -> dict[str, str]:
    rows = db.session.execute(
        select(Task.element, Task.team).where(
            Task.landlord_id == state.landlord_id,
            Task.case_id == state.case_id,
            Task.status == "open",
        )
    )
    return {element: team for element, team in rows}


def _deadline(state: Play, element: str) -> Deadline | None:
    return db.session.scalar(
        select(Deadline)
        .where(
            Deadline.landlord_id == state.landlord_id,
            Deadline.case_id == state.case_id,
            Deadline.element == element,
        )
        .order_by(Deadline.armed_at.desc())
        .limit(1)
    )


def _dates(column: str) -> Callable[[Play, Any], dict[str, str | None]]:
    def found(state: Play, wanted: dict[str, Any]) -> dict[str, str | None]:
        rows = {element: _deadline(state, element) for element in wanted}
        dates = {e: getattr(row, column) if row else None for e, row in rows.items()}
        return {e: day.isoformat() if day else None for e, day in dates.items()}

    return found


def running(state: Play) -> list[str]:
    """The elements of the deadlines that have a date and count now."""
    rows = db.session.scalars(
        select(Deadline.element).where(
            Deadline.landlord_id == state.landlord_id,
            Deadline.case_id == state.case_id,
            Deadline.due_on.is_not(None),
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
        )
    )
    return sorted(set(rows))


def _late(state: Play, _wanted: Any) -> list[str]:
    """The elements of duties that were missed, met since or not."""
    rows = db.session.scalars(
        select(Deadline.element).where(
            Deadline.landlord_id == state.landlord_id,
            Deadline.case_id == state.case_id,
            Deadline.missed_on.is_not(None),
        )
    )
    return sorted(rows)


def alerts(state: Play) -> list[str]:
    return list(db.session.scalars(_alerts(state).order_by(Alert.at, Alert.id)))


def _alerts(state: Play) -> Select[str]:
    mine = (Alert.landlord_id == state.landlord_id) & (Alert.case_id == state.case_id)
    return select(Alert.element).where(mine)


def letters(state: Play) -> list[str]:
    """The templates of the letters that were queued."""
    return list(db.session.scalars(_letters(state).order_by(Letter.written_at, Letter.id)))


def _letters(state: Play) -> Select[str]:
    mine = (Letter.landlord_id == state.landlord_id) & (Letter.case_id == state.case_id)
    return select(Letter.template).where(mine, Letter.status.in_(("queued", "sent", "blocked")))


def seen(state: Play) -> tuple[int, int]:
    """How many alerts and letters of these the case has."""
    queries = (_alerts(state), _letters(state))
    sums = (select(func.count()).select_from(q.subquery()).scalar_subquery() for q in queries)
    alerts, letters = db.session.execute(select(*sums)).one()
    return alerts, letters


def _facts(state: Play, wanted: dict[str, Any]) -> dict[str, Any]:
    facts = instance_of(state.case).facts
    return {name: facts.get(name) for name in wanted}


def _equality(state: Play, wanted: dict[str, Any]) -> dict[str, dict[str, int]]:
    """How often each answer was counted, of these questions."""
    found: dict[str, dict[str, int]] = {field: {} for field in wanted}
    mine = (EqualityCount.landlord_id == state.landlord_id) & (EqualityCount.times > 0)
    rows = select(EqualityCount).where(mine)
    for row in db.session.scalars(rows.where(EqualityCount.field.in_(wanted))):
        found[row.field][row.answer] = found[row.field].get(row.answer, 0) + row.times
    return found


EXPECTATIONS: dict[str, Callable[[Play, Any], Any]] = {
    "refused": lambda state, wanted: state.refused,
    "kind": _of_case(Case.kind),
    "stage": _of_case(Case.stage_name),
    "status": _of_case(Case.status),
    "outcome": _of_case(Case.outcome),
    "open": lambda state, wanted: open_elements(state),
    "deadlines": _dates("due_on"),
    "met": _dates("met_on"),
    "late": _late,
    "alerts": lambda state, wanted: sorted(alerts(state)[state.alerts_seen :]),
    "letters": lambda state, wanted: sorted(letters(state)[state.letters_seen :]),
    "facts": _facts,
    "equality": _equality,
    "offers": lambda state, wanted: sorted(o.name for o in actions.offered(state.case, "staff")),
    "offered_to_resident": lambda state, wanted: sorted(
        o.name for o in actions.offered(state.case, "resident")
    ),
}
