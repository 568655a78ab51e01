"""Contact arrangements: decided in a case of their own, told everywhere, and blocking nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import Alert, Case, Conflict, ContactArrangement, Incident, Letter, Note, User
from app.services import arrangements, cases, complaints, deployments, stories
from app.settings import ROOT
from app.viewer import Viewer
from tests import public
from tests.cases import RECORDED, first_team, london, open_task
from tests.conftest import filled, new_key
from tests.kinds import ARRANGED, arranged, deploy_kinds

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
NEVER = "It never holds for a danger, a worry about somebody’s safety, an adjustment or a new issue"


@pytest.fixture
def kinds(landlord: str) -> str:
    deploy_kinds(landlord)
    return landlord


@pytest.fixture
def officer(person: Make, kinds: str) -> Viewer:
    return person("grace", teams=(first_team(kinds),))


def the_row() -> ContactArrangement:
    return db.session.scalars(select(ContactArrangement)).one()


def reviewed(landlord: str, at: str, **answers: Any) -> list[str]:
    """Play the whole story of an arrangement with its review; returns what does not hold."""
    amira, helen = f"{first_team(landlord)}/amira", f"{first_team(landlord)}/helen"
    steps: list[dict[str, Any]] = [
        {"does": "record_complaint", "answers": RECORDED},
        {"does": "propose", "about": True, "answers": {"evidence": "Forty calls a day."}},
        {"does": "decide_arrangement", "answers": ARRANGED},
        {"does": "approve_arrangement", "who": helen},
        {"does": "review_arrangement", "at": at, "answers": answers},
    ]
    timed = [{"at": f"2026-11-24 09:{n}0", "who": amira} | step for n, step in enumerate(steps)]
    story = {"landlord": landlord, "title": "A review", "step": timed}
    return stories.play(story, sends=False).failures


def test_an_arrangement_begins_with_its_dates_its_words_and_who_approved_it(kinds: str) -> None:
    complaint, case = arranged(kinds)
    row = the_row()
    assert (row.person_id, row.case_id) == (complaint.resident.id, case.id)
    assert row.says == ARRANGED["arrangement_says"]
    dates = (row.from_on, row.review_on, row.ends_on)
    assert [day.isoformat() for day in dates] == [
        ARRANGED["arrangement_from_on"],
        ARRANGED["arrangement_review_on"],
        ARRANGED["arrangement_ends_on"],
    ]
    approver = db.session.get_one(User, row.approved_by)
    assert approver.name == "Helen"


def test_it_holds_from_its_first_to_its_last_day(kinds: str) -> None:
    complaint, _ = arranged(kinds)
    held = [
        bool(arrangements.in_force(db.session(), complaint.resident, day))
        for day in (date(2026, 11, 24), date(2026, 11, 25), date(2027, 5, 25), date(2027, 5, 26))
    ]
    assert held == [False, True, True, False]


def test_a_review_that_goes_on_changes_the_same_arrangement(kinds: str) -> None:
    answers = {"arrangement_goes_on": True, "arrangement_says": "Two calls a week."}
    answers |= {"arrangement_from_on": "2027-02-25", "arrangement_review_on": "2027-04-01"}
    answers |= {"arrangement_ends_on": "2027-08-25"}
    assert reviewed(kinds, "2027-02-25 10:00", **answers) == []
    row = the_row()
    assert row.says == "Two calls a week."
    assert (row.review_on, row.ends_on) == (date(2027, 4, 1), date(2027, 8, 25))
    assert row.approved_by and row.ended_on is None


def test_a_review_that_ends_it_ends_it_on_that_day(kinds: str) -> None:
    assert reviewed(kinds, "2027-01-08 10:00", arrangement_goes_on=False) == []
    row = the_row()
    assert row.ended_on == date(2027, 1, 8)
    person = db.session.get_one(Case, (kinds, row.case_id)).resident
    assert arrangements.in_force(db.session(), person, date(2027, 1, 7))
    assert not arrangements.in_force(db.session(), person, date(2027, 1, 8))


def test_nothing_is_arranged_without_dates_and_words(kinds: str) -> None:
    with pytest.raises(AssertionError):  # the approval is refused
        arranged(kinds, arrangement_ends_on="", arrangement_says="")
    assert db.session.scalars(select(ContactArrangement)).all() == []
    cause = db.session.scalars(select(Incident.cause)).one()
    assert "arrangement_ends_on" in cause and "arrangement_says" in cause


def test_every_staff_page_about_the_person_says_what_holds_and_what_never_does(
    kinds: str, officer: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    complaint, case = arranged(kinds)
    clock.move_to(london("2026-11-26 09:00"))
    client = sign_in(officer)
    reference = complaint.reference
    for address in (
        f"/cases/{reference}",
        f"/cases/{reference}?tab=notes",
        f"/cases/{reference}/notes",
        f"/cases/{reference}/contact",
        f"/cases/{reference}/begin",
        f"/tasks/{open_task(complaint).id}",
        "/record?name=kezia",
        f"/record?person={complaint.resident.id}",
        f"/record?kind=contact_arrangement&about={reference}",
    ):
        page = client.get(address)
        text = re.sub(r"\s+", " ", page.text)
        assert page.status_code == 200 and "One telephone call a week, on Mondays." in text
        assert "until Tuesday 25 May 2027" in text and "by Thursday 25 February 2027" in text
        assert NEVER in text, address
    assert f'href="/cases/{case.reference}"' in client.get(f"/cases/{reference}").text
    assert "Contact arrangement in force" in client.get(f"/cases/{case.reference}").text


def test_who_may_not_see_the_deciding_case_gets_no_link_to_it(
    kinds: str, officer: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    complaint, case = arranged(kinds)
    db.session.add(Conflict(landlord_id=kinds, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    clock.move_to(london("2026-11-26 09:00"))
    page = sign_in(officer).get(f"/cases/{complaint.reference}").text
    assert "One telephone call a week" in page
    assert case.reference not in page and "The case that decided it" not in page


def test_nobody_is_told_of_an_arrangement_that_is_over(
    kinds: str, officer: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    complaint, _ = arranged(kinds)
    clock.move_to(london("2027-05-26 09:00"))
    page = sign_in(officer).get(f"/cases/{complaint.reference}").text
    assert "One telephone call a week" not in page


def test_the_public_form_a_new_issue_and_a_danger_are_taken_as_always(
    kinds: str, officer: Viewer, client: FlaskClient, sign_in: SignIn, clock: SetClock
) -> None:
    complaint, _ = arranged(kinds)
    complaint.link_hash = complaints.hash_token("a-link")
    db.session.commit()
    clock.move_to(london("2026-11-26 09:00"))

    public.complain(client, kinds, "now")
    path = f"/{kinds}/status/a-link/add"
    assert client.post(path, data={"text": "The ceiling came down."}).status_code == 303
    assert db.session.scalars(select(Note.text)).one() == "The ceiling came down."
    assert "One telephone call" not in client.get(f"/{kinds}/status/a-link").text

    form = filled(kinds, "record_complaint", RECORDED | {"triage_safeguarding": "yes"})
    new = complaints.record(officer, form, new_key(), complaint.resident.id)
    found = db.session.scalars(select(Case).where(Case.reference == new.reference)).one()
    assert found.resident.id == complaint.resident.id
    told = db.session.scalars(select(Alert.team).where(Alert.case_id == found.id)).all()
    landlord = deployments.landlord(kinds)
    assert landlord.alert_team_safeguarding in told

    triage = {"triage_hazard": "yes", "triage_safeguarding": "no"}
    cases.add_note(officer, complaint.reference, "call", "A smell of gas.", triage)
    cases.report_hazard(officer, complaint.reference, "A smell of gas.")
    assert db.session.get_one(Case, (kinds, complaint.id)).hazard


def test_the_residents_page_speaks_of_a_letter_only_once_one_has_gone(
    kinds: str, client: FlaskClient
) -> None:
    _, case = arranged(kinds)
    case.link_hash = complaints.hash_token("a-link")
    db.session.commit()
    page = client.get(f"/{kinds}/status/a-link").text
    assert "newest letter" not in page
    assert "We have decided nothing yet. If we do, we write to you first." in page
    letter = Letter(
        landlord_id=kinds,
        id=new_key(),
        case_id=case.id,
        person_id=case.resident.id,
        template="contact_arrangement",
        title="How you can reach us",
        to="resident",
        blocks=[],
        written_at=case.opened_at,
        status="queued",
    )
    db.session.add(letter)
    db.session.commit()
    page = client.get(f"/{kinds}/status/a-link").text
    assert "What holds now stands in our newest letter" in page and "decided nothing" not in page


def test_managers_see_all_that_are_in_force_late_reviews_first(
    kinds: str, person: Make, sign_in: SignIn, clock: SetClock
) -> None:
    _, later = arranged(kinds, arrangement_review_on="2027-03-01")
    clock.move_to(london("2026-11-24 09:00"))
    _, sooner = arranged(kinds, arrangement_review_on="2026-12-01")
    clock.move_to(london("2026-12-02 09:00"))
    client = sign_in(person("maya", "manager", (first_team(kinds),)))
    page = client.get("/arrangements").text
    assert page.index(sooner.reference[-4:]) < page.index(later.reference[-4:])
    assert page.count("Review is late") == 1 and "1 to review" in page
    assert 'href="/arrangements">Contact arrangements <b>2</b>' in client.get("/running").text
    clock.move_to(london("2027-06-01 09:00"))
    assert "No contact arrangement is in force" in client.get("/arrangements").text


def test_a_manager_with_a_conflict_does_not_see_the_arrangement(
    kinds: str, person: Make, sign_in: SignIn, clock: SetClock
) -> None:
    _, case = arranged(kinds)
    maya = person("maya", "manager", (first_team(kinds),))
    db.session.add(Conflict(landlord_id=kinds, case_id=case.id, user_id=maya.user_id))
    db.session.commit()
    clock.move_to(london("2026-11-26 09:00"))
    assert case.reference not in sign_in(maya).get("/arrangements").text.replace(" ", "")


def test_the_hard_words_for_it_stand_on_no_page() -> None:
    files = [*(ROOT / "app" / "templates").rglob("*.html"), *(ROOT / "app").rglob("*.py")]
    hard = re.compile(r"vexatious|unacceptable behaviour", re.IGNORECASE)
    assert [file.name for file in files if hard.search(file.read_text())] == []
