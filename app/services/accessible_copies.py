"""Copies of a letter that a person makes: in Braille, as audio, in another language."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AccessibleCopy, Case, Letter
from timers.calendar import london_date


def asked_on(session: Session, case: Case) -> str | None:
    """Since when a copy is still to be made; None when none is."""
    at = session.scalar(
        select(func.min(AccessibleCopy.asked_at)).where(
            AccessibleCopy.landlord_id == case.landlord_id,
            AccessibleCopy.case_id == case.id,
            AccessibleCopy.sent_on.is_(None),
        )
    )
    return london_date(at).isoformat() if at else None


def open_of_case(session: Session, case: Case) -> list[AccessibleCopy]:
    """The copies that are still to be made, the oldest first."""
    return list(
        session.scalars(
            select(AccessibleCopy)
            .where(
                AccessibleCopy.landlord_id == case.landlord_id,
                AccessibleCopy.case_id == case.id,
                AccessibleCopy.sent_on.is_(None),
            )
            .order_by(AccessibleCopy.asked_at, AccessibleCopy.id)
        )
    )


def label(session: Session, copy: AccessibleCopy) -> str:
    """What is to be made, of which letter."""
    letter = session.get_one(Letter, (copy.landlord_id, copy.letter_id))
    return f"{copy.kind.capitalize()} {copy.language}".strip() + f": {letter.title}"


def sent(session: Session, copy: AccessibleCopy, on: date, by: str | None) -> None:
    """A copy has left."""
    copy.sent_on, copy.sent_by = on, by
    session.add(copy)
