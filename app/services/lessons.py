"""What complaints teach us, as a form of staff tells it; the text for the public names nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from app.errors import BadInput
from app.models import Case, Lesson, Person
from app.models.base import new_id
from app.services.complaints import place
from app.services.persons import folded

if TYPE_CHECKING:
    from app.services.steps import Step

# the keys of forms that tell a lesson, and where each is kept
KEYS = {"lesson": "text", "lesson_change": "change", "lesson_public": "public_text"}
NO_NAMES = frozenset({"mr", "mrs", "miss", "ms", "mx", "dr", "and", "the"})


def keep(step: Step, answers: Mapping[str, Any], element: str) -> None:
    """Keep what a form of staff says was learned; told again in the same place, it is changed.

    A published text that changes leaves the page until a manager has read it. Raises BadInput
    where the text for the public names somebody.
    """
    said = {KEYS[key]: str(value or "").strip() for key, value in answers.items() if key in KEYS}
    if not said or not step.actor.user_id:
        return
    if found := names_in(step.case, said.get("public_text", "")):
        raise BadInput({"lesson_public": must_not_say(found)})
    row = step.session.scalar(
        select(Lesson).where(
            Lesson.landlord_id == step.case.landlord_id,
            Lesson.case_id == step.case.id,
            Lesson.element == element,
        )
    )
    if row is None:
        if any(said.values()):
            step.session.add(_new(step, element, {"text": ""} | said))
            step.write("lesson_recorded", element)
        return
    if said.get("public_text", row.public_text) != row.public_text and row.published_on:
        row.published_on = row.published_by = None
        step.write("lesson_taken_off", element)
    for column, text in said.items():
        setattr(row, column, text)
    if not (row.text or row.change or row.public_text):
        step.session.delete(row)


def _new(step: Step, element: str, said: Mapping[str, str]) -> Lesson:
    return Lesson(
        landlord_id=step.case.landlord_id,
        id=new_id(),
        case_id=step.case.id,
        element=element,
        at=step.now,
        by=step.actor.user_id,
        published_on=None,
        **said,
    )


def names_in(case: Case, text: str) -> str:
    """What in a text tells whose case it was: a name, an address, a reference; else empty."""
    people = [party.person for party in case.parties]
    for said in (said for person in people for said in _telling(person)):
        if found := said.search(text):
            return found[0]
    squeezed = _squeezed(text)
    codes = [case.reference, *(code for p in people for code in (p.postcode, p.phone))]
    return next((code for code in codes if code and _squeezed(code) in squeezed), "")


def _telling(person: Person) -> Iterator[re.Pattern[str]]:
    """What to look for. A name counts with its capitals: "Green" is a person, "green" is not."""
    words = [word for word in person.name.split() if word.casefold() not in NO_NAMES]
    if len(words) > 1:
        yield _words_of(person.name)
    for word in words:
        if len(word) > 2 or (len(word) == 2 and word == words[-1]):
            as_written = {word.upper(), word.capitalize()} | ({word} - {word.lower()})
            yield re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(as_written)))})\b")
    yield from map(_words_of, filter(None, (person.email, *_streets(person))))


def _streets(person: Person) -> Iterator[str]:
    """Number and street, and the street or the building alone; never the town."""
    whole = place(person) if person.address.strip() else ""
    yield whole
    for line in whole.split(","):
        street = re.sub(r"^\W*\d+\w?\s+", "", line).strip()
        if " " in street and not re.search(r"\d", street):
            yield street


def _squeezed(text: str) -> str:
    """How codes are compared: without blanks and hyphens."""
    return re.sub(r"[\s-]", "", text).upper()


def _words_of(text: str) -> re.Pattern[str]:
    """A text with any blanks and commas between its words."""
    words = r"[\s,]*".join(re.escape(word) for word in folded(text).split())
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def must_not_say(found: str) -> str:
    """The sentence for a text that gives somebody away."""
    return f"This text is for everybody to read. Take out “{found}”: it tells whose case it was."
