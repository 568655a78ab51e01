"""What we promised to put right: each with a person and a date, followed until it is done."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from app.models import Case, Promise
from timers.calendar import london_date


def of_case(session: Session, case: Case) -> list[Promise]:
    """The promises of a case, in order."""
    return list(
        session.scalars(
            select(Promise)
            .where(Promise.landlord_id == case.landlord_id, Promise.case_id == case.id)
            .order_by(Promise.n)
        )
    )


def made_on(session: Session, case: Case) -> str | None:
    """Since when something promised is open; None when nothing is."""
    made_at = session.scalar(_open(case, func.min(Promise.made_at)))
    return london_date(made_at).isoformat() if made_at else None


def due_on(session: Session, case: Case) -> str | None:
    """The nearest date of what is still to be done; None when nothing is."""
    due: date | None = session.scalar(_open(case, func.min(Promise.due_on)))
    return due.isoformat() if due else None


def _open(case: Case, column: ColumnElement[Any]) -> Select[Any]:
    return select(column).where(
        Promise.landlord_id == case.landlord_id,
        Promise.case_id == case.id,
        Promise.done_on.is_(None),
    )
