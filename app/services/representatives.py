"""Who speaks for a resident, and with what permission. Until it is given nothing is shared.

The clock of a complaint runs all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import BadInput
from app.models import Case, Event, Instance, Party, Payload, Person, User
from app.models.base import new_id
from app.services.persons import folded, make_findable
from timers.deadlines import long_date

if TYPE_CHECKING:
    from app.services.steps import Step

HOW = {
    "written": "in writing",
    "spoken": "by word of mouth, as an adjustment",
    "attorney": "by a power of attorney",
    "deputy": "by the Court of Protection, as deputy",
}
DECISIONS = ("given", "refused", "withdrawn")
SPOKEN = "permission by word of mouth"  # among the adjustments of whoever gave it so
SAYS_GIVEN = {"given", "confirmed"}  # what a form may call a permission that was given
DETAILS = {
    "representative_email": "email",
    "representative_phone": "phone",
    "representative_address": "address",
}
LIMITS = {"email": 254, "phone": 40, "address": 500}


@dataclass(frozen=True)
class Permission:
    """What was decided. how: a code of HOW; until: the last day; limited_to: in words."""

    decision: str
    on: date
    how: str = ""
    until: date | None = None
    limited_to: str = ""


def take(step: Step, answers: dict[str, Any]) -> None:
    """Whom a form names as representative, and what it says of the permission, with history.

    Raises BadInput where a decision could be about several people.
    """
    known = {party.person_id for party in step.case.representatives}
    party = named(step.session, step.case, answers, step.today)
    if party is not None and party.person_id not in known:
        tell_named(step, party)
    decision = answers.get("permission_decision")
    if decision in DECISIONS and (party := party or _meant(step.case)):
        decide(step, party, _permission(answers, str(decision), step.today))
        _copies(party, answers)


def tell_named(step: Step, party: Party) -> None:
    """Somebody now speaks for the resident: a line of history."""
    says = in_words(party, step.today)
    step.write("representative_named", person=party.person_id, name=party.person.name, says=says)


def named(
    session: Session, case: Case, answers: dict[str, Any], today: date, how: str = ""
) -> Party | None:
    """The representative that a form names, found or added; one of the same name is the same.

    how: in what way a permission was given that comes with the name.
    """
    name = str(answers.get("representative_name") or "").strip()
    if not name:
        return None
    known = [p for p in case.representatives if folded(p.person.name) == folded(name)]
    party = known[0] if known else _added(session, case, name[:200], today)
    _details(party.person, answers)
    if answers.get("representative_relation"):
        party.relation = str(answers["representative_relation"])[:100]
    if answers.get("representative_permission") in SAYS_GIVEN and is_awaited(party):
        party.permission, party.permission_how = "given", answers.get("permission_how") or how
        party.permission_on = today
    _copies(party, answers)
    session.flush()
    return party


def _copies(party: Party, answers: dict[str, Any]) -> None:
    if answers.get("gets_letters") is not None:
        party.gets_letters = answers["gets_letters"] in (True, "yes")


def _added(session: Session, case: Case, name: str, today: date) -> Party:
    """A new representative, who waits for permission from today on."""
    person = Person(landlord_id=case.landlord_id, id=new_id(), name=name)
    session.add(person)
    session.flush()
    party = Party(
        landlord_id=case.landlord_id,
        case_id=case.id,
        person_id=person.id,
        role="representative",
        permission="pending",
        permission_on=today,
    )
    session.add(party)
    session.flush()
    session.refresh(case, ["parties"])
    return party


def _details(person: Person, answers: dict[str, Any]) -> None:
    for key, column in DETAILS.items():
        if answers.get(key):
            setattr(person, column, str(answers[key])[: LIMITS[column]])
    make_findable(person)


def _meant(case: Case) -> Party | None:
    """Whom a decision without a name is about: who waits for it, or the only one there is."""
    waiting = [party for party in case.representatives if is_awaited(party)]
    found = waiting or case.representatives
    if len(found) > 1:
        names = " and ".join(party.person.name for party in found)
        said = f"{names} are named in this case. Record whom it is for on the case’s page People."
        raise BadInput({"permission_decision": said})
    return found[0] if found else None


def _permission(answers: dict[str, Any], decision: str, today: date) -> Permission:
    on, until = answers.get("permission_on"), answers.get("permission_until")
    return Permission(
        decision,
        date.fromisoformat(on) if on else today,
        str(answers.get("permission_how") or ""),
        date.fromisoformat(until) if until else None,
        str(answers.get("limited_to") or "")[:300],
    )


def decide(step: Step, party: Party, said: Permission) -> None:
    """Record a permission as given, refused or withdrawn, with who recorded it in the history."""
    given = said.decision == "given"
    party.ended_by_death = False
    party.permission, party.permission_on = said.decision, said.on
    party.permission_how = said.how if given else ""
    party.permission_until = said.until if given else None
    party.limited_to = said.limited_to if given else ""
    resident = step.case.resident
    if given and said.how == "spoken" and SPOKEN not in resident.adjustments:
        resident.adjustments = [*resident.adjustments, SPOKEN]
    name = party.person.name
    step.write("permission", person=party.person_id, name=name, says=in_words(party, step.today))


def is_awaited(party: Party) -> bool:
    """Whether the permission is still to be given, by somebody who can."""
    return party.permission == "pending" and not party.ended_by_death


def _late(party: Party) -> str:
    """Whoever gave the permission and has died."""
    return next((r.late.name for r in party.case.carried if r.late_role == "resident"), "they")


def in_words(party: Party, today: date) -> str:
    """How the permission stands, in one sentence."""
    if party.ended_by_death:
        what = "Permission" if party.permission == "given" else "The question of permission"
        return f"{what} ended when {_late(party)} died."
    on = f" on {long_date(party.permission_on)}" if party.permission_on else ""
    if party.permission == "given":
        how = f", {HOW[party.permission_how]}" if party.permission_how in HOW else ""
        until = party.permission_until
        if until and until < today:
            return f"Permission ended on {long_date(until)}."
        ends = f" It ends on {long_date(until)}." if until else ""
        limit = f" Only about: {party.limited_to.rstrip('.')}." if party.limited_to else ""
        return f"Permission given{on}{how}.{limit}{ends}"
    if party.permission in {"refused", "withdrawn"}:
        return f"Permission {party.permission}{on}."
    return f"Permission asked for{on}, not given yet."


def may_be_told(party: Party, today: date, resident: str) -> str:
    """What to share with a representative, for whoever reads the case."""
    name = party.person.name
    if not party.may_act(today):
        if party.ended_by_death:
            return f"Share nothing with {name} any more: {_late(party)} has died."
        if party.permission == "given" and party.permission_until:
            ended = f"the permission ended on {long_date(party.permission_until)}"
            return f"Share nothing with {name} any more: {ended}."
        if party.permission in {"refused", "withdrawn"}:
            said = "said no" if party.permission == "refused" else "took the permission back"
            return f"Share nothing with {name}: {resident} {said}."
        return f"Share nothing with {name} yet: {resident} has not said that they may act."
    if party.limited_to:
        return f"Share with {name} only: {party.limited_to.rstrip('.')}."
    return ""


def recorded_by(session: Session, case: Case) -> dict[str, str]:
    """Who recorded what is known of each representative's permission: name by person id."""
    rows = session.execute(
        select(Payload, User.name)
        .join(
            Event,
            (Event.landlord_id == Payload.landlord_id) & (Event.payload_id == Payload.id),
        )
        .join(
            Instance,
            (Instance.landlord_id == Event.landlord_id) & (Instance.id == Event.instance_id),
        )
        .join(User, User.id == Event.actor_id)
        .where(
            Instance.landlord_id == case.landlord_id,
            Instance.case_id == case.id,
            Event.action.in_(("representative_named", "permission")),
        )
        .order_by(Event.n)
    )
    return {payload.values["person"]: name for payload, name in rows}
