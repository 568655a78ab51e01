"""Looking for cases: what is asked, and the query that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select

from app.errors import NotAllowed
from app.models import Case, Person
from app.services.access import unconflicted, with_people
from app.services.persons import folded
from app.services.references import has_reference
from app.viewer import Viewer


@dataclass(frozen=True)
class Search:
    """What cases are looked for. q: a reference, name or address; status: open, closed or all.

    first, last: of the dates on which a case came, either may be left out.
    """

    q: str = ""
    status: str = "open"
    stage: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None

    def as_args(self) -> dict[str, str]:
        """As a job keeps it."""
        return {name: str(value) for name, value in vars(self).items() if value}

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Search:
        """What as_args said."""
        days = {name: date.fromisoformat(args[name]) for name in ("first", "last") if name in args}
        return cls(**{**args, **days})  # type: ignore[arg-type]


def matching(viewer: Viewer, search: Search) -> Select[Case]:
    """The cases that a search finds, of those that the viewer may know of. Raises NotAllowed."""
    if not viewer.can("read_cases"):
        raise NotAllowed
    query = unconflicted(select(Case).where(Case.landlord_id == viewer.landlord_id), viewer)
    if search.status in {"open", "closed"}:
        query = query.where(Case.status == search.status)
    if search.stage:
        query = query.where(Case.stage == search.stage)
    if search.kind:
        query = query.where(Case.kind == search.kind)
    if search.first:
        query = query.where(Case.received_on >= search.first)
    if search.last:
        query = query.where(Case.received_on <= search.last)
    if q := search.q.strip():
        people = with_people(viewer.landlord_id, Person.search.contains(folded(q), autoescape=True))
        query = query.where(or_(has_reference(q), Case.id.in_(people)))
    return query
