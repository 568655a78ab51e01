"""The pages of the report."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.clock import SetClock
from app.db import db
from app.models import Case, Conflict
from app.services.references import spaced
from app.services.workshop import drafts
from app.viewer import Viewer
from app.web.report import number_words, share
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

SignIn = Callable[[Viewer], FlaskClient]
SUMMER = "2026-07-01..2026-09-30"


@pytest.fixture
def manager(app: object) -> Viewer:
    return make_user(elm.deploy(), "helen", "manager", ("complaints",))


@pytest.fixture
def case(manager: Viewer, clock: SetClock) -> Case:
    """Answered late in the summer; it is October."""
    found = elm.recorded("2026-07-06", elm.answer("2026-07-24", "not_upheld"))
    clock.move_to(london("2026-10-05 09:00"))
    return found


def rows(client: FlaskClient, query: str = "") -> dict[tuple[str, str], tuple[str, str]]:
    answer = client.get(f"/report.csv{query}")
    assert answer.mimetype == "text/csv"
    read = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    return {
        (row["Group"], row["What is counted"]): (row["Number"], row["The period before"])
        for row in read
    }


def test_it_begins_with_the_last_full_quarter(case: Case, manager: Viewer, sign_in: SignIn) -> None:
    page = sign_in(manager).get("/report").text
    assert "<b>July to September 2026</b>" in page and "April to June 2026" in page
    assert f'value="{SUMMER}" selected' in page
    assert "October to December 2026, so far" in page


def test_a_number_opens_its_cases(case: Case, manager: Viewer, sign_in: SignIn) -> None:
    client = sign_in(manager)
    page = client.get("/report").text
    late = re.search(r'href="(/report/cases\?[^"]*of=duty.answer_due.late)"', page)
    assert late
    cases = client.get(late[1].replace("&amp;", "&")).text
    assert "Late: 1" in cases and spaced(case.reference) in cases
    assert client.get("/report/cases?of=nothing").status_code == 404


def test_who_is_kept_out_finds_the_number_without_the_case(
    case: Case, manager: Viewer, sign_in: SignIn
) -> None:
    db.session.add(Conflict(landlord_id=elm.ELM, case_id=case.id, user_id=manager.user_id))
    db.session.commit()
    page = sign_in(manager).get("/report/cases?of=received").text
    assert "Received: 1" in page and spaced(case.reference) not in page


def test_own_dates_count_and_wrong_ones_are_explained(
    case: Case, manager: Viewer, sign_in: SignIn
) -> None:
    client = sign_in(manager)
    page = client.get("/report?first=2026-07-06&last=2026-07-06").text
    assert "6 July 2026 to 6 July 2026" in page
    day = rows(client, "?first=2026-07-06&last=2026-07-06")
    assert day["In all", "Received"] == ("1", "0")
    wrong = client.get("/report?first=2026-07-06&last=2026-07-01").text
    assert "Enter two dates, the earlier one first." in wrong and "July to September" in wrong


def test_the_table_has_plain_numbers_and_those_of_before(
    case: Case, manager: Viewer, sign_in: SignIn
) -> None:
    client = sign_in(manager)
    summer = rows(client)
    assert summer["stage_one: Answer", "Late"] == ("1", "0")
    assert summer["stage_one: Answer", "Longest"] == ("14", "")
    assert summer["Result", "Not upheld"] == ("1", "0")
    assert summer["Payments", "Sum paid"] == ("0.00", "0.00")
    autumn = rows(client, "?period=2026-10-01..2026-12-31")
    assert autumn["In all", "Received"] == ("0", "1")
    assert autumn["stage_one: Answer", "Median"] == ("", "14")


def test_no_cell_of_the_table_is_a_formula(app: object, sign_in: SignIn) -> None:
    elm.deploy(elm.LANDLORD.replace('name = "E-mail"', 'name = "=1+1"'))
    client = sign_in(make_user(elm.ELM, "helen", "manager"))
    assert ("Channel", "'=1+1") in rows(client)


def test_numbers_are_written_for_people() -> None:
    assert [number_words(1024), number_words(9.5), number_words(None)] == ["1,024", "9.5", "–"]
    assert [number_words(14.0, "days"), number_words(1250, "pounds")] == ["14", "£1,250.00"]
    assert [share(1, 3), share(0, 3), share(0, 0)] == ["33%", "0%", ""]


def test_a_manager_records_that_it_was_presented(
    manager: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    clock.move_to(london("2027-04-20 09:00"))
    client = sign_in(manager)
    page = client.get("/report").text
    assert "Next due by Friday 30 April 2027." in page and "None is recorded yet." in page
    said = {"report": "Board report", "due_on": "2027-04-30", "presented_on": "2027-04-21"}
    wrong = client.post("/report/presented", data=said)
    assert wrong.status_code == 422 and "Enter today or an earlier day." in wrong.text
    said["presented_on"] = "2027-04-20"
    page = client.post("/report/presented", data=said, follow_redirects=True).text
    assert "“Board report” was presented." in page and "Next due by Sunday 31 October 2027." in page
    assert "Recorded by Helen" in page


def test_an_auditor_reads_and_records_nothing(manager: Viewer, sign_in: SignIn) -> None:
    page = sign_in(make_user(elm.ELM, "ruth", "auditor")).get("/report").text
    assert "Next due by" in page and "Record that it was presented" not in page


def test_running_cases_says_when_a_report_is_near_or_overdue(
    manager: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    client = sign_in(manager)
    assert "Board report" not in client.get("/running").text
    clock.move_to(london("2027-04-28 09:00"))
    assert "is due by Friday 30 April 2027, 2 working days left" in client.get("/running").text
    clock.move_to(london("2027-05-04 09:00"))
    assert "was due by Friday 30 April 2027, 1 working day ago" in client.get("/running").text


def test_managers_and_owners_hear_that_the_policy_is_to_be_reviewed(
    manager: Viewer, sign_in: SignIn, clock: SetClock
) -> None:
    owner = make_user(elm.ELM, "olu", "process_owner")
    amira = make_user(elm.ELM, "amira")
    notice = "was to be reviewed by Wednesday 31 March 2027"
    places = ((manager, "/running"), (owner, "/procedures"))
    assert all(notice not in sign_in(who).get(page).text for who, page in places)
    clock.move_to(london("2027-04-01 09:00"))
    assert all(notice in sign_in(who).get(page).text for who, page in places)
    assert (
        "Ask the Head of Complaints whether it has been." in sign_in(manager).get("/running").text
    )
    assert "landlord.toml" not in sign_in(manager).get("/running").text
    client = sign_in(owner)
    assert 'href="/procedures/drafts#begin">begin a draft</a>' in client.get("/procedures").text
    draft = drafts.begin(owner, "Reviewed")
    field = f"/procedures/drafts/{draft}/landlord/targets#governance.-.review_on"
    assert f'href="{field}">enter the new date' in client.get("/procedures").text
    assert f'id="{field.partition("#")[2]}"' in client.get(field).text
    page = sign_in(amira).get("/procedures").text
    assert notice not in page
    assert "Head of Complaints" in page and "every two years" in page
    assert "Head of Complaints" in sign_in(amira).get("/help").text
