"""Every route against every role, and against another landlord's data: made from the URL map."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app.db import db
from app.models import (
    Alert,
    Blob,
    Case,
    CaseLink,
    Conflict,
    Event,
    Incident,
    Instance,
    Job,
    Lesson,
    Letter,
    Outgoing,
    Task,
    User,
)
from app.models.base import new_id
from app.services import deployments, documents
from app.services.references import spaced
from app.services.workshop import drafts
from app.viewer import ABILITIES, ROLES, Viewer
from app.web import policy
from app.web.policy import PUBLIC, policy_of
from tests.cases import RECORDED, first_team, recorded, told
from tests.conftest import LANDLORD, make_user
from tests.kinds import deploy_kinds

OTHER = "oak-homes"
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
OF_A_CASE = {
    "reference",
    "task_id",
    "document_id",
    "letter_id",
    "pack_id",
    "outgoing_id",
    "incident_id",
    "alert_id",
}


@pytest.fixture
def two_landlords(app: Flask, landlord: str) -> str:
    """A second landlord with the same procedures, of several kinds; returns its id."""
    deploy_kinds(landlord)
    files = dict(deployments.live(landlord).files)
    files["landlord.toml"] = files["landlord.toml"].replace(
        f'slug = "{LANDLORD}"'.encode(), f'slug = "{OTHER}"'.encode()
    )
    deployments.deploy(OTHER, files)
    return OTHER


@pytest.fixture
def things(landlord: str, two_landlords: str) -> dict[str, str]:
    """One of everything that a route can name, all of the first landlord."""
    team = first_team(landlord)
    case = recorded(landlord, triage_hazard="yes", contact_use="post")
    letter_case = told(landlord, _acknowledged(team))
    blob = documents.upload(landlord, "photo.txt", b"A note", None)
    db.session.get_one(Blob, (landlord, blob.id)).case_id = case.id
    instance = db.session.scalars(select(Instance).where(Instance.case_id == case.id)).one()
    incident = Incident(
        landlord_id=landlord,
        id=new_id(),
        instance_id=instance.id,
        case_id=case.id,
        at=instance.case.opened_at,
        doing="A test",
        cause="a test",
        resolved_at=None,
    )
    lesson = Lesson(
        landlord_id=landlord,
        id=new_id(),
        case_id=case.id,
        element="a_task",
        text="Nobody rang back.",
        at=instance.case.opened_at,
    )
    at = instance.case.opened_at
    job = Job(
        landlord_id=landlord, id=new_id(), name="a job", asked_at=at, beat_at=None, ended_at=None
    )
    db.session.add_all((incident, lesson, job))
    db.session.commit()
    letter = db.session.scalars(select(Letter).where(Letter.case_id == letter_case.id)).one()
    outgoing = db.session.scalars(select(Outgoing).where(Outgoing.letter_id == letter.id)).one()
    task = db.session.scalars(select(Task).where(Task.case_id == case.id)).one()
    return {
        "slug": landlord,
        "token": "not-a-token",
        "reference": case.reference,
        "letter_reference": letter_case.reference,
        "task_id": task.id,
        "message": (instance.offers or ["withdrawn"])[0],
        "document_id": blob.id,
        "letter_id": letter.id,
        "pack_id": blob.id,
        "outgoing_id": outgoing.id,
        "incident_id": incident.id,
        "lesson_id": lesson.id,
        "job_id": job.id,
        "person_id": case.resident.id,
        "n": "1",
        "alert_id": db.session.scalars(select(Alert.id)).first() or "",
        "user_id": db.session.scalars(select(User.id).where(User.landlord_id == landlord)).first()
        or "",
        "process": "complaint",
        "kind": "compliment",
        "number": "1",
        "name": "complaint.bpmn",
        "filename": "nothing.css",
        "draft_id": drafts.begin(Viewer(landlord, role="process_owner"), "A test"),
        "path": "complaint.bpmn",
        "move_id": "none",
    }


def _acknowledged(team: str) -> list[dict[str, object]]:
    amira = f"{team}/amira"
    return [
        {
            "at": "2026-11-24 09:00",
            "who": amira,
            "does": "record_complaint",
            "answers": RECORDED | {"contact_use": "post"},
        },
        {
            "at": "2026-11-24 09:10",
            "who": amira,
            "does": "acceptance",
            "answers": {"acceptance_decision": "accept"},
        },
        {
            "at": "2026-11-24 09:20",
            "who": amira,
            "does": "acknowledge",
            "answers": {"understanding": "A leak.", "outcome_sought": "Mend it."},
        },
    ]


def address(rule: Rule, things: dict[str, str]) -> str:
    """The route with real ids in it."""
    path = rule.rule
    for argument in rule.arguments:
        value = things[argument]
        if argument == "reference" and "letter_id" in rule.arguments:
            value = things["letter_reference"]
        path = re.sub(rf"<(?:[^<>]+:)?{argument}>", value, path)
    return path


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route and method."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def all_people(landlord_id: str) -> dict[str, Viewer]:
    """One person of each role."""
    team = (first_team(LANDLORD),)
    return {
        role: make_user(landlord_id, role.replace("_", ""), role, team) for role in sorted(ROLES)
    }


def ask(client: FlaskClient, method: str, path: str) -> int:
    return client.open(path, method=method).status_code


def test_every_route_is_open_to_its_roles_and_to_nobody_else(
    app: Flask,
    things: dict[str, str],
    client: FlaskClient,
    sign_in: Callable[[Viewer], FlaskClient],
) -> None:
    wrong = []
    for rule, method in routes(app):
        if policy_of(app, rule.endpoint) != PUBLIC:
            answer = client.open(address(rule, things), method=method)
            if answer.status_code != 302 or "/sign-in" not in answer.location:
                wrong.append(("anonymous", method, rule.rule, answer.status_code))
    for role, viewer in all_people(LANDLORD).items():
        for rule, method in routes(app):
            ability = policy_of(app, rule.endpoint)
            if ability == PUBLIC or rule.endpoint == "session.sign_out":
                continue
            sign_in(viewer)
            status = ask(client, method, address(rule, things))
            allowed = role in ABILITIES[ability or ""]
            if (allowed and status >= 500) or (not allowed and status != 403):
                wrong.append((role, method, rule.rule, status))
    assert wrong == []


def test_nobody_reaches_the_data_of_another_landlord(
    app: Flask,
    things: dict[str, str],
    two_landlords: str,
    client: FlaskClient,
    sign_in: Callable[[Viewer], FlaskClient],
) -> None:
    owned = {
        "reference",
        "task_id",
        "document_id",
        "letter_id",
        "pack_id",
        "outgoing_id",
        "incident_id",
        "lesson_id",
        "alert_id",
        "user_id",
        "draft_id",
    }
    reached, asked = [], 0
    for role, viewer in all_people(two_landlords).items():
        sign_in(viewer)
        for rule, method in routes(app):
            if policy_of(app, rule.endpoint) == PUBLIC or not owned & rule.arguments:
                continue
            asked += 1
            status = ask(client, method, address(rule, things))
            if status not in (403, 404):
                reached.append((role, method, rule.rule, status))
    assert reached == []
    assert asked > 50
    db.session.expire_all()
    assert db.session.scalar(select(Case.status).where(Case.reference == things["reference"])) == (
        "open"
    )


LISTS = (  # how a list can be asked for
    "?q=Larkhill&name=Kez&postcode=SK39ZZ&status=all",
    "?tab=teams&show=hazard",
    "?tab=others&all=1",
    "?tab=done&show=late",
)


def test_who_is_kept_out_meets_a_case_nowhere(
    app: Flask,
    things: dict[str, str],
    client: FlaskClient,
    sign_in: Callable[[Viewer], FlaskClient],
) -> None:
    kept_from = list(db.session.scalars(select(Case)))
    people = all_people(LANDLORD)
    for case in kept_from:
        linked = CaseLink(landlord_id=LANDLORD, case_id=case.id, other_id=kept_from[0].id)
        linked.kind = "about"
        db.session.add_all(
            [linked] * (case is not kept_from[0])
            + [
                Conflict(landlord_id=LANDLORD, case_id=case.id, user_id=viewer.user_id)
                for viewer in people.values()
            ]
        )
    db.session.commit()
    secrets = {
        "Kezia",
        *(c.reference for c in kept_from),
        *(spaced(c.reference) for c in kept_from),
    }
    met, asked = [], 0
    for role, viewer in people.items():
        sign_in(viewer)
        for rule, method in routes(app):
            if policy_of(app, rule.endpoint) == PUBLIC or rule.endpoint == "session.sign_out":
                continue
            path = address(rule, things)
            person = f"?person={things['person_id']}"
            for query in ("", *(LISTS if not rule.arguments else ()), person):
                answer = client.open(path + query, method=method)
                asked += 1
                assert "/sign-in" not in answer.headers.get("Location", "")  # who asks is known
                told = answer.data.decode(errors="replace")
                if answer.status_code >= 500 or any(secret in told for secret in secrets):
                    met.append((role, method, path + query, answer.status_code))
                if OF_A_CASE & rule.arguments and answer.status_code not in (403, 404):
                    met.append((role, method, path + query, answer.status_code))
    assert met == []
    assert asked > 500


def test_every_unsafe_route_refuses_a_forged_post(
    app: Flask, things: dict[str, str], sign_in: Callable[[Viewer], FlaskClient]
) -> None:
    viewer = make_user(LANDLORD, "grace", "manager", (first_team(LANDLORD),))
    client = sign_in(viewer)
    before = db.session.scalar(select(func.count()).select_from(Event))
    app.config["WTF_CSRF_ENABLED"] = True
    taken = [
        rule.rule
        for rule, method in routes(app)
        if method in UNSAFE and ask(client, method, address(rule, things)) not in (400, 403, 422)
    ]
    assert taken == []
    db.session.expire_all()
    assert db.session.scalar(select(func.count()).select_from(Event)) == before


def test_an_app_with_an_undeclared_route_does_not_start(app: Flask) -> None:
    app._got_first_request = False
    app.add_url_rule("/forgotten", "forgotten", lambda: "hello")
    with pytest.raises(RuntimeError, match="forgotten"):
        policy.init_app(app)
