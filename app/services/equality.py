"""Equality data: each answer raises one count of its month, and is kept nowhere."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models import Case, EqualityCount
from forms import BoundForm


def count(session: Session, case: Case, form: BoundForm) -> None:
    """Count what the form that begins a case says about equality. Nothing leads back from it."""
    month = f"{case.received_on:%Y-%m}"
    for field, answers in form.equality.items():
        for answer in answers:
            key = (case.landlord_id, month, case.kind, field, answer)
            row = session.get(EqualityCount, key, with_for_update=True)
            if row is None:
                names = ("landlord_id", "month", "kind", "field", "answer")
                session.add(EqualityCount(**dict(zip(names, key, strict=True)), times=1))
            else:
                row.times += 1
    session.flush()
