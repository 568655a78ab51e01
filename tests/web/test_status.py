"""The resident's page: what is going on and when, nothing private before the second fact."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock as clocks
from app.clock import LONDON, SetClock
from app.db import db
from app.models import Alert, Answer, Blob, Case, Deadline, Event, Letter, Note
from app.services import actions, deployments, residents, sweep
from app.services.access import instance_of
from app.services.letters import full_date
from app.services.private_links import hash_token
from tests import public
from tests.cases import RECORDED, first_team, told

TOKEN = "a-private-link"
POSTCODE = RECORDED["resident_postcode"]


@pytest.fixture
def receipt(client: FlaskClient, landlord: str) -> public.Receipt:
    """A complaint that has just arrived, and a browser that knows nothing of it."""
    found = public.complain(client, landlord)
    client.delete_cookie("putright")
    return found


def answered(landlord: str, **more: Any) -> Case:
    """A complaint with a letter to its resident, behind TOKEN."""
    amira = f"{first_team(landlord)}/amira"
    steps: list[dict[str, Any]] = [
        {"at": "2026-11-24 09:00", "does": "record_complaint", "answers": RECORDED | more},
        {"at": "2026-11-24 09:10", "does": "acceptance"},
        {"at": "2026-11-24 09:20", "does": "acknowledge"},
    ]
    steps[1]["answers"] = {"acceptance_decision": "accept"}
    steps[2]["answers"] = {"understanding": "A leak in the bath.", "outcome_sought": "Mend it."}
    case = told(landlord, [step | {"who": amira} for step in steps])
    case.link_hash = hash_token(TOKEN)
    db.session.commit()
    return case


def unlock(client: FlaskClient, landlord: str, fact: str = POSTCODE) -> Any:
    return client.post(f"/{landlord}/status/{TOKEN}/unlock", data={"fact": fact})


def heading(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found
    return found[1]


def test_the_page_says_what_is_going_on_and_when_and_who_helps(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    page = client.get(receipt.path)
    found = residents.page(landlord, receipt.token, known=False)
    assert heading(page.text) == "We are reading what you told us"
    assert found.upcoming is not None
    row, how = found.upcoming
    assert f"<strong>{full_date(row.prints_on or row.due_on)}</strong>" in page.text
    assert f"{how.days} working days from today. We count {row.why}." in page.text
    assert deployments.landlord(landlord).ombudsman.name in page.text
    for stage in found.stages[1:]:
        assert stage.name in page.text


def test_nothing_private_is_shown_before_the_second_fact(
    client: FlaskClient, landlord: str
) -> None:
    case = answered(landlord)
    letter = db.session.scalars(select(Letter)).one()
    page = client.get(f"/{landlord}/status/{TOKEN}")
    person = case.resident
    private = (person.name, person.address, person.postcode, person.email, case.story)
    for words in (*private, letter.title, "A leak in the bath", "Amira"):
        assert words not in page.text
    for path in (f"letters/{letter.id}", f"letters/{letter.id}.pdf"):
        assert client.get(f"/{landlord}/status/{TOKEN}/{path}").location.endswith("#letters")


def test_no_page_passes_its_address_on_or_may_be_listed(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    for path in (receipt.path, receipt.path + "/add", f"/{landlord}/status/unknown"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["Cache-Control"] == "no-store"


def test_an_unknown_link_and_an_unknown_landlord_get_the_same_answer(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    pages = [
        client.get(path)
        for path in (
            f"/{landlord}/status/{receipt.token}x",
            f"/nobody/status/{receipt.token}",
            f"/{landlord}/status/{receipt.token}x/add",
            f"/nobody/status/{receipt.token}/letters/1",
        )
    ]
    assert {page.status_code for page in pages} == {404}
    assert all("This link does not work." in page.text for page in pages)
    ours, nobodys = pages[0::2], pages[1::2]  # the look is the landlord's where there is one
    assert len({page.text for page in ours}) == len({page.text for page in nobodys}) == 1


def test_the_second_fact_opens_the_letters_for_this_visit_only(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    answered(landlord)
    letter = db.session.scalars(select(Letter)).one()
    spaced_otherwise = POSTCODE.replace(" ", "").lower()
    assert unlock(client, landlord, spaced_otherwise).status_code == 303
    assert letter.title in client.get(f"/{landlord}/status/{TOKEN}").text
    assert letter.title not in app.test_client().get(f"/{landlord}/status/{TOKEN}").text
    shown = client.get(f"/{landlord}/status/{TOKEN}/letters/{letter.id}")
    assert "A leak in the bath." in shown.text
    assert "<title>A letter – Your landlord" in shown.text
    pdf = client.get(f"/{landlord}/status/{TOKEN}/letters/{letter.id}.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].startswith("attachment")


def test_a_letter_of_another_case_is_not_found(client: FlaskClient, landlord: str) -> None:
    answered(landlord)
    other = db.session.scalars(select(Letter)).one().id
    client.delete_cookie("putright")
    mine = public.complain(client, landlord)
    client.post(mine.path + "/unlock", data={"fact": POSTCODE})
    assert client.get(f"{mine.path}/letters/{other}").status_code == 404


def test_a_wrong_second_fact_may_be_tried_five_times_an_hour(
    app: Flask, client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    answered(landlord)
    for _ in range(5):
        assert unlock(client, landlord, "XX1 1XX").status_code == 422
    another_browser = app.test_client()
    refused = unlock(another_browser, landlord)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "720"
    assert deployments.landlord(landlord).phone.split()[-1] in refused.text
    clock.move_to(clock.at + timedelta(hours=1))
    assert unlock(another_browser, landlord).status_code == 303


def test_without_a_postcode_the_email_address_is_asked_for(
    client: FlaskClient, landlord: str
) -> None:
    case = answered(landlord)
    case.resident.postcode = ""
    db.session.commit()
    assert "Your e-mail address" in client.get(f"/{landlord}/status/{TOKEN}").text
    assert unlock(client, landlord, "KEZIA@example.org").status_code == 303


def test_with_neither_the_page_says_how_to_get_the_letters(
    client: FlaskClient, landlord: str
) -> None:
    case = answered(landlord)
    case.resident.postcode = case.resident.email = ""
    db.session.commit()
    page = client.get(f"/{landlord}/status/{TOKEN}").text
    assert "/unlock" not in page
    assert "We have no postcode" in page
    assert unlock(client, landlord, "").status_code == 422


def test_something_new_reaches_the_people_who_work_on_it(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    photo = (BytesIO(b"\xff\xd8\xffphoto"), "plaster.jpg")
    sent = client.post(
        receipt.path + "/add", data={"text": "It rained in again.", "pr_file_papers": photo}
    )
    assert sent.location == receipt.path
    note = db.session.scalars(select(Note)).one()
    assert (note.text, note.kind, note.by) == ("It rained in again.", "resident", None)
    assert db.session.scalars(select(Blob)).one().case_id == note.case_id
    assert db.session.scalars(select(Alert)).one().text == "The resident added information"
    assert "We have it" in client.get(receipt.path).text
    assert "It rained in again." not in client.get(receipt.path).text
    client.post(receipt.path + "/unlock", data={"fact": POSTCODE})
    known = client.get(receipt.path).text
    assert "It rained in again." in known
    assert "plaster.jpg" in known


def test_an_empty_message_is_refused_and_a_bad_file_loses_no_text(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    assert client.post(receipt.path + "/add", data={"text": " "}).status_code == 422
    bad = {"text": "Look at this", "pr_file_papers": (BytesIO(b"MZ"), "virus.exe")}
    answer = client.post(receipt.path + "/add", data=bad)
    assert answer.status_code == 422
    assert "Look at this" in answer.text
    assert "virus.exe: We can take" in answer.text
    assert db.session.scalars(select(Note)).all() == []


def offered(landlord: str, receipt: public.Receipt) -> actions.Offered:
    """What the procedure offers the resident first."""
    return residents.page(landlord, receipt.token, known=False).offers[0]


def test_only_what_is_offered_now_is_shown_in_the_words_of_its_form(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    found = residents.page(landlord, receipt.token, known=False)
    page = client.get(receipt.path).text
    for offer in found.offers:
        assert f"{receipt.path}/actions/{offer.name}" in page
        assert found.deployed.forms[offer.form].title in page
    assert page.count("/actions/") == len(found.offers)


def test_an_action_moves_the_case_and_reaches_us_today(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    offer = offered(landlord, receipt)
    path = f"{receipt.path}/actions/{offer.name}"
    form = client.get(path)
    assert "received_on" not in form.text
    assert client.post(path, data={}).location == receipt.path
    answer = db.session.scalars(select(Answer).where(Answer.element == offer.element)).one()
    assert answer.by is None
    assert "received_on" not in answer.values
    assert offer.name not in [o.name for o in residents.page(landlord, receipt.token, False).offers]


def test_a_resident_cannot_say_that_it_came_earlier(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    offer = offered(landlord, receipt)
    earlier = {"received_on-day": "1", "received_on-month": "11", "received_on-year": "2026"}
    assert client.post(f"{receipt.path}/actions/{offer.name}", data=earlier).status_code == 400


def test_what_was_typed_for_an_action_that_is_over_can_be_sent_all_the_same(
    client: FlaskClient, landlord: str, receipt: public.Receipt
) -> None:
    offer = offered(landlord, receipt)
    path = f"{receipt.path}/actions/{offer.name}"
    own = public.own_fields(client.get(path).text)
    definition = deployments.live(landlord).forms[offer.form]
    words = next(f.key for f in definition.fields if f.type == "textarea")
    client.post(path, data=own)
    late = client.post(path, data=own | {words: "I wrote this too late"})
    assert late.status_code == 409
    assert "I wrote this too late" in late.text
    assert f'action="{receipt.path}/add"' in late.text
    assert client.get(path).location == receipt.path


def test_a_date_that_we_missed_is_told_and_stays_visible(
    client: FlaskClient, landlord: str, receipt: public.Receipt, clock: SetClock
) -> None:
    found = residents.page(landlord, receipt.token, known=False)
    assert found.upcoming is not None
    due_on = found.upcoming[0].due_on
    assert due_on is not None
    clock.move_to(clock.at + (due_on - clock.at.astimezone(LONDON).date()) + timedelta(days=1))
    sweep.run_due()
    page = client.get(receipt.path).text
    assert full_date(due_on) in page
    assert "We are 1 working day late. We are sorry." in page


def test_a_stage_that_is_over_is_done_and_the_next_one_is_now(
    client: FlaskClient, landlord: str
) -> None:
    answered(landlord)
    page = client.get(f"/{landlord}/status/{TOKEN}").text
    steps = re.findall(r'<li(?: class="is-(done|now)")? data-mark[^>]*><h3>([^<]+)', page)
    states = [state for state, _ in steps]
    assert states[:3] == ["done", "done", "now"]
    assert set(states[3:]) <= {""}
    assert heading(page) == "We are looking into it"


@pytest.mark.made_up_rows
def test_between_two_stages_the_page_says_who_has_to_decide(
    client: FlaskClient, landlord: str
) -> None:
    case = answered(landlord)
    instance = instance_of(case)
    elements = deployments.live(landlord).procedure.elements.values()
    left = next(e.id for e in elements if e.stage == case.stage)
    event = Event(
        landlord_id=landlord,
        instance_id=instance.id,
        n=instance.events + 1,
        at=case.opened_at,
        recorded_at=case.opened_at,
        actor_kind="procedure",
        action="passed",
        element=left,
        revision=instance.revision,
        deployment_id=instance.deployment_id,
    )
    db.session.add(event)
    db.session.commit()
    page = client.get(f"/{landlord}/status/{TOKEN}").text
    assert heading(page) == "We are deciding what comes next"
    for row in db.session.scalars(select(Deadline).where(Deadline.met_on.is_(None))):
        row.met_on = case.received_on
    db.session.commit()
    page = client.get(f"/{landlord}/status/{TOKEN}").text
    assert heading(page) == "You have our answer"
    assert "You can tell us if you are not happy with it." in page


def test_no_title_holds_a_name_of_a_person(client: FlaskClient, landlord: str) -> None:
    case = answered(landlord)
    unlock(client, landlord)
    letter = db.session.scalars(select(Letter)).one()
    for path in ("", "/add", f"/letters/{letter.id}"):
        page = client.get(f"/{landlord}/status/{TOKEN}{path}").text
        title = page.split("<title>")[1].split("</title>")[0]
        assert case.resident.name.split()[-1] not in title
        assert deployments.landlord(landlord).name not in title
        assert title.endswith("Your landlord")


def test_posts_work_over_https_although_no_referrer_is_sent(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    answered(landlord)
    app.config["WTF_CSRF_ENABLED"] = True
    host = "https://complaints.example"
    page = client.get(f"/{landlord}/status/{TOKEN}", base_url=host).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    sent = client.post(
        f"/{landlord}/status/{TOKEN}/unlock",
        data={"fact": POSTCODE, "csrf_token": token},
        base_url=host,
    )
    assert sent.status_code == 303


@pytest.mark.parametrize(("months", "told"), [(1, True), (12, False)])
@pytest.mark.made_up_rows
def test_the_days_of_a_year_are_not_counted(
    client: FlaskClient, landlord: str, receipt: public.Receipt, months: int, told: bool
) -> None:
    for row in db.session.scalars(select(Deadline).where(Deadline.due_on.is_not(None))):
        row.due_on = row.prints_on = clocks.today() + timedelta(days=30 * months)
    db.session.commit()
    page = client.get(receipt.path).text
    assert ("working days from today" in page) is told
    assert "We count " in page
