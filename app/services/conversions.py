"""One case becomes another: a service request a complaint, a point a case of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import CarriedOn, Case, Party, Point
from app.models.base import new_id
from app.services import links
from app.services.references import new_reference

if TYPE_CHECKING:
    from app.services.deployments import Deployed

SAID = ("channel", "story", "since_when", "desired_outcome", "triage", "hazard", "recorded_by")
PART = (
    "person_id",
    "role",
    "relation",
    "permission",
    "permission_how",
    "permission_on",
    "permission_until",
    "limited_to",
    "gets_letters",
    "ended_by_death",
)
CARRIED = ("late_id", "late_role", "person_id", "standing", "relation", "shown_by", "role_before")


def continued(
    session: Session, old: Case, deployed: Deployed, received_on: date, at: datetime
) -> Case:
    """The row of a new case with the old one's words, people and points, linked with it.

    The resident's private link leads to the new one from now on.
    """
    new = copied(session, old, deployed, received_on, at, link="converted")
    new.link_hash, old.link_hash = old.link_hash, None
    points = select(Point).where(
        Point.landlord_id == old.landlord_id, Point.case_id == old.id, Point.moved_to.is_(None)
    )
    for point in list(session.scalars(points)):
        session.add(
            Point(
                landlord_id=new.landlord_id,
                id=new_id(),
                case_id=new.id,
                n=point.n,
                text=point.text,
                ours=point.ours,
                whose=point.whose,
                added_at=at,
                added_by=point.added_by,
            )
        )
    session.flush()
    return new


def copied(
    session: Session, old: Case, deployed: Deployed, received_on: date, at: datetime, link: str
) -> Case:
    """The row of a new case with the old one's words and people, and a link of this kind."""
    new = Case(
        landlord_id=old.landlord_id,
        id=new_id(),
        reference=new_reference(session, old.landlord_id, deployed.landlord.reference_prefix),
        kind=deployed.kind,
        received_on=received_on,
        opened_at=at,
        closed_at=None,
        **{name: getattr(old, name) for name in SAID},
    )
    session.add(new)
    session.flush()
    session.add_all(
        Party(
            landlord_id=new.landlord_id,
            case_id=new.id,
            **{name: getattr(row, name) for name in PART},
        )
        for row in old.parties
    )
    session.add_all(
        CarriedOn(
            landlord_id=new.landlord_id,
            case_id=new.id,
            **{name: getattr(row, name) for name in CARRIED},
        )
        for row in old.carried
    )
    links.link(session, new, old, link)
    session.refresh(new, ["parties", "carried"])
    return new
