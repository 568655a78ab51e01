"""A page that is sent after its session has ended: what was typed comes back, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Case
from app.services import accounts, actions
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.conftest import PASSWORD
from tests.public import complain

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
STILL_HERE = "What you typed is still here"
WORDS = "She told me <b>everything</b>"


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def case(landlord: str) -> Case:
    return recorded(landlord)


@pytest.fixture
def stale(app: Flask, officer: Viewer, sign_in: SignIn) -> FlaskClient:
    """A browser that has signed in anew while its page was open: what the page carries is old."""
    client = sign_in(officer)
    app.config["WTF_CSRF_ENABLED"] = True
    return client


@pytest.fixture
def signed_out(app: Flask, client: FlaskClient, landlord: str) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = True
    return client


def escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def test_a_task_comes_back_in_its_own_form_and_can_be_sent_once_more(
    stale: FlaskClient, case: Case
) -> None:
    at = f"/tasks/{open_task(case).id}"
    text = re.search(r'<textarea[^>]* name="(\w+)"', stale.get(at).text)
    assert text
    answer = stale.post(at, data={text[1]: WORDS, "csrf_token": "old", "pr_step": "check"})
    assert answer.status_code == 400
    assert STILL_HERE in answer.text and f'action="{at}"' in answer.text
    assert f">{escaped(WORDS)}</textarea>" in answer.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert token
    again = stale.post(at, data={text[1]: WORDS, "csrf_token": token[1], "pr_step": "save"})
    assert again.status_code == 303
    assert escaped(WORDS) in stale.get(at).text


def test_a_call_that_is_being_recorded_comes_back(stale: FlaskClient) -> None:
    answer = stale.post("/record", data={"story": WORDS, "pr_person": "new"})
    assert answer.status_code == 400
    assert STILL_HERE in answer.text and f">{escaped(WORDS)}</textarea>" in answer.text


def test_an_action_of_a_case_comes_back(stale: FlaskClient, case: Case) -> None:
    at = f"/cases/{case.reference}/actions/{actions.offered(case, 'staff')[0].name}"
    answer = stale.post(at, data={"received_reason": WORDS})
    assert answer.status_code == 400
    assert STILL_HERE in answer.text and escaped(WORDS) in answer.text


@pytest.mark.parametrize("page", ["notes", "points", "hazard", "contact"])
def test_what_is_added_to_a_case_comes_back(stale: FlaskClient, case: Case, page: str) -> None:
    at = f"/cases/{case.reference}/{page}"
    answer = stale.post(at, data={"text": WORDS, "contact_times": WORDS, "kind": "call"})
    assert answer.status_code == 400
    assert STILL_HERE in answer.text and escaped(WORDS) in answer.text
    assert "Send it again" not in answer.text  # it is the form itself


def test_any_other_form_comes_back_as_its_texts_with_a_button(
    app: Flask, person: Make, sign_in: SignIn
) -> None:
    client = sign_in(person("ada", role="administrator"))
    app.config["WTF_CSRF_ENABLED"] = True
    typed = {"email": "new@x.example", "name": WORDS, "role": "staff", "password": PASSWORD}
    answer = client.post("/people/add", data=typed)
    assert answer.status_code == 400
    assert "Send it again" in answer.text and 'action="/people/add"' in answer.text
    assert escaped(WORDS) in answer.text and PASSWORD not in answer.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert token
    sent = client.post("/people/add", data=typed | {"csrf_token": token[1]})
    assert sent.status_code == 303


def test_signed_out_the_texts_can_be_copied_but_not_sent(
    signed_out: FlaskClient, case: Case
) -> None:
    at = f"/tasks/{open_task(case).id}"
    answer = signed_out.post(at, data={"findings__1": WORDS, "csrf_token": "old"})
    assert answer.status_code == 400
    assert escaped(WORDS) in answer.text and "Findings (point 1)" in answer.text
    assert "Sign in in a new tab" in answer.text
    assert "Send it again" not in answer.text and case.resident.name not in answer.text


def test_a_page_of_another_role_gives_back_the_texts_only(
    app: Flask, case: Case, person: Make, sign_in: SignIn
) -> None:
    client = sign_in(person("audrey", role="auditor"))
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post(f"/tasks/{open_task(case).id}", data={"why": WORDS})
    assert escaped(WORDS) in answer.text
    assert "Send it again" not in answer.text and case.resident.name not in answer.text


def test_passwords_are_never_shown(stale: FlaskClient, signed_out: FlaskClient) -> None:
    for at in ("/sign-in", "/people/add"):
        answer = signed_out.post(at, data={"email": "grace@x.example", "password": PASSWORD})
        assert answer.status_code == 400
        assert PASSWORD not in answer.text and "grace@x.example" in answer.text


def test_a_page_learns_that_its_person_signed_in_anew(stale: FlaskClient, officer: Viewer) -> None:
    found = stale.get("/signed-in").json
    assert found and found["user"] == officer.user_id and found["token"]


def test_after_a_new_password_the_page_is_signed_out(
    stale: FlaskClient, officer: Viewer, person: Make
) -> None:
    boss = person("ada", role="administrator")
    accounts.change_user(boss, officer.user_id or "", password="another long password")
    assert stale.get("/signed-in").status_code == 302
    assert WORDS.split("<")[0] in stale.post("/record", data={"story": WORDS}).text


def test_a_resident_s_form_comes_back(signed_out: FlaskClient, case: Case) -> None:
    signed_out.application.config["WTF_CSRF_ENABLED"] = False
    link = complain(signed_out, case.landlord_id).path
    signed_out.application.config["WTF_CSRF_ENABLED"] = True
    answer = signed_out.post(f"{link}/add", data={"text": WORDS})
    assert answer.status_code == 400 and escaped(WORDS) in answer.text
    assert "This page was open for a long time" in answer.text
    assert "This page was open for a long time" in signed_out.post(f"{link}/unlock").text
