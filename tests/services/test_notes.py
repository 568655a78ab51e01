"""Every call and visit is asked the danger questions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import BadInput
from app.models import Alert, Case, Note
from app.services import cases
from app.viewer import Viewer
from tests.cases import first_team, recorded

Make = Callable[..., Viewer]
SAFE = {"triage_hazard": "no", "triage_safeguarding": "no"}


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.mark.parametrize("kind", sorted(cases.CONTACTS))
def test_a_contact_without_its_triage_is_refused(landlord: str, officer: Viewer, kind: str) -> None:
    case = recorded(landlord)
    with pytest.raises(BadInput) as refused:
        cases.add_note(officer, case.reference, kind, "She rang.", {"triage_hazard": "perhaps"})
    assert set(refused.value.errors) == {"triage_hazard", "triage_safeguarding"}


def test_a_danger_heard_on_a_call_alerts_at_once_even_when_the_case_is_closed(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    db.session.get_one(Case, (landlord, case.id)).status = "closed"
    db.session.commit()
    told = SAFE | {"triage_safeguarding": "not_sure", "triage_urgency": "today"}

    cases.add_note(officer, case.reference, "call", "She is afraid of a neighbour.", told)

    assert len(db.session.scalars(select(Alert)).all()) == 1
    assert db.session.scalars(select(Note.triage)).one() == told


def test_a_plain_note_needs_no_triage_and_alerts_nobody(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    cases.add_note(officer, case.reference, "note", "The key is at the office.")
    assert db.session.scalars(select(Alert)).all() == []
