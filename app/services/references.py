"""References of cases: a prefix of the landlord's and eight random characters. Never a key."""

from __future__ import annotations

import secrets

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.models import Case

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters that are read as figures


def new_reference(session: Session, landlord_id: str, prefix: str) -> str:
    """A reference that no case of the landlord has."""
    while True:
        reference = prefix + "".join(secrets.choice(CROCKFORD) for _ in range(8))
        taken = select(Case.id).where(Case.landlord_id == landlord_id, Case.reference == reference)
        if session.scalar(taken) is None:
            return reference


def has_reference(text: str) -> ColumnElement[bool]:
    """The cases whose reference has this text in it, or whose reference before they were read in.

    Blanks and small letters do not matter.
    """
    plain = text.replace(" ", "").upper()
    before = func.upper(func.replace(Case.old_reference, " ", ""))
    return or_(
        Case.reference.contains(plain, autoescape=True), before.contains(plain, autoescape=True)
    )


def spaced(reference: str) -> str:
    """SH7K4M2QXD as people read it: SH 7K4M 2QXD."""
    return f"{reference[:-8]} {reference[-8:-4]} {reference[-4:]}"
