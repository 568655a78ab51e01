"""The managers' pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from app import clock as clocks
from app.clock import SetClock
from app.db import db
from app.engine.xml import read_xml
from app.models import Case, Conflict, Event, Incident, Instance
from app.models.base import new_id
from app.services import deployments, pace, references, sweep, watch
from app.viewer import Viewer
from tests import small
from tests.cases import first_team, london, open_task, recorded
from tests.conftest import make_user
from tests.engine.drawing import end, flows, send, start, timer, user
from tests.proofs import town
from tests.services import elm_homes as elm

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


def manager(person: Person, landlord: str) -> Viewer:
    return person("helen", "manager", (first_team(landlord),))


def drawn(page: str) -> list[dict[str, object]]:
    """What the page tells the diagrams to draw."""
    found = re.findall(r"<script[^>]*data-diagram>(.*?)</script>", page, re.DOTALL)
    return [json.loads(text) for text in found]


def incident_of(case: Case) -> str:
    """A step of the case that could not be taken."""
    instance = db.session.query(Instance).filter_by(case_id=case.id).one()
    instance.held = True
    row = Incident(
        landlord_id=case.landlord_id,
        id=new_id(),
        instance_id=instance.id,
        case_id=case.id,
        at=clocks.now(),
        doing="“Decide” was finished",
        cause="a date and a number cannot be added",
        element=open_task(case).element,
        resolved_at=None,
    )
    db.session.add(row)
    db.session.commit()
    return row.id


def test_without_a_case_the_page_says_so_and_shows_no_diagram(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    page = sign_in(manager(person, landlord)).get("/running").text
    assert "No case is open" in page
    assert "data-diagram" not in page


def test_each_number_counts_and_filters(
    landlord: str, person: Person, sign_in: SignIn, clock: SetClock
) -> None:
    calm = recorded(landlord)
    danger = recorded(landlord, triage_hazard="yes", resident_name="Jean Hartley")
    client = sign_in(manager(person, landlord))
    page = client.get("/running").text
    assert re.search(r"<b>2</b>Open", page) and re.search(r"<b>1</b>Hazard", page)
    only = client.get("/running?show=hazard").text
    assert danger.reference in only and calm.reference not in only


def test_the_list_goes_on_page_by_page(
    landlord: str, person: Person, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAGE", 2)
    every = {references.spaced(recorded(landlord).reference) for _ in range(5)}
    client = sign_in(manager(person, landlord))
    page, seen, pages = client.get("/running?show=unclaimed").text, [], 1
    while True:
        assert "<b>5</b>Open" in page  # whichever page it is
        seen += [reference for reference in every if reference in page]
        following = re.search(r'href="([^"]+)">Show the cases after these', page)
        if not following:
            break
        page, pages = client.get(unescape(following[1])).text, pages + 1
    assert (sorted(seen), pages) == (sorted(every), 3)
    assert re.search('href="/running[?]show=unclaimed">Back to the least time left', page)
    nonsense = client.get("/running?after=2026-99-99|x").text
    assert "Back to the least time left" not in nonsense and "<b>5</b>Open" in nonsense


def test_a_case_past_its_deadline_is_late_in_number_list_and_diagram(
    landlord: str, person: Person, sign_in: SignIn, clock: SetClock
) -> None:
    case = recorded(landlord)
    clock.move_to(london("2027-03-01 09:00"))
    client = sign_in(manager(person, landlord))
    page = client.get("/running?show=late").text
    assert re.search(r"<b>1</b>Late", page)
    assert references.spaced(case.reference) in page
    counts = [count for view in drawn(page) for count in view["counts"]]  # type: ignore[union-attr]
    assert any(count["late"] == 1 for count in counts)  # type: ignore[index]


def test_the_table_has_the_numbers_of_the_diagram(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    recorded(landlord)
    page = sign_in(manager(person, landlord)).get("/running").text
    for count in drawn(page)[0]["counts"]:  # type: ignore[attr-defined]
        number = f'<td class="pr-num">{count["open"]}</td>'
        assert f'<th scope="row">{escape(count["name"])}</th>{number}' in page


def test_residents_names_are_marked_not_to_be_printed(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    recorded(landlord)
    page = sign_in(manager(person, landlord)).get("/running").text
    assert re.search(r'class="[^"]*pr-no-print[^"]*" href="/cases/[^"]+">Kezia Boateng', page)
    assert page.count("Kezia Boateng") == 1


def test_the_drawing_is_the_live_file_and_no_other_name_is_taken(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(manager(person, landlord))
    root = deployments.live(landlord).procedure.root
    assert read_xml(client.get(f"/running/{root}.bpmn").data).tag.endswith("definitions")
    assert client.get("/running/nothing.bpmn").status_code == 404


def test_an_incident_shows_cause_and_place_and_is_retried_with_a_reason(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    case = recorded(landlord)
    incident_id = incident_of(case)
    client = sign_in(manager(person, landlord))
    assert "1 case cannot" in client.get("/running").text
    page = client.get("/incidents").text
    assert "a date and a number cannot be added" in page and open_task(case).name in page

    refused = client.post(f"/incidents/{incident_id}/retry", data={"reason": "  "})
    assert refused.status_code == 422 and "Say what you did" in refused.text

    done = client.post(f"/incidents/{incident_id}/retry", data={"reason": "The table was mended"})
    assert done.status_code == 303
    db.session.expire_all()
    instance = db.session.query(Instance).filter_by(case_id=case.id).one()
    assert not instance.held
    assert db.session.query(Event).filter_by(action="incident_resolved").count() == 1
    assert "No incident stands" in client.get("/incidents").text


def test_a_deadline_that_cannot_be_taken_is_let_pass_on_a_page_that_says_what_that_means(
    app: Flask, sign_in: SignIn, clock: SetClock
) -> None:
    town.record(town.deploy(*town.SORTED), "sick", more_days=town.TOO_MANY)
    clock.move_to(town.DAY[1])
    sweep.run_due()
    incident = db.session.query(Incident).one()
    client = sign_in(make_user(elm.ELM, "helen", "manager"))
    address = f"/incidents/{incident.id}/skip"
    assert address in client.get("/incidents").text

    page = client.get(address).text
    assert "answer_due, due on Tuesday 8 December 2026" in page and "will not be done" in page
    refused = client.post(address, data={"reason": " "})
    assert refused.status_code == 422 and "Say why" in refused.text
    assert client.post(address, data={"reason": "We have rung"}).status_code == 303
    assert "No incident stands" in client.get("/incidents").text
    assert client.post(address, data={"reason": "We have rung"}).status_code == 404


def test_where_no_deadline_is_broken_none_is_let_pass(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    incident_id = incident_of(recorded(landlord))
    page = sign_in(manager(person, landlord)).get(f"/incidents/{incident_id}/skip")
    assert page.status_code == 409 and "Let the case go on" in page.text


def test_a_manager_with_a_conflict_sees_neither_case_nor_incident(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    case = recorded(landlord)
    incident_id = incident_of(case)
    helen = manager(person, landlord)
    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=helen.user_id))
    db.session.commit()
    client = sign_in(helen)
    assert case.reference not in client.get("/running").text
    assert case.reference not in client.get("/incidents").text
    assert client.post(f"/incidents/{incident_id}/retry", data={"reason": "x"}).status_code == 404


@pytest.mark.made_up_rows
def test_work_that_lies_twice_as_long_as_usual_is_hottest(
    landlord: str, person: Person, clock: SetClock
) -> None:
    helen = manager(person, landlord)
    for _ in range(pace.ENOUGH):  # finished after two days each
        done = open_task(recorded(landlord))
        done.status, done.closed_at = "done", london("2026-11-26 09:00")
        db.session.commit()
    clock.move_to(london("2026-11-26 10:00"))
    case = recorded(landlord, at="2026-11-26 10:00")
    element = open_task(case).element
    assert pace.heat(helen)[element] == 1
    clock.move_to(london("2026-12-01 10:00"))
    assert pace.heat(helen)[element] == 3


def test_nothing_is_called_usual_before_enough_is_known(
    landlord: str, person: Person, clock: SetClock
) -> None:
    recorded(landlord)
    assert pace.heat(manager(person, landlord)) == {}


WAITS = flows("begun > answer > send_answer > wait > done")


@pytest.mark.parametrize(
    ("kind", "step", "tag", "with_resident"),
    [
        ("reminder", "Waits for that day", "No work now", 0),
        ("window", "Waits for the resident", "With resident", 1),
    ],
)
def test_a_case_without_work_says_what_it_waits_for_and_is_counted_there(
    app: Flask, sign_in: SignIn, kind: str, step: str, tag: str, with_resident: int
) -> None:
    answers = (
        user("answer", writes="answer"),
        send("send_answer", letter="answer", sets="answered_on"),
    )
    waits = timer("wait", "months(3, answered_on)", kind=kind, label="Look at it again")
    small.deploy(start(), *answers, waits, end(), WAITS)
    grace = small.officer()
    case = small.complaint(grace)
    small.does(grace, case, answer="One call a week.")
    page = sign_in(make_user(small.SMALL, "helen", "manager")).get("/running").text
    assert step in page and tag in page
    assert ("Look at it again" in page) is (kind == "reminder")
    counts = [count for view in drawn(page) for count in view["counts"]]  # type: ignore[union-attr]
    assert [count["element"] for count in counts] == ["wait"]
    assert re.search(rf"<b>{with_resident}</b>With the resident", page)
