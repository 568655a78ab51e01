"""The auditors' pages."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.models import Conflict, Event
from app.services import documents, references, sweep, taking_away
from app.services.spreadsheets import safe_cell
from app.viewer import Viewer
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


def test_nothing_on_the_pages_can_be_sent_but_signing_out_and_what_is_taken_away(
    landlord: str, auditor: FlaskClient
) -> None:
    case = recorded(landlord)
    offered = {"/histories": {"/sign-out", "/histories/take-away"}}
    for address in ("/histories", f"/histories/{case.reference}"):
        forms = re.findall(r"<form [^>]+>", auditor.get(address).text)
        posted = [re.findall(r'action="([^"]+)"', form)[0] for form in forms if "post" in form]
        assert {*posted} == offered.get(address, {"/sign-out"})


def test_staff_and_managers_do_not_see_histories(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    case = recorded(landlord)
    client = sign_in(person("helen", "manager", (first_team(landlord),)))
    assert client.get("/histories").status_code == 403
    assert client.get(f"/histories/{case.reference}").status_code == 403


# --- the histories of many cases -----------------------------------------------------------------


def tables(packed: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }


def test_the_histories_of_all_cases_found_are_put_together_for_whoever_asked(
    app: Flask, landlord: str, person: Person, sign_in: SignIn, clock: SetClock
) -> None:
    case = recorded(landlord)
    audrey, ada = person("audrey", "auditor"), person("ada", "auditor")
    browser = sign_in(audrey)
    assert "Put the histories together" in browser.get("/histories").text
    for typed, found in (({"q": "nobody"}, 0), ({"q": "kezia", "first": "2026-11-24"}, 1)):
        clock.move_to(clock() + timedelta(seconds=1))
        answer = browser.post("/histories/take-away", data=typed)
        page = browser.get(answer.location).text
        assert answer.status_code == 303 and "Histories are being put together" in page
        sweep.work(app)
        db.session.rollback()
        page = browser.get("/histories?q=nobody").text
        assert f"The histories of {found} case" in page
    (href,) = re.findall(r'href="(/histories/take-away/[^"]+)"', page)
    sent = browser.get(href)
    assert (
        sent.headers["Cache-Control"] == "no-store"
        and ".zip" in sent.headers["Content-Disposition"]
    )
    packed = tables(sent.data)
    assert [row["reference"] for row in packed["cases.csv"]] == [case.reference]
    count = db.session.scalar(select(func.count()).select_from(Event))
    lines = packed["history.csv"]
    assert len(lines) == count and {row["reference"] for row in lines} == {case.reference}
    single = browser.get(f"/histories/{case.reference}/history.csv").data.decode("utf-8-sig")
    for row in lines:
        del row["reference"]
    assert list(csv.DictReader(io.StringIO(single))) == lines

    other = sign_in(ada)
    assert other.get(href).status_code == 404 and href not in other.get("/histories").text
    clock.move_to(clock() + documents.UNCLAIMED * 1.1)
    documents.drop_unclaimed()
    browser = sign_in(audrey)
    assert browser.get(href).status_code == 404 and href not in browser.get("/histories").text


def test_the_histories_of_cases_that_are_kept_from_the_auditor_are_not_in_it(
    app: Flask, landlord: str, person: Person, sign_in: SignIn
) -> None:
    hidden, seen = recorded(landlord), recorded(landlord)
    audrey = person("audrey", "auditor")
    browser = sign_in(audrey)
    browser.post("/histories/take-away", data={})
    conflict = Conflict(
        landlord_id=landlord, case_id=hidden.id, user_id=audrey.user_id or "", reason="kin"
    )
    db.session.add(conflict)
    db.session.commit()
    sweep.work(app)
    job, file = taking_away.newest(audrey)
    assert (
        job
        and file
        and [r["reference"] for r in tables(file.data)["cases.csv"]] == [seen.reference]
    )


def test_it_can_be_called_off(app: Flask, landlord: str, auditor: FlaskClient) -> None:
    recorded(landlord)
    auditor.post("/histories/take-away", data={})
    (off,) = re.findall(r'action="([^"]+/cancel)"', auditor.get("/histories").text)
    assert auditor.post(off).status_code == 303 and auditor.post(off).status_code == 404
    sweep.work(app)
    assert ".zip" not in auditor.get("/histories").text
