"""Copies of a letter that a person makes: in Braille, as audio, in another language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.engine import Element
from app.models import AccessibleCopy, Case, Letter, Person
from app.models.base import new_id
from app.services.adjustments import language_of, wishes
from app.services.recipients import salutation
from timers.calendar import ONE_DAY, london_date

if TYPE_CHECKING:
    from app.services.steps import Step

BY_WISH = ("braille", "audio")  # codes of adjustments
PAUSES = "copy_pauses"  # the fact with which a resident's window waits for the copy


@dataclass(frozen=True)
class Needed:
    """A kind of copy: braille, audio or translation, the last with its language."""

    kind: str
    language: str = ""


def needed(person: Person) -> list[Needed]:
    """The copies of a letter that somebody needs."""
    if person.death:
        return []
    asked = wishes(person)
    found = [Needed(kind) for kind in BY_WISH if kind in asked]
    language = language_of(person)
    return [*found, Needed("translation", language)] if language else found


def in_words(person: Person) -> str:
    """Braille copy; Audio copy and copy in Polish. Empty where the letter itself can be read."""
    kinds = [
        f"copy in {copy.language}" if copy.kind == "translation" else f"{copy.kind} copy"
        for copy in needed(person)
    ]
    said = " and ".join(kinds)
    return said[:1].upper() + said[1:]


def ask_for(step: Step, letter: Letter, person: Person) -> None:
    """A letter goes to somebody: the copies that they need are now to be made."""
    for copy in needed(person):
        row = AccessibleCopy(
            landlord_id=step.case.landlord_id,
            id=new_id(),
            case_id=step.case.id,
            letter_id=letter.id,
            person_id=person.id,
            kind=copy.kind,
            language=copy.language,
            asked_at=step.now,
            sent_on=None,
        )
        step.session.add(row)
        step.session.flush()
        step.write("copy_asked", copy=label(step.session, row))


def of_case(session: Session, case: Case) -> list[AccessibleCopy]:
    """All copies of a case, the oldest first."""
    return list(
        session.scalars(
            select(AccessibleCopy)
            .where(
                AccessibleCopy.landlord_id == case.landlord_id, AccessibleCopy.case_id == case.id
            )
            .order_by(AccessibleCopy.asked_at, AccessibleCopy.id)
        )
    )


def to_make(session: Session, landlord_id: str) -> list[tuple[AccessibleCopy, Case]]:
    """The copies that a landlord still has to make, the oldest first."""
    rows = session.execute(
        select(AccessibleCopy, Case)
        .join(
            Case,
            (Case.landlord_id == AccessibleCopy.landlord_id) & (Case.id == AccessibleCopy.case_id),
        )
        .where(AccessibleCopy.landlord_id == landlord_id, AccessibleCopy.sent_on.is_(None))
        .order_by(AccessibleCopy.asked_at, AccessibleCopy.id)
    )
    return [(copy, case) for copy, case in rows]


def open_of_case(session: Session, case: Case) -> list[AccessibleCopy]:
    """The copies of a case that are still to be made, the oldest first."""
    return [copy for copy in of_case(session, case) if copy.sent_on is None]


def label(session: Session, copy: AccessibleCopy) -> str:
    """Braille copy of “Our answer to your complaint” for Ms Boateng."""
    letter = session.get_one(Letter, (copy.landlord_id, copy.letter_id))
    return f"{kind_of(copy)} of “{letter.title}” for {for_whom(session, copy)}"


def for_whom(session: Session, copy: AccessibleCopy) -> str:
    """Ms Boateng."""
    return salutation(session.get_one(Person, (copy.landlord_id, copy.person_id)))


def kind_of(copy: AccessibleCopy) -> str:
    """Braille copy, Audio copy, Copy in Polish."""
    if copy.kind == "translation":
        return f"Copy in {copy.language}"
    return f"{copy.kind.capitalize()} copy"


def sent(session: Session, copy: AccessibleCopy, on: date, by: str | None) -> None:
    """A copy has gone, on this day; by: the user who saw to it."""
    copy.sent_on, copy.sent_by = on, by
    session.add(copy)
    session.flush()


def drop(step: Step, person: Person) -> None:
    """Somebody has died: their copies need not be made, and no clock waits for them any more."""
    for copy in open_of_case(step.session, step.case):
        if copy.person_id == person.id:
            copy.dropped = True
            sent(step.session, copy, step.today, None)
            step.write("copy_dropped", copy=label(step.session, copy))


def pauses(session: Session, case: Case) -> list[list[str | None]]:
    """How long the contact waited for each copy: [asked for, the day after it went or None].

    A pause ends with a day that counts again. The day on which the copy went does not: the first
    day counted is the working day after it.
    """
    late = {row.late_id for row in case.carried if row.late_role == "resident"}
    return [
        [
            london_date(copy.asked_at).isoformat(),
            (copy.sent_on + ONE_DAY).isoformat() if copy.sent_on else None,
        ]
        for copy in of_case(session, case)
        if copy.person_id in {case.resident.id, *late}
    ]


def counts_from_copy(timer: Element) -> bool:
    """Whether a clock of the diagram waits for the contact's copy."""
    return PAUSES in (timer.expression or "")
