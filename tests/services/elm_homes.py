"""A small landlord for the tests of what comes after a complaint: one stage, then a survey."""

from __future__ import annotations

import json
from typing import Any

from app.models import Case
from app.services import deployments
from app.settings import ROOT
from tests.cases import told
from tests.engine.drawing import (
    TEAM,
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    send,
    start,
    timer,
    user,
)

ELM = "elm-homes"
AMIRA = "complaints/amira"

LANDLORD = f"""
name = "Elm Homes"
slug = "{ELM}"
reference_prefix = "EH"
nation = "ENG"
phone = "0161 496 0999"
email = "hello@elm.example.org"
alert_team_hazard = "complaints"
[teams.complaints]
name = "{TEAM}"
[ombudsman]
name = "Housing Ombudsman Service"
[bodies.council]
name = "Elm Council"
email = "council@elm.example.org"
[[channels]]
id = "phone"
name = "Telephone"
[[channels]]
id = "email"
name = "E-mail"
[governance]
owner = "Head of Complaints"
review_on = 2027-03-31
cycle = "every two years"
[report]
counts = ["result", "urgent"]
[[reports]]
name = "Board report"
to = "The Board"
months = [4, 10]
policy = "8.2"
"""

FACTS = """
[raised_on]
type = "date"
[answered_on]
type = "date"
[more_days]
type = "int"
label = "Working days added"
[result]
type = "choice"
label = "Result"
choices = ["upheld", "not_upheld"]
[urgent]
type = "bool"
label = "Urgent"
"""

COMPLAINT = diagram(
    start("begun", "record", sets="raised_on"),
    call("stage_one", "answering", stage="stage_1"),
    timer(
        "answer_due",
        "working_days(10 + more_days, raised_on)",
        on="stage_one",
        met_by="answered_on",
        label="Answer",
    ),
    send("late_alert", alert="complaints", says="The answer is late."),
    end("alerted"),
    message("withdrawn", on="stage_one", ends=True, form="withdraw"),
    end("stopped", outcome="withdrawn"),
    message("more_time", on="stage_one", form="more_time", offered_when="more_days == 0"),
    end("extended"),
    first_of("survey"),
    message("satisfaction", offered_to="resident, staff"),
    timer("survey_over", "working_days(20, answered_on)", kind="window", closes="answered"),
    end("heard", outcome="answered"),
    end("not_heard", outcome="answered"),
    flows(
        "begun > stage_one > survey > satisfaction > heard",
        "survey > survey_over > not_heard",
        "answer_due > late_alert > alerted",
        "withdrawn > stopped",
        "more_time > extended",
    ),
)
ANSWERING = diagram(
    start("stage_begun", ""),
    user("answer", sets="answered_on"),
    send("answer_letter", letter="notice"),
    end("stage_done"),
    flows("stage_begun > answer > answer_letter > stage_done"),
    process="answering",
).replace(b' camunda:formKey=""', b"")

NOTICE = """+++
title = "Our answer"
to = "resident"
+++
Dear {{resident_salutation}}

{{#if part_lesson}}{{part_lesson}}{{/if}}

Your page: {{#if case_status_link}}{{case_status_link}}{{/if}}
"""


def field(key: str, type: str = "textfield", **more: Any) -> dict[str, Any]:
    """A question of a form."""
    label = {"dateLabel" if type == "datetime" else "label": key.replace("_", " ")}
    date = {"subtype": "date"} if type == "datetime" else {}
    return {"type": type, "id": f"Field_{key}", "key": key} | label | date | more


def choice(key: str, *values: str, type: str = "radio") -> dict[str, Any]:
    options = [{"value": value, "label": value.replace("_", " ").title()} for value in values]
    return field(key, type, values=options)


def form(name: str, *fields: dict[str, Any]) -> bytes:
    body = {"components": list(fields), "schemaVersion": 18, "type": "default", "id": name}
    return json.dumps(body).encode()


WHEN = (field("received_on", "datetime"), field("received_reason"))


def files() -> dict[str, bytes]:
    """All of the landlord's files, with the shared ones but for those that need shared facts."""
    shared_forms = ROOT / "forms" / "definitions" / "shared"
    letters = ROOT / "processes" / "shared" / "letters"
    shared = {
        **{f"forms/{path.name}": path.read_bytes() for path in shared_forms.glob("*.form")},
        **{f"letters/{path.name}": path.read_bytes() for path in letters.glob("*.md")},
    }
    return {
        **{path: body for path, body in shared.items() if "/ombudsman_" not in path},
        "landlord.toml": LANDLORD.encode(),
        "facts.toml": FACTS.encode(),
        "complaint.bpmn": COMPLAINT,
        "answering.bpmn": ANSWERING,
        "letters/notice.md": NOTICE.encode(),
        "forms/record.form": form(
            "record",
            *WHEN,
            choice("channel", "phone", "email"),
            field("resident_name"),
            field("resident_email"),
            field("resident_address"),
            field("resident_postcode"),
            choice("triage_hazard", "yes", "no", "not_sure"),
            choice("triage_safeguarding", "yes", "no", "not_sure"),
            choice("adjustments", "large_print", "braille", type="checklist"),
            field("adjustments_other"),
        ),
        "forms/answer.form": form(
            "answer",
            choice("result", "upheld", "not_upheld"),
            field("urgent", "checkbox"),
            field("lesson", "textarea", properties={"letter_part": "lesson"}),
            field("lesson_change", "textarea"),
            field("lesson_public", "textarea"),
        ),
        "forms/more_time.form": form("more_time", *WHEN, field("more_days", "number")),
    }


def deploy(landlord_toml: str = LANDLORD, **more: bytes) -> str:
    """The landlord, live; files of these paths replaced."""
    said = files() | {"landlord.toml": landlord_toml.encode()} | more
    deployments.deploy(ELM, said)
    return ELM


def recorded(day: str, *steps: dict[str, Any], until: str = "", **answers: Any) -> Case:
    """A complaint of a day, with what follows; time then passes up to `until`."""
    known = {"channel": "phone", "resident_name": "Kezia Boateng", "triage_hazard": "no"}
    known |= {"resident_address": "Flat 14, Larkhill Court", "resident_postcode": "SK3 9ZZ"}
    first = {"at": f"{day} 09:00", "does": "record", "answers": known | answers}
    passes = [{"at": f"{until} 09:00"}] if until else []
    return told(ELM, [{"who": AMIRA} | first, *({"who": AMIRA} | s for s in steps), *passes])


def answer(day: str, result: str = "upheld", **said: Any) -> dict[str, Any]:
    return {"at": f"{day} 10:00", "does": "answer", "answers": {"result": result} | said}


def more_time(day: str, days: int) -> dict[str, Any]:
    return {"at": f"{day} 10:00", "does": "more_time", "answers": {"more_days": days}}


def withdrawn(day: str) -> dict[str, Any]:
    return {"at": f"{day} 10:00", "does": "withdrawn"}


def satisfied(day: str, handling: str, outcome: str) -> dict[str, Any]:
    said = {"satisfied_handling": handling, "satisfied_outcome": outcome}
    return {"at": f"{day} 10:00", "does": "satisfaction", "who": "resident", "answers": said}
