"""Steps that the engine could not take. Nothing of one is saved; a manager resolves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.engine import EngineRefused
from app.errors import BadInput, NotAllowed, NotFound, Stopped
from app.models import Case, Incident, Instance
from app.models.base import new_id
from app.services import steps
from app.services.access import is_kept_out, unconflicted
from app.viewer import Viewer

MOST_SAID = 1000  # characters of a cause


@contextmanager
def held_back(case: Case, doing: str) -> Iterator[None]:
    """Round a transaction: an engine's refusal becomes an incident, and the person is told."""
    landlord_id, case_id = case.landlord_id, case.id
    try:
        yield
    except EngineRefused as refused:
        report(landlord_id, case_id, doing, refused)
        raise Stopped from refused


def report(landlord_id: str, case_id: str, doing: str, cause: Exception) -> None:
    """Open an incident, or count one more try of the same; deadlines of the case are held."""
    with transaction() as session:
        instance = session.scalar(
            select(Instance).where(Instance.landlord_id == landlord_id, Instance.case_id == case_id)
        )
        if instance is None:  # the first step of a case: there is nothing to hold
            return
        standing = session.scalar(
            select(Incident).where(
                Incident.landlord_id == landlord_id,
                Incident.instance_id == instance.id,
                Incident.resolved_at.is_(None),
            )
        )
        if standing is not None:
            standing.tries += 1
            return
        instance.held = True
        session.add(
            Incident(
                landlord_id=landlord_id,
                id=new_id(),
                instance_id=instance.id,
                case_id=case_id,
                at=clock.now(),
                doing=doing[:200],
                cause=_in_words(cause),
                element=cause.element if isinstance(cause, EngineRefused) else "",
                resolved_at=None,
            )
        )


def _in_words(cause: Exception) -> str:
    """What the engine says is for people to read; of anything else its kind must be known, too."""
    kind = type(cause).__name__
    said = str(cause) if isinstance(cause, EngineRefused) else f"{kind}: {cause}"
    return said[:MOST_SAID] or kind


def open_incidents(viewer: Viewer) -> list[tuple[Incident, Case]]:
    """The incidents that stand, oldest first, of the cases that the viewer may know of."""
    if not viewer.can("watch"):
        raise NotAllowed
    cases = {
        case.id: case
        for case in db.session.scalars(
            unconflicted(select(Case).where(Case.landlord_id == viewer.landlord_id), viewer).where(
                Case.id.in_(
                    select(Incident.case_id).where(
                        Incident.landlord_id == viewer.landlord_id, Incident.resolved_at.is_(None)
                    )
                )
            )
        )
    }
    rows = db.session.scalars(
        select(Incident)
        .where(Incident.landlord_id == viewer.landlord_id, Incident.resolved_at.is_(None))
        .order_by(Incident.at)
    )
    return [(row, cases[row.case_id]) for row in rows if row.case_id in cases]


def retry(viewer: Viewer, incident_id: str, reason: str) -> Case:
    """Let the case go on: due deadlines fire again. A new refusal opens a new incident."""
    if not viewer.can("watch"):
        raise NotAllowed
    with transaction() as session:
        incident = session.get(Incident, (viewer.landlord_id, incident_id))
        if incident is None or incident.resolved_at is not None:
            raise NotFound
        instance = session.get(Instance, (viewer.landlord_id, incident.instance_id))
        if instance is None or is_kept_out(viewer, instance.case):
            raise NotFound
        if not reason.strip():
            raise BadInput({"reason": "Say what you did, or why it may work now."})
        incident.resolved_at, incident.resolved_by = clock.now(), viewer.user_id
        incident.resolution = reason.strip()
        instance.held = False
        steps.open_step(session, instance, viewer).write(
            "incident_resolved", incident.element, reason=incident.resolution
        )
        return instance.case
