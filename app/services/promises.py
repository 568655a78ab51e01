"""What we promised to put right: each with a person and a date, followed until it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app import clock
from app.models import Case, Deadline, Promise
from app.services import deployments
from app.services.calendars import calendar_at
from app.services.deployments import Deployed
from timers.deadlines import DeadlineState, state_of


def of_case(session: Session, case: Case) -> list[Promise]:
    """The promises of a case, in order."""
    return list(
        session.scalars(
            select(Promise)
            .where(Promise.landlord_id == case.landlord_id, Promise.case_id == case.id)
            .order_by(Promise.n)
        )
    )


def open_of_case(session: Session, case: Case) -> list[Promise]:
    """Those of them that are still to be done."""
    return [promise for promise in of_case(session, case) if promise.done_on is None]


def may_promise(deployed: Deployed) -> bool:
    """Whether a case of this kind can promise anything: a form of its procedure asks for it."""
    asked = {element.form for element in deployed.procedure.elements.values() if element.form}
    return any(form.promises for name, form in deployed.forms.items() if name in asked)


def counts_for(deadline: Deadline) -> bool:
    """Whether a deadline is the date of a promise, by its rule."""
    return "promise_due_on" in deadline.rule


def late(landlord_id: str) -> tuple[ColumnElement[bool], ...]:
    """Which promises of a landlord are late: not done, and their date has passed."""
    return (
        Promise.landlord_id == landlord_id,
        Promise.done_on.is_(None),
        Promise.due_on < clock.today(),
    )


def standing(rows: Iterable[Promise]) -> list[tuple[Promise, DeadlineState]]:
    """Promises of one landlord with how each stands today: kept or paid, late, or days left."""
    return [(row, _state(row)) for row in rows]


def _state(row: Promise) -> DeadlineState:
    calendar = calendar_at(deployments.landlord(row.landlord_id))
    found = state_of("duty", row.due_on, row.done_on, None, clock.today(), calendar)
    done = "Paid" if row.kind == "payment" else "Kept"
    return replace(found, words=found.words.replace("Met", done))
