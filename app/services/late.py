"""A resident has died: what pages and letters say of it. The one place for these words."""

from __future__ import annotations

from dataclasses import replace

from app.letters import FilledLetter
from app.letters.filled import Paragraph, Run
from app.models import CarriedOn, Case, Person
from app.services.recipients import REPRESENTATIVE, RESIDENT, Recipient, salutation

STANDINGS = {
    "executor": "Executor or administrator of the estate",
    "household": "A member of the household",
    "other": "Somebody else",
}


def full_name(person: Person) -> str:
    """Mrs Mary Doyle."""
    return f"{person.title} {person.name}".strip()


def has_died(person: Person) -> str:
    """Mrs Doyle has died."""
    return f"{salutation(person)} has died"


def in_words(case: Case) -> list[str]:
    """For staff, of each resident who has died: that they have, and who carries it on."""
    return [f"{has_died(row.late)}. {_carrier(row)}" for row in case.carried]


def _carrier(row: CarriedOn) -> str:
    if row.person is None:
        return "Nobody carries this on yet: letters wait until somebody is named."
    return f"{', '.join(filter(None, (row.person.name, row.relation)))}, carries this on."


def for_whom(case: Case, person: Person) -> list[Person]:
    """Those who have died for whom a person carries the case on."""
    return [row.late for row in case.carried if row.person_id == person.id]


def explained(case: Case, noun: str, recipient: Recipient, filled: FilledLetter) -> FilledLetter:
    """A letter with one sentence or two under its greeting, where somebody has died.

    What goes to a representative shares nothing of the resident, so it stays as it is.
    """
    if filled.to == REPRESENTATIVE:
        return filled
    if filled.to != RESIDENT:
        said = [_to_others(row, noun) for row in case.carried if row.late_role == RESIDENT]
    else:
        said = [_to_carrier(late, noun) for late in for_whom(case, recipient.resident)]
        if recipient.resident.death:
            said.append(f"This is about the {noun} of the late {full_name(recipient.resident)}.")
    paragraphs = tuple(Paragraph((Run(words),)) for words in said)
    after = filled.greeting_ends
    blocks = (*filled.blocks[:after], *paragraphs, *filled.blocks[after:])
    return replace(filled, blocks=blocks)


def _to_carrier(late: Person, noun: str) -> str:
    return (
        f"You carry on the {noun} of the late {full_name(late)}. Where we say “your {noun}” or "
        f"“you told us”, we mean that {noun} and what {salutation(late)} told us."
    )


def _to_others(row: CarriedOn, noun: str) -> str:
    carried = f" {row.person.name} carries it on." if row.person else ""
    return f"This is about the {noun} of the late {full_name(row.late)}.{carried}"
