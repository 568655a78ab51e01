"""How somebody may be reached safely, and what they need, in words: what to do, never why."""

from __future__ import annotations

from app.models import Person
from app.services.adjustments import in_words, language_of

USE = {"email": "E-mail", "post": "Letter", "phone": "Phone call", "text": "Text message"}
NEVER = {
    "email": "No e-mail.",
    "post": "No post.",
    "phone": "No phone calls.",
    "text": "No text messages.",
    "in_person": "No visits.",
}
SENT_BY_US = {"email", "post"}  # the channels that the outbox itself refuses


def has_rules(person: Person) -> bool:
    """Whether there is more than a mere wish."""
    return bool(person.contact_never or person.contact_times or person.contact_place)


def way(person: Person) -> str:
    """The way that was asked for, with when and where; never a forbidden one."""
    asked = person.contact_use not in person.contact_never and USE.get(person.contact_use, "")
    way = asked or "Ask first which way is best"
    return ", ".join(filter(None, (way, person.contact_times, person.contact_place)))


def use(person: Person) -> list[str]:
    """The way, then the number and the address for it; never a forbidden one's."""
    forbidden = set(person.contact_never)
    ways = []
    if person.phone and not {"phone", "text"} <= forbidden:
        only = {frozenset({"phone"}): " (texts only)", frozenset({"text"}): " (calls only)"}
        ways.append(person.phone + only.get(frozenset(forbidden & {"phone", "text"}), ""))
    if person.email and "email" not in forbidden:
        ways.append(person.email)
    return [way(person), *([" · ".join(ways)] if ways else [])]


def never(forbidden: list[str]) -> list[str]:
    """The ways that are closed, and what Putright itself therefore does not send."""
    if not forbidden:
        return []
    blocked = [USE[way].lower() for way in forbidden if way in SENT_BY_US]
    rule = " ".join(NEVER.get(way, f"No {way.replace('_', ' ')}.") for way in forbidden)
    return [rule, *([f"Putright sends no {' and no '.join(blocked)}."] if blocked else [])]


def adjustments(person: Person) -> list[str]:
    """What we do differently, with the language that is spoken."""
    words = [in_words(wish) for wish in person.adjustments]
    if language := language_of(person):
        words.insert(0, f"Speaks {language}")
    return [f"{text.rstrip('.')}." for text in words if text]


def wish(person: Person) -> str:
    """How the person likes to hear from us, with the number or address for it."""
    if person.contact_use not in USE:
        return ""
    number = {"email": person.email, "phone": person.phone, "text": person.phone}
    ways = filter(None, (USE[person.contact_use].lower(), number.get(person.contact_use)))
    return f"Likes to hear from us by {', '.join(ways)}."


def at_a_hearing(person: Person) -> list[str]:
    """What whoever meets the person must respect: no number, no address."""
    asked = has_rules(person) or person.contact_use in USE
    ways = [f"To be reached: {way(person)}."] if asked else []
    return [*ways, *never(person.contact_never)[:1], *adjustments(person)]
