"""Letters that have not gone: held back when their reader has died, and written to somebody else.

What people typed for a letter stays; the greeting, the dates and the way to its reader are new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from app.models import Letter, Outgoing, Person
from app.services import accessible_copies, letters, recipients
from app.services.recipients import Recipient
from app.viewer import Viewer

if TYPE_CHECKING:
    from app.services.steps import Step

GONE = ("sent", "withheld")


def hold(step: Step, person: Person) -> None:
    """Nothing more goes to somebody who has died: what waits in the outbox is held back."""
    for letter, outgoing in _unsent(step, person.id):
        if outgoing is not None:
            letter.status = outgoing.status = "blocked"
            letter.pdf, outgoing.next_try_at = None, None
            outgoing.problem = recipients.HAS_DIED


def withhold(step: Step, person_id: str) -> None:
    """What was held back need not go any more: somebody else has the same letter."""
    for letter, outgoing in _unsent(step, person_id):
        if outgoing is not None:
            letter.status = "withheld"
            step.session.delete(outgoing)


def readdress(step: Step, former_id: str, person: Person) -> None:
    """Write anew, to a person, what somebody else did not get any more; what waited goes."""
    to = recipients.own(person)
    for letter, outgoing in _unsent(step, former_id):
        letter.person_id, letter.pdf = person.id, None
        letter.blocks = letters.compose(
            step.session,
            step.case,
            step.deployed,
            letter.template,
            step.instance.facts,
            Viewer(letter.landlord_id, letter.written_by) if letter.written_by else None,
            letter.typed.get("parts", {}),
            letter.typed.get("points", []),
            recipient=to,
        ).to_json()
        if outgoing is not None:
            requeue(step, letter, outgoing, to)
            if former_id != person.id:
                accessible_copies.ask_for(step, letter, person)


def requeue(step: Step, letter: Letter, outgoing: Outgoing, to: Recipient) -> None:
    """Put a letter that could not go into the outbox again, by the way that is safe now."""
    outgoing.channel, outgoing.address, outgoing.problem = to.channel, to.send_to, to.problem
    outgoing.status = letter.status = "blocked" if to.problem else "queued"
    outgoing.tries, outgoing.queued_at, outgoing.told_late = 0, step.now, False
    by_email = to.channel == "email" and not to.problem
    outgoing.next_try_at = step.now if by_email else None
    letter.pdf = None  # the address block may be another one
    step.write(
        "letter_queued",
        letter_id=letter.id,
        title=letter.title,
        to=to.name,
        channel=to.channel,
        problem=to.problem,
    )


def _unsent(step: Step, person_id: str) -> list[tuple[Letter, Outgoing | None]]:
    """A person's letters of the case that have not left, with how they wait."""
    theirs = Letter.person_id == person_id
    if person_id == step.case.resident.id:
        theirs = or_(theirs, and_(Letter.person_id.is_(None), Letter.to == recipients.RESIDENT))
    rows = step.session.execute(
        select(Letter, Outgoing)
        .outerjoin(
            Outgoing,
            (Outgoing.landlord_id == Letter.landlord_id) & (Outgoing.letter_id == Letter.id),
        )
        .where(Letter.landlord_id == step.case.landlord_id, Letter.case_id == step.case.id)
        .where(theirs, Letter.status.not_in(GONE))
        .order_by(Letter.written_at, Letter.id)
    )
    return [(letter, outgoing) for letter, outgoing in rows]
