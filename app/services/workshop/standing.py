"""Where a played case stands, as plain data: what its page shows. Read on the stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup
from sqlalchemy import select

from app import clock
from app.db import db
from app.letters import FilledLetter, to_html
from app.models import Alert, Case, Letter, Outgoing
from app.services import actions, cases, deployments, letters, picture
from app.services.access import instance_of
from app.services.kinds import kind_of, kinds_of
from app.services.letter_words import sent_words
from app.services.picture import Picture
from app.services.references import spaced
from app.services.story_acts import Play
from app.services.workshop import beside
from app.services.workshop.acting import people_for, tasks_open
from app.services.workshop.cast import RESIDENT
from timers.deadlines import DeadlineState


@dataclass(frozen=True)
class ToDo:
    """A task, or a message, with the query that asks for its form."""

    name: str
    does: str
    who: str = ""
    kind: str = ""
    about: bool = False
    words: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Limit:
    """A deadline and how it stands."""

    name: str
    due_on: date | None
    state: DeadlineState


@dataclass(frozen=True)
class Written:
    """A letter of the case. number: from the oldest, 1; state, how: whether and how it went."""

    number: int
    title: str
    to: str
    at: datetime
    body: Markup
    state: DeadlineState
    how: str


@dataclass(frozen=True)
class Told:
    """An alert to a team."""

    at: datetime
    team: str
    text: str


@dataclass(frozen=True)
class Standing:
    """One of the cases of a play. number, of: which of how many."""

    number: int
    of: list[str]
    at: datetime
    reference: str
    kind: str
    stage: str
    status: str
    now: str
    pictures: list[Picture]
    files: dict[str, str]
    tasks: list[ToDo]
    messages: list[ToDo]
    beside: list[ToDo]  # what no diagram offers
    begins: list[ToDo]
    limits: list[Limit]
    letters: list[Written]
    alerts: list[Told]
    next_due: date | None  # the day on which the next deadline has passed


def standing(play: Play, number: int) -> Standing:
    """Raises StoryRefused for a case that there is not."""
    play.go_to(number)
    case, deployed = play.case, play.deployed
    pictures = picture.pictures(case, instance_of(case), deployed)
    elements = deployed.procedure.elements.values()
    open_tasks = tasks_open(play)
    return Standing(
        number=number,
        of=[kind_of(each).title for each in play.cases],
        at=clock.now(),
        reference=spaced(case.reference),
        kind=kind_of(case).title,
        stage=case.stage_name,
        status=case.status,
        now=cases.now_and_then(case, open_tasks, deployed)[0],
        pictures=pictures,
        files={e.process: e.file for e in elements},
        tasks=_tasks(play),
        messages=_messages(case),
        beside=_beside(case),
        begins=_begins(play),
        limits=[
            Limit(row.name, row.due_on, how) for row, how in cases.deadlines_of(case, deployed)
        ],
        letters=_letters(case),
        alerts=_alerts(case),
        next_due=_next_due(play),
    )


def _next_due(play: Play) -> date | None:
    times = [instance_of(each).next_due_at for each in play.cases]
    due = min((at for at in times if at is not None), default=None)
    return due.astimezone(clock.LONDON).date() if due else None


def _tasks(play: Play) -> list[ToDo]:
    teams = play.deployed.landlord.teams
    found = []
    for task in tasks_open(play):
        people = people_for(play, task)
        team = teams[task.team].name if task.team in teams else task.team
        alone = people[0][0] if len(people) == 1 else ""
        words = f"{people[0][1]}, {team}" if alone else team
        found.append(ToDo(task.name, task.element, alone, words=words, due_on=task.due_on))
    return found


def _messages(case: Case) -> list[ToDo]:
    staff = [ToDo(o.label, o.name, words="Staff") for o in actions.offered(case, "staff")]
    resident = actions.offered(case, "resident")
    return staff + [ToDo(o.label, o.name, RESIDENT, words="The resident") for o in resident]


def _beside(case: Case) -> list[ToDo]:
    return [
        ToDo(form.title, form.name, who, words="The resident" if who else "Staff")
        for form, who in beside.offered(case)
    ]


def _begins(play: Play) -> list[ToDo]:
    """What else can be begun about the resident of the case."""
    procedures = deployments.live(play.landlord_id).contents.procedures
    return [
        ToDo(kind.title, procedures[kind.id].start_form or "", kind=kind.id, about=True)
        for kind in kinds_of(play.landlord_id)
    ]


def letters_written(case: Case) -> list[tuple[Letter, Outgoing | None, str]]:
    """The letters of a case, each with how it was sent and to whom: the same order at each play."""
    session = db.session()
    found = [
        (row, out, letters.recipient_of(session, case, row).name)
        for row, out in letters.letters_of(session, case)
    ]
    return sorted(found, key=lambda one: (one[0].written_at, one[0].template, one[2]))


def _letters(case: Case) -> list[Written]:
    """The newest first."""
    return [
        Written(
            number,
            row.title,
            to,
            row.written_at,
            Markup(to_html(FilledLetter.from_json(row.blocks), preview=False, level=4)),
            *sent_words(row, outgoing),
        )
        for number, (row, outgoing, to) in enumerate(letters_written(case), 1)
    ][::-1]


def _alerts(case: Case) -> list[Told]:
    teams = deployments.landlord(case.landlord_id).teams
    mine = (Alert.landlord_id == case.landlord_id) & (Alert.case_id == case.id)
    return [
        Told(row.at, teams[row.team].name if row.team in teams else row.team, row.text)
        for row in db.session.scalars(select(Alert).where(mine).order_by(Alert.at.desc()))
    ]
