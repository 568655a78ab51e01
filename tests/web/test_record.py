"""Recording a complaint: danger first, then who it is, then the form, then the receipt."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.models import Blob, Case, Person
from app.services import complaints, deployments, documents, private_links, references
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


def posted(landlord_id: str, **changes: Any) -> dict[str, Any]:
    """The whole page as a browser sends it."""
    form = complaints.start_form(landlord_id, public=False)
    typed = deployments.live(landlord_id).forms[form].as_typed(RECORDED)
    return {**typed, "pr_key": uuid.uuid4().hex, "pr_person": "new", "pr_step": "record"} | changes


def cases_now() -> int:
    return db.session.scalar(select(func.count()).select_from(Case)) or 0


def test_danger_is_asked_before_anything_else_with_numbers_to_ring(
    browser: FlaskClient, landlord: str
) -> None:
    for address in ("/record", "/record?person=new"):
        page = browser.get(address).text
        assert "Is anyone in danger now?" in page and 'href="tel:999"' in page
        emergency = deployments.landlord(landlord).emergency_phone.replace(" ", "")
        assert f'href="tel:{emergency}"' in page


def test_the_look_up_shows_known_people_with_their_open_cases(
    browser: FlaskClient, landlord: str
) -> None:
    case = recorded(landlord)
    found = browser.get("/record?name=kezia").text
    assert "We may know this person" in found and case.reference in found.replace(" ", "")
    assert "Is it them?" in found and "somebody else" in found
    for postcode in ("SK3+9ZZ", "sk3+9zz", "sk39zz"):
        assert "Kezia Boateng" in browser.get(f"/record?postcode={postcode}").text
    assert "Kezia Boateng" in browser.get("/record?address=larkhill").text
    assert "We know nobody like that" in browser.get("/record?name=unheard").text


def test_a_known_person_brings_what_is_known_into_the_form(
    browser: FlaskClient, landlord: str
) -> None:
    case = recorded(landlord, contact_never=["post"])
    page = browser.get(f"/record?person={case.resident.id}").text
    assert 'value="Kezia Boateng"' in page and "Flat 14, Larkhill Court" in page
    answer = browser.post("/record", data=posted(landlord, pr_person=case.resident.id))
    assert answer.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1


def test_somebody_elses_person_is_not_taken_over(browser: FlaskClient, landlord: str) -> None:
    answer = browser.post("/record", data=posted(landlord, pr_person="0" * 32))
    assert answer.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Person)) == 1


def test_the_receipt_has_reference_private_link_and_what_comes_next(
    browser: FlaskClient, landlord: str
) -> None:
    answer = browser.post("/record", data=posted(landlord))
    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"]).text
    case = db.session.scalars(select(Case)).one()
    assert references.spaced(case.reference) in page and "What happens next" in page
    token = re.search(rf"/{landlord}/status/([\w-]+)", page)
    assert token is not None and private_links.hash_token(token[1]) == case.link_hash
    assert "act now" not in page
    again = browser.get(answer.headers["Location"])
    assert again.status_code == 200 and "/status/" not in again.text
    assert "was shown once" in again.text


def test_a_danger_makes_the_receipt_begin_with_the_numbers(
    browser: FlaskClient, landlord: str
) -> None:
    answer = browser.post("/record", data=posted(landlord, triage_hazard="not_sure"))
    page = browser.get(answer.headers["Location"]).text
    assert "Somebody may be in danger: act now" in page and 'href="tel:999"' in page
    assert page.index("act now") < page.index("The complaint is recorded")


def test_pressing_the_button_twice_records_one_complaint(
    browser: FlaskClient, landlord: str
) -> None:
    page = posted(landlord)
    places = {browser.post("/record", data=page).headers["Location"] for _ in range(2)}
    assert len(places) == 1 and cases_now() == 1


def test_errors_lose_neither_words_nor_files(browser: FlaskClient, landlord: str) -> None:
    picker = next(
        field.key
        for field in deployments.live(landlord).forms["record_complaint"].fields
        if field.type == "filepicker"
    )
    page = posted(landlord, resident_name="", story="Mine & mine alone")
    page[f"pr_file_{picker}"] = (io.BytesIO(b"A letter that I found."), "found <1>.txt")
    answer = browser.post("/record", data=page)
    assert answer.status_code == 422 and cases_now() == 0
    assert "Mine &amp; mine alone" in answer.text and "found &lt;1&gt;.txt" in answer.text
    blob = db.session.scalars(select(Blob)).one()
    assert f'value="{blob.id}" checked' in answer.text

    page = posted(landlord, **{picker: blob.id})
    reference = browser.post("/record", data=page).headers["Location"].rsplit("/", 1)[1]
    db.session.expire_all()
    case = db.session.scalars(select(Case).where(Case.reference == reference)).one()
    assert db.session.scalars(select(Blob.case_id)).one() == case.id


def test_a_file_that_we_cannot_take_is_named_at_its_question(
    browser: FlaskClient, landlord: str
) -> None:
    picker = next(
        field.key
        for field in deployments.live(landlord).forms["record_complaint"].fields
        if field.type == "filepicker"
    )
    page = posted(landlord)
    page[f"pr_file_{picker}"] = (io.BytesIO(b"MZ"), "virus.exe")
    answer = browser.post("/record", data=page)
    assert answer.status_code == 422 and "virus.exe" in answer.text and cases_now() == 0


def test_a_file_that_is_no_longer_kept_must_be_added_again(
    browser: FlaskClient, landlord: str
) -> None:
    picker = next(
        field.key
        for field in deployments.live(landlord).forms["record_complaint"].fields
        if field.type == "filepicker"
    )
    documents.upload(landlord, "kept.txt", b"kept")
    answer = browser.post("/record", data=posted(landlord, **{picker: "0" * 32}))
    assert answer.status_code == 422 and "Add them again" in answer.text


def test_only_people_who_work_on_cases_record_them(
    person: Make, sign_in: SignIn, landlord: str
) -> None:
    for role in ("auditor", "process_owner", "administrator"):
        browser = sign_in(person(role, role=role))
        assert browser.get("/record").status_code == 403
        assert browser.post("/record", data=posted(landlord)).status_code == 403
    assert cases_now() == 0
