"""The people of a case: several residents with one contact, and who speaks for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.db import transaction
from app.errors import BadInput, NotFound
from app.models import Case, Party, Person
from app.models.base import new_id
from app.services import representatives, steps
from app.services.access import get_case, instance_of
from app.services.contacts import LIMITS, contact_errors, put_details
from app.services.incidents import held_back
from app.services.known_people import person_known
from app.services.persons import folded
from app.services.private_links import hash_token
from app.services.representatives import HOW, Permission
from app.services.steps import Step
from app.viewer import Viewer

NAMES = {
    "resident": "the contact",
    "other_resident": "another resident",
    "representative": "a representative",
}


HAS_DIED = "They have died. Say on the page People who carries it on for them."


def party_of(viewer: Viewer, reference: str, person_id: str) -> Party:
    """Somebody's part in a case, to work on it. Raises NotFound."""
    return party_in(get_case(viewer, reference, "work"), person_id)


def party_in(case: Case, person_id: str) -> Party:
    for party in case.parties:
        if party.person_id == person_id:
            return party
    raise NotFound


def change_people(viewer: Viewer, reference: str, doing: str, change: Callable[[Step], Any]) -> Any:
    """One change to the people of a case, with what its procedure makes of it."""
    with held_back(get_case(viewer, reference, "work"), doing), transaction() as session:
        case = get_case(viewer, reference, "work")
        step = steps.open_step(session, instance_of(case), viewer)
        result = change(step)
        session.flush()
        session.refresh(case, ["parties", "carried"])
        steps.settle(step)
        return result


def add_known(viewer: Viewer, reference: str, person_id: str) -> None:
    """A person whom the landlord knows complains, too. Twice is once."""
    known = person_known(viewer, person_id)
    if known is None or known.death:
        raise NotFound
    change_people(viewer, reference, "a resident was added", lambda step: _join(step, person_id))


def add_new(viewer: Viewer, reference: str, details: dict[str, Any]) -> None:
    """Somebody new complains, too; with the same details twice, it is one person.

    details: columns of Person, as contacts.change takes them. Raises BadInput.
    """
    if errors := contact_errors(details):
        raise BadInput(errors)

    def add(step: Step) -> None:
        same = [p for p in step.case.residents if _is_same(p, details)]
        person = same[0] if same else new_person(step.session, step.case, details)
        _join(step, person.id)

    change_people(viewer, reference, "a resident was added", add)


def _is_same(person: Person, details: dict[str, Any]) -> bool:
    return all(folded(getattr(person, key)) == folded(details.get(key) or "") for key in LIMITS)


def new_person(session: Session, case: Case, details: dict[str, Any]) -> Person:
    person = Person(landlord_id=case.landlord_id, id=new_id(), name="")
    put_details(person, details)
    session.add(person)
    session.flush()
    return person


def _join(step: Step, person_id: str) -> None:
    if any(party.person_id == person_id for party in step.case.parties):
        return
    case = step.case
    step.session.add(
        Party(
            landlord_id=case.landlord_id,
            case_id=case.id,
            person_id=person_id,
            role="other_resident",
        )
    )
    person = step.session.get_one(Person, (case.landlord_id, person_id))
    step.write("resident_added", person=person_id, name=person.name)


def make_contact(
    viewer: Viewer, reference: str, person_id: str, reason: str, former_stays: bool
) -> str:
    """From now on this person is the one contact. Returns the token of their private link.

    The former contact stays as another resident, or leaves the case. The old link stops working:
    it was theirs. Raises BadInput.
    """
    needs_reason(reason)

    def change(step: Step) -> str:
        case = step.case
        party, former = party_in(case, person_id), party_in(case, case.resident.id)
        if party.role == "resident":
            return ""
        if party.person.death or former.person.death:
            raise BadInput({"reason": HAS_DIED})
        party.role, former.role = "resident", "other_resident"
        party.permission = ""  # nobody needs one for a complaint of their own
        name, was = party.person.name, former.person.name
        step.write("contact_made", person=person_id, name=name, was=was, reason=reason.strip())
        if not former_stays:
            _leave(step, former, reason)
        return _new_link(case)

    token: str = change_people(viewer, reference, "another contact was named", change)
    return token


def take_off(viewer: Viewer, reference: str, person_id: str, reason: str) -> None:
    """Somebody no longer has a part in a case. Raises BadInput for the contact."""
    needs_reason(reason)

    def change(step: Step) -> None:
        party = party_in(step.case, person_id)
        if party.role == "resident":
            raise BadInput({"reason": "Name another contact first: every case has one."})
        _leave(step, party, reason)

    change_people(viewer, reference, "somebody was taken off", change)


def needs_reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput({"reason": "Say why, in a few words."})
    if len(reason) > 300:
        raise BadInput({"reason": "Keep the reason to 300 characters."})


def _leave(step: Step, party: Party, reason: str) -> None:
    if party.person.death:
        raise BadInput({"reason": HAS_DIED})
    if any(row.person_id == party.person_id for row in step.case.carried):
        raise BadInput({"reason": "They carry the case on. Name somebody else for that first."})
    step.write(
        "person_left",
        person=party.person_id,
        name=party.person.name,
        role=NAMES[party.role],
        reason=reason.strip(),
    )
    step.session.delete(party)


def give_link(viewer: Viewer, reference: str) -> str:
    """A new private link for the contact; the one before stops working. Returns its token."""

    def change(step: Step) -> str:
        step.write("link_given", person=step.case.resident.id)
        return _new_link(step.case)

    token: str = change_people(viewer, reference, "a link was given", change)
    return token


def _new_link(case: Case) -> str:
    token = secrets.token_hex(16)  # 128 bits
    case.link_hash = hash_token(token)
    return token


def add_representative(viewer: Viewer, reference: str, details: dict[str, str]) -> str:
    """Somebody speaks for the resident, and waits for permission. Returns the person's id.

    details: name, relation, email, phone, address. The same name twice is one. Raises BadInput.
    """
    if errors := _representative_errors(details):
        raise BadInput(errors)

    def add(step: Step) -> str:
        known = {party.person_id for party in step.case.representatives}
        answers = {f"representative_{key}": text for key, text in details.items()}
        party = representatives.named(step.session, step.case, answers, step.today)
        if party is None:
            raise NotFound
        if party.person_id not in known:
            representatives.tell_named(step, party)
        return party.person_id

    person_id: str = change_people(viewer, reference, "a representative was added", add)
    return person_id


def _representative_errors(details: dict[str, str]) -> dict[str, str]:
    errors = contact_errors(details, "Enter the representative’s name.")
    if len(details.get("relation", "")) > 100:
        errors["relation"] = "Keep this to 100 characters."
    return errors


def record_permission(
    viewer: Viewer, reference: str, person_id: str, said: Permission, gets_letters: bool
) -> None:
    """Record that permission was given, refused or withdrawn. Raises BadInput."""
    if errors := _permission_errors(said):
        raise BadInput(errors)

    def decide(step: Step) -> None:
        party = party_in(step.case, person_id)
        if party.role != "representative":
            raise NotFound
        if said.decision == "given" and step.case.resident.death:
            died = f"{step.case.resident.name} has died and can give no permission."
            raise BadInput({"decision": died})
        representatives.decide(step, party, said)
        party.gets_letters = gets_letters and said.decision == "given"

    change_people(viewer, reference, "a permission was recorded", decide)


def _permission_errors(said: Permission) -> dict[str, str]:
    errors = {}
    if said.decision not in representatives.DECISIONS:
        errors["decision"] = "Choose what the resident said."
    if said.on > clock.today():
        errors["on"] = "The day must be today or earlier."
    if said.decision != "given":
        return errors
    if said.how not in HOW:
        errors["how"] = "Choose how the permission was given."
    if said.until and said.until < said.on:
        errors["until"] = "The last day cannot be before the day on which it was given."
    if len(said.limited_to) > 300:
        errors["limited_to"] = "Keep this to 300 characters."
    return errors
