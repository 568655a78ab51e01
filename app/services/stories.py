"""Stories: cases told as data, played through the real engine, forms and services.

The same format is an acceptance test, a demo case, a training example and an owner's guard.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select

from app import clock
from app.clock import LONDON, SetClock
from app.db import db, transaction
from app.errors import BadInput, NotForYou, NotOffered, PutrightError, TaskIsOver
from app.models import Case, Membership, Task, User
from app.models.base import new_id
from app.services import (
    accounts,
    actions,
    complaints,
    deployments,
    outbox,
    points,
    residents,
    sweep,
    tasks,
)
from app.services.access import instance_of
from app.services.calendars import calendar_of
from app.services.expectations import EXPECTATIONS, alerts, letters, open_elements
from app.viewer import Viewer
from forms import BoundForm
from forms import Point as FormPoint
from timers.calendar import WorkingCalendar

MINUTES = re.compile(r"-(?P<n>\d+)min")
RELATIVE = re.compile(r"(?P<n>[+-]?\d+)(?P<unit>wd|d) (?P<time>\d\d:\d\d)")
NO_SIGN_IN = "story-people-do-not-sign-in"


class StoryRefused(ValueError):
    """The file is no story: says what is wrong with it."""


@dataclass
class Played:
    """What happened: one row a step, and what did not hold."""

    title: str
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)  # at, who, does, then
    failures: list[str] = field(default_factory=list)
    reference: str = ""


@dataclass
class _Play:
    """A story being played on one case."""

    landlord_id: str
    clock: SetClock
    calendar: WorkingCalendar
    today: date
    played: Played
    sends: bool
    key: str = field(default_factory=new_id)  # of the submission that begins the case
    case_id: str = ""
    refused: str = ""
    alerts_seen: int = 0
    letters_seen: int = 0

    @property
    def case(self) -> Case:
        case = db.session.get(Case, (self.landlord_id, self.case_id))
        if case is None:
            raise StoryRefused("the story does something before the complaint is recorded")
        return case


def read_story(body: bytes) -> dict[str, Any]:
    """Parse a story. Raises StoryRefused."""
    try:
        story = tomllib.loads(body.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise StoryRefused(str(problem)) from problem
    for key in ("landlord", "title", "step"):
        if key not in story:
            raise StoryRefused(f"the story has no {key}")
    if unknown := [e for s in story["step"] for e in s.get("expect", {}) if e not in EXPECTATIONS]:
        raise StoryRefused(f"unknown expectations: {', '.join(unknown)}")
    return story


def play(
    story: dict[str, Any],
    today: date | None = None,
    until: datetime | None = None,
    sends: bool = True,
    key: str = "",
) -> Played:
    """Play a story on the app's clock, which must be a SetClock. Stops at the first failure.

    today: what relative dates ("-12wd 10:15") count from; the clock's own date by default.
    until: steps after this instant are not played, and time then passes up to it.
    sends: whether letters leave the house, too. key: of the case, to know it by; see demo.py.
    """
    story_clock = current_app.extensions["clock"]
    if not isinstance(story_clock, SetClock):
        raise StoryRefused("stories need an app whose clock can be moved")
    landlord_id = story["landlord"]
    calendar = calendar_of(deployments.landlord(landlord_id).nation)
    played = Played(story["title"])
    state = _Play(landlord_id, story_clock, calendar, today or clock.today(), played, sends)
    state.key = key or state.key
    for number, step in enumerate(story["step"], 1):
        at = _instant(step["at"], state, until)
        if until is not None and at > until:
            break
        _let_time_pass(state, at)
        _act(state, step)
        _see_to_post(state, step, until)
        told = [*_failures(state, step.get("expect", {}))]
        played.failures += [f"step {number}, {step['at']}: {failure}" for failure in told]
        played.rows.append(
            (
                f"{at:%a %d %b %Y %H:%M}",
                step.get("who", ""),
                step.get("does", "time passes"),
                state.refused or _standing(state),
            )
        )
        if told:
            break
    if state.case_id:
        if until is not None:
            _let_time_pass(state, until)
        played.reference = state.case.reference
    return played


def _instant(text: str, state: _Play, until: datetime | None) -> datetime:
    """As `when`; and "-90min" is so long before the end of a demo, whatever the time of day."""
    if match := MINUTES.fullmatch(text):
        end = until or datetime.combine(state.today, time(12), LONDON)
        return end.astimezone(LONDON) - timedelta(minutes=int(match["n"]))
    return when(text, state.today, state.calendar)


def when(text: str, today: date, calendar: WorkingCalendar) -> datetime:
    """An instant of a story in London: "2023-12-21 10:15", or "-12wd 10:15" from today."""
    if match := RELATIVE.fullmatch(text):
        n = int(match["n"])
        day = today + timedelta(days=n) if match["unit"] == "d" else today
        if match["unit"] == "wd" and n:
            day = calendar.working_days(n, today)
        return datetime.combine(day, time.fromisoformat(match["time"]), LONDON)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=LONDON)
    except ValueError as wrong:
        raise StoryRefused(f"“{text}” is no time, like 2023-12-21 10:15 or -12wd 10:15") from wrong


def _let_time_pass(state: _Play, at: datetime) -> None:
    """Fire every deadline of this case at its own instant, as a punctual server would."""
    while state.case_id:
        due = instance_of(state.case).next_due_at
        if due is None or due > at.astimezone(UTC):
            break
        state.clock.move_to(max(due, state.clock()))
        sweep.fire(sweep.Due(state.landlord_id, instance_of(state.case).id))
        _send(state)
    state.clock.move_to(at)
    _send(state)


def _send(state: _Play) -> None:
    if state.sends:
        outbox.send_due(state.landlord_id)


def _see_to_post(state: _Play, step: dict[str, Any], until: datetime | None) -> None:
    """E-mail leaves at once, post on the same day; of the last day of a demo it is still to do."""
    _send(state)
    who = step.get("who", "resident")
    last_day = until is not None and clock.today() == until.astimezone(LONDON).date()
    if not state.sends or not state.case_id or who == "resident" or last_day:
        return
    viewer = _staff(state, who)
    for row in outbox.page(viewer).to_post:
        if row.case.id == state.case_id:
            outbox.mark_posted(viewer, row.outgoing.id, clock.today())


def _act(state: _Play, step: dict[str, Any]) -> None:
    state.refused = ""
    does = step.get("does")
    if not does:
        return
    try:
        _do(state, does, step)
    except (PutrightError, StoryRefused) as refused:
        state.refused = _refusal(refused)
        wanted = step.get("expect", {}).get("refused")
        if wanted is None:
            state.played.failures.append(f"{step['at']} {does}: refused: {refused}")


def _refusal(refused: Exception) -> str:
    """The word with which `expect.refused` names an error."""
    match refused:
        case NotForYou():
            return refused.rule
        case NotOffered():
            return "not_offered"
        case TaskIsOver():
            return "over"
        case BadInput():
            return "form: " + ", ".join(f"{k} ({v})" for k, v in refused.errors.items())
    return type(refused).__name__


def _do(state: _Play, does: str, step: dict[str, Any]) -> None:
    deployed = deployments.live(state.landlord_id)
    procedure = deployed.procedure
    answers = {key: _answer(state, value) for key, value in step.get("answers", {}).items()}
    who = step.get("who", "resident")
    if does in (procedure.start_form, procedure.public_form) and not state.case_id:
        form = _filled(deployed.forms[does], answers, state)
        if who == "resident":
            receipt = complaints.receive(state.landlord_id, form, state.key)
        else:
            receipt = complaints.record(_staff(state, who), form, state.key)
        found = select(Case.id).where(
            Case.landlord_id == state.landlord_id, Case.reference == receipt.reference
        )
        state.case_id = db.session.scalar(found) or ""
    elif does in procedure.elements and procedure.elements[does].kind == "userTask":
        viewer = _staff(state, who)
        task = _open_task(state, does)
        if step.get("claims") == "only":
            tasks.claim(viewer, task.id)
            return
        form = _filled(pinned_form(state, task.form), answers, state)
        tasks.submit(viewer, task.id, form)
    elif does == "add_information":
        _add_information(state, answers)
    else:
        viewer = residents.resident_viewer(state.case) if who == "resident" else _staff(state, who)
        offer, _ = actions.open_action(viewer, state.case, does)
        form = _filled(pinned_form(state, offer.form), answers, state)
        actions.act(viewer, state.case, does, form)


def pinned_form(state: _Play, form: str) -> Any:
    """A form of the deployment that the case is pinned to."""
    instance = instance_of(state.case)
    return deployments.of_instance(instance).forms[form]


def _add_information(state: _Play, answers: dict[str, Any]) -> None:
    with transaction() as session:
        case = session.get(Case, (state.landlord_id, state.case_id))
        token = new_id()
        if case is not None:
            case.link_hash = complaints.hash_token(token)
    residents.add_information(state.landlord_id, token, answers.get("text", ""), [])


def _filled(definition: Any, answers: dict[str, Any], state: _Play) -> BoundForm:
    """The form as a person would post it. Raises BadInput with what the page would say."""
    known = points.of_case(db.session(), state.case) if state.case_id else []
    asked = [FormPoint(str(point.n), point.text) for point in known]
    form: BoundForm = definition.bind(
        typed=definition.as_typed(answers, asked),
        people={
            team: [(u.id, u.name) for u in accounts.people_of(state.landlord_id, team)]
            for team in deployments.landlord(state.landlord_id).teams
        },
        points=asked,
        facts=instance_of(state.case).facts if state.case_id else {},
        today=clock.today(),
    )
    if not form.check():
        raise BadInput(form.errors)
    return form


def _answer(state: _Play, value: Any) -> Any:
    """Values of a story as a form takes them: dates as ISO text, team/person as a user id."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if re.fullmatch(r"[+-]?\d+(wd|d)", value):
            return when(f"{value} 00:00", state.today, state.calendar).date().isoformat()
        team, _, _person = value.partition("/")
        if team in deployments.landlord(state.landlord_id).teams and _person:
            return _staff(state, value).user_id
    return value


def _staff(state: _Play, who: str) -> Viewer:
    """The colleague called team/person; made at first mention."""
    team, _, name = who.partition("/")
    if team not in deployments.landlord(state.landlord_id).teams or not name:
        raise StoryRefused(f"“{who}” is no team/person of landlord.toml")
    email = f"{name}@{state.landlord_id}.example"
    user = db.session.scalar(select(User).where(User.email == email))
    if user is None:
        accounts.add_user(
            state.landlord_id,
            email=email,
            name=name.replace("_", " ").title(),
            role="staff",
            password=NO_SIGN_IN,
            teams=(team,),
        )
    elif team not in {membership.team for membership in user.memberships}:
        with transaction() as session:
            session.add(Membership(user_id=user.id, team=team))
    db.session.expire_all()
    return accounts.viewer_for(db.session.scalars(select(User).where(User.email == email)).one())


def _open_task(state: _Play, element: str) -> Task:
    """The open task at an element; else the last one, whose page says who finished it."""
    query = select(Task).where(
        Task.landlord_id == state.landlord_id,
        Task.case_id == state.case_id,
        Task.element == element,
    )
    task = db.session.scalar(
        query.order_by((Task.status == "open").desc(), Task.opened_at.desc()).limit(1)
    )
    if task is None:
        raise StoryRefused(f"there is no task {element} yet; open: {open_elements(state)}")
    return task


def _standing(state: _Play) -> str:
    if not state.case_id:
        return ""
    case = state.case
    at = ", ".join(open_elements(state)) or "nothing open"
    return f"{case.stage_name or 'no stage'}, {case.status}: {at}"


# --- what must hold ------------------------------------------------------------------------------


def _failures(state: _Play, expect: dict[str, Any]) -> list[str]:
    db.session.expire_all()
    told = []
    for name, wanted in expect.items():
        if name == "refused":
            found: Any = state.refused
            holds = bool(found) and (wanted is True or str(found).startswith(str(wanted)))
        else:
            found = EXPECTATIONS[name](state, wanted)
            holds = found == _plain(state, wanted)
        if not holds:
            told.append(f"expected {name} {_plain(state, wanted)!r}, found {found!r}")
    if state.refused and "refused" not in expect:
        told.append(f"refused: {state.refused}")
    if state.case_id:
        state.alerts_seen, state.letters_seen = len(alerts(state)), len(letters(state))
    return told


def _plain(state: _Play, wanted: Any) -> Any:
    if isinstance(wanted, dict):
        return {key: _plain(state, value) for key, value in wanted.items()}
    return _answer(state, wanted) if not isinstance(wanted, list) else sorted(wanted)
