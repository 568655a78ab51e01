"""How a resident is reached: details put right, and what could not go sent after all."""

from __future__ import annotations

from typing import Any

from app.db import transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import Case, Letter, Outgoing, Person
from app.services import outbox, steps
from app.services.access import get_case, instance_of, is_kept_out
from app.services.letters import (
    recipient_of,
)
from app.services.persons import (
    make_findable,
)
from app.services.readdressing import requeue
from app.viewer import Viewer

CHANNELS = {"email": "E-mail", "post": "Post", "phone": "Telephone", "text": "Text message"}
LIMITS = {
    "name": 200,
    "title": 40,
    "email": 254,
    "phone": 40,
    "address": 500,
    "postcode": 12,
    "contact_times": 300,
    "contact_place": 300,
    "language": 60,
}


def change(
    viewer: Viewer, reference: str, details: dict[str, Any], person_id: str | None = None
) -> Case:
    """Put right how somebody of a case is reached: the contact, or person_id.

    details: columns of Person, and lists contact_never and adjustments. Raises BadInput.
    """
    errors = contact_errors(details)
    if errors:
        raise BadInput(errors)
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        person = person_in(case, person_id)
        put_details(person, details)
        step = steps.open_step(session, instance_of(case), viewer)
        step.write("contact_changed", person=person.id, name=person.name)
        return case


def person_in(case: Case, person_id: str | None) -> Person:
    """A person with a part in a case, or its contact. Raises NotFound for anybody else."""
    for party in case.parties if person_id else ():
        if party.person_id == person_id:
            return party.person
    if person_id:
        raise NotFound
    return case.resident


def put_details(person: Person, details: dict[str, Any]) -> None:
    """Write checked details; what they leave out stays."""
    for column in (*LIMITS, "contact_use", "contact_never", "adjustments"):
        if column in details:
            setattr(person, column, details[column])
    make_findable(person)


def contact_errors(
    details: dict[str, Any], nameless: str = "Enter the resident's name."
) -> dict[str, str]:
    """What is wrong with the details of a person, by column."""
    errors = {
        column: f"Keep this to {most} characters."
        for column, most in LIMITS.items()
        if len(details.get(column) or "") > most
    }
    if not (details.get("name") or "").strip():
        errors["name"] = nameless
    email = details.get("email") or ""
    if email and (email.count("@") != 1 or any(c.isspace() or c in ",;<>" for c in email)):
        errors["email"] = "Enter an e-mail address, like name@example.org, or leave it empty."
    if details.get("contact_use") in (details.get("contact_never") or []):
        errors["contact_use"] = "The way to use is also one never to use. Change one of them."
    if {*details.get("contact_never", ()), details.get("contact_use") or "email"} - {
        *CHANNELS,
        "in_person",
    }:
        errors["contact_use"] = "Choose from the list."
    return errors


def send_again(viewer: Viewer, outgoing_id: str) -> Outgoing:
    """Send what was blocked or failed by the way that is safe now. BadInput while none is."""
    if not viewer.can("post"):
        raise NotAllowed
    with transaction() as session:
        outgoing, step = outbox.locked(session, viewer, (viewer.landlord_id, outgoing_id))
        if outgoing.status not in {"blocked", "failed"}:
            raise NotFound("This letter does not wait to be sent again.")
        if is_kept_out(viewer, step.case):
            raise NotFound
        letter = session.get_one(Letter, (viewer.landlord_id, outgoing.letter_id))
        to = recipient_of(session, step.case, letter)
        if to.problem:
            raise BadInput({"letter": f"It still cannot go: {to.problem}"})
        requeue(step, letter, outgoing, to)
        return outgoing
