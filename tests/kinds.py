"""Small procedures of other kinds, put beside a landlord's complaint: no landlord is known here.

compliment: the public can send it. service_request: may go on as a complaint.
contact_arrangement: begins about another case, asks nobody's name, arranges and ends.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from app.db import db
from app.engine import ROOT
from app.models import Case, CaseLink
from app.services import deployments
from app.services.deployments import Deployed
from tests.cases import RECORDED, first_team, told
from tests.engine.drawing import diagram, end, flows, send, start, user, xor
from tests.shipped import with_facts

FACTS = """
[asked_on]
type = "date"
label = "Asked for"

[became_on]
type = "date"
label = "Became a complaint"

[request_outcome]
type = "choice"
label = "What came of the request"
choices = ["done", "complaint"]

[arrangement_from_on]
type = "date"
label = "Holds from"

[arrangement_review_on]
type = "date"
label = "Reviewed by"

[arrangement_ends_on]
type = "date"
label = "Ends"

[arrangement_goes_on]
type = "bool"
label = "Goes on after the review"
"""
WHO = ("resident_name", "resident_email", "resident_postcode", "story")
DATES = ("arrangement_from_on", "arrangement_review_on", "arrangement_ends_on")
COMPLIMENT = {key: RECORDED[key] for key in WHO}
ARRANGED = {
    "arrangement_from_on": "2026-11-25",
    "arrangement_review_on": "2027-02-25",
    "arrangement_ends_on": "2027-05-25",
    "arrangement_says": "One telephone call a week, on Mondays.",
}


def question(key: str, type: str = "textfield", **more: Any) -> dict[str, Any]:
    """One question of a form."""
    label = key.replace("_", " ").capitalize()
    date = {"subtype": "date", "dateLabel": label} if type == "datetime" else {"label": label}
    return {"type": type, "id": f"Field_{key}", "key": key, **date, **more}


def form(name: str, title: str, *questions: dict[str, Any]) -> dict[str, bytes]:
    """A form's file."""
    whole = {
        "type": "default",
        "id": name,
        "schemaVersion": 18,
        "components": [{"type": "text", "id": f"Text_{name}", "text": f"# {title}"}, *questions],
    }
    return {f"forms/{name}.form": json.dumps(whole).encode()}


def choices(key: str, *values: str) -> dict[str, Any]:
    options = [{"value": value, "label": value.capitalize()} for value in values]
    return question(key, "radio", values=options)


def files_of_kinds(team: str, lane: str) -> dict[str, bytes]:
    """The diagrams and forms, all in one team's lane."""
    who = [question(key) for key in WHO]
    hazard = choices("triage_hazard", "yes", "no", "not_sure")
    came = question("received_on", "datetime")
    points = question("points", "textarea", properties={"points": "true"})
    dates = [question(key, "datetime") for key in DATES]
    says = question("arrangement_says", "textarea")
    goes_on = question("arrangement_goes_on", "checkbox")
    by_name = question("resident_name", validate={"required": True})
    public = [by_name if each["key"] == "resident_name" else each for each in who]
    photos = question("attachments", "filepicker", multiple=True)
    begins = {"alert": team, "says": "An arrangement begins", "arranges": "begins"}
    return (
        form("record_compliment", "Record a compliment", *who, hazard)
        | form("send_compliment", "Send a compliment", *public, hazard, photos)
        | form("pass_on", "Pass it on", question("thanked"))
        | form("record_request", "Record a request", *who, points, came)
        | form("do_request", "Do it", choices("request_outcome", "done", "complaint"),
               question("became_on", "datetime"))
        | form("propose", "Propose an arrangement", question("evidence", "textarea"))
        | form("decide_arrangement", "Decide", *dates, says)
        | form("approve_arrangement", "Approve", question("approval_reasons"))
        | form("review_arrangement", "Review", goes_on, *dates, says)
        | {
            "compliment.bpmn": named(
                "A landlord: a compliment",
                start("compliment_came", "record_compliment", public_form="send_compliment"),
                user("pass_on"),
                end("thanked_for"),
                flows("compliment_came > pass_on > thanked_for"),
                process="compliment",
                lane=lane,
            ),
            "service_request.bpmn": named(
                "Service request",
                start("request_came", "record_request", sets="asked_on"),
                user("do_request"),
                xor("request_done", "request_over"),
                end("request_over", outcome="done"),
                end("became_complaint", continues_as="complaint", counted_from="became_on"),
                flows(
                    "request_came > do_request > request_done > request_over",
                    "request_done [request_outcome == 'complaint'] > became_complaint",
                ),
                process="service_request",
                lane=lane,
            ),
            "contact_arrangement.bpmn": named(
                "Contact arrangement",
                start("proposed", "propose"),
                user("decide_arrangement"),
                user("approve_arrangement"),
                xor("agreed"),
                send("arrangement_begins", **begins, approved_in="approve_arrangement"),
                user("review_arrangement"),
                xor("goes_on", "arrangement_ends"),
                send("arrangement_ends", alert=team, says="It ends", arranges="ends"),
                end("arrangement_over"),
                flows(
                    "proposed > decide_arrangement > approve_arrangement > agreed",
                    "agreed > arrangement_begins > review_arrangement > goes_on",
                    "goes_on [arrangement_goes_on] > agreed",
                    "goes_on > arrangement_ends > arrangement_over",
                ),
                process="contact_arrangement",
                lane=lane,
            ),
        }
    )  # fmt: skip


def named(name: str, *parts: str, process: str, lane: str) -> bytes:
    """A drawing whose process has a name."""
    drawn = diagram(*parts, process=process, lane=lane)
    mark = f'<bpmn:process id="{process}"'
    return drawn.replace(mark.encode(), f'{mark} name="{name}"'.encode())


def complaints_alone(live: Deployed) -> dict[str, bytes]:
    """The landlord's files without the drawings of other kinds."""
    roots = [procedure.start.process for procedure in live.contents.procedures.values()]
    others = [root for root in roots if root != ROOT]
    drawn = [b'<bpmn:process id="%s"' % root.encode() for root in others]
    return {
        path: body for path, body in live.files.items() if not any(mark in body for mark in drawn)
    }


def deploy_kinds(landlord_id: str) -> None:
    """Publish the landlord's procedure with the other kinds beside it."""
    live = deployments.live(landlord_id)
    team, found = next(iter(live.landlord.teams.items()))
    files = complaints_alone(live) | files_of_kinds(team, found.name)
    files["facts.toml"] = with_facts(files["facts.toml"], FACTS)
    deployments.deploy(landlord_id, files)


def begun(landlord_id: str, kind: str, at: str = "2026-11-24 09:00", **answers: Any) -> Case:
    """A case of a kind that asks who it is, recorded by staff."""
    form_name = deployments.live(landlord_id, kind).procedure.start_form
    step = {"at": at, "does": form_name, "answers": COMPLIMENT | answers}
    return told(landlord_id, [step | {"who": f"{first_team(landlord_id)}/amira"}])


def arranged(landlord_id: str, **decided: Any) -> tuple[Case, Case]:
    """A complaint, and the case about it in which a contact arrangement was decided."""
    amira = f"{first_team(landlord_id)}/amira"
    steps = [
        {"does": "record_complaint", "answers": RECORDED},
        {"does": "propose", "about": True, "answers": {"evidence": "Forty calls a day."}},
        {"does": "decide_arrangement", "answers": ARRANGED | decided},
        {"does": "approve_arrangement", "who": f"{first_team(landlord_id)}/helen"},
    ]
    timed = [{"at": f"2026-11-24 09:{n}0", "who": amira} | step for n, step in enumerate(steps)]
    case = told(landlord_id, timed)
    return other_of(case), case


def other_of(case: Case) -> Case:
    """The older case that a case is linked with."""
    link = db.session.scalars(select(CaseLink).where(CaseLink.case_id == case.id)).one()
    return db.session.get_one(Case, (case.landlord_id, link.other_id))
