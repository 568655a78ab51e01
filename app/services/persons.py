"""A person's own record: how it is found."""

from __future__ import annotations

from app.models import Person


def folded(text: str) -> str:
    """Text as it is searched: lower case, single blanks, no commas."""
    return " ".join(text.casefold().replace(",", " ").split())


def make_findable(person: Person) -> None:
    """Fold name and address for searches, after either has changed."""
    person.search = folded(f"{person.name} {person.address} {person.postcode}")
