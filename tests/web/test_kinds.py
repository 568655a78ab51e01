"""Kinds of case in the pages: each is recorded, sent in, found and told in its own words."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Alert, Blob, Case, CaseLink, Conflict, Person
from app.services import deployments, references
from app.services.access import instance_of, is_kept_out
from app.viewer import Viewer
from tests import public
from tests.cases import first_team, recorded
from tests.kinds import COMPLIMENT, begun, complaints_alone, deploy_kinds, other_of

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def kinds(landlord: str) -> str:
    """The landlord, with a compliment, a service request and a contact arrangement."""
    deploy_kinds(landlord)
    return landlord


@pytest.fixture
def alone(landlord: str) -> str:
    """The landlord, with complaints and nothing else."""
    deployments.deploy(landlord, complaints_alone(deployments.live(landlord)))
    return landlord


@pytest.fixture
def browser(person: Make, kinds: str, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("grace", teams=(first_team(kinds),)))


@pytest.fixture
def manager(person: Make, kinds: str, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("helen", "manager", (first_team(kinds),)))


def posted(kind: str, about: str = "", person: str = "new", **answers: str) -> dict[str, Any]:
    own = {"pr_key": uuid.uuid4().hex, "pr_step": "record", "pr_kind": kind}
    return own | {"pr_person": person, "pr_about": about} | answers


def newest() -> Case:
    """The only case that is no complaint."""
    return db.session.scalars(select(Case).where(Case.kind != "complaint")).one()


def words_of(html: str) -> str:
    """What a page says, without its markup and without the ways to pages about complaints."""
    body = re.sub(r"(?s)<script.*?</script>|<head>.*?</head>", "", html)
    body = re.sub(r'(?s)<a [^>]*/(complain|learning)"[^>]*>.*?</a>', "", body)
    return re.sub(r"<[^>]*>", " ", body)


# --- recording -----------------------------------------------------------------------------------


def test_what_it_is_is_asked_with_who_it_is_the_complaint_first_and_chosen(
    browser: FlaskClient,
) -> None:
    page = browser.get("/record").text
    values = re.findall(r'name="kind" type="radio" value="(\w+)"( checked)?', page)
    assert values == [("complaint", " checked"), ("compliment", ""), ("service_request", "")]
    assert page.index("Is anyone in danger now?") < page.index("What is it?")


def test_a_landlord_with_complaints_alone_is_not_asked(
    person: Make, alone: str, sign_in: SignIn
) -> None:
    page = sign_in(person("grace", teams=(first_team(alone),))).get("/record").text
    assert "What is it?" not in page and "Record a complaint" in page


def test_what_the_owner_wrote_about_the_beginning_is_the_hint(
    browser: FlaskClient, kinds: str
) -> None:
    about = deployments.live(kinds).procedure.start.documentation
    assert about.split(".")[0] in browser.get("/record").text


def test_each_kind_goes_on_with_its_own_form_and_the_danger_numbers(
    browser: FlaskClient, kinds: str
) -> None:
    page = browser.get("/record?kind=compliment&person=new&name=Ann+Lee").text
    assert 'value="Ann Lee"' in page and 'name="pr_kind" value="compliment"' in page
    assert "Record the compliment" in page and 'href="tel:999"' in page
    assert "desired_outcome" not in page


def test_a_kind_is_recorded_with_a_receipt_in_its_own_words(browser: FlaskClient) -> None:
    answer = browser.post("/record", data=posted("compliment", **COMPLIMENT))
    assert answer.status_code == 303
    case = newest()
    assert (case.kind, case.resident.name) == ("compliment", "Kezia Boateng")
    page = browser.get(answer.location).text
    assert "The compliment is recorded" in page and references.spaced(case.reference) in page
    assert "complaint" not in words_of(page).casefold()


def test_a_danger_in_a_compliment_tells_the_team_like_any_other(
    browser: FlaskClient, kinds: str
) -> None:
    browser.post("/record", data=posted("compliment", triage_hazard="not_sure", **COMPLIMENT))
    assert newest().hazard
    alerted = db.session.scalars(select(Alert.team)).all()
    assert alerted == [deployments.landlord(kinds).alert_team_hazard]


def test_a_kind_that_nobody_drew_is_not_found(browser: FlaskClient) -> None:
    assert browser.get("/record?kind=nothing").status_code == 404
    assert browser.post("/record", data=posted("stage_1", **COMPLIMENT)).status_code == 404


def test_a_kind_that_asks_nobodys_name_begins_about_a_case_only(
    browser: FlaskClient, kinds: str
) -> None:
    assert browser.get("/record?kind=contact_arrangement").status_code == 404
    assert browser.post("/record", data=posted("contact_arrangement")).status_code == 404
    assert db.session.scalars(select(Case)).all() == []


# --- begun about another case --------------------------------------------------------------------


def test_a_case_offers_to_begin_another_of_any_kind_about_its_resident(
    browser: FlaskClient, kinds: str
) -> None:
    case = recorded(kinds)
    assert f'href="/cases/{case.reference}/begin"' in browser.get(f"/cases/{case.reference}").text
    page = browser.get(f"/cases/{case.reference}/begin").text
    for kind in ("complaint", "compliment", "service_request", "contact_arrangement"):
        assert f'href="/record?kind={kind}&amp;about={case.reference}"' in page


def test_a_case_begun_about_another_has_its_resident_and_is_linked_with_it(
    browser: FlaskClient, kinds: str
) -> None:
    case = recorded(kinds)
    page = browser.get(f"/record?kind=contact_arrangement&about={case.reference}").text
    assert "Kezia Boateng" in page and "resident_name" not in page
    answer = browser.post(
        "/record", data=posted("contact_arrangement", case.reference, evidence="Forty calls")
    )
    new = newest()
    assert answer.location == f"/cases/{new.reference}"
    assert (new.kind, new.resident.id) == ("contact_arrangement", case.resident.id)
    assert other_of(new).id == case.id
    assert db.session.scalars(select(CaseLink.kind)).one() == "about"
    assert db.session.scalars(select(Person)).one().name == "Kezia Boateng"
    shown = browser.get(answer.location).text
    assert "Begun about another case" in shown and "Contact arrangement of" in shown


def test_who_is_kept_out_of_a_case_is_kept_out_of_what_begins_about_it(
    browser: FlaskClient, kinds: str, person: Make
) -> None:
    case = recorded(kinds)
    idris = person("idris", teams=(first_team(kinds),))
    db.session.add(Conflict(landlord_id=kinds, case_id=case.id, user_id=idris.user_id))
    db.session.commit()
    browser.post("/record", data=posted("contact_arrangement", case.reference, evidence="Calls"))
    assert is_kept_out(idris, newest())


def test_a_case_that_somebody_is_kept_out_of_begins_no_other_for_them(
    kinds: str, person: Make, sign_in: SignIn
) -> None:
    case = recorded(kinds)
    viewer = person("idris", teams=(first_team(kinds),))
    db.session.add(Conflict(landlord_id=kinds, case_id=case.id, user_id=viewer.user_id))
    db.session.commit()
    client = sign_in(viewer)
    for address in (f"/cases/{case.reference}/begin", f"/record?about={case.reference}"):
        assert client.get(address).status_code == 404
    data = posted("contact_arrangement", case.reference)
    assert client.post("/record", data=data).status_code == 404


# --- the public ----------------------------------------------------------------------------------


def test_the_complaints_first_page_names_what_else_can_be_sent(
    client: FlaskClient, kinds: str
) -> None:
    page = client.get(f"/{kinds}/complain").text
    said = re.sub(r"\s+", " ", words_of(page))
    assert "Not a complaint? You can also send a compliment ." in said
    assert f'href="/{kinds}/tell-us/compliment"' in page
    assert "service_request" not in page, "it has no form for the public"


def test_without_other_kinds_nothing_else_is_named(client: FlaskClient, alone: str) -> None:
    assert "Not a complaint?" not in client.get(f"/{alone}/complain").text


def test_only_kinds_with_a_public_form_are_open_to_the_public(
    client: FlaskClient, kinds: str
) -> None:
    for kind in ("service_request", "contact_arrangement", "stage_1", "nothing"):
        for page in ("", "/form", "/help-now", "/done", "/saved", "/return/x"):
            assert client.get(f"/{kinds}/tell-us/{kind}{page}").status_code == 404
    assert client.get(f"/{kinds}/tell-us/complaint").location.endswith(f"/{kinds}/complain")


def sent(client: FlaskClient, kinds: str, danger: str = "no", **more: Any) -> public.Receipt:
    client.post(f"/{kinds}/tell-us/compliment", data={"danger": danger})
    form = client.get(f"/{kinds}/tell-us/compliment/form")
    answer = client.post(
        f"/{kinds}/tell-us/compliment/form",
        data=public.own_fields(form.text) | COMPLIMENT | more,
        content_type="multipart/form-data",
    )
    assert answer.location == f"/{kinds}/tell-us/compliment/done", answer.text
    return public.receipt(client.get(answer.location).text)


def test_a_compliment_is_sent_danger_first_and_nobody_calls_it_a_complaint(
    client: FlaskClient, kinds: str
) -> None:
    path = f"/{kinds}/tell-us/compliment"
    assert client.get(f"{path}/form").location == path
    first = client.get(path).text
    assert first.index('href="tel:999"') < first.index("<form")
    assert client.post(path, data={"danger": "now"}).location == f"{path}/help-now"
    receipt = sent(client, kinds)
    pages = [
        first,
        client.post(path, data={}).text,
        client.get(f"{path}/help-now").text,
        client.get(f"{path}/form").text,
        client.get(f"{path}/done").text,
        client.get(receipt.path).text,
        client.get(receipt.path + "/add").text,
    ]
    for page in pages:
        assert "complain" not in words_of(page).casefold()
    assert "We have your compliment" in pages[4]
    assert newest().kind == "compliment"


def test_danger_said_before_a_compliment_is_never_lost(client: FlaskClient, kinds: str) -> None:
    sent(client, kinds, "home", triage_hazard="no")
    assert newest().hazard


def test_a_compliment_with_something_missing_keeps_what_was_typed_and_its_files(
    client: FlaskClient, kinds: str
) -> None:
    client.post(f"/{kinds}/tell-us/compliment", data={"danger": "no"})
    path = f"/{kinds}/tell-us/compliment/form"
    fields = public.own_fields(client.get(path).text) | {"story": "Thank you"}
    fields["pr_file_attachments"] = (BytesIO(b"\x89PNG\r\n\x1a\n"), "roses.png")
    answer = client.post(path, data=fields, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Thank you" in answer.text and "roses.png" in answer.text
    assert db.session.scalars(select(Blob)).one().case_id is None


def test_a_compliment_can_be_kept_for_later(client: FlaskClient, kinds: str) -> None:
    client.post(f"/{kinds}/tell-us/compliment", data={"danger": "no"})
    path = f"/{kinds}/tell-us/compliment/form"
    fields = public.own_fields(client.get(path).text) | {"story": "Half of it", "pr_do": "save"}
    saved = client.get(client.post(path, data=fields).location).text
    link = re.search(rf"/{kinds}/tell-us/compliment/return/[\w-]+", saved)
    assert link and "You have not sent it yet" in saved
    assert "Half of it" in client.get(link[0]).text


def test_a_receipt_of_one_kind_is_not_shown_as_anothers(client: FlaskClient, kinds: str) -> None:
    sent(client, kinds)
    assert client.get(f"/{kinds}/complain/done").location == f"/{kinds}/complain"


def test_compliments_and_complaints_share_one_limit(client: FlaskClient, kinds: str) -> None:
    for _ in range(10):
        sent(client, kinds)
    fields = public.typed(kinds) | public.open_form(client, kinds)
    assert public.send(client, kinds, fields).status_code == 429


def test_a_compliments_page_says_how_it_stands_and_when_it_is_closed(
    client: FlaskClient, kinds: str
) -> None:
    receipt = sent(client, kinds)
    page = client.get(receipt.path).text
    assert "<h1>We have your compliment</h1>" in page and "We look at what you told us" in page
    assert f'href="/{kinds}/complain"' in page, "somebody may still want to complain"
    case = newest()
    case.status, case.closed_at = "closed", case.opened_at
    db.session.commit()
    page = client.get(receipt.path).text
    assert "<h1>Your compliment is closed</h1>" in page and "This compliment is closed" in page


# --- what staff see ------------------------------------------------------------------------------


def test_a_case_is_named_by_its_kind_on_its_page_and_in_lists(
    browser: FlaskClient, kinds: str
) -> None:
    case = begun(kinds, "compliment")
    page = browser.get(f"/cases/{case.reference}").text
    assert "Compliment of Tuesday 24 November 2026" in page
    assert "Points complained about" not in page and "Compliment recorded" in page
    assert "complaint" not in words_of(page[page.index("<h1>") :]).casefold()
    for address in ("/inbox", "/cases"):
        assert re.search(r'class="pr-chip">Compliment<', browser.get(address).text)
    root = browser.get(f"/cases/{case.reference}/diagrams/compliment").text
    assert "A compliment: Kezia Boateng" in root
    assert browser.get(f"/cases/{case.reference}/diagrams/complaint").status_code == 404


def test_cases_are_found_by_their_kind(browser: FlaskClient, kinds: str) -> None:
    complaint, compliment = recorded(kinds), begun(kinds, "compliment")
    page = browser.get("/cases?kind=compliment").text
    assert compliment.reference in page and complaint.reference not in page
    assert complaint.reference in browser.get("/cases").text


def test_histories_are_found_by_kind_and_tell_it(person: Make, sign_in: SignIn, kinds: str) -> None:
    complaint, compliment = recorded(kinds), begun(kinds, "compliment")
    client = sign_in(person("ruth", "auditor"))
    page = client.get("/histories?kind=compliment").text
    assert compliment.reference in page and complaint.reference not in page
    whole = client.get(f"/histories/{compliment.reference}").text
    assert "Compliment recorded" in whole and "/procedures/compliment?" in whole
    assert "/procedures/complaint?" not in whole, "only the diagrams of its own kind"


def counts(page: str) -> dict[str, int]:
    """What the diagrams say is open, by element."""
    found = re.findall(r'"element": ?"(\w+)"[^}]*?"open": ?(\d+)', page)
    return {element: int(number) for element, number in found}


def test_running_cases_are_counted_and_drawn_for_one_kind_at_a_time(
    manager: FlaskClient, kinds: str
) -> None:
    complaint, compliment = recorded(kinds), begun(kinds, "compliment")
    begun(kinds, "service_request")
    page = manager.get("/running").text
    assert re.search(r"<b>3</b>Open", page)
    assert all(case.reference in page for case in (complaint, compliment))
    assert "pass_on" not in counts(page), "the complaint's diagram counts complaints"
    assert "Compliment 1" in page and "Complaint 1" in page
    only = manager.get("/running?kind=compliment").text
    assert re.search(r"<b>1</b>Open", only)
    assert compliment.reference in only and complaint.reference not in only
    assert counts(only) == {"pass_on": 1}
    assert "/running/compliment.bpmn" in only and "/running/complaint.bpmn" not in only
    assert manager.get("/running?kind=nothing").status_code == 404


def test_a_kind_without_an_open_case_says_so(manager: FlaskClient, kinds: str) -> None:
    recorded(kinds)
    page = manager.get("/running?kind=compliment").text
    assert "No case is open" in page and 'href="/running"' in page


def test_the_procedures_stand_under_their_kind(browser: FlaskClient, kinds: str) -> None:
    page = browser.get("/procedures").text
    headings = re.findall(r"<h2>([^<]*)</h2>", page)
    assert headings[:4] == [
        "The complaint and its stages",
        "Compliment",
        "Contact arrangement",
        "Service request",
    ]
    under = page[page.index("<h2>Compliment<") : page.index("<h2>Contact arrangement<")]
    assert re.findall(r'href="/procedures/(\w+)"', under) == ["compliment"]


def test_one_sent_in_before_the_kind_was_renamed_keeps_its_page(
    client: FlaskClient, kinds: str
) -> None:
    receipt = sent(client, kinds)
    files = {k: v for k, v in deployments.live(kinds).files.items() if k != "compliment.bpmn"}
    deployments.deploy(kinds, files)
    assert "Your compliment" in client.get(receipt.path).text
    assert instance_of(newest()).deployment_id != deployments.live(kinds).id
    assert client.get(f"/{kinds}/tell-us/compliment").status_code == 404
