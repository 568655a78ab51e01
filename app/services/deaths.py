"""A resident has died: recorded once, for all their cases, and who carries each of them on.

From then on nothing is addressed to them. The clocks run on. All of it can be put right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db
from app.errors import BadInput, NotFound
from app.models import CarriedOn, Case, Death, Party, Person
from app.services import (
    accessible_copies,
    cases,
    late,
    letters,
    people,
    private_links,
    readdressing,
    representatives,
    steps,
)
from app.services.access import instance_of, is_kept_out
from app.services.contacts import contact_errors
from app.services.late import STANDINGS
from app.services.letters import full_date
from app.services.recipients import REPRESENTATIVE, RESIDENT, RESIDENTS
from app.services.steps import Step
from app.viewer import Viewer

LATE = "late"  # the part of somebody for whom another carries the case on
NOBODY = "nobody"
WELCOME = "carried_on"  # the letter to whoever carries a case on


@dataclass(frozen=True)
class Told:
    """What we know of a death. on: the day, None where it is not_known; by: who told us."""

    on: date | None
    by: str
    not_known: bool = False


@dataclass(frozen=True)
class Carrier:
    """Who carries on. standing: of STANDINGS, or nobody; person_id: of somebody on the case.

    details: columns of Person, of somebody new. relation: "her daughter". shown_by: the evidence.
    """

    standing: str
    relation: str = ""
    shown_by: str = ""
    person_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def late_in(viewer: Viewer, reference: str, person_id: str) -> Party:
    """The part of somebody who complains or complained in a case. Raises NotFound."""
    party = people.party_of(viewer, reference, person_id)
    if party.role not in (*RESIDENTS, LATE):
        raise NotFound
    return party


def others(case: Case, person: Person) -> list[Person]:
    """Who of the case may carry it on for somebody: everybody else who lives."""
    found = [p.person for p in case.parties if p.person_id != person.id and not p.person.death]
    return sorted(found, key=lambda other: other.name)


def has_other_cases(viewer: Viewer, case: Case, person: Person) -> bool:
    """Whether somebody complains in another case that the viewer may know of."""
    found = (step_case for step_case in _cases_of(person) if step_case.id != case.id)
    return any(not is_kept_out(viewer, other) for other in found)


def record(
    viewer: Viewer,
    reference: str,
    person_id: str,
    told: Told,
    carrier: Carrier,
    everywhere: bool = False,
) -> None:
    """Record that a resident has died, and who carries the case on. Raises BadInput.

    everywhere: the same person carries on the other cases, too, that the viewer may know of; else
    nobody does yet. Cases that are kept from the viewer learn of the death all the same.
    """
    case, person = _case_and_person(viewer, reference, person_id)
    if errors := _told_errors(told) | _carrier_errors(case, person, carrier):
        raise BadInput(errors)

    def change(step: Step) -> None:
        late_in(viewer, reference, person_id)
        if person.death:
            raise BadInput({"told_by": f"{person.name}’s death is recorded already."})
        _add_death(step, person, told)
        named: Person | None = None
        for each in _steps_of(step, person):
            row = _begin(each, person, told)
            here = each is step or (everywhere and not is_kept_out(viewer, each.case))
            if here and carrier.standing != NOBODY:
                named = _name(each, row, carrier, named)
            else:
                _tell_team(each, person)
            _end_permissions(each, row)

    people.change_people(viewer, reference, "a death was recorded", change)


def carry_on(viewer: Viewer, reference: str, person_id: str, carrier: Carrier) -> None:
    """Name who carries a case on, or somebody else than before. Raises BadInput."""
    case, person = _case_and_person(viewer, reference, person_id)
    if errors := _carrier_errors(case, person, carrier):
        raise BadInput(errors)

    def change(step: Step) -> None:
        row = _row(step.case, person)
        _release(step, row, person)
        if carrier.standing == NOBODY:
            step.write("nobody_carries_on", person=person.id, late=person.name)
            _tell_team(step, person)
        else:
            _name(step, row, carrier, None)

    people.change_people(viewer, reference, "somebody carries the case on", change)


def undo(viewer: Viewer, reference: str, person_id: str, reason: str) -> None:
    """The death was recorded by mistake: everything is as before in all cases. Raises BadInput.

    Private links stay ended: staff give new ones.
    """
    people.needs_reason(reason)
    _, person = _case_and_person(viewer, reference, person_id)

    def change(step: Step) -> None:
        _row(step.case, person)
        found = _steps_of(step, person)
        for each in found:
            _release(each, _row(each.case, person), person)
        step.session.delete(step.session.get_one(Death, (person.landlord_id, person.id)))
        step.session.flush()
        step.session.refresh(person, ["death"])
        for each in found:
            _take_back(each, _row(each.case, person), person, reason)

    people.change_people(viewer, reference, "a death was put right", change)


def _case_and_person(viewer: Viewer, reference: str, person_id: str) -> tuple[Case, Person]:
    party = late_in(viewer, reference, person_id)
    return party.case, party.person


def _told_errors(told: Told) -> dict[str, str]:
    errors = {}
    if told.on is None and not told.not_known:
        errors["died_on"] = "Enter the day, or say that it is not known."
    if told.on and told.on > clock.today():
        errors["died_on"] = "The day must be today or earlier."
    if not told.by.strip():
        errors["told_by"] = "Say who told us, and how."
    if len(told.by) > 200:
        errors["told_by"] = "Keep this to 200 characters."
    return errors


def _carrier_errors(case: Case, person: Person, carrier: Carrier) -> dict[str, str]:
    if carrier.standing == NOBODY:
        return {}
    if carrier.standing not in STANDINGS:
        return {"standing": "Choose who carries it on, or that nobody does yet."}
    errors = {}
    if not carrier.relation.strip():
        errors["relation"] = "Say how they stand to the person who died."
    if not carrier.shown_by.strip():
        errors["shown_by"] = "Say what shows it, or that nothing was seen yet."
    for key, most in {"relation": 100, "shown_by": 300}.items():
        if len(getattr(carrier, key)) > most:
            errors[key] = f"Keep this to {most} characters."
    if not carrier.person_id:
        return errors | contact_errors(carrier.details, "Enter their name.")
    if carrier.person_id not in {other.id for other in others(case, person)}:
        errors["who"] = "Choose from the list."
    return errors


def _add_death(step: Step, person: Person, told: Told) -> None:
    step.session.add(
        Death(
            landlord_id=person.landlord_id,
            person_id=person.id,
            died_on=told.on,
            told_by=told.by.strip(),
            recorded_at=step.now,
            recorded_by=step.actor.user_id,
        )
    )
    step.session.flush()
    step.session.refresh(person, ["death"])


def _cases_of(person: Person) -> list[Case]:
    """Every case in which somebody complains or complained, the oldest first."""
    parts = (Party.person_id == person.id) & Party.role.in_((*RESIDENTS, LATE))
    joined = (Party.landlord_id == Case.landlord_id) & (Party.case_id == Case.id)
    query = select(Case).join(Party, joined).where(Case.landlord_id == person.landlord_id, parts)
    return list(db.session.scalars(query.order_by(Case.opened_at, Case.id)))


def _steps_of(step: Step, person: Person) -> list[Step]:
    """A step on each of somebody's cases, this one first; the sweep settles the others."""
    found = [step]
    for case in _cases_of(person):
        if case.id != step.case.id:
            other = steps.open_step(step.session, instance_of(case), step.actor)
            found.append(other)
            if not other.instance.completed:
                other.instance.next_due_at = step.now
    return found


def _begin(step: Step, person: Person, told: Told) -> CarriedOn:
    """One case learns of a death: the private link ends, and letters wait."""
    case = step.case
    party = people.party_in(case, person.id)
    row = CarriedOn(
        landlord_id=case.landlord_id, case_id=case.id, late_id=person.id, late_role=party.role
    )
    step.session.add(row)
    _fresh(step)
    day = f"On {full_date(told.on)}." if told.on else "The day is not known."
    step.write(
        "death_recorded", person=person.id, name=person.name, says=f"{day} Told by: {told.by}"
    )
    if party.role == RESIDENT:
        case.link_hash = None
    accessible_copies.drop(step, person)
    readdressing.hold(step, person)
    return row


def _end_permissions(step: Step, row: CarriedOn) -> None:
    """In law a permission ends with the life of whoever gave it; whoever carries on needs none."""
    for party in step.case.representatives if row.late_role == RESIDENT else ():
        if party.permission in {"given", "pending"} and not party.ended_by_death:
            party.ended_by_death = True
            says = representatives.in_words(party, step.today)
            step.write("permission", person=party.person_id, name=party.person.name, says=says)


def _name(step: Step, row: CarriedOn, carrier: Carrier, known: Person | None) -> Person:
    """Somebody carries one case on. known: the same person, made for another case."""
    case, chosen = step.case, carrier.person_id or (known.id if known else "")
    session = step.session
    party = next((p for p in case.parties if p.person_id == chosen), None)
    row.role_before = party.role if party else ""
    if party is None:
        person = known or (
            session.get_one(Person, (case.landlord_id, chosen))
            if chosen
            else people.new_person(session, case, carrier.details)
        )
        key = {"landlord_id": case.landlord_id, "case_id": case.id, "person_id": person.id}
        session.add(Party(**key, role=row.late_role))
    else:
        person = party.person
        if row.late_role == RESIDENT or party.role == REPRESENTATIVE:
            party.role = row.late_role
    people.party_in(case, row.late_id).role = LATE
    row.person_id, row.standing = person.id, carrier.standing
    row.relation, row.shown_by = carrier.relation.strip(), carrier.shown_by.strip()
    _fresh(step)
    _tell_named(step, row, person)
    return person


def _tell_named(step: Step, row: CarriedOn, person: Person) -> None:
    """History, a private link of their own, and the letters that waited."""
    step.write(
        "carried_on",
        person=person.id,
        name=person.name,
        late=row.late.name,
        says=f"{STANDINGS[row.standing]}: {row.relation}. Shown by: {row.shown_by}",
    )
    if row.late_role == RESIDENT:
        reason = f"{row.late.name} has died"
        step.write("contact_made", person=person.id, name=person.name, was=row.late.name,
                   reason=reason)  # fmt: skip
        token = private_links.carriers_token(step.case)
        step.case.link_hash = private_links.hash_token(token) if person.email else None
    if WELCOME in step.deployed.letters:
        letters.send_one(step, WELCOME, person)
    if row.role_before in RESIDENTS:  # they have letters of their own
        readdressing.withhold(step, row.late_id)
    else:
        readdressing.readdress(step, row.late_id, person)


def _release(step: Step, row: CarriedOn, person: Person) -> None:
    """Whoever carried one case on does so no longer; who died has their part again."""
    if row.person is None:
        return
    if row.person.death:
        raise BadInput({"reason": f"{late.has_died(row.person)}, too. Put that right first."})
    former, before = people.party_in(step.case, row.person_id or ""), row.role_before
    former_id = former.person_id
    if before:
        former.role = before
        former.ended_by_death = before == REPRESENTATIVE and row.late_role == RESIDENT
    else:
        step.session.delete(former)
    people.party_in(step.case, person.id).role = row.late_role
    row.person_id, row.role_before = None, ""
    row.standing = row.relation = row.shown_by = ""
    if row.late_role == RESIDENT:
        step.case.link_hash = None
    _fresh(step)
    if before not in RESIDENTS:  # they stay another resident with letters of their own
        readdressing.readdress(step, former_id, person)


def _take_back(step: Step, row: CarriedOn, person: Person, reason: str) -> None:
    """One case forgets a death that was none."""
    if row.late_role == RESIDENT:
        for party in step.case.representatives:
            party.ended_by_death = False
    step.session.delete(row)
    _fresh(step)
    step.write("death_undone", person=person.id, name=person.name, reason=reason.strip())
    readdressing.readdress(step, person.id, person)


def _row(case: Case, person: Person) -> CarriedOn:
    for row in case.carried:
        if row.late_id == person.id:
            return row
    raise NotFound


def _tell_team(step: Step, person: Person) -> None:
    """Nobody carries on yet: whoever has the work looks for somebody."""
    if step.instance.completed:
        return
    team = cases.owner_team(step.case) or next(iter(step.deployed.landlord.teams), "")
    says = f"{late.has_died(person)}, and nobody carries it on yet: find out who does"
    step.alert(team, "", says)


def _fresh(step: Step) -> None:
    step.session.flush()
    step.session.refresh(step.case, ["parties", "carried"])
