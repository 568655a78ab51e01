"""Whom a letter names, with a direct number: nobody gets a letter from “the department”."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.landlords import Landlord
from app.models import Case, Conflict, Task, User

NOBODYS_OWN = "{}"  # the item of a task that is not one member's of a panel


@dataclass(frozen=True)
class Officer:
    """Who signs: a person with a job and a number to ring."""

    name: str
    job: str
    phone: str


def writer(session: Session, landlord: Landlord, user_id: str | None) -> Officer | None:
    """Whoever wrote the letter; None for nobody."""
    user = session.get(User, user_id) if user_id else None
    return _officer(landlord, user) if user else None


def responsible(session: Session, case: Case, landlord: Landlord) -> Officer:
    """Who signs what nobody wrote: whoever has the work, else who did it last, else the contact.

    Somebody who may not see the case is never named, nor anybody who has left, nor a member of a
    panel for having a view of their own to give.
    """
    has = _newest(
        session, case, Task.claimed_by, Task.claimed_at.desc(), Task.status == "open"
    ) or _newest(session, case, Task.closed_by, Task.closed_at.desc(), Task.status == "done")
    if has is not None:
        user, team = has
        return _officer(landlord, user, team)
    contact = landlord.contact_person
    if contact is None:
        return Officer(landlord.name, "", landlord.phone)
    return Officer(contact.name, contact.job, contact.phone)


def _newest(
    session: Session,
    case: Case,
    who: InstrumentedAttribute[str | None],
    order: ColumnElement[Any],
    state: ColumnElement[bool],
) -> tuple[User, str] | None:
    kept_out = select(Conflict.user_id).where(
        Conflict.landlord_id == case.landlord_id, Conflict.case_id == case.id
    )
    found = session.execute(
        select(User, Task.team)
        .join(Task, who == User.id)
        .where(
            Task.landlord_id == case.landlord_id,
            Task.case_id == case.id,
            state,
            cast(Task.item, String) == NOBODYS_OWN,
            User.active,
            User.id.not_in(kept_out),
        )
        .order_by(order, Task.id)
        .limit(1)
    ).first()
    return (found[0], found[1]) if found else None


def _officer(landlord: Landlord, user: User, team: str = "") -> Officer:
    mine = {membership.team for membership in user.memberships}
    teams = [team, *(each for each in landlord.teams if each in mine)]
    return Officer(user.name, user.job_title, user.phone or _phone(landlord, teams))


def _phone(landlord: Landlord, teams: Iterable[str]) -> str:
    """The number of the first of these teams that has one, else the landlord's."""
    numbers = (landlord.teams[team].phone for team in teams if team in landlord.teams)
    return next(filter(None, numbers), landlord.phone)
