"""The auditors' pages."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.clock import SetClock
from app.db import db
from app.models import Event
from app.services import references
from app.viewer import Viewer
from app.web.spreadsheet import safe_cell
from tests.cases import first_team, recorded
from tests.conftest import by_owner

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.fixture
def auditor(person: Person, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("audrey", "auditor"))


def test_without_a_case_the_page_says_so(auditor: FlaskClient) -> None:
    assert "No case yet" in auditor.get("/histories").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=kezia", True),
        ("q=larkhill", True),
        ("q=nobody", False),
        ("first=2026-11-24&last=2026-11-24", True),
        ("first=2026-11-25", False),
        ("last=2026-11-23", False),
        ("first=not-a-date", True),
        ("status=closed", False),
    ],
)
def test_a_case_is_found_by_name_address_date_and_status(
    landlord: str, auditor: FlaskClient, query: str, found: bool
) -> None:
    case = recorded(landlord)
    page = auditor.get(f"/histories?{query}").text
    assert (references.spaced(case.reference) in page) is found


def test_a_case_is_found_by_its_reference_however_typed(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    spaced = references.spaced(case.reference)
    assert f"/histories/{case.reference}" in auditor.get(f"/histories?q={spaced.lower()}").text


def test_the_history_has_every_event_with_its_words_and_codes(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    page = auditor.get(f"/histories/{case.reference}").text
    events = list(db.session.query(Event).order_by(Event.n))
    assert page.count('data-l="No."') == len(events) > 3
    for event in events:
        assert event.action in page and event.element in page
    assert "Complaint recorded" in page and "Deadline set" in page


def test_the_forms_read_as_they_were_filled_in(landlord: str, auditor: FlaskClient) -> None:
    case = recorded(landlord, story="Water comes <b>through</b> my ceiling.")
    page = auditor.get(f"/histories/{case.reference}").text
    assert "Water comes &lt;b&gt;through&lt;/b&gt; my ceiling." in page
    assert "Amira" in page and "Not answered" in page


def test_both_times_stand_where_it_was_recorded_later(
    landlord: str, auditor: FlaskClient, clock: SetClock
) -> None:
    case = recorded(landlord)
    before = auditor.get(f"/histories/{case.reference}").text
    assert ">recorded <time" not in before
    by_owner("UPDATE event SET at = '2026-11-24 00:00:00' WHERE n = 1")
    assert ">recorded <time" in auditor.get(f"/histories/{case.reference}").text


def test_the_pinned_version_is_named_and_its_diagrams_are_linked(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    page = auditor.get(f"/histories/{case.reference}").text
    assert "Version 1 of the procedure" in page
    assert auditor.get("/procedures/complaint?version=1").status_code == 200


def test_the_export_has_a_row_for_each_event_and_no_formula(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    answer = auditor.get(f"/histories/{case.reference}/history.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == db.session.query(Event).count()
    assert rows[0]["action"] == "started" and rows[0]["procedure_version"] == "1"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(begin: str) -> None:
    assert safe_cell(f"{begin}1+1") == f"'{begin}1+1"
    assert safe_cell(f"1{begin}1") == f"1{begin}1"


def test_nothing_on_the_pages_can_be_sent_but_signing_out(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    for address in ("/histories", f"/histories/{case.reference}"):
        assert auditor.get(address).text.count('method="post"') == 1


def test_staff_and_managers_do_not_see_histories(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    case = recorded(landlord)
    client = sign_in(person("helen", "manager", (first_team(landlord),)))
    assert client.get("/histories").status_code == 403
    assert client.get(f"/histories/{case.reference}").status_code == 403
