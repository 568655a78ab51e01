"""Contact arrangements: how somebody may contact us for a time, decided in a case of its own.

An arrangement is told on the pages of staff. It blocks nothing: a danger, a worry about somebody's
safety, an adjustment and a new issue are always taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.engine import EngineRefused, HistoryEvent
from app.errors import NotAllowed
from app.models import Case, ContactArrangement, Person
from app.models.base import new_id
from app.services import access
from app.services.answers import answers_of, newest_answer
from app.viewer import Viewer
from timers.calendar import london_date

if TYPE_CHECKING:
    from app.services.steps import Step

SAYS = "arrangement_says"  # the key of the form field with the words of the arrangement
DATES = {  # fact -> column
    "arrangement_from_on": "from_on",
    "arrangement_review_on": "review_on",
    "arrangement_ends_on": "ends_on",
}


def arrange(step: Step, event: HistoryEvent) -> None:
    """A send task with `arranges` was passed: the arrangement of its case begins, or ends.

    Raises EngineRefused while a date, the words or the approval are missing.
    """
    properties = step.deployed.elements[event.element].properties
    row = _of_case(step.session, step.case)
    if properties.get("arranges") == "begins":
        said = _decided(step, properties.get("approved_in", ""))
        if row is None:
            row = ContactArrangement(
                landlord_id=step.case.landlord_id, id=new_id(), case_id=step.case.id
            )
        row.person_id = step.case.resident.id
        row.ended_on = None
        for column, value in said.items():
            setattr(row, column, value)
        step.session.add(row)
        step.write("arrangement_began", event.element, event.at, ends_on=row.ends_on.isoformat())
    elif properties.get("arranges") == "ends" and row is not None and row.ended_on is None:
        row.ended_on = london_date(event.at)
        step.write("arrangement_ended", event.element, event.at)


def _of_case(session: Session, case: Case) -> ContactArrangement | None:
    return session.scalar(
        select(ContactArrangement).where(
            ContactArrangement.landlord_id == case.landlord_id,
            ContactArrangement.case_id == case.id,
        )
    )


def _decided(step: Step, approved_in: str) -> dict[str, Any]:
    """The columns of an arrangement, from the facts and the answers of its case."""
    facts = step.instance.facts
    missing = [fact for fact in DATES if not facts.get(fact)]
    answers = answers_of(step.session, step.case)
    says = next((a.values[SAYS] for a in reversed(answers) if a.values.get(SAYS)), "")
    approval = newest_answer(step.session, step.case, approved_in)
    if missing or not says or approval is None:
        missing += [SAYS] * (not says) + [approved_in] * (approval is None)
        raise EngineRefused(f"The contact arrangement lacks: {', '.join(missing)}.")
    dates = {column: date.fromisoformat(facts[fact]) for fact, column in DATES.items()}
    return {"says": says, "approved_by": approval.by, **dates}


def in_force(session: Session, person: Person, on: date) -> list[ContactArrangement]:
    """The arrangements that hold for a person on a day."""
    query = _in_force(person.landlord_id, on)
    return list(session.scalars(query.where(ContactArrangement.person_id == person.id)))


def _in_force(landlord_id: str, on: date) -> Select[ContactArrangement]:
    return (
        select(ContactArrangement)
        .where(
            ContactArrangement.landlord_id == landlord_id,
            ContactArrangement.from_on <= on,
            ContactArrangement.ends_on >= on,
            or_(ContactArrangement.ended_on.is_(None), ContactArrangement.ended_on > on),
        )
        .order_by(ContactArrangement.review_on, ContactArrangement.id)
    )


@dataclass(frozen=True)
class Arranged:
    """An arrangement in force. case: the one that decided it, if the viewer may see it."""

    row: ContactArrangement
    case: Case | None
    is_overdue: bool  # its review should have been


def of_person(viewer: Viewer, person: Person) -> list[Arranged]:
    """What holds for a person today, for the pages of staff."""
    if not (viewer.can("read_cases") and viewer.landlord_id == person.landlord_id):
        raise NotAllowed
    return [_arranged(viewer, row) for row in in_force(db.session(), person, clock.today())]


def all_in_force(viewer: Viewer) -> list[tuple[Arranged, Case]]:
    """Every arrangement in force whose case the viewer may see, the earliest review first."""
    if not viewer.can("watch"):
        raise NotAllowed
    rows = db.session.scalars(_in_force(viewer.landlord_id, clock.today()))
    found = [_arranged(viewer, row) for row in rows]
    return [(arranged, arranged.case) for arranged in found if arranged.case]


def _arranged(viewer: Viewer, row: ContactArrangement) -> Arranged:
    case = db.session.get(Case, (row.landlord_id, row.case_id))
    seen = case if case is not None and not access.is_kept_out(viewer, case) else None
    return Arranged(row, seen, row.review_on < clock.today())
