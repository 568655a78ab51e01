"""What the page of a task shows: everything that is needed to do it, gathered in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import render_template
from werkzeug.datastructures import MultiDict

from app import clock
from app.db import db
from app.engine import Element
from app.letters import to_html
from app.models import (
    Case,
    Person,
    Promise,
)
from app.services import (
    accounts,
    actions,
    cases,
    deployments,
    packs,
    panels,
    points,
    promises,
    rows,
    tasks,
)
from app.services.answers import answers_of
from app.services.calendars import pinned_calendar
from app.services.complaints import place
from app.services.deadlines import over_task
from app.services.deployments import Deployed
from app.services.inbox import chips
from app.services.kinds import kind_of
from app.services.letters import full_date
from app.services.recipients import Recipient
from app.services.references import spaced
from app.services.tasks import OpenTask
from app.viewer import Viewer
from app.web.public import names_of_files
from app.web.strips import Why, safety_in, why_of
from forms import FormDefinition, readable_answers
from timers.deadlines import DeadlineState

NOT_ANSWERED = "Not answered"
SHADED = "Shaded parts are yours; the rest is the landlord’s letter."


@dataclass(frozen=True)
class Earlier:
    """A form that was submitted before, in words."""

    title: str
    who: str
    at: datetime
    answers: list[tuple[str, str]]


@dataclass(frozen=True)
class Goes:
    """How a letter leaves: for the button, for the message after it, and on top of the sheet."""

    button: str
    after: str
    sheet: str
    problem: str
    to: str = ""  # who else gets it


def show(viewer: Viewer, found: OpenTask) -> str:
    """The whole page."""
    task, case, deployed = found.task, found.case, found.deployed
    theirs = task.claimed_by not in (None, viewer.user_id)
    of_member = panels.member_of(deployed, task) is not None
    return render_template(
        "tasks/task.html",
        open=found,
        task=task,
        case=case,
        resident=case.resident,
        reference=spaced(case.reference),
        chips=chips(case),
        kind=kind_of(case),
        safety=safety_in(case),
        why=_why(found),
        source=source_of(case, deployed, viewer),
        points=points.of_case(db.session(), case),
        asks_points=any(field.each == "point" for field in found.form.fields),
        promises=_promises(found),
        earlier=earlier(case, deployed),
        judges=_judges(deployed.elements[task.element]),
        documents=cases.documents_of(case),
        offers=actions.offered(case, "staff"),
        may_work=not found.not_for_you and not theirs,
        theirs=theirs,
        of_member=of_member,
        may_change=not of_member and (not theirs or viewer.can("watch")),
        has_packs=packs.is_panel_task(task) and packs.is_offered(viewer, case),
        place=first_line(case.resident),
        saved_at=clock.time_words(found.draft.saved_at) if found.draft else "",
        step=deployed.elements[task.element],
        files=names_of_files(viewer.landlord_id, found.form),
        **_letter(viewer, found),
    )


def confirm(viewer: Viewer, found: OpenTask) -> str:
    """The whole letter, once more, before it goes."""
    return render_template(
        "tasks/confirm.html",
        open=found,
        task=found.task,
        case=found.case,
        resident=found.case.resident,
        reference=spaced(found.case.reference),
        safety=safety_in(found.case),
        to=next((who.name for who in tasks.recipients_of(found)), "nobody"),
        goes=goes(found),
        **_letter(viewer, found, whole=True),
    )


def letter_piece(viewer: Viewer, found: OpenTask) -> str:
    """The letter alone, for the live preview."""
    return render_template("tasks/letter_piece.html", **_letter(viewer, found))


def _promises(found: OpenTask) -> list[tuple[Promise, DeadlineState]]:
    """The open promises of the case, where the form does not ask for them itself."""
    if "promise" in found.form.definition.repeated.values():
        return []
    return promises.standing(promises.open_of_case(db.session(), found.case))


def _letter(viewer: Viewer, found: OpenTask, whole: bool = False) -> dict[str, Any]:
    """The letter as it stands, with what was typed shaded; or whole, as it will go."""
    filled = tasks.preview(viewer, found)
    if filled is None:
        return {"sheet_of": None}
    sheet = {
        "landlord": deployments.landlord(found.case.landlord_id).name,
        "reference": spaced(found.case.reference),
        "date_words": "Date: the day it is sent",
        "channel_words": goes(found).sheet,
        "body": to_html(filled, preview=not whole, level=2 if whole else 3),
        "note": "" if whole else f"{SHADED} {goes(found).to}".strip(),
    }
    return {"sheet_of": sheet}


def goes(found: OpenTask) -> Goes:
    """How the letter of a task would leave now, if it has one."""
    everybody = tasks.recipients_of(found)
    if not everybody:
        nobody = "there is nobody to send it to." if found.letter else ""
        return Goes("it then goes to nobody", "goes to nobody", "", nobody)
    first, to = everybody[0], _to_whom(everybody)
    never = first.person.contact_never if first.person else ()
    only = " only" if {"email", "post"} & set(never) else ""
    if first.problem:
        held = "is held back, because no way is safe"
        return Goes("it is then held back", held, "", first.problem, to)
    if first.channel == "email":
        return Goes("it is then sent by e-mail", "goes by e-mail", f"By e-mail{only}", "", to)
    listed = "put on the print-and-post list"
    return Goes(f"it is then {listed}", f"is {listed}", f"By post{only}", "", to)


def _to_whom(everybody: list[Recipient]) -> str:
    """Whom else this goes to, when it is more than the one whose letter is shown."""
    own = [who.name for who in everybody if not who.copy_for]
    copies = [who.name for who in everybody if who.copy_for]
    told = []
    if len(own) > 1:
        others = ", ".join(own[1:])
        told.append(f"The same letter goes to {others}, with their own name and address.")
    if copies:
        told.append(f"A copy goes to {', '.join(copies)}.")
    return " ".join(told)


def bound(found: OpenTask, typed: MultiDict[str, str]) -> OpenTask:
    """The same task with its form as typed."""
    form = tasks.bind(found.deployed, found.task.form, found.case, found.instance.facts, typed)
    return replace(found, form=form)


def typed_so_far(found: OpenTask) -> dict[str, list[str]]:
    """What stands in the form as it was last shown or saved."""
    return {name: list(texts) for name, texts in found.form.typed.items()}


def _why(found: OpenTask) -> Why | None:
    """The earliest open duty over the task, which gives the task its date."""
    over = over_task(found.deployed, found.task.element)
    calendar = pinned_calendar(found.deployed.landlord.nation, found.instance.calendar_version)
    today = clock.today()
    standing = [
        (row, state)
        for row, state in cases.deadlines_of(found.case, found.deployed)
        if row.kind == "duty" and row.element in over and not row.met_on and not row.ended_at
    ]
    if not standing:
        return None
    row, state = min(standing, key=lambda pair: pair[0].due_on or date.max)
    return why_of(row, state, calendar, today)


def source_of(case: Case, deployed: Deployed, viewer: Viewer) -> str:
    """How the words of the resident reached the landlord."""
    landlord = deployments.landlord(case.landlord_id)
    taken = "you" if case.recorded_by == viewer.user_id else tasks.name_of(case.recorded_by)
    written = ", from the record before" if case.old_reference else ", written by the resident"
    by = f", taken by {taken}" if taken else written
    told = (landlord.channel_name(case.channel), full_date(case.received_on))
    return ", ".join(filter(None, told)) + by


def earlier(case: Case, deployed: Deployed) -> list[Earlier]:
    """What was submitted so far, newest first; questions without an answer are left out."""
    known = rows.ever_asked(db.session(), case)
    found = []
    for answer in reversed(answers_of(db.session(), case)):
        form = deployed.forms.get(answer.form)
        element = deployed.elements.get(answer.element)
        if form is None or element is None:
            continue
        people = people_for(form, deployed)
        said = readable_answers(form, answer.values, rows=known, people=people)
        told = [(label, text) for label, text in said if text != NOT_ANSWERED]
        who = tasks.name_of(answer.by) or "The resident"
        found.append(Earlier(element.name, who, answer.at, told))
    return found


def _judges(element: Element) -> bool:
    """Whether somebody decides here about another person's work, instead of writing a letter."""
    others = element.listed("not_the_handler_of")
    return bool(others) and not element.properties.get("writes")


def people_for(form: FormDefinition, deployed: Deployed) -> dict[str, list[tuple[str, str]]]:
    """The names of the people that a form lets one choose from."""
    return accounts.names_by_team(deployed.landlord_id, form.teams)


def first_line(person: Person) -> str:
    """The address in a few words, with the postcode."""
    return ", ".join(dict.fromkeys(filter(None, (place(person), person.postcode))))
