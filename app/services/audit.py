"""For auditors: a case's whole history, as it was recorded. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.db import db
from app.engine import FactSpec
from app.models import (
    Answer,
    Case,
    Deadline,
    Deployment,
    Event,
    Instance,
    Letter,
    Outgoing,
    Payload,
)
from app.models.people import User
from app.services import (
    deployments,
    history,
    outline,
    rows,
    tasks,
)
from app.services.access import get_case, instance_of
from app.services.accounts import EVERYBODY
from app.services.answers import answers_of
from app.services.cases import deadlines_of
from app.services.deployments import Deployed
from app.services.letters import (
    fact_in_words,
    full_date,
    letters_of,
    recipient_of,
)
from app.viewer import Viewer
from forms import readable_answers
from forms.words import NOT_ANSWERED
from timers.deadlines import DeadlineState

ENGINE_WORDS = {  # what the case page does not tell
    "passed": "Passed",
    "opened": "Task opened",
    "closed": "Task ended",
    "sent": "Sending begun",
    "decided": "Decision table answered",
    "armed": "Deadline set",
    "moved": "Deadline moved",
    "disarmed": "Deadline no longer counts",
}


@dataclass(frozen=True)
class Entry:
    """One line of history. at: when it happened by the procedure; recorded_at: when it was written.

    action and element are the codes, title and text the words, version the procedure's number.
    """

    n: int
    at: datetime
    recorded_at: datetime
    who: str
    action: str
    title: str
    text: str
    element: str
    revision: int
    version: int


@dataclass(frozen=True)
class Submitted:
    """A form as it was submitted, in words: (question, answer), and the questions left empty."""

    answer: Answer
    name: str
    who: str
    lines: list[tuple[str, str]]
    empty: list[str]


@dataclass(frozen=True)
class Whole:
    """All that is known of a case."""

    case: Case
    instance: Instance
    deployed: Deployed
    deployment: Deployment
    entries: list[Entry]
    submitted: list[Submitted]
    letters: list[tuple[Letter, Outgoing | None, str]]  # with the name of whoever got it
    deadlines: list[tuple[Deadline, DeadlineState]]


def whole(viewer: Viewer, reference: str) -> Whole:
    """The whole of one case, oldest first. Raises as `access.get_case` does."""
    case = get_case(viewer, reference, "audit")
    instance = instance_of(case)
    deployed = deployments.of_instance(instance)
    deployment = db.session.get_one(Deployment, (case.landlord_id, instance.deployment_id))
    return Whole(
        case,
        instance,
        deployed,
        deployment,
        entries(case),
        _submitted(case, deployed),
        _letters(case),
        deadlines_of(case, deployed),
    )


def _letters(case: Case) -> list[tuple[Letter, Outgoing | None, str]]:
    session = db.session()
    return [
        (letter, outgoing, recipient_of(session, case, letter).name)
        for letter, outgoing in reversed(letters_of(session, case))
    ]


def entries(case: Case) -> list[Entry]:
    """Every line of a case's history, oldest first."""
    rows = db.session.execute(
        select(Event, Payload, Deployment.number)
        .outerjoin(
            Payload,
            (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
        )
        .join(
            Deployment,
            (Deployment.landlord_id == Event.landlord_id) & (Deployment.id == Event.deployment_id),
        )
        .where(Event.landlord_id == case.landlord_id, Event.instance_id == instance_of(case).id)
        .order_by(Event.n)
    )
    return [
        _entry(event, payload.values if payload else {}, n, case.kind) for event, payload, n in rows
    ]


def _entry(event: Event, detail: dict[str, Any], version: int, kind: str) -> Entry:
    deployed = deployments.pinned(event.landlord_id, event.deployment_id, kind)
    line = history.line_of(event, detail, deployed)
    element = deployed.elements.get(event.element)
    name = outline.name_of(element) if element else event.element
    title, text = line.title, line.text
    if not title:
        words = ENGINE_WORDS.get(event.action, event.action.replace("_", " ").capitalize())
        title = f"{words}: {name}" if name else words
    facts = [
        f"{deployed.facts[key].label}: {_fact(deployed.facts[key], value)}"
        for key, value in detail.get("facts", {}).items()
        if key in deployed.facts
    ]
    if event.action in {"armed", "disarmed"}:
        due_on = detail.get("due_on")
        facts.append(f"Due {full_date(date.fromisoformat(due_on))}" if due_on else "No date yet")
    return Entry(
        event.n,
        event.at,
        event.recorded_at,
        line.who,
        event.action,
        title,
        ". ".join(filter(None, [text.rstrip("."), *facts])),
        event.element,
        event.revision,
        version,
    )


def _fact(spec: FactSpec, value: Any) -> str:
    if spec.type == "bool":
        return "yes" if value else "no"
    if spec.type == "list":
        return ", ".join(map(str, value)) or "nothing"
    return fact_in_words(spec, value) or "nothing"


def _submitted(case: Case, deployed: Deployed) -> list[Submitted]:
    asked = rows.ever_asked(db.session(), case)
    people = [
        (user_id, name)
        for user_id, name in db.session.execute(
            select(User.id, User.name).where(User.landlord_id == case.landlord_id)
        )
    ]
    teams = dict.fromkeys([*deployed.landlord.teams, EVERYBODY], people)
    found = []
    for answer in answers_of(db.session(), case):
        form, element = (
            deployed.forms.get(answer.form),
            deployed.elements.get(answer.element),
        )
        if form is not None:
            lines = readable_answers(form, answer.values, rows=asked, people=teams)
        else:  # the form of an earlier version that this one no longer has
            lines = [(key, str(value)) for key, value in answer.values.items()]
        found.append(
            Submitted(
                answer,
                (element.name if element else "") or answer.element,
                tasks.name_of(answer.by) or "The resident",
                [(question, said) for question, said in lines if said != NOT_ANSWERED],
                [question for question, said in lines if said == NOT_ANSWERED],
            )
        )
    return found
