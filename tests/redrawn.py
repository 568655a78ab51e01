"""A landlord with a small procedure of its own, drawn for tests: no shipped form is known by heart.

record > look > write_answer > send_answer > after. A reminder on permission_asked_on asks for the
permission. The forms can be added to before they are deployed.
"""

from __future__ import annotations

import tomllib
from typing import Any

from sqlalchemy import select

from app.db import db
from app.models import Case, Event, Party, Payload, Task
from app.services import deployments, points, rows, tasks
from app.services.access import instance_of
from app.settings import ROOT
from app.viewer import Viewer
from tests.cases import first_team, told
from tests.engine.drawing import diagram, end, flows, send, start, timer, user
from tests.forms.form_kit import component, group, schema
from tests.shipped import landlord_words

CARRIED_ON = ROOT / "processes" / "shared" / "letters" / "carried_on.md"
FORM = "write_answer"  # the task that answers each point, and its form
FACTS = """
[raised_on]
type = "date"
[recorded_by_staff]
type = "bool"
[about_repairs]
type = "bool"
[permission_asked_on]
type = "date"
[stage_1_responded_on]
type = "date"
[needs_care]
type = "bool"
[resident_died]
type = "bool"
"""
ANSWER = """+++
title = "Our answer"
to = "resident"
requires = ["part_points"]
+++
Dear {{resident_salutation}}

{{part_points}}

{{#if part_points_not_ours}}
## What others can help with

{{part_points_not_ours}}
{{/if}}
"""
FINDINGS = (
    component("textarea", "findings", required=True),
    component("radio", "outcome", values="upheld not_upheld", required=True),
)
WHOSE = (component("radio", "ours", values="yes no"), component("textfield", "whose"))


def each_point(*components: dict[str, Any]) -> dict[str, Any]:
    """What is asked once for each point."""
    return group("For each point", *components, properties={"for_each": "point"})


FORMS: dict[str, tuple[dict[str, Any], ...]] = {
    "record": (
        component("textfield", "resident_name", required=True),
        component("textfield", "resident_email"),
        component("textarea", "resident_address"),
        component("textfield", "resident_postcode"),
        component("textarea", "story"),
        component("textarea", "points", properties={"points": "true"}),
        component("textfield", "representative_name"),
        component("checkbox", "about_repairs"),
    ),
    "look": (component("textarea", "seen"),),
    "write_answer": (each_point(*FINDINGS),),
    "after": (component("textarea", "learned"),),
    "ask_permission": (
        component("radio", "permission_decision", values="given refused"),
        component("radio", "permission_how", values="written spoken"),
    ),
}
SAID = {
    "resident_name": "Kezia Boateng",
    "resident_email": "kezia@example.org",
    "resident_address": "Flat 14, Larkhill Court",
    "resident_postcode": "SK3 9ZZ",
    "story": "Water comes through my ceiling.",
    "points": "The leak\nThe bins",
    "about_repairs": True,
}


def deploy_small(
    landlord_id: str,
    drawn: dict[str, dict[str, str]] | None = None,
    **forms: tuple[dict[str, Any], ...],
) -> None:
    """Make the small procedure the live one.

    drawn: more properties by element; forms: other questions for some of its forms.
    """
    more = {"begun": {}, "after": {}} | (drawn or {})
    landlord = landlord_words(landlord_id)
    team = next(iter(tomllib.loads(landlord.decode())["teams"].values()))["name"]
    picture = diagram(
        start("begun", form="record", sets="raised_on", **more["begun"]),
        user("look"),
        timer("permission_reminder", "permission_asked_on", on="look", kind="reminder"),
        user("ask_permission"),
        end("asked"),
        user("write_answer", writes="answer"),
        send("send_answer", letter="answer", sets="stage_1_responded_on"),
        user("after", **more["after"]),
        end("done"),
        flows(
            "begun > look > write_answer > send_answer > after > done",
            "permission_reminder > ask_permission > asked",
        ),
        lane=team,
    )
    files = {
        "landlord.toml": landlord,
        "facts.toml": FACTS.encode(),
        "complaint.bpmn": picture,
        "letters/answer.md": ANSWER.encode(),
        "letters/carried_on.md": CARRIED_ON.read_bytes(),
    }
    for name, asked in {**FORMS, **forms}.items():
        files[f"forms/{name}.form"] = schema(*asked, id=name, title=name.capitalize())
    deployments.deploy(landlord_id, files)
    db.session.expire_all()


def with_more(form: str, *components: dict[str, Any]) -> dict[str, Any]:
    """A form of the small procedure that asks something more, as deploy_small takes it."""
    return {form: (*FORMS[form], *components)}


def begun(landlord_id: str, **answers: Any) -> Case:
    """A case of the small procedure, recorded by staff."""
    step = {
        "at": "2026-11-24 09:00",
        "who": f"{first_team(landlord_id)}/amira",
        "does": "record",
        "answers": SAID | answers,
    }
    return told(landlord_id, [step])


def task_at(case: Case, element: str) -> Task:
    """The open task of a case at an element."""
    return db.session.scalars(
        select(Task).where(Task.case_id == case.id, Task.status == "open", Task.element == element)
    ).one()


def finish(viewer: Viewer, case: Case, element: str, **answers: Any) -> None:
    """A task is done with these answers, as a person would post them."""
    task = task_at(case, element)
    found = tasks.get_open(viewer, task.id)
    asked = rows.asked(db.session(), case, found.form.definition, {})
    typed = found.form.definition.as_typed(answers, asked)
    form = tasks.get_open(viewer, task.id, tasks.Typed(_pairs(typed))).form
    assert form.check(), form.errors
    tasks.submit(viewer, task.id, form)
    db.session.expire_all()


def _pairs(typed: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in typed.items() for text in texts]


def answer_all(viewer: Viewer, case: Case) -> None:
    """The task before the answer, then the answer to each point: it is queued."""
    finish(viewer, case, "look")
    here = points.asked_in(db.session(), case, deployments.live(case.landlord_id).forms[FORM])
    said = {f"findings__{p.n}": "We looked." for p in here}
    finish(viewer, case, FORM, **said, **{f"outcome__{p.n}": "upheld" for p in here})


def again(case: Case) -> Case:
    """The case as it is stored now."""
    db.session.expire_all()
    return db.session.get_one(Case, (case.landlord_id, case.id))


def party(case: Case, name: str) -> Party:
    """The part that somebody has in the case."""
    return next(p for p in again(case).parties if p.person.name == name)


def history_of(case: Case) -> list[tuple[str, dict[str, Any]]]:
    """The history of a case: what was done, and in what words."""
    rows = db.session.execute(
        select(Event.action, Payload.values)
        .outerjoin(Payload, Payload.id == Event.payload_id)
        .where(Event.instance_id == instance_of(case).id)
        .order_by(Event.n)
    )
    return [(action, values or {}) for action, values in rows]
