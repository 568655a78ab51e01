"""Cases that belong together: one became another, was split from it, or is about it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db import db
from app.models import Case, CaseLink, Conflict
from app.services.access import unconflicted
from app.viewer import Viewer

# what the other case is to this one: where it is the older, and where it is the newer one
OLDER = {"converted": "Began as", "split": "Split from", "about": "Is about"}
NEWER = {"converted": "Went on as", "split": "Split off as", "about": "Asked about in"}


@dataclass(frozen=True)
class Linked:
    """Another case as the page of one names it."""

    case: Case
    words: str


def links_of(viewer: Viewer, case: Case) -> list[Linked]:
    """The cases linked with one, both ways, oldest first; only those that the viewer may see."""
    found = []
    for link in _links(db.session(), [case.id], case.landlord_id):
        newer = link.other_id == case.id
        other_id = link.case_id if newer else link.other_id
        other = db.session.scalar(
            unconflicted(
                select(Case).where(Case.landlord_id == case.landlord_id, Case.id == other_id),
                viewer,
            )
        )
        if other is not None:
            words = (NEWER if newer else OLDER).get(link.kind, "Belongs to")
            found.append(Linked(other, words))
    return sorted(found, key=lambda linked: linked.case.opened_at)


def linked_with(session: Session, case: Case) -> list[Case]:
    """All cases that can be reached from one by links, however far, without itself."""
    reached, todo = {case.id}, [case.id]
    while todo:
        links = _links(session, todo, case.landlord_id)
        todo = [i for link in links for i in (link.case_id, link.other_id) if i not in reached]
        todo = list(dict.fromkeys(todo))
        reached |= set(todo)
    others = select(Case).where(
        Case.landlord_id == case.landlord_id, Case.id.in_(reached - {case.id})
    )
    return list(session.scalars(others))


def link(session: Session, new: Case, old: Case, kind: str) -> None:
    """Link a case that has just begun with an older one. Who is kept out of that is out of both."""
    session.add(CaseLink(landlord_id=new.landlord_id, case_id=new.id, other_id=old.id, kind=kind))
    kept_out = select(Conflict).where(
        Conflict.landlord_id == old.landlord_id, Conflict.case_id == old.id
    )
    for row in session.scalars(kept_out).all():
        session.add(
            Conflict(
                landlord_id=new.landlord_id, case_id=new.id, user_id=row.user_id, reason=row.reason
            )
        )
    session.flush()


def _links(session: Session, case_ids: list[str], landlord_id: str) -> list[CaseLink]:
    return list(
        session.scalars(
            select(CaseLink).where(
                CaseLink.landlord_id == landlord_id,
                or_(CaseLink.case_id.in_(case_ids), CaseLink.other_id.in_(case_ids)),
            )
        )
    )
