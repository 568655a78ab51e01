"""Adding a point to a case, or making it a case of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Case, Conflict
from app.viewer import Viewer
from tests.cases import first_team
from tests.redrawn import WHOSE, answer_all, begun, deploy_small, each_point, finish

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def grace(landlord: str, person: Make) -> Viewer:
    deploy_small(landlord, look=(each_point(*WHOSE),))
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def browser(grace: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(grace)


def test_the_page_says_that_a_point_can_join_and_why(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    at = f"/cases/{case.reference}/points"
    assert "Our answer has not gone yet" in browser.get(at).text
    unsaid = browser.post(at, data={"text": "The lift"})
    assert unsaid.status_code == 422 and "Choose whether it joins" in unsaid.text
    assert 'value="The lift"' in unsaid.text

    assert browser.post(at, data={"text": "The lift", "own": "no"}).status_code == 303
    assert "3. The lift" in browser.get(f"/cases/{case.reference}").text


def test_after_the_answer_it_becomes_a_case_of_its_own_and_the_page_says_why(
    landlord: str, browser: FlaskClient, grace: Viewer
) -> None:
    case = begun(landlord)
    answer_all(grace, case)
    at = f"/cases/{case.reference}/points"
    assert "needs an answer and dates of its own" in browser.get(at).text
    forced = browser.post(at, data={"text": "The lift", "own": "no"})
    assert forced.status_code == 422 and "It cannot join." in forced.text
    late = browser.post(at, data={"text": "The lift", "own": "yes", "raised_on": "2026-13-40"})
    assert late.status_code == 422 and "Enter a real date" in late.text

    said = {"text": "The lift", "own": "yes", "raised_on": "2026-11-24"}
    page = browser.post(at, data=said, follow_redirects=True).text
    assert "The point is a case of its own now" in page and "1. The lift" in page


def test_both_pages_lead_to_each_other_for_those_who_may_see_them(
    landlord: str, browser: FlaskClient, grace: Viewer
) -> None:
    case = begun(landlord)
    at = f"/cases/{case.reference}/points/2/own"
    assert "2. The bins" in browser.get(at).text
    answer = browser.post(at, data={"raised_on": "2026-11-24"})
    assert answer.status_code == 303
    new = answer.location.rsplit("/", 1)[1]

    old_page = browser.get(f"/cases/{case.reference}").text
    assert f'href="/cases/{new}"' in old_page and "Split off as" in old_page
    assert f'href="/cases/{case.reference}"' in browser.get(f"/cases/{new}").text
    assert "It cannot become a case of its own" in browser.get(at).text
    again = browser.post(at, data={"raised_on": "2026-11-24"})
    assert again.location.endswith(new)

    new_id = db.session.scalars(select(Case.id).where(Case.reference == new)).one()
    db.session.add(Conflict(landlord_id=landlord, case_id=new_id, user_id=grace.user_id))
    db.session.commit()
    assert new not in browser.get(f"/cases/{case.reference}").text


def test_a_point_that_is_not_ours_says_who_can_help(
    landlord: str, browser: FlaskClient, grace: Viewer
) -> None:
    case = begun(landlord)
    finish(grace, case, "look", ours__2="no", whose__2="Stockport Council")

    page = browser.get(f"/cases/{case.reference}").text
    assert "Not ours" in page and "Who can help: Stockport Council" in page
    assert "/points/1/own" not in page and "/points/2/own" not in page
