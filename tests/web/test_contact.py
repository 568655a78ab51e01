"""The page on which contact details are put right."""

from __future__ import annotations

from collections.abc import Callable

from flask import g
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Outgoing, Person
from app.services.complaints import update_person
from app.viewer import Viewer
from app.web.strips import safety_of
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


def test_a_safe_place_is_kept_and_stands_in_the_strip(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    case = acknowledged(landlord)
    client = sign_in(person("grace", teams=(first_team(landlord),)))
    said = {"name": "Kezia", "contact_use": "phone", "contact_place": "at the library only"}
    client.post(f"/cases/{case.reference}/contact", data=said)
    assert 'value="at the library only"' in client.get(f"/cases/{case.reference}/contact").text
    page = client.get(f"/cases/{case.reference}").text
    assert "Keeping Kezia safe" in page and "Phone call, at the library only" in page


def test_a_form_that_asks_for_a_safe_place_fills_it(landlord: str, person: Make) -> None:
    g.viewer = person("grace", teams=(first_team(landlord),))
    kezia = acknowledged(landlord).resident
    update_person(kezia, {"contact_place": "at work"})
    assert safety_of(kezia).use[0].endswith("at work")


def test_a_wish_is_no_adjustment(landlord: str, person: Make) -> None:
    g.viewer = person("grace", teams=(first_team(landlord),))
    kezia = acknowledged(landlord, contact_use="email").resident
    safety = safety_of(kezia)
    assert safety.adjustments == [] and safety.use == []
    assert safety.likes == "Likes to hear from us by e-mail, kezia@example.org."


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
