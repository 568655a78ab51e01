"""Where a case stands, in the words of the person who began it.

Stages are known by the codes that reports count (architecture.md), never by a landlord's names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.models import (
    Deadline,
    Promise,
)
from app.services.kinds import (
    kind_of,
    noun_of,
)
from app.services.letters import full_date
from app.services.promises import counts_for
from app.services.residents import Stage, StatusPage
from timers.calendar import london_date
from timers.deadlines import DeadlineState

CLOSED = {  # outcome -> what is going on
    "refused": "We did not take this {} on",
    "withdrawn": "You stopped this {}",
    "resolved_quickly": "We agreed with you how to put it right",
}
ANSWERED = "You have our answer"
DECIDING = "We are deciding what comes next"
NOT_HAPPY = "You can tell us if you are not happy with it."
FAR = 40  # working days
OUR_LETTER = "It says why, until when, and what you can do if you do not agree."
NOT_DECIDED = "We have decided nothing yet. If we do, we write to you first."
TO_OUTSIDE = "If you are not happy with it, see “Help from outside” on this page."
STATES = ("done", "now", "next")
NOW = {
    "intake": "We are reading what you told us",
    "quick": "We are trying to put it right quickly",
    "informal": "We are trying to put it right quickly",
    "stage_1": "We are looking into it",
    "stage_2": "We are looking at it again",
    "stage_3": "We are looking at it one last time",
}
TITLES = {"intake": "We read it", "quick": "We try to put it right quickly"}
TEXTS = {  # stage -> what happens in it
    "intake": "We tell you in writing what happens next.",
    "quick": "We try to put it right quickly. If that does not work, your {} goes on.",
    "informal": "We try to put it right quickly. If that does not work, your {} goes on.",
    "stage_1": "Somebody looks into it and answers you in writing.",
    "stage_2": "Somebody who is new to it looks at it again and answers you in writing.",
    "stage_3": "Other people look at it again and answer you in writing.",
}
ONLY_IF_ASKED = "Only if you are not happy with our answer and ask for it. "


@dataclass(frozen=True)
class When:
    """The box that answers "When?". late: we have missed our date."""

    lead: str
    day: date
    text: str
    late: bool = False


def headline(page: StatusPage) -> str:
    """What is going on."""
    noun = noun_of(page.deployed.procedure)
    if page.case.status == "closed":
        answered = ANSWERED if page.stages else f"Your {noun} is closed"
        return CLOSED.get(page.case.outcome, answered).format(noun)
    if not kind_of(page.case).asks_who:
        return f"About your {noun}"
    if not page.stages:
        return f"We have your {noun}"
    if _is_between_stages(page):
        row = page.upcoming[0] if page.upcoming else None
        return DECIDING if row and row.kind == "duty" and not counts_for(row) else ANSWERED
    return NOW.get(page.case.stage, "We are looking into it")


def _is_between_stages(page: StatusPage) -> bool:
    """Whether the case has left one stage and not entered another."""
    between = page.stages and all(stage.state != "now" for stage in page.stages)
    return bool(between) and page.case.status == "open"


def when(page: StatusPage) -> When | None:
    """The next date, and how it is counted; None where nothing has a date."""
    if page.upcoming is None:
        return None
    row, how = page.upcoming
    day = row.prints_on or row.due_on
    if day is None:
        return None
    counted = f" We count {row.why}." if row.why else ""
    text = f"{_days_from_now(how)}{counted}".strip()
    thing = f"{row.name[0].lower()}{row.name[1:]}" if row.name else ""
    if row.kind == "window":
        return When(f"What you can do: {thing}. The last day is", day, text)
    if how.code == "late":
        lead = f"What we should have done: {thing}. The last day was"
        over = f"We are {days(how)} late." if how.days else "We are late."
        return When(lead, day, f"{over} We are sorry.{counted}", late=True)
    return When(f"What we do next: {thing}. The last day is", day, text)


def _days_from_now(how: DeadlineState) -> str:
    """How far away it is; nobody counts the days of a year."""
    if (how.days or 0) > FAR:
        return ""
    if not how.days:
        return "That is today." if how.code == "due" else "That is soon."
    return f"That is {days(how)} from today."


def days(how: DeadlineState) -> str:
    """1 working day, 3 working days."""
    return f"{how.days} working day" + ("" if how.days == 1 else "s")


def promised(page: StatusPage) -> list[tuple[str, str]]:
    """What we promised, and what became of it."""
    return [(row.text, _became(row, how)) for row, how in page.promised]


def _became(row: Promise, how: DeadlineState) -> str:
    """By when; if it moved or is late, we say so."""
    by = full_date(row.due_on)
    if row.done_on:
        done = "Paid" if row.kind == "payment" else "Done"
        sorry = f". This was {late_by(how)} late. We are sorry." if how.code == "met_late" else ""
        return f"{done} on {full_date(row.done_on)}{sorry}"
    if how.code == "late":
        return f"We said by {by}. We are {late_by(how)} late. We are sorry."
    if row.due_on != row.first_due_on:
        return f"Now by {by}. First we said {full_date(row.first_due_on)}."
    return f"By {by}"


def late_by(how: DeadlineState) -> str:
    """3 working days; "a day" where only a weekend has passed."""
    return days(how) if how.days else "a day"


def steps(page: StatusPage) -> list[dict[str, str]]:
    """What is done, what happens now, what comes next; for the macro in parts/steps.html."""
    ours = not kind_of(page.case).asks_who  # begun by the landlord, about the resident
    began = "We began to look at it" if ours else "You told us"
    found = [_step(began, full_date(page.case.received_on), "done")]
    stages = {state: [s for s in page.stages if s.state == state] for state in STATES}
    for stage in stages["done"] + stages["now"]:
        found.append(_step(_title(stage), _text(page, stage), stage.state))
    if page.case.status == "closed":
        ended = full_date(london_date(page.case.closed_at)) if page.case.closed_at else ""
        closed = f"This {noun_of(page.deployed.procedure)} is closed"
        return [*found, _step(closed, ended, "done")]
    if ours and not page.written_to:
        return [*found, _step("We are looking into it", NOT_DECIDED, "now")]
    if ours:
        return [*found, _step("What holds now stands in our newest letter", OUR_LETTER, "now")]
    if not page.stages:
        return [*found, _step("We look at what you told us", "", "now")]
    if _is_between_stages(page) and headline(page) == DECIDING:
        found.append(_step("We decide what comes next", "", "now"))
    elif _is_between_stages(page):
        way_on = NOT_HAPPY if stages["next"] else TO_OUTSIDE
        found.append(_step("You read our answer", way_on, "now"))
    return found + [_step(_title(stage), _text(page, stage), "next") for stage in stages["next"]]


def _step(title: str, text: str, state: str) -> dict[str, str]:
    return {"title": title, "text": text, "state": state}


def _title(stage: Stage) -> str:
    return TITLES.get(stage.code, stage.name)


def _text(page: StatusPage, stage: Stage) -> str:
    if stage.state == "done":
        return next((_met(*pair) for pair in page.deadlines if _ends(page, pair[0], stage)), "")
    text = TEXTS.get(page.case.stage if stage.state == "now" else stage.code, "")
    text = text.format(noun_of(page.deployed.procedure))
    if stage.state == "next" and stage.code.startswith("stage_") and stage.code != "stage_1":
        return ONLY_IF_ASKED + text
    return text


def _ends(page: StatusPage, row: Deadline, stage: Stage) -> bool:
    """Whether a deadline hangs over the whole stage and was met."""
    elements = page.deployed.elements
    host = elements[elements[row.element].attached_to or row.element]
    return row.kind == "duty" and host.stage == stage.code and row.met_on is not None


def _met(row: Deadline, how: DeadlineState) -> str:
    """When we did it; and if that was late, we say so."""
    done = full_date(row.met_on)
    if how.code != "met_late":
        return done
    return f"{done}. This was {late_by(how)} late. We are sorry."
