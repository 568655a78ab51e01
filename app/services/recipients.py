"""Who gets a letter: each resident of the case, who speaks for them, or a body outside.

Each letter is somebody's own: no resident reads another resident's name in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app import clock
from app.landlords import Body, Landlord
from app.models import Case, Letter, Party, Person

RESIDENT, REPRESENTATIVE = "resident", "representative"
RESIDENTS = (RESIDENT, "other_resident")  # roles of parties; the contact comes first
NO_WAY = "there is no e-mail or postal address that is safe to use."
HAS_DIED = "they have died. Say on the page People of the case who carries it on."


@dataclass(frozen=True)
class Recipient:
    """One who gets a letter, with the safe way to them.

    person: None for a body. resident: whose details resident_… print. channel: email or post;
    problem: why nothing may go, or "". copy_for: what marks the contact's letter as a copy.
    """

    name: str
    salutation: str
    address: str  # in lines, as on an envelope
    channel: str
    send_to: str
    problem: str
    resident: Person
    person: Person | None = None
    copy_for: str = ""

    @property
    def person_id(self) -> str | None:
        return self.person.id if self.person else None


def of(case: Case, landlord: Landlord, to: str) -> list[Recipient]:
    """Everybody who gets a letter to `to`: resident, representative, or the id of a body.

    The first is the one whose letter is shown while it is written. Nobody speaks for the resident:
    then a letter to the representative has no recipient.
    """
    if to == RESIDENT:
        return [*map(own, residents(case)), *_copies(case)]
    if to == REPRESENTATIVE:
        return [
            replace(own(party.person), resident=case.resident)
            for party in _parties(case, REPRESENTATIVE)
            if not party.ended_by_death
        ]
    return [_body(case, landlord, to)]


def of_letter(session: Session, case: Case, landlord: Landlord, letter: Letter) -> Recipient:
    """Who a stored letter goes to, by what is known of them now."""
    if letter.person_id is None:
        return own(case.resident) if letter.to == RESIDENT else _body(case, landlord, letter.to)
    person = session.get_one(Person, (letter.landlord_id, letter.person_id))
    return own(person)


def residents(case: Case) -> list[Person]:
    """The residents of a case, the contact first."""
    return [party.person for role in RESIDENTS for party in _parties(case, role)]


def _parties(case: Case, role: str) -> list[Party]:
    return [party for party in case.parties if party.role == role]


def _copies(case: Case) -> list[Recipient]:
    """Whoever speaks for the contact, with permission, and wants the letters, too."""
    return [
        replace(
            own(party.person),
            resident=case.resident,
            copy_for=f"Copy for {party.person.name}, who speaks for {case.resident.name}",
        )
        for party in _parties(case, REPRESENTATIVE)
        if party.gets_letters and party.may_act(clock.today())
    ]


def representative_fields(case: Case) -> dict[str, str]:
    """What letters print of whoever speaks for the resident; of several, the first."""
    party = next(iter(_parties(case, REPRESENTATIVE)), None)
    return {
        "representative_name": party.person.name if party else "",
        "representative_salutation": salutation(party.person) if party else "",
        "representative_relation": party.relation if party else "",
    }


def own(person: Person) -> Recipient:
    """A person who gets a letter of their own."""
    channel, send_to, problem = channel_for(person)
    lines = () if person.death else (person.name, person.address, person.postcode)
    return Recipient(
        name=person.name,
        salutation=greeted_as(person),
        address="\n".join(filter(None, lines)),
        channel=channel,
        send_to=send_to,
        problem=problem,
        resident=person,
        person=person,
    )


def _body(case: Case, landlord: Landlord, body_id: str) -> Recipient:
    """A body outside; one that landlord.toml no longer knows has no address to send to."""
    body = landlord.bodies.get(body_id) or Body(name=body_id.replace("_", " ").capitalize())
    lines = dict.fromkeys(filter(None, (body.contact, body.name, body.address)))
    ways = {"email": body.email, "post": body.address}
    channel = next((way for way, address in ways.items() if address), "post")
    return Recipient(
        name=body.name,
        salutation=body.contact or body.name,
        address="\n".join(lines),
        channel=channel,
        send_to=ways[channel],
        problem="" if ways[channel] else f"landlord.toml has no address for {body.name}.",
        resident=case.resident,
    )


def channel_for(person: Person) -> tuple[str, str, str]:
    """The safe channel of a letter: (channel, address, why it is blocked or "").

    What the person wants comes first, then e-mail, then post; a channel that they ruled out is
    never used.
    """
    if person.death:
        return "post", "", HAS_DIED
    ways = {"email": person.email, "post": person.address}
    order = [person.contact_use, "email", "post"]
    for channel in dict.fromkeys(order):
        if ways.get(channel) and channel not in person.contact_never:
            return channel, ways[channel], ""
    return "post", "", NO_WAY


def salutation(person: Person) -> str:
    """Ms Boateng where a title is known; else the whole name."""
    return f"{person.title} {person.name.split()[-1]}" if person.title else person.name


def greeted_as(person: Person) -> str:
    """What follows “Dear”: never the name of somebody who has died."""
    return "Sir or Madam" if person.death else salutation(person)


def names_in(case: Case, typed: str) -> list[str]:
    """The residents whose names stand in what was typed for a letter to several residents."""
    everybody = residents(case)
    return [
        person.name
        for person in everybody
        if len(everybody) > 1
        and any(_says(typed, name) for name in (person.name, salutation(person)))
    ]


def _says(typed: str, name: str) -> bool:
    return re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", typed) is not None
