"""What people do in a story: fill in a form, finish a task, send a message, as they would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, false, func, select

from app import clock
from app.clock import LONDON, SetClock
from app.db import db, transaction
from app.errors import BadInput
from app.models import Case, CaseLink, Instance, Membership, Task, User
from app.models.base import new_id
from app.services import (
    accounts,
    actions,
    complaints,
    deaths,
    deployments,
    example_files,
    private_links,
    residents,
    rows,
    tasks,
)
from app.services.deployments import Deployed
from app.services.expectations import open_elements
from app.viewer import Viewer
from forms import BoundForm, FormDefinition, Rows
from timers.calendar import WorkingCalendar

MINUTES = re.compile(r"-(?P<n>\d+)min")
RELATIVE = re.compile(r"(?P<n>[+-]?\d+)(?P<unit>wd|d) (?P<time>\d\d:\d\d)")


NO_CASE = "the story does something before a case is recorded"


class StoryRefused(ValueError):
    """The file is no story: says what is wrong with it."""


NEW_CASES = (  # asked for at each step: built once
    select(CaseLink.case_id)
    .join(Case, (Case.landlord_id == CaseLink.landlord_id) & (Case.id == CaseLink.case_id))
    .where(
        CaseLink.landlord_id == bindparam("landlord"),
        CaseLink.other_id.in_(bindparam("cases", expanding=True)),
    )
    .order_by(Case.opened_at, Case.kind)
)


@dataclass
class Play:
    """A story being played: its cases in the order in which they arose, and the one it is at.

    seen: how many alerts and letters each case had after the last step on it, by case id.
    people: by e-mail address, who has acted so far. waits: there may be something to send.
    """

    landlord_id: str
    clock: SetClock
    calendar: WorkingCalendar
    today: date
    sends: bool
    key: str = field(default_factory=new_id)  # of the submission that begins the first case
    case_ids: list[str] = field(default_factory=list)
    case_id: str = ""
    refused: str = ""
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    people: dict[str, Viewer] = field(default_factory=dict)
    waits: bool = True

    @property
    def case(self) -> Case:
        case = db.session.get(Case, (self.landlord_id, self.case_id))
        if case is None:
            raise StoryRefused(NO_CASE)
        return case

    @property
    def cases(self) -> list[Case]:
        """All cases of the story, in order."""
        return [db.session.get_one(Case, (self.landlord_id, found)) for found in self.case_ids]

    @property
    def alerts_seen(self) -> int:
        return self.seen.get(self.case_id, (0, 0))[0]

    @property
    def letters_seen(self) -> int:
        return self.seen.get(self.case_id, (0, 0))[1]

    @property
    def deployed(self) -> Deployed:
        """The deployment that the case is pinned to."""
        return self.here[0]

    @property
    def here(self) -> tuple[Deployed, dict[str, Any]]:
        """The same, with the facts of the case."""
        query = select(Instance.deployment_id, Case.kind, Instance.facts).join(Instance.case)
        mine = (Instance.landlord_id == self.landlord_id) & (Instance.case_id == self.case_id)
        row = db.session.execute(query.where(mine)).first()
        if row is None:
            raise StoryRefused(NO_CASE)
        return deployments.pinned(self.landlord_id, row[0], row[1]), row[2]

    def named(self, value: Any) -> Any:
        """A value with the people in it called team/person again, as a story does."""
        if isinstance(value, dict):
            return {key: self.named(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.named(each) for each in value]
        for email, viewer in self.people.items():
            if value == viewer.user_id:
                return f"{min(viewer.teams)}/{email.partition('@')[0]}"
        return value

    def find_new_cases(self) -> None:
        """Number the cases that have arisen from those of the story."""
        which = {"landlord": self.landlord_id, "cases": self.case_ids}
        rows = db.session.scalars(NEW_CASES, which)
        self.case_ids += [found for found in rows if found not in self.case_ids]

    def go_to(self, number: int) -> None:
        """Make another case of the story the current one; the first is 1."""
        if not 1 <= number <= len(self.case_ids):
            raise StoryRefused(f"the story has no case {number} yet")
        self.case_id = self.case_ids[number - 1]


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


def act(play: Play, does: str, step: dict[str, Any]) -> None:
    """One thing that somebody does. Raises what its service raises, and StoryRefused."""
    answers = {key: answer(play, value) for key, value in step.get("answers", {}).items()}
    who = step.get("who", "resident")
    kind = _begins(play, does, step)
    if kind:
        _begin(play, kind, does, who, answers, about=bool(step.get("about")))
        return
    deployed, facts = play.here
    element = deployed.procedure.elements.get(does)
    if element is not None and element.kind == "userTask":
        viewer = staff(play, who)
        task_id, form_id = _open_task(play, does, viewer)
        if step.get("claims") == "only":
            tasks.claim(viewer, task_id)
            return
        tasks.submit(viewer, task_id, _filled(play, deployed.forms[form_id], answers, facts))
    elif does == "add_information":
        _add_information(play, answers)
    elif does == "resident_dies":
        _resident_dies(play, staff(play, who), answers)
    else:
        case = play.case
        viewer = residents.resident_viewer(case) if who == "resident" else staff(play, who)
        offer, _ = actions.open_action(viewer, case, does)
        form = _filled(play, deployed.forms[offer.form], answers, facts)
        actions.act(viewer, case, does, form)


def _begins(play: Play, does: str, step: dict[str, Any]) -> str:
    """The kind of case that a step begins; empty if it begins none.

    step.kind says which one where two kinds begin with the same form.
    """
    if play.case_id and not step.get("about"):
        return ""
    procedures = deployments.live(play.landlord_id).contents.procedures
    for kind, procedure in procedures.items():
        its_form = does in (procedure.start_form, procedure.public_form)
        if its_form and step.get("kind") in (None, kind):
            return kind
    return ""


def _begin(
    play: Play, kind: str, form_id: str, who: str, answers: dict[str, Any], about: bool
) -> None:
    """Begin a case, about the current one or as the first; it is the current one then."""
    form = _filled(play, deployments.live(play.landlord_id).forms[form_id], answers)
    key = new_id() if play.case_ids else play.key
    if who == "resident":
        if about:
            raise StoryRefused("only staff begin a case about another one")
        receipt = complaints.receive(play.landlord_id, form, key, kind=kind)
    else:
        other = play.case.reference if about else None
        viewer = staff(play, who)
        receipt = complaints.record(viewer, form, key, kind=kind, about=other)
    found = select(Case.id).where(
        Case.landlord_id == play.landlord_id, Case.reference == receipt.reference
    )
    play.case_ids.append(db.session.scalars(found).one())
    play.go_to(len(play.case_ids))


def _add_information(play: Play, answers: dict[str, Any]) -> None:
    with transaction() as session:
        case = session.get(Case, (play.landlord_id, play.case_id))
        token = new_id()
        if case is not None:
            case.link_hash = private_links.hash_token(token)
    residents.add_information(play.landlord_id, token, answers.get("text", ""), [])


def _resident_dies(play: Play, viewer: Viewer, answers: dict[str, Any]) -> None:
    """The contact's death is recorded. answers: carried_on_by, a name; without it nobody does."""
    name = answers.get("carried_on_by", "")
    details = {"name": name, "email": answers.get("email", "")}
    named = deaths.Carrier("executor", "the executor", "The will", details=details)
    carrier = named if name else deaths.Carrier(deaths.NOBODY)
    told = deaths.Told(clock.today(), name or "A neighbour")
    deaths.record(viewer, play.case.reference, play.case.resident.id, told, carrier)


def _filled(
    play: Play,
    definition: FormDefinition,
    answers: dict[str, Any],
    facts: dict[str, Any] | None = None,
) -> BoundForm:
    """The form as a person would post it. Raises BadInput with what the page would say.

    facts: of the case; None where the form begins one, of which nothing is known yet.
    """
    case = play.case if definition.repeated and facts is not None else None
    asked = rows.asked(db.session(), case, definition, facts or {})
    answers = example_files.uploaded(play.landlord_id, definition, answers)
    form = definition.bind(
        typed=definition.as_typed(_by_order(definition, answers, asked), asked),
        people=accounts.names_by_team(play.landlord_id, definition.teams),
        rows=asked,
        facts=facts or {},
        today=clock.today(),
    )
    if not form.check():
        raise BadInput(form.errors)
    return form


def _by_order(definition: FormDefinition, answers: dict[str, Any], asked: Rows) -> dict[str, Any]:
    """A story says promise_done_on__1 of the first promise on the page, whatever its id is."""
    found = {}
    for name, value in answers.items():
        key, _, number = name.partition("__")
        here = asked.get(definition.repeated.get(key, ""), ())
        of_page = number.isdecimal() and definition.repeated.get(key) in {"promise", "copy"}
        known = of_page and 0 < int(number) <= len(here)
        found[f"{key}__{here[int(number) - 1].id}" if known else name] = value
    return found


def answer(play: Play, value: Any) -> Any:
    """Values of a story as a form takes them: dates as ISO text, team/person as a user id."""
    if isinstance(value, list):
        return [answer(play, item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if re.fullmatch(r"[+-]?\d+(wd|d)", value):
            return when(f"{value} 00:00", play.today, play.calendar).date().isoformat()
        team, _, _person = value.partition("/")
        if _person and team in deployments.landlord(play.landlord_id).teams:
            return staff(play, value).user_id
    return value


def staff(play: Play, who: str) -> Viewer:
    """The colleague called team/person; made at first mention."""
    team, _, name = who.partition("/")
    if team not in deployments.landlord(play.landlord_id).teams or not name:
        raise StoryRefused(f"“{who}” is no team/person of landlord.toml")
    email = f"{name}@{play.landlord_id}.example"
    if (known := play.people.get(email)) and team in known.teams:
        return known
    user = db.session.scalar(select(User).where(User.email == email))
    if user is None:
        accounts.add_user(
            play.landlord_id,
            email=email,
            name=name.replace("_", " ").title(),
            role="staff",
            password=None,
            teams=(team,),
        )
        db.session.expire_all()
    elif team not in {membership.team for membership in user.memberships}:
        with transaction() as session:
            session.add(Membership(user_id=user.id, team=team))
        db.session.expire_all()
    user = db.session.scalars(select(User).where(User.email == email)).one()
    play.people[email] = accounts.viewer_for(user)
    return play.people[email]


def _open_task(play: Play, element: str, viewer: Viewer) -> tuple[str, str]:
    """The open task at an element, their own first; else the last one, which says who did it.

    Returns its id and its form.
    """
    query = select(Task.id, Task.form).where(
        Task.landlord_id == play.landlord_id,
        Task.case_id == play.case_id,
        Task.element == element,
    )
    task = db.session.execute(
        query.order_by(
            (Task.status == "open").desc(),
            func.coalesce(Task.claimed_by == viewer.user_id, false()).desc(),
            Task.opened_at.desc(),
        ).limit(1)
    ).first()
    if task is None:
        todo = ", ".join(open_elements(play)) or "nothing"
        raise StoryRefused(f"{element} is not to be done yet; to be done now: {todo}")
    return task[0], task[1]
