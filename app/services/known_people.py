"""Whom we may know already, and our homes: looked up before somebody records a case."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import selectinload

from app.db import db
from app.errors import NotAllowed
from app.models import Case, Home, Party, Person
from app.services.access import unconflicted
from app.services.persons import folded
from app.viewer import Viewer

MOST = 10  # people on the page; with more, one asks for more of the address

Known = tuple[Person, list[Case]]


def known_people(
    viewer: Viewer, name: str, postcode: str, address: str
) -> tuple[list[Known], bool]:
    """People with that name or at that address, with their open cases, and whether there are more.

    The best first: name and address, then the postcode with the address, then the name alone; among
    equals those with an open case. Nobody learns of a person from a case that is kept from them;
    who was read in with the homes has none yet.
    """
    if not viewer.can("work"):
        raise NotAllowed
    named, lives, posted = _contains(name), _contains(address), _has_postcode(postcode)
    if not (name.strip() or postcode.strip() or address.strip()):
        return [], False
    rank = case((and_(named, or_(lives, posted)), 0), (and_(posted, lives), 1), (named, 2), else_=3)
    cases = _cases(viewer).where(Party.person_id == Person.id).correlate(Person)
    found = list(
        db.session.scalars(
            select(Person)
            .where(Person.landlord_id == viewer.landlord_id, or_(named, lives, posted))
            .where(or_(cases.exists(), _has_no_case()))
            .order_by(
                rank,
                cases.where(Case.status == "open").exists().desc(),
                Person.search,
                Person.id,
            )
            .limit(MOST + 1)
        )
    )
    return [(person, _open_cases(viewer, person)) for person in found[:MOST]], len(found) > MOST


def homes_at(viewer: Viewer, postcode: str, address: str) -> list[Home]:
    """The landlord's homes at that postcode or address, at most MOST."""
    if not viewer.can("work"):
        raise NotAllowed
    if not (postcode.strip() or address.strip()):
        return []
    both = [
        Home.search.contains(folded(text), autoescape=True)
        for text in (postcode, address)
        if text.strip()
    ]
    return list(
        db.session.scalars(
            select(Home)
            .where(Home.landlord_id == viewer.landlord_id, *both)
            .order_by(Home.search, Home.id)
            .limit(MOST)
        )
    )


def _has_no_case() -> ColumnElement[bool]:
    return ~(
        select(Party.case_id)
        .where(Party.landlord_id == Person.landlord_id, Party.person_id == Person.id)
        .correlate(Person)
        .exists()
    )


def _contains(text: str) -> ColumnElement[bool]:
    return Person.search.contains(folded(text), autoescape=True) if text.strip() else false()


def _has_postcode(text: str) -> ColumnElement[bool]:
    """The very postcode, typed with or without its blank."""
    bare = "".join(text.split()).upper()
    return func.replace(func.upper(Person.postcode), " ", "") == bare if bare else false()


def _cases(viewer: Viewer) -> Select[Case]:
    """The cases that the viewer may know of, with those who have a part in them."""
    joined = (Party.landlord_id == Case.landlord_id) & (Party.case_id == Case.id)
    found = select(Case).join(Party, joined).where(Case.landlord_id == viewer.landlord_id)
    return unconflicted(found, viewer)


def _open_cases(viewer: Viewer, person: Person) -> list[Case]:
    theirs = _cases(viewer).where(Party.person_id == person.id, Case.status == "open")
    return list(db.session.scalars(theirs.order_by(Case.opened_at.desc())))


def carriers_known(viewer: Viewer, late: Person) -> list[Person]:
    """Who carries a case on for somebody who has died, in the cases that the viewer may know of."""
    rows = (row for case in _cases_all(viewer, late) for row in case.carried)
    found = {row.person_id: row.person for row in rows if row.late_id == late.id and row.person}
    return [person for person in found.values() if not person.death]


def _cases_all(viewer: Viewer, person: Person) -> list[Case]:
    theirs = _cases(viewer).where(Party.person_id == person.id)
    return list(db.session.scalars(theirs.options(selectinload(Case.carried))))


def person_known(viewer: Viewer, person_id: str) -> Person | None:
    """A person without a case, or of one that the viewer may know of; None for everybody else."""
    theirs = _cases(viewer).where(Party.person_id == Person.id).correlate(Person)
    return db.session.scalar(
        select(Person)
        .where(Person.landlord_id == viewer.landlord_id, Person.id == person_id)
        .where(or_(theirs.exists(), _has_no_case()))
    )
