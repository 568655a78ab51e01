"""A landlord with one short procedure, made for tests of the machinery of letters.

Somebody answers; the answer is sent; the resident has 20 working days from the copy they can read.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.db import db, transaction
from app.models import Case, Letter, Party, Person, Task
from app.models.base import new_id
from app.services import complaints, deployments, tasks
from app.viewer import Viewer
from tests.conftest import filled, make_user, new_key
from tests.engine.drawing import diagram, end, first_of, flows, message, send, start, timer, user

SMALL = "small-homes"
LANDLORD = """
name = "Small Homes"
slug = "small-homes"
reference_prefix = "SM"
nation = "ENG"
phone = "0161 496 0900"
email = "us@small.example"
address = "1 Small Street"
alert_team_hazard = "complaints"

[teams.complaints]
name = "Complaints team"
phone = "0161 496 0910"

[contact_person]
name = "Olu Contact"
job = "Complaints officer"
phone = "0161 496 0999"

[ombudsman]
name = "First Ombudsman"
about = "They look at landlords."
phone = "0300 1"
website = "www.first.example"

[ombudsmen.councils]
name = "Council Ombudsman"
phone = "0300 2"

[bodies.council]
name = "Small Council"
contact = "Grants officer"
email = "grants@council.example"
address = "Town Hall"
"""
FACTS = """
[answered_on]
type = "date"
label = "Answered"

[next_place]
type = "choice"
label = "Next place"
choices = ["ombudsman", "councils", "none"]

[copy_pauses]
type = "list"
label = "Waiting for a copy"
"""
LETTER = """+++
title = "Our answer"
to = "resident"
requires = ["part_answer"]
decides = true
+++
Dear {{recipient_salutation}}

{{part_answer}}

You live at {{resident_address}}, {{resident_name}}. Ask again{{#if deadline_window_due}} by \
{{deadline_window_due}}{{/if}}.

{{#if ombudsman_name}}
## Help from outside

Ask the {{ombudsman_name}}: {{ombudsman_phone}}. {{ombudsman_about}}
{{#else}}
No ombudsman looks at this. Citizens Advice can help you.
{{/if}}

Yours sincerely

{{officer_name}}, {{officer_job}}, {{officer_phone}}
"""
PROCEDURE = (
    start(),
    user("answer", writes="answer"),
    send("send_answer", letter="answer", sets="answered_on"),
    first_of("wait"),
    message("asks", form="asks", offered_to="staff, resident"),
    timer("window", "working_days(20, answered_on, copy_pauses)", label="Ask again"),
    end("again", outcome="again"),
    end("over", outcome="over"),
    flows("begun > answer > send_answer > wait > asks > again", "wait > window > over"),
)


def form(name: str, *fields: dict[str, Any]) -> bytes:
    """A form of form-js with these fields; each has at least a key."""
    components = [
        {"type": "textfield", "id": f"Field_{field['key']}", "label": field["key"], **field}
        for field in fields
    ]
    whole = {"id": name, "title": name, "type": "default", "schemaVersion": 18}
    return json.dumps(whole | {"components": components}).encode()


NEXT_PLACE = {
    "key": "next_place",
    "type": "select",
    "values": [{"label": each, "value": each} for each in ("ombudsman", "councils", "none")],
}
ANSWER = {"key": "answer", "type": "textarea", "properties": {"letter_part": "answer"}}
DAY = {"key": "received_on", "type": "datetime", "subtype": "date", "dateLabel": "When?"}
PERSONAL = ("resident_title", "resident_name", "resident_email", "resident_address", "language")


def files(*procedure: str, **changes: str) -> dict[str, bytes]:
    """The folders of the landlord; changes: "letter", "facts", "landlord" replace a whole file."""
    return {
        "landlord.toml": changes.get("landlord", LANDLORD).encode(),
        "facts.toml": changes.get("facts", FACTS).encode(),
        "complaint.bpmn": diagram(*(procedure or PROCEDURE)),
        "letters/answer.md": changes.get("letter", LETTER).encode(),
        "forms/record_complaint.form": form(
            "record_complaint", *({"key": key} for key in PERSONAL)
        ),
        "forms/answer.form": form("answer", ANSWER, NEXT_PLACE),
        "forms/asks.form": form("asks", DAY, {"key": "received_reason"}),
    }


def deploy(*procedure: str, **changes: str) -> None:
    """Make it the landlord's live procedure."""
    deployments.deploy(SMALL, files(*procedure, **changes))


def officer(name: str = "grace", phone: str = "") -> Viewer:
    """Somebody of the complaints team."""
    viewer = make_user(SMALL, name, teams=("complaints",))
    if phone:
        with transaction() as session:
            session.execute(
                db.update(db.metadata.tables["user"])
                .where(db.metadata.tables["user"].c.id == viewer.user_id)
                .values(phone=phone, job_title="Housing officer")
            )
    return viewer


def complaint(viewer: Viewer, **person: Any) -> Case:
    """A complaint of Ms Kezia Boateng; person: columns of her record, such as adjustments."""
    said = {"resident_title": "Ms", "resident_name": "Kezia Boateng"}
    receipt = complaints.record(viewer, filled(SMALL, "record_complaint", said), new_key())
    case = db.session.scalars(select(Case).where(Case.reference == receipt.reference)).one()
    details = {"email": "kezia@example.org", "address": "Flat 14", "postcode": "SK3 9ZZ"} | person
    with transaction():
        for column, value in details.items():
            setattr(case.resident, column, value)
    return case


def joins(
    case: Case, role: str, name: str, party: dict[str, Any] | None = None, **person: Any
) -> Person:
    """Another person of the case; party: columns of their part in it."""
    with transaction() as session:
        row = Person(landlord_id=case.landlord_id, id=new_id(), name=name, **person)
        session.add(row)
        session.flush()
        session.add(
            Party(
                landlord_id=case.landlord_id,
                case_id=case.id,
                person_id=row.id,
                role=role,
                **(party or {}),
            )
        )
    db.session.expire_all()
    return row


def does(viewer: Viewer, case: Case, **answers: Any) -> None:
    """Finish the open task of a case."""
    task = db.session.scalars(
        select(Task).where(Task.case_id == case.id, Task.status == "open")
    ).one()
    opened = tasks.get_open(viewer, task.id)
    form = tasks.get_open(viewer, task.id, opened.form.definition.as_typed(answers)).form
    assert form.check(), form.errors
    tasks.submit(viewer, task.id, form)
    db.session.expire_all()


def letters_of(case: Case) -> dict[str | None, Letter]:
    """The letters of a case by the id of the person who gets them."""
    rows = db.session.scalars(select(Letter).where(Letter.case_id == case.id)).all()
    return {row.person_id: row for row in rows}
