"""The first page and signing in: kind to residents, silent about which part was wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import EndedSession
from app.services import accounts, deployments
from app.viewer import Viewer
from tests.conftest import PASSWORD


def test_a_visitor_finds_the_landlords_first_and_then_the_way_in_for_staff(
    client: FlaskClient, landlord: str
) -> None:
    page = client.get("/").text
    assert f'href="/{landlord}/complain"' in page
    assert deployments.landlord(landlord).name in page
    assert page.index("/complain") < page.index('href="/sign-in"')


def test_a_server_without_landlords_says_so(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "No landlord uses this server yet" in page
    assert 'href="tel:999"' in page


def test_a_signed_in_person_goes_to_their_own_first_page(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer]
) -> None:
    assert sign_in(person("amira")).get("/").location == "/inbox"


@pytest.mark.parametrize("email", ["amira", "nobody"])
def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(
    client: FlaskClient, landlord: str, person: Callable[..., Viewer], email: str
) -> None:
    person("amira")
    address = f"{email}@{landlord}.example"
    answer = client.post("/sign-in", data={"email": address, "password": "not the password"})
    assert answer.status_code == 422
    assert "The e-mail address or the password is not right." in answer.text
    assert '<a href="#email">' in answer.text
    assert f'value="{address}"' in answer.text
    assert "not the password" not in answer.text


def test_the_fields_tell_browsers_what_they_are(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert page.count("<label") == 2


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/cases?q=a", "/cases?q=a"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_is_sent_on_within_this_server_only(
    client: FlaskClient,
    landlord: str,
    person: Callable[..., Viewer],
    asked: str,
    goes: str,
) -> None:
    person("amira")
    answer = client.post(
        "/sign-in",
        query_string={"next": asked},
        data={"email": f"amira@{landlord}.example", "password": PASSWORD},
    )
    assert answer.location == goes


def test_what_the_session_held_before_is_gone_after_signing_in(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer], landlord: str
) -> None:
    client = sign_in(person("amira"))
    client.post(f"/{landlord}/complain", data={"danger": "no"})
    signed_in = sign_in(person("betty"))
    assert signed_in.get(f"/{landlord}/complain/form").location == f"/{landlord}/complain"


def test_signing_out_ends_the_session(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer]
) -> None:
    client = sign_in(person("amira"))
    client.post("/sign-out")
    assert client.get("/inbox").location.startswith("/sign-in")


def copy_of_the_cookie(client: FlaskClient) -> FlaskClient:
    cookie = client.get_cookie("putright")
    assert cookie
    copied = client.application.test_client()
    copied.set_cookie("putright", cookie.value)
    return copied


def test_a_copied_cookie_is_worth_nothing_after_signing_out(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer]
) -> None:
    client = sign_in(person("amira"))
    copied = copy_of_the_cookie(client)
    assert copied.get("/inbox").status_code == 200
    client.post("/sign-out")
    assert copied.get("/inbox").location.startswith("/sign-in")


def test_signing_out_leaves_the_person_s_other_devices_signed_in(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer], landlord: str
) -> None:
    client = sign_in(person("amira"))
    telephone = client.application.test_client()
    address = f"amira@{landlord}.example"
    telephone.post("/sign-in", data={"email": address, "password": PASSWORD})
    client.post("/sign-out")
    assert telephone.get("/inbox").status_code == 200


def test_what_was_signed_out_is_forgotten_when_no_cookie_can_be_that_old(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer], clock: SetClock
) -> None:
    sign_in(person("amira")).post("/sign-out")
    accounts.drop_ended_sessions()
    assert db.session.scalar(select(EndedSession.id))
    clock.move_to(clock() + timedelta(hours=25))
    accounts.drop_ended_sessions()
    assert db.session.scalar(select(EndedSession.id)) is None


def test_a_person_who_was_switched_off_is_signed_out_at_once(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer]
) -> None:
    amira = person("amira")
    client = sign_in(amira)
    accounts.change_user(person("ada", role="administrator"), amira.user_id or "", active=False)
    assert client.get("/inbox").location.startswith("/sign-in")


def test_clear_and_leave_signs_out_too(
    sign_in: Callable[[Viewer], FlaskClient], person: Callable[..., Viewer], landlord: str
) -> None:
    client = sign_in(person("amira"))
    copied = copy_of_the_cookie(client)
    client.get(f"/{landlord}/leave")
    assert copied.get("/inbox").location.startswith("/sign-in")
    assert client.get("/inbox").location.startswith("/sign-in")
