"""The inbox: order, bands, filters, claiming from the list, alerts, and nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from app.clock import SetClock
from app.db import db
from app.models import Alert, Case, Conflict, Task
from app.services import cases, tasks
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
TODAY = date(2026, 11, 24)


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def colleague(person: Make, landlord: str) -> Viewer:
    return person("idris", teams=(first_team(landlord),))


def due(case: Case, on: date) -> Task:
    """The case's task, with its date moved for the test."""
    task = open_task(case)
    task.due_on = on
    db.session.commit()
    return task


def test_the_earliest_deadline_is_on_top_in_its_band(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    names = {"Later Lou": 20, "Late Lee": -3, "Today Tom": 0, "Week Wim": 2}
    for name, days in names.items():
        due(recorded(landlord, resident_name=name), TODAY + timedelta(days=days))
    page = sign_in(officer).get("/inbox").text
    places = [page.index(text) for text in ("Late Lee", "Today Tom", "Week Wim", "Later Lou")]
    assert places == sorted(places)
    bands = [page.index(f">{text}") for text in ("Late", "Due today", "This week")]
    assert bands[0] < places[0] < bands[1] < places[1] < bands[2] < places[2]
    assert "1 task is late and 1 falls due today" in page
    assert "<title>Inbox: 4 tasks of yours, 1 late – Putright</title>" in " ".join(page.split())


def test_claiming_in_the_list_keeps_the_list_and_says_so_in_the_row(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    task = open_task(recorded(landlord))
    browser = sign_in(officer)
    back = "/inbox?tab=teams&q=kezia"
    answer = browser.post(f"/tasks/{task.id}/claim", data={"pr_back": back})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{back}&claimed={task.id}"
    page = browser.get(answer.headers["Location"]).text
    assert "data-result>Claimed by you" in page
    plain = {"pr_back": "/inbox", "pr_to_row": "1"}  # without scripts the address leads to the row
    assert (
        browser.post(f"/tasks/{task.id}/claim", data=plain)
        .headers["Location"]
        .endswith(f"#task-{task.id}")
    )


@pytest.mark.parametrize(
    "back", ["https://evil.example/inbox", "//evil.example", "/inboxes", "/inbox/../sign-out"]
)
def test_the_way_back_never_leads_out_of_the_inbox(
    landlord: str, officer: Viewer, sign_in: SignIn, back: str
) -> None:
    task = open_task(recorded(landlord))
    answer = sign_in(officer).post(f"/tasks/{task.id}/claim", data={"pr_back": back})
    assert answer.headers["Location"].startswith("/inbox?claimed=")


def test_what_a_colleague_claimed_first_is_said_and_not_taken(
    landlord: str, officer: Viewer, colleague: Viewer, sign_in: SignIn
) -> None:
    task = open_task(recorded(landlord))
    tasks.claim(colleague, task.id)
    browser = sign_in(officer)
    browser.post(f"/tasks/{task.id}/claim", data={"pr_back": "/inbox"})
    assert "Idris has already claimed this task." in browser.get("/inbox?tab=others").text
    assert tasks.name_of(open_task(task.case).claimed_by) == "Idris"


def test_taking_the_next_one_claims_the_earliest_that_is_free(
    landlord: str, officer: Viewer, colleague: Viewer, sign_in: SignIn
) -> None:
    taken = due(recorded(landlord), TODAY - timedelta(days=9))
    tasks.claim(colleague, taken.id)
    later = due(recorded(landlord), TODAY + timedelta(days=9))
    sooner = due(recorded(landlord), TODAY + timedelta(days=1))
    browser = sign_in(officer)
    answer = browser.post("/inbox/next")
    assert answer.headers["Location"] == f"/tasks/{sooner.id}"
    assert browser.post("/inbox/next").headers["Location"] == f"/tasks/{later.id}"
    assert browser.post("/inbox/next").headers["Location"] == "/inbox"
    assert "Nothing that you may do is unclaimed" in browser.get("/inbox").text


def test_the_list_can_be_narrowed_and_says_when_nothing_is_left(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    recorded(landlord, resident_name="Ann Plain")
    recorded(landlord, resident_name="Bo Hazard", triage_hazard="yes")
    browser = sign_in(officer)
    only = browser.get("/inbox?only=hazard").text
    assert "Bo Hazard" in only and "Ann Plain" not in only
    assert "Ann Plain" in browser.get("/inbox?q=ann").text
    assert "No task fits" in browser.get("/inbox?q=nobody").text
    shown = browser.get(f"/inbox?on={open_task(recorded(landlord)).due_on}").text
    assert 'aria-current="true"' in shown and "Show every day" in shown


@pytest.mark.parametrize(
    "query",
    [
        "tab=zzz&only=zzz",
        "on=yesterday&late=perhaps",
        "after=abc",
        "after=2026-99-99|" + "0" * 32,
        "after=|" + "0" * 32,
        "q=%00&team=nobody&stage=nothing",
    ],
)
def test_an_address_that_makes_no_sense_shows_the_inbox(
    landlord: str, officer: Viewer, sign_in: SignIn, query: str
) -> None:
    recorded(landlord)
    assert sign_in(officer).get(f"/inbox?{query}").status_code == 200


def test_an_alert_stays_until_somebody_has_seen_it(
    landlord: str, officer: Viewer, person: Make, sign_in: SignIn
) -> None:
    case = recorded(landlord)
    cases.report_hazard(officer, case.reference, "Bare wires in the hall")
    team = db.session.query(Alert.team).filter_by(text="Bare wires in the hall").scalar()
    browser = sign_in(person("duty", teams=(team,)))
    alert = db.session.query(Alert).filter_by(text="Bare wires in the hall").one()
    assert "Bare wires in the hall" in browser.get("/inbox").text
    answer = browser.post(f"/alerts/{alert.id}/seen", data={"pr_back": "/inbox?tab=teams"})
    assert answer.headers["Location"] == "/inbox?tab=teams"
    assert "Bare wires in the hall" not in browser.get("/inbox").text


def test_a_case_that_names_the_viewer_is_nowhere_in_the_inbox(
    landlord: str, officer: Viewer, sign_in: SignIn
) -> None:
    case = recorded(landlord, resident_name="Rosa Hidden")
    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    browser = sign_in(officer)
    for tab in ("mine", "teams", "others", "done"):
        assert "Rosa Hidden" not in browser.get(f"/inbox?tab={tab}").text


def test_an_empty_inbox_is_really_empty_and_says_what_colleagues_have(
    landlord: str, officer: Viewer, colleague: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    browser = sign_in(officer)
    page = browser.get("/inbox").text
    assert "Nothing waits for you" in page and "pr-week" not in page
    tasks.claim(colleague, open_task(recorded(landlord)).id)
    page = browser.get("/inbox").text
    assert "Nothing waits for you" in page and "Kezia Boateng" in page and "Idris:" in page


def test_auditors_and_owners_have_no_inbox(person: Make, sign_in: SignIn) -> None:
    for role in ("auditor", "process_owner", "administrator"):
        assert sign_in(person(role, role=role)).get("/inbox").status_code == 403
