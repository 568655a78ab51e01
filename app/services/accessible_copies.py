"""Copies of a letter that a person makes: in Braille, as audio, in another language."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AccessibleCopy, Case
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
