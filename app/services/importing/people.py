"""Homes and people, by the references that they had before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Home, Person
from app.models.base import new_id
from app.services.importing.reading import HomeRow, PersonRow, RowRefused
from app.services.persons import folded, make_findable


def home(session: Session, landlord_id: str, row: HomeRow) -> tuple[Home, bool]:
    """The home of this row, and whether it is new."""
    known = _known(session, Home, landlord_id, row.reference)
    if known is not None:
        return known, False
    made = Home(
        landlord_id=landlord_id,
        id=new_id(),
        old_reference=row.reference,
        address=row.address,
        postcode=row.postcode.upper(),
        search=folded(f"{row.address} {row.postcode}"),
    )
    session.add(made)
    session.flush()
    return made, True


def person(
    session: Session, landlord_id: str, row: PersonRow, homes: Mapping[str, HomeRow]
) -> tuple[Person, bool]:
    """The person of this row, and whether they are new. Raises RowRefused.

    homes: those of the same folder, which a dry run does not save.
    """
    known = _known(session, Person, landlord_id, row.reference)
    if known is not None:
        return known, False
    address, postcode = row.address, row.postcode
    if row.home and not address:
        lives = homes.get(row.home) or _known(session, Home, landlord_id, row.home)
        if lives is None:
            raise RowRefused(f"‘home’: there is no home {row.home} in homes.csv or here")
        address, postcode = lives.address, lives.postcode
    given = row.model_dump(exclude={"reference", "home", "address", "postcode"})
    made = Person(
        landlord_id=landlord_id,
        id=new_id(),
        old_reference=row.reference,
        address=address,
        postcode=postcode.upper(),
        **given,
    )
    make_findable(made)
    session.add(made)
    session.flush()
    return made, True


def _known(session: Session, table: Any, landlord_id: str, reference: str) -> Any:
    return session.scalar(
        select(table).where(table.landlord_id == landlord_id, table.old_reference == reference)
    )


def known_person(session: Session, landlord_id: str, reference: str) -> Person | None:
    """The person who was read in with this reference."""
    found: Person | None = _known(session, Person, landlord_id, reference)
    return found
