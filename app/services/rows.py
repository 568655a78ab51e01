"""What a group of a form is repeated for: the points of a case, its promises and its copies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AccessibleCopy, Case, Point, Promise
from app.services import accessible_copies, panels, points, promises
from app.services.letters import full_date
from forms import FormDefinition, Row, Rows
from timers.calendar import london_date
from timers.deadlines import DeadlineState


def asked(
    session: Session, case: Case | None, definition: FormDefinition, facts: Mapping[str, Any]
) -> Rows:
    """The rows that a form asks for now. Their ids stay the same while others come and go.

    facts: a group for each member names the list fact with the panel.
    """
    each = set(definition.repeated.values())
    if case is None or not each:
        return {}
    found: dict[str, list[Row]] = {}
    if "point" in each:
        found["point"] = _points(points.asked_in(session, case, definition))
    if "promise" in each:
        here = promises.standing(promises.open_of_case(session, case))
        found["promise"] = [_promise(row, state) for row, state in here]
    if "copy" in each:
        still_open = {copy.id for copy in accessible_copies.open_of_case(session, case)}
        found["copy"] = _copies(session, case, still_open)
    if "member" in each:
        names = panels.members(case, facts.get(definition.panel_fact) or ())
        found["member"] = [Row(number, name) for number, name in enumerate(names, 1)]
    return found


def ever_asked(session: Session, case: Case) -> Rows:
    """The rows that forms of this case have asked for, to read earlier answers by."""
    return {
        "point": _points(points.of_case(session, case)),
        "promise": [Row(p.n, p.text) for p in promises.of_case(session, case)],
        "copy": _copies(session, case),
    }


def _points(found: list[Point]) -> list[Row]:
    return [Row(point.n, point.text, point.n) for point in found]


def _promise(promise: Promise, state: DeadlineState) -> Row:
    """What, who, by when, and how late: its heading where one says what became of it."""
    late = f" ({state.words.lower()})" if state.code == "late" else ""
    made_on = london_date(promise.made_at).isoformat()
    due = f"by {full_date(promise.due_on)}{late}"
    told = ", ".join(filter(None, (promise.who, due)))
    return Row(promise.n, f"{promise.text} — {told}", since=made_on)


def copies_by_number(session: Session, case: Case) -> dict[str, AccessibleCopy]:
    """All copies of a case in the order in which they were asked for, by number."""
    every = session.scalars(
        select(AccessibleCopy)
        .where(AccessibleCopy.landlord_id == case.landlord_id, AccessibleCopy.case_id == case.id)
        .order_by(AccessibleCopy.asked_at, AccessibleCopy.id)
    )
    return {str(number): copy for number, copy in enumerate(every, 1)}


def _copies(session: Session, case: Case, only: Collection[str] | None = None) -> list[Row]:
    return [
        Row(
            number,
            accessible_copies.label(session, copy),
            since=london_date(copy.asked_at).isoformat(),
        )
        for number, copy in copies_by_number(session, case).items()
        if only is None or copy.id in only
    ]
