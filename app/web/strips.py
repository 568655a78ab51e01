"""What stands on every page of staff about a case: how to reach the person, and why this date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from flask import url_for

from app import clock
from app.clock import LONDON
from app.models import Case, Deadline, Person
from app.services import arrangements, late
from app.services.adjustments import in_words, language_of
from app.services.code_clocks import of_code
from app.services.letters import full_date
from app.services.promises import (
    counts_for,
)
from app.services.representatives import (
    may_be_told,
)
from app.web.assets import day_and_time, short_date
from app.web.policy import viewer
from timers.calendar import WorkingCalendar
from timers.deadlines import DeadlineState, RulerDay, ruler

USE = {"email": "E-mail", "post": "Letter", "phone": "Phone call", "text": "Text message"}
NEVER = {
    "email": "No e-mail.",
    "post": "No post.",
    "phone": "No phone calls.",
    "text": "No text messages.",
    "in_person": "No visits.",
}
SENT_BY_US = {"email", "post"}  # the channels that the outbox itself refuses


@dataclass(frozen=True)
class Arranged:
    """A contact arrangement in force, in words. href: the case that decided it, or empty."""

    id: str
    says: list[str]
    dates: str
    review: str
    is_overdue: bool
    href: str


def arranged_with(person: Person) -> list[Arranged]:
    """The contact arrangements with a person, for the viewer of the page."""
    return [_arranged(found) for found in arrangements.of_person(viewer(), person)]


def _arranged(found: arrangements.Arranged) -> Arranged:
    row, case = found.row, found.case
    review = "We should have reviewed it by" if found.is_overdue else "We review it by"
    return Arranged(
        row.id,
        [line for line in row.says.splitlines() if line.strip()],
        f"From {full_date(row.from_on)} until {full_date(row.ends_on)}.",
        f"{review} {full_date(row.review_on)}.",
        found.is_overdue,
        url_for("cases.case", reference=case.reference) if case else "",
    )


@dataclass(frozen=True)
class Safety:
    """The safe-contact strip: what to do, never why. likes: a mere wish, where there is no rule.

    arranged: contact arrangements in force. others: the strips of the other residents.
    sharing: what to share, or not, with whom. died: who has died, and who carries on.
    """

    name: str
    use: list[str]
    never: list[str]
    adjustments: list[str]
    arranged: list[Arranged]
    likes: str = ""
    others: list[Safety] = field(default_factory=list)
    sharing: list[str] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    living: bool = True


def safety_in(case: Case) -> Safety:
    """The strip of the contact, with those of everybody else on the case."""
    name = first_name(case.resident)
    told = [may_be_told(party, clock.today(), name) for party in case.representatives]
    living = [person for person in case.residents if not person.death]
    strips = [
        safety_of(person) if len(living) == 1 else replace(safety_of(person), name=person.name)
        for person in living
    ] or [replace(safety_of(case.resident), living=False)]
    return replace(
        strips[0],
        others=strips[1:],
        sharing=[words for words in told if words],
        died=late.in_words(case),
    )


def safety_of(person: Person) -> Safety:
    """The rules of one person."""
    forbidden = set(person.contact_never)
    rules = bool(forbidden or person.contact_times or person.contact_place)
    return Safety(
        first_name(person),
        _use(person, forbidden) if rules else [],
        _never(person.contact_never),
        _adjustments(person),
        arranged_with(person),
        likes="" if rules else _wish(person),
    )


def first_name(person: Person) -> str:
    """What a page may call the person: the first word of the name."""
    return next(iter(person.name.split()), "the resident")


def _use(person: Person, forbidden: set[str]) -> list[str]:
    """The way that was asked for, then what is needed for it; never a forbidden one's number."""
    asked = person.contact_use not in forbidden and USE.get(person.contact_use, "")
    way = asked or "Ask first which way is best"
    rule = ", ".join(filter(None, (way, person.contact_times, person.contact_place)))
    ways = []
    if person.phone and not {"phone", "text"} <= forbidden:
        only = {frozenset({"phone"}): " (texts only)", frozenset({"text"}): " (calls only)"}
        ways.append(person.phone + only.get(frozenset(forbidden & {"phone", "text"}), ""))
    if person.email and "email" not in forbidden:
        ways.append(person.email)
    return [rule, *([" · ".join(ways)] if ways else [])]


def _never(forbidden: list[str]) -> list[str]:
    if not forbidden:
        return []
    blocked = [USE[way].lower() for way in forbidden if way in SENT_BY_US]
    rule = " ".join(NEVER.get(way, f"No {way.replace('_', ' ')}.") for way in forbidden)
    return [rule, *([f"Putright sends no {' and no '.join(blocked)}."] if blocked else [])]


def _adjustments(person: Person) -> list[str]:
    words = [in_words(wish) for wish in person.adjustments]
    if language := language_of(person):
        words.insert(0, f"Speaks {language}")
    return [f"{text.rstrip('.')}." for text in words if text]


def _wish(person: Person) -> str:
    """How the person likes to hear from us, with the number or address for it."""
    if person.contact_use not in USE:
        return ""
    number = {"email": person.email, "phone": person.phone, "text": person.phone}
    ways = filter(None, (USE[person.contact_use].lower(), number.get(person.contact_use)))
    return f"Likes to hear from us by {', '.join(ways)}."


@dataclass(frozen=True)
class Why:
    """A deadline with its ruler and the sentence that explains it."""

    name: str
    state: DeadlineState
    due_words: str
    days: list[RulerDay]
    sentence: str


def why_of(row: Deadline, state: DeadlineState, calendar: WorkingCalendar, today: date) -> Why:
    """Why a deadline is on its date, for a page."""
    strokes = []
    if row.base_on and row.due_on and row.base_on <= row.due_on and not row.ended_at:
        strokes = ruler(calendar, row.base_on, row.due_on, row.met_on or today)
    said = DeadlineState(state.code, in_working_days(state.words), state.days)
    return Why(row.name, said, full_date(row.due_on), strokes, why_sentence(row))


def why_sentence(row: Deadline) -> str:
    """One sentence with the policy's paragraph."""
    why = row.why or f"by the rule {row.rule}"
    words = "the nearest date of what we promised" if counts_for(row) else why
    named = row.policy if of_code(row) else f"policy {row.policy}"
    cited = f" ({named})" if row.policy else ""
    return f"{words[0].upper()}{words[1:]}{cited}."


def in_working_days(words: str) -> str:
    """ "3 days left" as it stands alone on a page: "3 working days left"."""
    return re.sub(r"\b(\d+) (days?)\b", r"\1 working \2", words)


def moment(at: datetime) -> str:
    """When something happened; midnight is the start of a day, where deadlines fall due."""
    local = at.astimezone(LONDON)
    if local.time() == time():
        return f"start of {short_date(local.date())} {local.year}"
    return day_and_time(at)
