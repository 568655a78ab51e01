"""The People page: residents, who speaks for them, and what to share with whom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Case, Conflict, Person, User
from app.viewer import Viewer
from tests.cases import first_team, recorded
from tests.redrawn import begun, deploy_small, task_at

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
KOFI = {"name": "Kofi Mensah", "email": "kofi@example.org", "postcode": "SK1 1AA"}


@pytest.fixture
def browser(landlord: str, person: Make, sign_in: SignIn) -> FlaskClient:
    deploy_small(landlord)
    return sign_in(person("grace", teams=(first_team(landlord),)))


def person_id(name: str) -> str:
    db.session.expire_all()
    return db.session.scalars(select(Person.id).where(Person.name == name)).one()


def people_page(browser: FlaskClient, case: Case) -> str:
    return browser.get(f"/cases/{case.reference}?tab=people").text


def test_another_resident_is_looked_up_filled_in_and_shown_with_their_own_rules(
    landlord: str, browser: FlaskClient
) -> None:
    case = begun(landlord)
    at = f"/cases/{case.reference}/people/add"
    assert "We know nobody like that" in browser.get(at + "?name=Kofi").text
    form = browser.get(at + "?new=1&name=Kofi").text
    assert 'value="Kofi"' in form and "Never use" in form
    wrong = browser.post(at, data={"name": "", "email": "a@b@c"})
    assert wrong.status_code == 422 and 'value="a@b@c"' in wrong.text

    said = KOFI | {"contact_never": ["phone"], "adjustments": "Large print\nBSL"}
    assert browser.post(at, data=said).status_code == 303
    page = people_page(browser, case)
    assert "Kofi Mensah" in page and "Keeping Kofi Mensah safe" in page
    assert "Kezia Boateng: no safe-contact rules" in page
    task = browser.get(f"/tasks/{task_at(case, 'look').id}").text
    assert "Keeping Kofi Mensah safe" in task and "No phone calls." in task


def test_a_person_whom_we_know_is_added_by_one_button(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    begun(landlord, resident_name="Ada Okafor", resident_address="9 Oak Road")
    at = f"/cases/{case.reference}/people/add"
    found = browser.get(at + "?address=Oak Road").text
    assert "Ada Okafor" in found and "Kezia Boateng</b>" not in found

    browser.post(at, data={"known": person_id("Ada Okafor")})
    assert "9 Oak Road" in people_page(browser, case)
    assert browser.post(at, data={"known": "0" * 32}).status_code == 404


def test_a_new_contact_gets_a_link_that_is_shown_once_and_shows_nobody_else(
    landlord: str, browser: FlaskClient
) -> None:
    case = begun(landlord)
    browser.post(f"/cases/{case.reference}/people/add", data=KOFI)
    at = f"/cases/{case.reference}/people/{person_id('Kofi Mensah')}/contact"
    assert "What becomes of Kezia Boateng?" in browser.get(at).text
    assert browser.post(at, data={"reason": "Kezia has died"}).status_code == 422
    assert browser.post(at, data={"former": "leaves"}).status_code == 422
    done = browser.post(
        at, data={"former": "leaves", "reason": "Kezia has died"}, follow_redirects=True
    ).text
    assert "<h1>Kofi Mensah</h1>" in done
    link = re.search(rf"/{landlord}/status/[0-9a-f]{{32}}", done)
    assert link is not None
    assert "/status/" not in people_page(browser, case)

    status = browser.get(link[0]).text
    assert "Kezia" not in status and "Kofi" not in status
    unlocked = browser.post(
        f"{link[0]}/unlock", data={"fact": "SK1 1AA"}, follow_redirects=True
    ).text
    assert "Kezia" not in unlocked and "Larkhill" not in unlocked
    history = browser.get(f"/cases/{case.reference}?tab=history").text
    assert "Kezia has died" in history


def test_somebody_is_taken_off_with_a_reason(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    browser.post(f"/cases/{case.reference}/people/add", data=KOFI)
    at = f"/cases/{case.reference}/people/{person_id('Kofi Mensah')}/off"
    assert "Take Kofi Mensah off the case" in browser.get(at).text
    assert browser.post(at, data={"reason": " "}).status_code == 422

    assert browser.post(at, data={"reason": "Has moved away"}).status_code == 303
    assert "Kofi Mensah" not in people_page(browser, case)
    assert browser.get(at).status_code == 404


def test_a_new_link_replaces_the_one_before(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    shown = [
        browser.post(f"/cases/{case.reference}/people/link", follow_redirects=True).text
        for _ in range(2)
    ]
    old, new = (re.search(rf"/{landlord}/status/[0-9a-f]{{32}}", page) for page in shown)

    assert old is not None and new is not None
    assert browser.get(old[0]).status_code == 404
    assert browser.get(new[0]).status_code == 200


def test_nothing_is_shared_until_permission_is_given(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    at = f"/cases/{case.reference}/representatives"
    assert "Nothing is shared with them until" in browser.get(at).text
    assert browser.post(at, data={"name": ""}).status_code == 422
    said = {"name": "Sam Lee", "relation": "Brother", "email": "sam@example.org"}
    answer = browser.post(at, data=said)
    assert answer.status_code == 303
    sam = f"{at}/{person_id('Sam Lee')}"
    assert answer.location.endswith(sam)
    share_nothing = "Share nothing with Sam Lee yet: Kezia has not said that they may act."
    for page in (
        people_page(browser, case),
        browser.get(f"/cases/{case.reference}").text,
        browser.get(f"/tasks/{task_at(case, 'look').id}").text,
    ):
        assert share_nothing in page

    assert browser.post(sam, data={"decision": "given", "on": "x"}).status_code == 422
    given = {
        "decision": "given",
        "on": "2026-11-23",
        "how": "written",
        "limited_to": "the leak",
        "until": "2027-01-31",
        "gets_letters": "yes",
    }
    assert browser.post(sam, data=given).status_code == 303
    page = people_page(browser, case)
    assert "Permission given on Monday 23 November 2026, in writing." in page
    assert "Only about: the leak. It ends on Sunday 31 January 2027." in page
    assert "Gets a copy of each letter." in page and "Recorded by Grace" in page
    assert 'value="the leak"' in browser.get(sam).text

    browser.post(sam, data={"decision": "withdrawn", "on": "2026-11-24"})
    assert "Kezia took the permission back." in people_page(browser, case)


def test_a_resident_has_no_permission_page(landlord: str, browser: FlaskClient) -> None:
    case = begun(landlord)
    at = f"/cases/{case.reference}/representatives/{case.resident.id}"

    assert browser.get(at).status_code == 404


def test_details_of_another_person_are_changed_by_themselves(
    landlord: str, browser: FlaskClient
) -> None:
    case = begun(landlord)
    browser.post(f"/cases/{case.reference}/people/add", data=KOFI)
    at = f"/cases/{case.reference}/contact?person={person_id('Kofi Mensah')}"
    assert "Contact details of Kofi Mensah" in browser.get(at).text
    browser.post(at, data=KOFI | {"phone": "0161 496 0999"})

    assert "0161 496 0999" in people_page(browser, case)
    assert browser.get(f"/cases/{case.reference}/contact?person=nobody").status_code == 404


def test_an_auditor_reads_the_page_and_changes_nothing(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    case = recorded(landlord, representative_name="Sam Lee")
    page = people_page(sign_in(person("ada", role="auditor")), case)

    assert "Sam Lee" in page and "Recorded by Amira" in page
    assert "Add another resident" not in page and "Take them off" not in page


def test_somebody_of_a_case_that_is_kept_from_the_viewer_cannot_be_looked_up(
    landlord: str, browser: FlaskClient
) -> None:
    case, hidden = begun(landlord), begun(landlord, resident_name="Hidden Person")
    viewer = db.session.scalars(select(User.id).where(User.name == "Grace")).one()
    db.session.add(Conflict(landlord_id=landlord, case_id=hidden.id, user_id=viewer))
    db.session.commit()

    found = browser.get(f"/cases/{case.reference}/people/add?name=hidden").text
    assert "Hidden Person" not in found


def test_a_death_is_recorded_shown_with_tact_and_can_be_put_right(
    landlord: str, browser: FlaskClient
) -> None:
    case = begun(landlord, resident_name="Mary Doyle")
    mary = person_id("Mary Doyle")
    at = f"/cases/{case.reference}/people/{mary}"
    assert f"{at}/died" in people_page(browser, case)
    assert "Record that Mary Doyle has died" in browser.get(f"{at}/died").text

    said = {"not_known": "yes", "told_by": "Her neighbour rang", "standing": "executor"}
    wrong = browser.post(f"{at}/died", data=said)
    assert wrong.status_code == 422 and "Say what shows it" in wrong.text
    assert 'value="Her neighbour rang"' in wrong.text
    done = browser.post(f"{at}/died", data=said | {"standing": "nobody"}, follow_redirects=True)
    assert "Mary Doyle has died. Nobody carries this on yet" in done.text
    task = browser.get(f"/tasks/{task_at(case, 'look').id}").text
    assert "Mary Doyle has died. Nobody carries this on yet" in task
    assert "Mary Doyle has died" in browser.get("/inbox").text
    assert "They have died. Who complains now?" in browser.get("/record?name=Doyle").text
    chosen = browser.get(f"/record?person={mary}", follow_redirects=True).text
    assert "Say first who complains now." in chosen

    ann = {"relation": "her daughter", "shown_by": "The will", "email": "ann@example.org"}
    named = said | ann | {"name": "Ann Doyle"}
    done = browser.post(f"{at}/carried-on", data=named, follow_redirects=True)
    assert "Mary Doyle has died. Ann Doyle, her daughter, carries this on." in done.text
    assert "Record it for Ann Doyle" in browser.get("/record?name=Doyle").text
    history = browser.get(f"/cases/{case.reference}?tab=history").text
    assert "Told by: Her neighbour rang" in history and "Shown by: The will" in history

    assert browser.post(f"{at}/not-died", data={"reason": ""}).status_code == 422
    done = browser.post(f"{at}/not-died", data={"reason": "Her sister"}, follow_redirects=True)
    assert "<h1>Mary Doyle</h1>" in done.text and "carries this on" not in done.text


def test_a_representatives_part_is_no_death_of_the_case(
    landlord: str, browser: FlaskClient
) -> None:
    case = begun(landlord, representative_name="Sam Hill")
    sam = person_id("Sam Hill")
    assert browser.get(f"/cases/{case.reference}/people/{sam}/died").status_code == 404
