"""The page on which contact details are put right."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Outgoing, Person
from app.viewer import Viewer
from tests.cases import first_team
from tests.services.test_outbox import acknowledged

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


def test_details_are_shown_changed_and_count_for_a_letter_that_was_held_back(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    case = acknowledged(landlord, contact_never=["email", "post"])
    client = sign_in(person("grace", teams=(first_team(landlord),)))
    address = f"/cases/{case.reference}/contact"
    assert "kezia@example.org" in client.get(address).text

    said = {"name": "Kezia Boateng", "email": "safe@example.org", "contact_never": ["post"]}
    assert client.post(address, data=said).status_code == 303
    db.session.expire_all()
    kezia = db.session.scalars(select(Person)).one()
    assert (kezia.email, kezia.contact_never) == ("safe@example.org", ["post"])

    outgoing = db.session.scalars(select(Outgoing)).one()
    answer = client.post(f"/post/{outgoing.id}/again", follow_redirects=True)
    assert "It goes by e-mail." in answer.text


def test_wrong_details_come_back_as_typed(landlord: str, person: Make, sign_in: SignIn) -> None:
    case = acknowledged(landlord)
    client = sign_in(person("grace", teams=(first_team(landlord),)))

    answer = client.post(
        f"/cases/{case.reference}/contact", data={"name": "", "email": "a@b@c", "phone": "0161"}
    )

    assert answer.status_code == 422
    assert "Enter the resident" in answer.text and 'value="a@b@c"' in answer.text


def test_a_letter_that_still_cannot_go_says_why(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    acknowledged(landlord, contact_never=["email", "post"])
    client = sign_in(person("grace", teams=(first_team(landlord),)))
    outgoing = db.session.scalars(select(Outgoing)).one()

    answer = client.post(f"/post/{outgoing.id}/again")

    assert answer.status_code == 422
    assert "It still cannot go" in answer.text
