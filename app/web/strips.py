"""What stands on every page of staff about a case: how to reach the person, and why this date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from flask import url_for

from app import clock
from app.clock import LONDON
from app.models import Case, Deadline, Person
from app.services import arrangements, deployments, late, safe_contact
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
    rules = safe_contact.has_rules(person)
    return Safety(
        first_name(person),
        safe_contact.use(person) if rules else [],
        safe_contact.never(person.contact_never),
        safe_contact.adjustments(person),
        arranged_with(person),
        likes="" if rules else safe_contact.wish(person),
    )


def first_name(person: Person) -> str:
    """What a page may call the person: the first word of the name."""
    return next(iter(person.name.split()), "the resident")


@dataclass(frozen=True)
class Why:
    """A deadline with its ruler and the sentence that explains it.

    closed: the closure of our offices on its date, which counts all the same; or empty.
    """

    name: str
    state: DeadlineState
    due_words: str
    days: list[RulerDay]
    sentence: str
    closed: str


def why_of(row: Deadline, state: DeadlineState, calendar: WorkingCalendar, today: date) -> Why:
    """Why a deadline is on its date, for a page."""
    strokes = []
    if row.base_on and row.due_on and row.base_on <= row.due_on and not row.ended_at:
        strokes = ruler(calendar, row.base_on, row.due_on, row.met_on or today)
    said = DeadlineState(state.code, in_working_days(state.words), state.days)
    over = row.met_on or row.ended_at
    closed = "" if over else deployments.landlord(row.landlord_id).closed_on(row.due_on)
    return Why(row.name, said, full_date(row.due_on), strokes, why_sentence(row), closed)


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
