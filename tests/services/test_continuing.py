"""A service request goes on as a complaint: nothing that was said is asked for again."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Case, CaseLink, Conflict, Deadline, Event, Party, Person, Point
from app.models.base import new_id
from app.services import access, complaints, deployments, residents, tasks
from app.services.access import instance_of
from tests.cases import RECORDED, first_team, open_task, told
from tests.conftest import make_user
from tests.kinds import COMPLIMENT, deploy_kinds

POINTS = "The gate was not repaired\nNobody came back"
BECAME = "2026-11-20"  # the Friday on which the resident said that this is a complaint


def request_steps(landlord: str, **answers: Any) -> list[dict[str, Any]]:
    """A request of Monday, of which it is recorded on the Tuesday after that it is a complaint."""
    amira = f"{first_team(landlord)}/amira"
    return [
        {
            "at": "2026-11-16 09:00",
            "who": amira,
            "does": "record_request",
            "answers": COMPLIMENT | {"points": POINTS, "received_on": "2026-11-16"} | answers,
            "expect": {"kind": "service_request"},
        },
        {
            "at": "2026-11-24 09:00",
            "who": amira,
            "does": "do_request",
            "answers": {"request_outcome": "complaint", "became_on": BECAME},
            "expect": {"kind": "service_request", "status": "closed"},
        },
    ]


@pytest.fixture
def kinds(landlord: str) -> str:
    deploy_kinds(landlord)
    return landlord


def continued(landlord: str, steps: list[dict[str, Any]]) -> tuple[Case, Case]:
    """The request and the complaint that it became."""
    old = told(landlord, steps)
    link = db.session.scalars(select(CaseLink).where(CaseLink.other_id == old.id)).one()
    assert link.kind == "converted"
    return old, db.session.get_one(Case, (landlord, link.case_id))


def deadlines(case: Case) -> dict[str, date | None]:
    rows = db.session.scalars(select(Deadline).where(Deadline.case_id == case.id))
    return {row.element: row.due_on for row in rows}


def test_the_complaint_has_the_words_the_points_and_the_day_it_became_one(kinds: str) -> None:
    old, new = continued(kinds, request_steps(kinds))
    assert (new.kind, new.status, old.status) == ("complaint", "open", "closed")
    assert new.received_on.isoformat() == BECAME
    assert new.story == COMPLIMENT["story"]
    assert new.resident.id == old.resident.id
    points = select(Point.text).where(Point.case_id == new.id).order_by(Point.n)
    assert db.session.scalars(points).all() == POINTS.split("\n")


def test_its_deadlines_are_those_of_a_complaint_received_on_that_day(kinds: str) -> None:
    _, new = continued(kinds, request_steps(kinds))
    same_day = told(
        kinds,
        [
            {
                "at": "2026-11-24 09:00",
                "who": f"{first_team(kinds)}/amira",
                "does": "record_complaint",
                "answers": RECORDED | {"received_on": BECAME, "received_reason": "Told us then"},
            }
        ],
    )
    assert deadlines(new) == deadlines(same_day)
    assert any(deadlines(new).values())
    assert instance_of(new).deployment_id == deployments.live(kinds).id


def test_facts_that_the_complaint_asks_for_too_are_carried(kinds: str) -> None:
    """Whatever date the landlord's complaint asks for, and the request asked for already."""
    live = deployments.live(kinds)
    asked = live.forms[live.procedure.start_form or ""].fields
    known = next(f.key for f in asked if f.key in live.facts and live.facts[f.key].type == "date")
    files = dict(live.files)
    form = "forms/record_request.form"
    question = f'"key": "{known}", "type": "datetime", "subtype": "date", "dateLabel": "When"'
    files[form] = files[form].replace(
        b'"components": [', f'"components": [{{{question}}}, '.encode()
    )
    deployments.deploy(kinds, files)
    _, new = continued(kinds, request_steps(kinds, **{known: "2026-11-02"}))
    facts = instance_of(new).facts
    assert facts[known] == "2026-11-02"
    assert facts["request_outcome"] != "complaint", "a fact of the request alone is not carried"


def test_everybody_of_the_request_is_in_the_complaint_and_nobody_kept_out_gets_in(
    kinds: str,
) -> None:
    case = told(kinds, request_steps(kinds)[:1])
    helper = Person(landlord_id=kinds, id=new_id(), name="Sam Boateng")
    kept_out = make_user(kinds, "idris", teams=(first_team(kinds),))
    db.session.add(helper)
    db.session.flush()
    db.session.add_all(
        [
            Party(
                landlord_id=kinds,
                case_id=case.id,
                person_id=helper.id,
                role="representative",
                permission="given",
            ),
            Conflict(
                landlord_id=kinds, case_id=case.id, user_id=kept_out.user_id, reason="A cousin"
            ),
        ]
    )
    db.session.commit()
    finish_request(kinds, case)
    new = db.session.scalars(select(Case).where(Case.kind == "complaint")).one()
    (party,) = new.representatives
    assert party.person.name == "Sam Boateng"
    assert party.permission == "given"
    assert access.is_kept_out(kept_out, new)


def finish_request(landlord: str, case: Case) -> None:
    amira = make_user(landlord, "grace", teams=(first_team(landlord),))
    opened = tasks.get_open(amira, open_task(case).id)
    typed = opened.form.definition.as_typed({"request_outcome": "complaint", "became_on": BECAME})
    form = tasks.get_open(amira, opened.task.id, typed).form
    assert form.check()
    tasks.submit(amira, opened.task.id, form)


def test_the_residents_link_leads_to_the_complaint_from_then_on(
    kinds: str, client: FlaskClient
) -> None:
    first, _ = request_steps(kinds)
    case = told(kinds, [first])
    case.link_hash = complaints.hash_token("a-link")
    db.session.commit()
    assert "Your service request" in client.get(f"/{kinds}/status/a-link").text
    finish_request(kinds, case)
    found = residents.case_behind(kinds, "a-link")
    assert found.kind == "complaint"
    page = client.get(f"/{kinds}/status/a-link").text
    assert re.search(r"Your complaint <span", page)
    assert "Friday 20 November 2026" in page, "the day on which it counts as received"


def test_both_histories_tell_it(kinds: str) -> None:
    old, new = continued(kinds, request_steps(kinds))
    actions = select(Event.instance_id, Event.action).where(
        Event.action.in_({"continued_as", "continued_from"})
    )
    told_in = {(instance, action) for instance, action in db.session.execute(actions)}
    assert told_in == {
        (instance_of(old).id, "continued_as"),
        (instance_of(new).id, "continued_from"),
    }
