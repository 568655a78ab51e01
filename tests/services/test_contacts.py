"""A letter that was held back goes when there is a safe way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import BadInput, NotFound
from app.models import Conflict, Event, Outgoing
from app.services import contacts, outbox
from app.viewer import Viewer
from tests.cases import first_team
from tests.services.test_outbox import acknowledged

Make = Callable[..., Viewer]


def test_a_blocked_letter_goes_after_the_details_were_put_right(
    landlord: str, person: Make
) -> None:
    officer = person("grace", teams=(first_team(landlord),))
    case = acknowledged(landlord, contact_never=["email", "post"])
    blocked = outbox.page(officer).blocked[0].outgoing
    with pytest.raises(BadInput, match="still cannot go"):
        contacts.send_again(officer, blocked.id)

    contacts.change(
        officer,
        case.reference,
        {"name": "Kezia Boateng", "email": "safe@example.org", "contact_never": ["post"]},
    )
    contacts.send_again(officer, blocked.id)

    assert outbox.send_due() == 1
    sent = db.session.scalars(select(Outgoing)).one()
    assert (sent.status, sent.address) == ("sent", "safe@example.org")
    actions = db.session.scalars(select(Event.action).order_by(Event.n)).all()
    assert actions[-3:] == ["contact_changed", "letter_queued", "letter_sent"]
    with pytest.raises(NotFound):
        contacts.send_again(officer, blocked.id)


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "A", "email": "a@b@c"}, "email"),
        ({"name": "A", "email": "a@b.example\r\nBcc: x@y.example"}, "email"),
        ({"name": "A", "address": "x" * 501}, "address"),
        ({"name": "A", "contact_use": "email", "contact_never": ["email"]}, "contact_use"),
        ({"name": "A", "contact_use": "pigeon"}, "contact_use"),
    ],
)
def test_wrong_details_are_told_at_the_field(
    landlord: str, person: Make, details: dict[str, object], field: str
) -> None:
    officer = person("grace", teams=(first_team(landlord),))
    case = acknowledged(landlord)
    with pytest.raises(BadInput) as refused:
        contacts.change(officer, case.reference, details)
    assert field in refused.value.errors


def test_nobody_in_conflict_sends_anything(landlord: str, person: Make) -> None:
    officer = person("grace", teams=(first_team(landlord),))
    case = acknowledged(landlord, contact_never=["email", "post"])
    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    blocked = db.session.scalars(select(Outgoing.id)).one()

    with pytest.raises(NotFound):
        contacts.send_again(officer, blocked)
    with pytest.raises(NotFound):
        contacts.change(officer, case.reference, {"name": "A"})
