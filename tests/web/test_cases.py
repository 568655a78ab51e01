"""The pages of a case: finding it, its tabs, its files, and what can be done to it."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Blob, Case, Conflict, Letter, Note, Point
from app.services import actions, deployments, documents
from app.services.references import spaced
from app.viewer import Viewer
from forms import Field
from tests.cases import first_team, open_task, recorded
from tests.kinds import begun, deploy_kinds
from tests.web.filling import finish, until_letter

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
TABS = ("overview", "letters", "documents", "notes", "people", "history")


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def browser(officer: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(officer)


@pytest.fixture
def case(landlord: str) -> Case:
    return recorded(landlord, contact_never=["phone"])


@pytest.fixture
def written(case: Case, person: Make) -> Letter:
    """A letter of the case, written and queued."""
    amos = person("amos")
    finish(amos, until_letter(amos, case))
    return db.session.scalars(select(Letter)).one()


def test_a_case_is_found_by_reference_name_address_and_status(
    browser: FlaskClient, case: Case
) -> None:
    for asked in (spaced(case.reference), case.reference[-4:].lower(), "boateng", "larkhill"):
        assert case.reference in browser.get("/cases", query_string={"q": asked}).text.replace(
            " ", ""
        ), asked
    assert "No case fits" in browser.get("/cases?q=nobody").text
    assert "No case fits" in browser.get("/cases?status=closed").text
    assert "Kezia" in browser.get("/cases?status=all&page=1").text
    for nonsense in ("page=-3", "page=x", "page=99", "status=zzz", "stage=zzz", "q=%00%27"):
        assert browser.get(f"/cases?{nonsense}").status_code == 200, nonsense


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_says_who_how_to_reach_them_and_where_it_stands(
    browser: FlaskClient, written: Letter, case: Case, tab: str
) -> None:
    page = browser.get(f"/cases/{case.reference}?tab={tab}")
    assert page.status_code == 200
    for words in ("Kezia Boateng", "No phone calls.", "Now:", spaced(case.reference)):
        assert words in page.text, words


def test_a_reference_may_be_typed_as_it_is_read_and_a_wrong_tab_is_not_found(
    browser: FlaskClient, case: Case
) -> None:
    assert browser.get(f"/cases/{spaced(case.reference).lower()}").status_code == 200
    assert browser.get(f"/cases/{case.reference}?tab=frame").status_code == 404
    assert browser.get("/cases/NOSUCH").status_code == 404


def test_the_overview_tells_the_way_taken_the_dates_and_why(
    browser: FlaskClient, case: Case, officer: Viewer
) -> None:
    task = open_task(case)
    finish(officer, task)
    page = browser.get(f"/cases/{case.reference}").text
    elements = deployments.live(case.landlord_id).elements
    inside = browser.get(f"/cases/{case.reference}/diagrams/{elements[task.element].process}").text
    assert "The same as a list" in page and f"<li>{task.name}: Grace" in inside
    assert "why this date" in page and "working days after" in page
    assert "The leak was not repaired" in page and "Not answered yet" in page
    done = f"{task.name} Done" if task.name.endswith("?") else f"{task.name}: done"
    assert "Still to come" in page and done in page
    assert '"done"' in page and '"now"' in page and "data-diagram" in page
    assert page.index("Deadlines</h2>") < page.index("What happened</h2>")


def test_the_full_history_names_every_event_and_the_version(
    browser: FlaskClient, case: Case
) -> None:
    page = browser.get(f"/cases/{case.reference}?tab=history").text
    assert "version 1 of the procedure" in page and "Task opened" in page
    assert "Deadline set" in page and "Complaint recorded" in page


def test_a_diagram_is_served_from_the_cases_own_deployment_only(
    browser: FlaskClient, case: Case
) -> None:
    answer = browser.get(f"/cases/{case.reference}/diagrams/complaint.bpmn")
    assert answer.status_code == 200 and b"<bpmn:process" in answer.data
    assert answer.content_type.startswith("application/xml")
    for process in ("nothing", "../landlord", "facts"):
        assert browser.get(f"/cases/{case.reference}/diagrams/{process}.bpmn").status_code == 404
        assert browser.get(f"/cases/{case.reference}/diagrams/{process}").status_code == 404
    main = deployments.live(case.landlord_id).procedure.main
    large = browser.get(f"/cases/{case.reference}/diagrams/{main}").text
    assert "The whole complaint: Kezia Boateng" in large


def test_a_point_a_note_and_a_hazard_are_added_and_seen(browser: FlaskClient, case: Case) -> None:
    at = f"/cases/{case.reference}"
    for what in ("points", "notes", "hazard", "documents"):
        assert browser.get(f"{at}/{what}").status_code == 200
        empty = browser.post(f"{at}/{what}", data={"text": " "})
        assert empty.status_code == 422 and "There is a problem" in empty.text, what

    point = {"text": "Nobody said sorry", "own": "no"}
    assert browser.post(f"{at}/points", data=point).status_code == 303
    assert "Nobody said sorry" in browser.get(at).text
    note = {
        "kind": "call",
        "text": "Rang <her> back",
        "triage_hazard": "no",
        "triage_safeguarding": "no",
    }
    assert browser.post(f"{at}/notes", data=note).headers["Location"].endswith("tab=notes")
    assert "Rang &lt;her&gt; back" in browser.get(f"{at}?tab=notes").text
    answer = browser.post(f"{at}/hazard", data={"text": "Bare wires"})
    assert answer.status_code == 303
    assert "was told." in browser.get(at).text and "pr-chip--hazard" in browser.get(at).text
    assert [point.n for point in db.session.scalars(select(Point).order_by(Point.n))] == [1, 2, 3]


def test_what_was_typed_wrongly_is_not_lost(browser: FlaskClient, case: Case) -> None:
    answer = browser.post(f"/cases/{case.reference}/notes", data={"text": "A long story"})
    assert answer.status_code == 422 and "A long story" in answer.text
    assert "Choose what kind of note this is." in answer.text
    assert db.session.scalars(select(Note)).all() == []


def test_documents_are_saved_never_shown_as_a_page_of_ours(
    browser: FlaskClient, case: Case, officer: Viewer
) -> None:
    at = f"/cases/{case.reference}/documents"
    wrong = browser.post(at, data={"file": (io.BytesIO(b"<html>"), "page.html")})
    assert wrong.status_code == 422
    two = [(io.BytesIO(b"One"), "one.txt"), (io.BytesIO(b"Two"), "two.txt")]
    assert browser.post(at, data={"file": two}).status_code == 303
    assert "two.txt" in browser.get(f"/cases/{case.reference}?tab=documents").text
    blob = db.session.scalars(select(Blob).where(Blob.name == "one.txt")).one()
    answer = browser.get(f"{at}/{blob.id}")
    assert answer.data == b"One"
    assert answer.headers["Content-Disposition"] == "attachment; filename=one.txt"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_document_of_another_case_is_not_found(
    browser: FlaskClient, case: Case, landlord: str, officer: Viewer
) -> None:
    other = recorded(landlord)
    documents.add_to_case(officer, other.reference, "note.txt", b"Not yours")
    blob = db.session.scalars(select(Blob)).one()
    at = f"/cases/{case.reference}/documents"
    assert browser.get(f"{at}/{blob.id}").status_code == 404
    assert browser.get(f"{at}/nothing").status_code == 404
    unclaimed = documents.upload(landlord, "loose.txt", b"loose")
    assert browser.get(f"{at}/{unclaimed.id}").status_code == 404


def test_a_letter_can_be_read_and_printed(
    browser: FlaskClient, case: Case, written: Letter
) -> None:
    page = browser.get(f"/cases/{case.reference}?tab=letters").text
    assert written.title in page and "By e-mail" in page
    letter = browser.get(f"/cases/{case.reference}/letters/{written.id}")
    assert letter.status_code == 200 and "<mark>" not in letter.text
    pdf = browser.get(f"/cases/{case.reference}/letters/{written.id}/letter.pdf")
    assert pdf.data.startswith(b"%PDF") and pdf.content_type == "application/pdf"
    assert browser.get(f"/cases/{case.reference}/letters/nothing").status_code == 404


def offered(case: Case) -> str:
    """A message that the procedure takes now."""
    return actions.offered(case, "staff")[0].name


def test_an_action_shows_its_errors_then_runs_the_case_on(browser: FlaskClient, case: Case) -> None:
    name = offered(case)
    at = f"/cases/{case.reference}/actions/{name}"
    assert browser.get(at).status_code == 200
    wrong = browser.post(
        at, data={"received_on-day": "1", "received_on-month": "1", "received_on-year": "2030"}
    )
    assert wrong.status_code == 422 and 'value="2030"' in wrong.text
    assert browser.post(at, data=_needed(browser, case, name)).status_code == 303
    db.session.expire_all()
    assert "recorded." in browser.get(f"/cases/{case.reference}").text


def _needed(browser: FlaskClient, case: Case, name: str) -> dict[str, str]:
    """What the action's form must have, if anything."""
    viewer = Viewer(case.landlord_id, user_id="x", role="staff")
    _, form = actions.open_action(viewer, case, name)
    form.check()
    wrong: list[Field] = [field for field in form.applicable if field.key in form.errors]
    return {f.key: f.options[0].value if f.options else "Words" for f in wrong}


def test_an_action_that_is_no_longer_taken_gives_the_text_back(
    browser: FlaskClient, case: Case
) -> None:
    at = f"/cases/{case.reference}/actions/never_heard_of"
    assert browser.get(at).status_code == 409
    answer = browser.post(at, data={"why": "She told me on the stairs"})
    assert answer.status_code == 409 and "She told me on the stairs" in answer.text
    assert f'action="/cases/{case.reference}/notes"' in answer.text


def test_auditors_read_everything_and_change_nothing(
    case: Case, person: Make, sign_in: SignIn
) -> None:
    name = offered(case)
    browser = sign_in(person("ruth", role="auditor"))
    for tab in TABS:
        page = browser.get(f"/cases/{case.reference}?tab={tab}")
        assert page.status_code == 200 and "What you can do now" not in page.text
    for what in ("points", "notes", "hazard", "documents", f"actions/{name}"):
        assert browser.get(f"/cases/{case.reference}/{what}").status_code == 403
        assert browser.post(f"/cases/{case.reference}/{what}").status_code == 403


def test_a_case_that_names_the_viewer_does_not_exist_for_them(
    browser: FlaskClient, case: Case, officer: Viewer, written: Letter
) -> None:
    db.session.add(Conflict(landlord_id=case.landlord_id, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    assert "Kezia" not in browser.get("/cases?status=all").text
    assert "Kezia" not in browser.get("/cases?q=kezia&status=all").text
    for what in ("", "?tab=people", "/diagrams/complaint.bpmn", f"/letters/{written.id}", "/notes"):
        assert browser.get(f"/cases/{case.reference}{what}").status_code == 404, what


def test_a_tab_that_can_hold_nothing_is_not_shown(landlord: str, browser: FlaskClient) -> None:
    deploy_kinds(landlord)
    complaint, compliment = recorded(landlord), begun(landlord, "compliment")
    tab = ">Put right <b>0</b></a>"
    assert tab in browser.get(f"/cases/{complaint.reference}").text
    assert tab not in browser.get(f"/cases/{compliment.reference}").text
    assert browser.get(f"/cases/{compliment.reference}?tab=put_right").status_code == 200
