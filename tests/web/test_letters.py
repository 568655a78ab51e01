"""Letters on the pages of staff: who gets each, as text to take away, and the copies to make."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db, transaction
from app.models import Case, Letter, Task
from app.services import accessible_copies
from app.viewer import Viewer
from tests import small
from tests.conftest import PASSWORD


@pytest.fixture
def grace(app: Flask) -> Viewer:
    small.deploy()
    return small.officer()


@pytest.fixture
def browser(grace: Viewer, client: FlaskClient) -> FlaskClient:
    said = {"email": f"grace@{small.SMALL}.example", "password": PASSWORD}
    assert client.post("/sign-in", data=said).status_code == 302
    return client


@pytest.fixture
def case(grace: Viewer) -> Case:
    """A case of two residents and somebody who speaks for the contact, who needs Braille."""
    made = small.complaint(grace, adjustments=["Braille"])
    small.joins(made, "other_resident", "Ama Osei", address="Flat 15")
    told = {"permission": "given", "gets_letters": True}
    small.joins(made, "representative", "Tom Adeyemi", told, email="tom@example.org")
    return made


def test_while_one_writes_the_page_says_who_gets_the_letter(
    browser: FlaskClient, case: Case
) -> None:
    task = db.session.scalars(select(Task).where(Task.case_id == case.id)).one()
    typed = {"answer": "We agree.", "next_place": "", "pr_step": "preview"}
    page = browser.post(f"/tasks/{task.id}", data=typed).text
    others = "The same letter goes to Ama Osei, with their own name and address."
    assert others in page and "A copy goes to Tom Adeyemi." in page
    whole = browser.post(f"/tasks/{task.id}", data=typed | {"pr_step": "check"}).text
    assert "This is the whole letter to Kezia Boateng." in whole and others in whole


def test_a_name_that_may_not_stand_in_the_letter_is_told_at_the_form(
    browser: FlaskClient, case: Case
) -> None:
    task = db.session.scalars(select(Task).where(Task.case_id == case.id)).one()
    typed = {"answer": "Ama Osei is right.", "next_place": "", "pr_step": "check"}
    answer = browser.post(f"/tasks/{task.id}", data=typed)
    assert answer.status_code == 422
    assert "it names Ama Osei. Leave the name out." in answer.text


def test_the_letters_tab_tells_each_reader_and_the_copies_under_their_letter(
    browser: FlaskClient, grace: Viewer, case: Case
) -> None:
    small.does(grace, case, answer="We agree.")
    page = browser.get(f"/cases/{case.reference}?tab=letters").text
    for name in ("Kezia Boateng", "Ama Osei", "Tom Adeyemi"):
        assert f"To {name}</span>" in page
    assert page.count("Braille copy") == 1 and "To be made" in page

    (copy,) = accessible_copies.open_of_case(db.session(), case)
    with transaction() as session:
        accessible_copies.sent(session, copy, date(2026, 11, 24), grace.user_id)
    page = browser.get(f"/cases/{case.reference}?tab=letters").text
    assert "Tuesday 24 November 2026" in page and "To be made" not in page


def test_every_letter_can_be_taken_away_as_plain_text(
    browser: FlaskClient, grace: Viewer, case: Case
) -> None:
    small.does(grace, case, answer="We agree.")
    for letter in db.session.scalars(select(Letter)):
        answer = browser.get(f"/cases/{case.reference}/letters/{letter.id}/letter.txt")
        assert answer.status_code == 200 and answer.mimetype == "text/plain"
        assert "We agree." in answer.text
        assert answer.headers["Content-Disposition"].startswith("attachment")
    missing = browser.get(f"/cases/{case.reference}/letters/nothing/letter.txt")
    assert missing.status_code == 404


def test_the_post_page_lists_the_copies_to_make(
    browser: FlaskClient, grace: Viewer, case: Case
) -> None:
    assert "Copies to make: none" in browser.get("/post").text
    small.does(grace, case, answer="We agree.")
    page = browser.get("/post").text
    assert "Copies to make: 1" in page and "For Ms Boateng" in page
    letter = small.letters_of(case)[case.resident.id]
    assert f"/cases/{case.reference}/letters/{letter.id}/letter.txt" in page


def test_the_history_of_the_case_names_each_reader(
    browser: FlaskClient, grace: Viewer, case: Case
) -> None:
    small.does(grace, case, answer="We agree.")
    page = browser.get(f"/cases/{case.reference}?tab=history").text
    assert "To Ama Osei, on the print-and-post list." in page
    assert "Braille copy of “Our answer” for Ms Boateng." in page
