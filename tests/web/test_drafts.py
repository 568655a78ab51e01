"""What staff type into any form is kept, offered when the page is opened anew, gone once sent."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.models import Case, Draft
from app.services import actions, complaints, deployments, drafts
from app.viewer import Viewer
from tests.cases import RECORDED, first_team, recorded

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def browser(officer: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(officer)


@pytest.fixture
def case(landlord: str) -> Case:
    return recorded(landlord)


def draft_address(page: str) -> str:
    """Where the form of a page keeps what is typed."""
    found = re.search(r'data-draft-url="([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def drafts_now() -> int:
    return db.session.scalar(select(func.count()).select_from(Draft)) or 0


def typed(landlord_id: str) -> dict[str, Any]:
    form = complaints.start_form(landlord_id, public=False)
    return dict(deployments.live(landlord_id).forms[form].as_typed(RECORDED))


NEW = "/record?person=new&name=Kezia"


def test_a_complaint_half_recorded_survives_and_is_offered_again(
    browser: FlaskClient, landlord: str
) -> None:
    save_at = draft_address(browser.get(NEW).text)
    saved = browser.post(save_at, data=typed(landlord))
    assert saved.json == {"saved": "9:00am"}
    asked = browser.get(NEW).text
    assert "You typed this on Tuesday 24 November 2026 at 9:00am" in asked
    assert RECORDED["story"] in asked and "<textarea" not in asked
    again = browser.get(f"{NEW}&draft=on").text
    assert f">{RECORDED['story']}</textarea>" in again


def test_a_complaint_that_is_recorded_leaves_no_draft(browser: FlaskClient, landlord: str) -> None:
    browser.post(draft_address(browser.get(NEW).text), data=typed(landlord))
    sent = browser.post("/record", data=typed(landlord) | {"pr_person": "new"})
    assert sent.status_code == 303 and drafts_now() == 0
    assert "You typed this" not in browser.get(NEW).text


def test_one_may_begin_afresh(browser: FlaskClient, landlord: str) -> None:
    save_at = draft_address(browser.get(NEW).text)
    browser.post(save_at, data=typed(landlord))
    asked = re.search(r'<form action="([^"]*draft[^"]*)"', browser.get(NEW).text)
    assert asked
    answer = browser.post(html.unescape(asked[1]), data={"pr_let_go": "1"})
    assert answer.status_code == 303 and answer.location == NEW
    assert drafts_now() == 0


def test_what_was_typed_about_one_person_is_not_offered_for_another(
    browser: FlaskClient, landlord: str, case: Case
) -> None:
    browser.post(draft_address(browser.get(NEW).text), data=typed(landlord))
    assert "You typed this" not in browser.get(f"/record?person={case.resident.id}").text


def test_a_page_that_sends_everything_takes_the_place_of_what_was_kept(
    browser: FlaskClient, officer: Viewer, landlord: str
) -> None:
    save_at = draft_address(browser.get(NEW).text)
    browser.post(save_at, data=typed(landlord))
    browser.post(save_at, data={"resident_name": "Somebody else"})
    db.session.expire_all()
    kept = db.session.scalars(select(Draft)).one().values
    assert kept == {"resident_name": ["Somebody else"]}


def test_an_action_of_a_case_is_kept_offered_and_gone_once_recorded(
    browser: FlaskClient, case: Case
) -> None:
    name = actions.offered(case, "staff")[0].name
    at = f"/cases/{case.reference}/actions/{name}"
    page = browser.get(at).text
    text = re.search(r'<(?:textarea|input)[^>]* name="(\w+reason\w*)"', page)
    assert text
    assert browser.post(draft_address(page), data={text[1]: "She rang"}).status_code == 200
    assert "You typed this" in browser.get(at).text and "She rang" in browser.get(at).text
    assert "She rang" in browser.get(f"{at}?draft=on").text
    viewer = Viewer(case.landlord_id, user_id="x", role="staff")
    _, form = actions.open_action(viewer, case, name)
    form.check()
    needed = [field for field in form.applicable if field.key in form.errors]
    sent = {f.key: f.options[0].value if f.options else "Words" for f in needed}
    assert browser.post(at, data=sent).status_code == 303
    assert drafts_now() == 0


def test_a_note_is_kept_offered_and_gone_once_kept(browser: FlaskClient, case: Case) -> None:
    at = f"/cases/{case.reference}/notes"
    words = {"kind": "call", "text": "He said that the damp is back"}
    browser.post(draft_address(browser.get(at).text), data=words)
    assert "You typed this" in browser.get(at).text
    resumed = browser.get(f"{at}?draft=on").text
    assert f">{words['text']}</textarea>" in resumed
    sent = words | {"triage_hazard": "no", "triage_safeguarding": "no"}
    assert browser.post(at, data=sent).status_code == 303
    assert drafts_now() == 0


def test_a_draft_is_for_its_writer_alone(
    browser: FlaskClient, case: Case, person: Make, landlord: str, sign_in: SignIn
) -> None:
    at = f"/cases/{case.reference}/notes"
    browser.post(draft_address(browser.get(at).text), data={"text": "Only mine"})
    other = sign_in(person("amos", teams=(first_team(landlord),)))
    assert "Only mine" not in other.get(at).text


def test_a_name_that_no_question_has_is_refused(browser: FlaskClient, case: Case) -> None:
    message = actions.offered(case, "staff")[0].name
    for at in (NEW, f"/cases/{case.reference}/notes", f"/cases/{case.reference}/actions/{message}"):
        answer = browser.post(draft_address(browser.get(at).text), data={"no_question": "x"})
        assert answer.status_code == 400, at
    assert browser.post("/record/draft?form=no_form", data={}).status_code == 404
    assert browser.post(f"/cases/{case.reference}/draft?what=document").status_code == 404
    assert drafts_now() == 0


def test_a_form_that_nobody_came_back_to_is_forgotten_after_a_week(
    browser: FlaskClient, landlord: str, clock: SetClock
) -> None:
    browser.post(draft_address(browser.get(NEW).text), data=typed(landlord))
    clock.move_to(clock() + drafts.KEPT - timedelta(minutes=1))
    drafts.drop_old()
    assert drafts_now() == 1
    clock.move_to(clock() + timedelta(minutes=2))
    drafts.drop_old()
    assert drafts_now() == 0


def test_what_was_chosen_for_a_note_is_offered_again_in_words(
    browser: FlaskClient, case: Case
) -> None:
    page = f"/cases/{case.reference}/notes"
    save_at = draft_address(browser.get(page).text)
    said = {"kind": "call", "text": "no", "triage_hazard": "not_sure"}
    assert browser.post(save_at, data=said).status_code == 200
    asked = browser.get(page).text
    assert "<dd>Phone call</dd>" in asked and "<dd>Not sure</dd>" in asked
    assert "<dd>no</dd>" in asked, "what somebody wrote stays as it is"
