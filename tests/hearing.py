"""A small landlord whose panel hears complaints, for the tests of hearing packs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.models import Case, HearingPack
from app.services import complaints, deployments, outbox, packs, sweep, tasks
from app.services.operations import jobs
from app.viewer import Viewer
from tests import small
from tests.conftest import filled, new_key
from tests.engine.drawing import diagram, each, end, flows, message, send, start, timer, user
from tests.services.test_panels import (
    FACTS,
    MEMBERS,
    TEAMS,
    VIEW,
    finish,
    member,
    open_at,
    small_typed,
)

RECORDED = (
    "resident_title", "resident_name", "resident_email", "resident_address", "resident_phone",
    "story", "points", "equality_age", "triage_safeguarding",
)  # fmt: skip
SAID = {
    "resident_title": "Ms",
    "resident_name": "Kezia Boateng",
    "resident_email": "kezia@example.org",
    "resident_address": "Flat 14",
    "resident_phone": "0161 496 0777",
    "story": "It has dripped since spring.",
    "points": "The leak",
    "equality_age": "aged 65 or over",
    "triage_safeguarding": "a cousin is feared",
}
INVITED = {
    "key": "invited_when",
    "type": "textfield",
    "label": "When and where",
    "properties": {"letter_part": "answer"},
}
HEARING = {"key": "hearing_on", "type": "datetime", "subtype": "date", "dateLabel": "Which day?"}
ABOUT = {
    "key": "about_whom",
    "type": "checklist",
    "label": "About whom",
    "properties": {"person": "*", "keeps_out": "true"},
}
KNOWS = {"key": "knows_them", "type": "textarea", "label": "Does anybody know them?"}
EACH_POINT = {
    "type": "group",
    "id": "Group_points",
    "label": "Each point",
    "properties": {"for_each": "point"},
    "components": [
        {"type": "textarea", "key": "findings", "id": "Field_findings", "label": "Found"},
        {
            "type": "radio", "key": "outcome", "id": "Field_outcome", "label": "Outcome",
            "values": [{"label": "Upheld", "value": "upheld"}],
        },
    ],
}  # fmt: skip
PROCEDURE = (
    start(),
    user("answer", writes="answer"),
    send("send_answer", letter="answer", sets="answered_on"),
    user("set_up_panel"),
    user("give_view", each("panel_members")),
    message("coming", on="give_view", offered_to="resident, staff"),
    timer(
        "hear_by", "working_days(15, answered_on)", on="set_up_panel", policy="4.5", label="Hear it"
    ),
    send("alert_late", alert="complaints", says="Late."),
    end("late"),
    end("told"),
    end("done", outcome="done"),
    flows(
        "begun > answer > send_answer > set_up_panel > give_view > done",
        "hear_by > alert_late > late",
        "coming > told",
    ),
)  # fmt: skip
MORE_FACTS = FACTS + '\n[hearing_on]\ntype = "date"\nlabel = "Day of the hearing"\n'


def files() -> dict[str, bytes]:
    asked = [{"key": key, "type": "textarea"} for key in RECORDED]
    asked[-3]["properties"] = {"points": "true"}  # type: ignore[assignment]
    answer = small.form("answer", small.ANSWER, small.NEXT_PLACE, ABOUT)
    with_points = answer.replace(b'"components": [', b'"components": [' + _json(EACH_POINT), 1)
    letter = small.LETTER.replace(
        "{{part_answer}}\n\nYou", "{{part_answer}}\n\n{{part_points}}\n\nYou"
    )
    return small.files() | {
        "landlord.toml": (small.LANDLORD + TEAMS).encode(),
        "facts.toml": (small.FACTS + MORE_FACTS).encode(),
        "complaint.bpmn": diagram(*PROCEDURE),
        "letters/answer.md": letter.encode(),
        "forms/record_complaint.form": small.form("record_complaint", *asked),
        "forms/answer.form": with_points,
        "forms/set_up_panel.form": small.form(
            "set_up_panel",
            MEMBERS | {"properties": {"panel": "1 board_members, 1 directors"}},
            INVITED,
            HEARING,
            KNOWS,
        ),
        "forms/give_view.form": small.form("give_view", VIEW),
        "forms/coming.form": small.form(
            "coming", small.DAY, {"key": "received_reason"}, {"key": "needs", "label": "Needs"}
        ),
    }


def _json(part: dict[str, object]) -> bytes:
    return json.dumps(part).encode() + b","


class Ticking(SetClock):
    """A clock that goes: what happens first is first."""

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def officer() -> Viewer:
    """Of the complaints team, after the procedure is deployed: the case is hers."""
    deployments.deploy(small.SMALL, files(), source="disk")
    return member("grace", "complaints")


def recorded(grace: Viewer) -> Case:
    """A complaint as it came."""
    receipt = complaints.record(grace, filled(small.SMALL, "record_complaint", SAID), new_key())
    return db.session.scalars(select(Case).where(Case.reference == receipt.reference)).one()


def answered(grace: Viewer) -> Case:
    """One with a representative, about “Named”, answered; the panel is to be chosen."""
    case = recorded(grace)
    small.joins(
        case, "representative", "Ama Osei", {"relation": "her sister", "permission": "given"}
    )
    with transaction():
        case.resident.adjustments = ["large_print", "A chair with arms"]
        case.resident.contact_never = ["phone"]
    answer(grace, case)
    return case


def answer(viewer: Viewer, case: Case) -> None:
    """Answer the complaint, keep out whom it is about, and send the letter."""
    named = member("named", "complaints")
    (task,) = open_at(case, "answer")
    typed = {
        "answer": ["We are sorry."], "next_place": ["none"], "about_whom": [named.user_id or ""],
        "findings__1": ["The pipe was old."], "outcome__1": ["upheld"],
    }  # fmt: skip
    form = tasks.get_open(viewer, task.id, small_typed(typed)).form
    assert form.check(), form.errors
    tasks.submit(viewer, task.id, form)
    outbox.send_due()
    db.session.expire_all()


def seat(grace: Viewer, case: Case) -> dict[str, Viewer]:
    """Choose a panel of Bo and Di."""
    people = {"bo": member("bo", "board_members"), "di": member("di", "directors")}
    (task,) = open_at(case, "set_up_panel")
    finish(
        grace, task,
        panel_members=[person.user_id for person in people.values()],
        invited_when="Room 2 at 10", hearing_on="2026-12-03", knows_them="Bo met her once",
    )  # fmt: skip
    return people


def pack(viewer: Viewer, case: Case) -> HearingPack:
    """A pack that was asked for, made."""
    packs.ask(viewer, case.reference)
    jobs.run_waiting(sweep.JOBS)
    db.session.rollback()
    return packs.offered(viewer, case.reference).packs[0].pack
