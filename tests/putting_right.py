"""A small procedure that promises: one letter, its approval, and what was promised followed up.

Everything but the recording of a complaint is drawn here; the landlord only lends teams and words.
"""

from __future__ import annotations

import tomllib
from typing import Any

from app.db import db
from app.models import Case, Promise
from app.services import deployments, history, promises
from app.services.access import instance_of
from app.services.deployments import read_folders
from app.settings import ROOT
from tests.cases import RECORDED, first_team
from tests.engine.drawing import (
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    send,
    start,
    sub,
    timer,
    user,
    xor,
)
from tests.forms.form_kit import component, group, schema
from tests.shipped import with_facts

FACTS = """
[award]
type = "money"

[answer_fits]
type = "bool"

[answered_on]
type = "date"

[promises_made_on]
type = "date"

[promise_due_on]
type = "date"
"""
LETTER = """+++
title = "Our answer"
to = "resident"
requires = ["part_answer"]
+++
Dear {{resident_salutation}}

{{part_answer}}

{{#if part_promises}}
## What we will do

{{part_promises}}
{{/if}}

{{#if part_payment}}
We will pay you **{{part_payment}}**.
{{/if}}
"""
PAYMENT_FOR = [
    {"value": "loss", "label": "Loss"},
    {"value": "time_and_trouble", "label": "Time and trouble"},
]
NEW_PROMISES = group(
    "What we will do",
    component("textfield", "promise_text", "What will be done", required=True),
    component("textfield", "promise_who", "Who does it", required=True),
    component("datetime", "promise_by", "By when", required=True),
    properties={"for_each": "new_promise", "letter_part": "promises", "rows": "5"},
)
ANSWER = (
    component("textarea", "answer", "Our answer", required=True,
              properties={"letter_part": "answer"}),
    NEW_PROMISES,
    component("number", "award", "Payment in pounds", decimalDigits=2,
              properties={"money": "true", "payment": "true", "letter_part": "payment"}),
    component("checklist", "payment_for", "What for", values=PAYMENT_FOR),
    component("textarea", "payment_reason", "How it was worked out"),
    component("datetime", "payment_by", "Paid by"),
)  # fmt: skip
FOLLOW_UP = group(
    "Each promise",
    component("datetime", "promise_done_on", "Done on"),
    component("datetime", "promise_new_by", "New date"),
    component("textarea", "promise_note", "What happened"),
    properties={"for_each": "promise"},
)


def put_right(landlord_id: str) -> None:
    """Deploy the procedure as the landlord's own."""
    deployments.deploy(landlord_id, files(landlord_id))


def files(landlord_id: str) -> dict[str, bytes]:
    """The landlord's forms and facts, and diagrams of our own."""
    found = read_folders(landlord_id, ROOT / "processes", ROOT / "forms" / "definitions")
    drawn = (".bpmn", ".dmn")
    kept = {path: body for path, body in found.items() if not path.endswith(drawn)}
    teams = tomllib.loads(found["landlord.toml"].decode())["teams"]
    lane = teams[first_team(landlord_id)]["name"]
    kept = {path: b for path, b in kept.items() if not path.startswith(("stories/", "demo/"))}
    return kept | {
        "facts.toml": with_facts(found["facts.toml"], FACTS),
        "letters/answer.md": LETTER.encode(),
        "forms/answer.form": schema(*ANSWER, id="answer"),
        "forms/fits.form": schema(component("checkbox", "answer_fits", "It fits"), id="fits"),
        "forms/follow_up.form": schema(FOLLOW_UP, id="follow_up"),
        "complaint.bpmn": diagram(*_complaint(), lane=lane),
        "stage.bpmn": diagram(*_stage(), process="stage", lane=lane),
        "follow.bpmn": diagram(*_follow(first_team(landlord_id)), process="follow", lane=lane),
    }


def _complaint() -> tuple[str, ...]:
    """A stage and a window in which the resident may ask again; beside them, what was promised."""
    asks = message("asks_again", form="withdraw", offered_to="resident, staff")
    return (
        start(public_form="intake"),
        sub(
            "whole",
            start("whole_begun", form=""),
            xor("again"),
            call("stage_call", "stage", stage="stage_1"),
            first_of("window"),
            asks,
            timer("lapse", "calendar_days(20, answered_on)", closes="answered", kind="window"),
            end("over"),
            flows("whole_begun > again > stage_call > window > asks_again > again"),
            flows("window > lapse > over"),
        ),
        end("done", outcome="answered"),
        timer("promised", "promises_made_on", on="whole", kind="reminder"),
        call("follow_call", "follow", keeps_open="no"),
        end("followed"),
        flows("begun > whole > done", "promised > follow_call > followed"),
    )


def _stage() -> tuple[str, ...]:
    return (
        start("stage_begun", form=""),
        xor("write_again"),
        user("answer", writes="answer"),
        user("approve", form="fits", approves="answer"),
        xor("fits", default="write_again"),
        send("send_answer", letter="answer", sets="answered_on"),
        end("answered"),
        flows("stage_begun > write_again > answer > approve > fits > write_again"),
        flows("fits [answer_fits] > send_answer > answered"),
    )


def _follow(team: str) -> tuple[str, ...]:
    """For as long as something is promised. The next promise begins it anew."""
    return (
        start("follow_begun", form=""),
        xor("again_open"),
        user("follow_up"),
        timer("promise_due", "promise_due_on", on="follow_up", label="Keep the promise"),
        send("promise_alert", alert=team, says="A promise is late."),
        end("alerted"),
        xor("all_done", default="again_open"),
        end("follow_over"),
        flows("follow_begun > again_open > follow_up > all_done > again_open"),
        flows("all_done [promises_made_on == None] > follow_over"),
        flows("promise_due > promise_alert > alerted"),
    )


def staff(landlord_id: str, name: str, at: str, does: str, **more: Any) -> dict[str, Any]:
    """A step of a story."""
    return {"at": at, "who": f"{first_team(landlord_id)}/{name}", "does": does, **more}


GATE = {
    "promise_text__1": "Repair the gate",
    "promise_who__1": "Repairs",
    "promise_by__1": "2026-12-04",
}
CALL = {
    "promise_text__2": "Ring you about the key",
    "promise_who__2": "Ms Holt",
    "promise_by__2": "2026-11-30",
}


def answered(landlord: str, **answers: Any) -> list[dict[str, Any]]:
    """The steps to a letter that went on Wednesday 25 November 2026."""
    return [
        staff(landlord, "amira", "2026-11-24 09:00", "record_complaint", answers=RECORDED),
        staff(landlord, "grace", "2026-11-24 15:00", "answer",
              answers={"answer": "We were late. We are sorry."} | answers),
        staff(landlord, "head", "2026-11-25 10:00", "approve", answers={"answer_fits": True}),
    ]  # fmt: skip


def promised(case: Case) -> list[Promise]:
    return promises.of_case(db.session(), case)


def timeline(case: Case) -> list[str]:
    """What is told of promises, oldest first."""
    instance = instance_of(case)
    lines = history.lines_of(case, instance, deployments.of_instance(instance))
    words = [f"{line.title}. {line.text}" for line in reversed(lines)]
    return [line for line in words if line.startswith(("Promise", "Paid", "Copy"))]
