"""Steps that the engine could not take. Nothing of one is saved; a manager resolves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.engine import EngineRefused, Snapshot, fire_due, look, pass_over
from app.errors import BadInput, NotAllowed, NotFound, NotOffered, Stopped
from app.models import Case, Deadline, Incident, Instance
from app.models.base import new_id
from app.services import code_clocks, steps
from app.services.access import is_kept_out, unconflicted
from app.viewer import Viewer
from timers.calendar import falls_due_at

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


def report(landlord_id: str, case_id: str, doing: str, cause: Exception, at: str = "") -> None:
    """Open an incident, or count one more try of the same; deadlines of the case are held.

    at: the element where somebody tried it. Its place is where the engine says it is, or there, or
    the timer at which the case would have gone on.
    """
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
                element=getattr(cause, "element", "") or at or _next_place(session, instance),
                resolved_at=None,
            )
        )


def _next_place(session: Session, instance: Instance) -> str:
    """The timer at which the case would have gone on: that due next, else the earliest dated."""
    rows = session.scalars(
        select(Deadline).where(
            Deadline.landlord_id == instance.landlord_id,
            Deadline.instance_id == instance.id,
            Deadline.host != code_clocks.HOST,
            Deadline.met_on.is_(None),
            Deadline.ended_at.is_(None),
        )
    )
    places = [(falls_due_at(row.due_on, row.kind), row.element) for row in rows if row.due_on]
    return min(places, key=lambda at: (at[0] != instance.next_due_at, at), default=("", ""))[1]


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
    with transaction() as session:
        incident, step = _opened(session, viewer, incident_id)
        _resolve(incident, step, reason, "Say what you did, or why it may work now.")
        return step.case


@dataclass(frozen=True)
class Skippable:
    """A deadline that cannot be taken, and may be let pass. deadline: its line in the register."""

    incident: Incident
    case: Case
    deadline: Deadline


def to_skip(viewer: Viewer, incident_id: str) -> Skippable:
    """What letting the broken deadline pass would do. Raises NotOffered where it cannot be."""
    with transaction() as session:
        incident, step = _opened(session, viewer, incident_id)
        key, _ = _without_the_broken(step)
        row = session.get_one(Deadline, (viewer.landlord_id, step.instance.id, *key))
        return Skippable(incident, step.case, row)


def skip(viewer: Viewer, incident_id: str, reason: str) -> Case:
    """Let the deadline pass that cannot be taken; what hangs on it is not done.

    The case goes on. Raises NotOffered, and BadInput without a reason.
    """
    with transaction() as session:
        incident, step = _opened(session, viewer, incident_id)
        key, snapshot = _without_the_broken(step)
        _resolve(incident, step, reason, "Say why this deadline may pass.")
        steps.take_over(step, snapshot)
        step.write("deadline_skipped", key[1], reason=incident.resolution)
        return step.case


def _opened(session: Session, viewer: Viewer, incident_id: str) -> tuple[Incident, steps.Step]:
    """An incident that stands, with a step on its case."""
    if not viewer.can("watch"):
        raise NotAllowed
    incident = session.get(Incident, (viewer.landlord_id, incident_id))
    instance = (
        session.get(Instance, (viewer.landlord_id, incident.instance_id)) if incident else None
    )
    if incident is None or instance is None or is_kept_out(viewer, instance.case):
        raise NotFound
    step = steps.open_step(session, instance, viewer)
    if incident.resolved_at is not None:
        raise NotFound
    return incident, step


def _resolve(incident: Incident, step: steps.Step, reason: str, asks: str) -> None:
    if not reason.strip():
        raise BadInput({"reason": asks})
    incident.resolved_at, incident.resolved_by = step.now, step.actor.user_id
    incident.resolution = reason.strip()
    step.instance.held = False
    step.write("incident_resolved", incident.element, reason=incident.resolution)


def _without_the_broken(step: steps.Step) -> tuple[tuple[str, str], Snapshot]:
    """The deadline without which all that is due can be taken, and what then becomes of the case.

    Raises NotOffered when nothing is broken that falls due, or the case cannot go on beside it.
    """
    procedure, stored = step.deployed.procedure, step.stored()
    known = stored, step.now, step.calendar
    if _taken(fire_due, procedure, *known):
        raise NotOffered("Every deadline of this case can be taken now. Let the case go on.")
    now = _taken(look, procedure, stored, step.calendar)
    due = now.deadlines if now else {}
    for key in sorted(due, key=lambda key: due[key].falls_due_at or step.now):
        if snapshot := _taken(pass_over, procedure, *known, key):
            return key, snapshot
    raise NotOffered("The case cannot go on without its deadline. The cause has to be mended.")


def _taken(work: Callable[..., Snapshot], *known: object) -> Snapshot | None:
    """What becomes of a case, or None if the engine cannot take it, whatever the reason."""
    try:
        snapshot = work(*known)
    except Exception:
        return None
    return None if snapshot.stuck else snapshot
