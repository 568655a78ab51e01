"""One thing that is done in a played case: its real form, and the step of a story it becomes.

All of it happens on the stage: services.workshop.stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app import clock
from app.clock import LONDON
from app.db import db
from app.engine import Element
from app.errors import NotFound
from app.models import Task
from app.services import actions, deployments, example_files, residents, rows, story_acts, tasks
from app.services.access import instance_of
from app.services.complaints import PERSON_FIELDS
from app.services.story_acts import Play
from app.services.workshop import beside, cast
from app.services.workshop.cast import RESIDENT
from app.viewer import Viewer
from forms import BoundForm, Field, Rows

Typed = MultiDict[str, str]
MORNING = time(9)
TICK = timedelta(minutes=10)  # from one thing that is done to the next


@dataclass(frozen=True)
class Asked:
    """What somebody wants to do next in a played case.

    does: a start form, a task's element, or a message. who: "resident", "team/person", or nobody
    yet. kind: of the case that it begins; about: the current one. on: the day of the first step.
    case: which of the cases, from 1.
    """

    does: str
    who: str = ""
    kind: str = ""
    about: bool = False
    on: date | None = None
    case: int = 1


@dataclass(frozen=True)
class Sheet:
    """A form as it lies before a make-believe person.

    people: who can be chosen to do it, each (team/person, words). claimable: it is a task that
    nobody has yet.
    """

    asked: Asked
    form: BoundForm
    title: str
    says: str
    people: list[tuple[str, str]]
    rows: Rows = field(default_factory=dict)
    claimable: bool = False

    @property
    def of_resident(self) -> bool:
        return self.asked.who == RESIDENT


def sheet(play: Play, asked: Asked, typed: Typed | None) -> Sheet:
    """The form of what is asked. Raises NotFound, and NotOffered for what is not open now."""
    if asked.on:
        play.clock.move_to(datetime.combine(asked.on, MORNING, LONDON))
    if asked.kind:
        return _beginning(play, asked, typed)
    play.go_to(asked.case)
    element = play.deployed.procedure.elements.get(asked.does)
    if element is not None and element.kind == "userTask":
        return _task(play, asked, element, typed)
    if asked.does in beside.FORMS:
        return _beside(play, asked, typed)
    return _message(play, asked, typed)


def _beginning(play: Play, asked: Asked, typed: Typed | None) -> Sheet:
    live = deployments.live(play.landlord_id, asked.kind)
    resident = asked.who == RESIDENT
    if asked.does != (live.procedure.public_form if resident else live.procedure.start_form):
        raise NotFound
    known = {}
    if asked.about:
        play.go_to(asked.case)
        known = {key: getattr(play.case.resident, name) for key, name in PERSON_FIELDS.items()}
    form = tasks.bind(live, asked.does, None, {}, typed, None if typed else _draft(known))
    people = [] if resident else _everybody(play)
    start = live.procedure.start
    return Sheet(_by(asked, people), form, form.definition.title, start.documentation, people)


def _draft(known: dict[str, Any]) -> dict[str, Any] | None:
    return {key: [value] for key, value in known.items() if isinstance(value, str)} or None


def _task(play: Play, asked: Asked, element: Element, typed: Typed | None) -> Sheet:
    open_ = [task for task in tasks_open(play) if task.element == element.id]
    task = next((t for t in open_ if cast.who_is(t.claimed_by) in ("", asked.who)), None)
    task = task or next(iter(open_), None)
    if task is None:
        raise NotFound
    facts = instance_of(play.case).facts
    form = tasks.bind(play.deployed, task.form, play.case, facts, typed)
    people = people_for(play, task)
    asked_rows = rows.asked(db.session(), play.case, form.definition, facts)
    asked = _by(asked, people, _first_allowed(play, task, people))
    free = task.claimed_by is None
    return Sheet(asked, form, task.name, element.documentation, people, asked_rows, free)


def _beside(play: Play, asked: Asked, typed: Typed | None) -> Sheet:
    found = {form.name: (form, who) for form, who in beside.offered(play.case)}
    if asked.does not in found:
        raise NotFound
    definition, who = found[asked.does]
    people = [] if who else _everybody(play)
    form = definition.bind(typed=typed, today=clock.today())
    asked = replace(asked, who=who) if who else _by(asked, people)
    return Sheet(asked, form, definition.title, "", people)


def _message(play: Play, asked: Asked, typed: Typed | None) -> Sheet:
    resident = asked.who == RESIDENT
    viewer = residents.resident_viewer(play.case) if resident else _somebody(play)
    offer, form = actions.open_action(viewer, play.case, asked.does, typed)
    people = [] if resident else _everybody(play)
    facts = instance_of(play.case).facts
    asked_rows = rows.asked(db.session(), play.case, form.definition, facts)
    says = play.deployed.elements[offer.element].documentation
    return Sheet(_by(asked, people), form, offer.label, says, people, asked_rows)


def _by(asked: Asked, people: list[tuple[str, str]], otherwise: str = "") -> Asked:
    """The same with somebody who does it: as chosen, if that is somebody who can be chosen."""
    if not people or asked.who in dict(people):
        return asked
    return replace(asked, who=otherwise or people[0][0])


def _somebody(play: Play) -> Viewer:
    return story_acts.staff(play, _everybody(play)[0][0])


def _everybody(play: Play) -> list[tuple[str, str]]:
    teams = deployments.landlord(play.landlord_id).teams
    return [
        (who, f"{cast.in_words(who)}, {teams[team].name}")
        for team, people in cast.names_of(play.landlord_id).items()
        for who in people
    ]


def people_for(play: Play, task: Task) -> list[tuple[str, str]]:
    """Who can be asked to do a task: whoever has it, else the people of its team."""
    if who := cast.who_is(task.claimed_by):
        return [(who, cast.in_words(who))]
    return [each for each in _everybody(play) if each[0].startswith(f"{task.team}/")]


def _first_allowed(play: Play, task: Task, people: list[tuple[str, str]]) -> str:
    for who, _ in people:
        if not tasks.reason_against(play.deployed, task, story_acts.staff(play, who)):
            return who
    return ""


def tasks_open(play: Play) -> list[Task]:
    """The open tasks of the current case, the nearest date first."""
    query = select(Task).where(
        Task.landlord_id == play.landlord_id, Task.case_id == play.case_id, Task.status == "open"
    )
    return list(db.session.scalars(query.order_by(Task.due_on, Task.opened_at, Task.id)))


def step_of(play: Play, done: Sheet, claims: bool = False) -> dict[str, Any]:
    """The step of a story that a checked sheet becomes; claims: the task is taken and left open."""
    asked, at = done.asked, clock.now() if done.asked.on else clock.now() + TICK
    step: dict[str, Any] = {"at": at_text(at), "who": asked.who, "does": asked.does}
    if asked.kind:
        step["kind"] = asked.kind
    if asked.about:
        step["about"] = True
    if len(play.case_ids) > 1:
        step["case"] = asked.case
    if claims:
        step["claims"] = "only"
    elif answers := _answers(done):
        step["answers"] = answers
    return step


def at_text(at: datetime) -> str:
    """An instant as a story writes it, in London."""
    return f"{at.astimezone(LONDON):%Y-%m-%d %H:%M}"


def _answers(done: Sheet) -> dict[str, Any]:
    """What was answered, as a story writes it: people by name, promises by their place."""
    form, found = done.form, {}
    for asked in form.applicable:
        value = form.answers.get(asked.key)
        if asked.equality:  # kept in lists, as they are counted
            chosen = form.equality.get(asked.key, [])
            value = chosen if asked.is_list else next(iter(chosen), "")
        if value not in (None, "", [], False):
            found[_key(asked, done)] = _value(asked, value)
    return found


def _key(asked: Field, done: Sheet) -> str:
    key, _, id = asked.key.partition("__")
    each = done.form.definition.repeated.get(key, "")
    ids = [str(row.id) for row in done.rows.get(each, ())]
    return f"{key}__{ids.index(id) + 1}" if each in {"promise", "copy"} and id in ids else asked.key


def _value(asked: Field, value: Any) -> Any:
    if asked.type == "filepicker":
        return [example_files.BY_ID[id] for id in value if id in example_files.BY_ID]
    if "person" not in asked.properties and not asked.panel:
        return value
    return [cast.who_is(id) for id in value] if isinstance(value, list) else cast.who_is(value)
