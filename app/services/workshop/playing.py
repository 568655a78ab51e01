"""Play a draft: a made-up case, by make-believe people, on a simulated clock; and keep it.

What is kept of a played case is what was done in it, as the steps of a story. Where it stands is
found out by taking the steps again on the stage; the last scenes of this process are remembered, so
that one more step is one step.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import tomlkit

from app import clock
from app.clock import LONDON
from app.db import db, transaction
from app.engine import EngineRefused
from app.errors import BadInput, ChangedMeanwhile, NotFound, PutrightError
from app.letters import FilledLetter, to_plain
from app.models import PlayedCase
from app.services import checking, deployments, expectations, paper, stories
from app.services.access import instance_of
from app.services.contents import Contents
from app.services.kinds import kinds_of
from app.services.story_acts import Play, StoryRefused
from app.services.workshop import cast, drafts, story_words
from app.services.workshop.acting import MORNING, Asked, Sheet, Typed, at_text, sheet, step_of
from app.services.workshop.drafts import Sketch
from app.services.workshop.scenes import (
    Step,
    contents_of,
    first_scene,
    on_stage,
    remember,
    scene_after,
    scene_of,
    take,
)
from app.services.workshop.stage import Scene
from app.services.workshop.standing import Standing, letters_written, standing
from app.viewer import Viewer

MOST_STEPS = 200
FIRST, LAST = date(2005, 1, 1), date(2099, 12, 31)
FURTHEST = timedelta(days=5 * 366)  # that time passes at once
STORY = re.compile(r"[a-z0-9][a-z0-9_]{0,60}")


class SheetRefused(PutrightError):
    """What was filled in does not do; the sheet has the errors."""

    http_status = 422

    def __init__(self, refused: Sheet) -> None:
        self.sheet = refused
        super().__init__(" ".join(refused.form.errors.values()))


@dataclass(frozen=True)
class Beginning:
    """A kind of case that can be begun. public_form: empty where residents cannot."""

    kind: str
    title: str
    start_form: str
    public_form: str


@dataclass(frozen=True)
class Done:
    """One step, in words."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True)
class Shown:
    """A played case as its page shows it. steps: how many are kept.

    standing: None before anything was done. trouble: why a step does not work with the draft as it
    is now; `done` ends before it.
    """

    sketch: Sketch
    steps: int
    done: list[Done]
    standing: Standing | None
    trouble: str


def problems(sketch: Sketch) -> list[str]:
    """Why a draft cannot be played yet; empty if it can."""
    return [deployments.in_words(problem) for problem in checking.errors(sketch.files)]


def beginnings(sketch: Sketch) -> list[Beginning]:
    """The kinds of case that a draft without errors has; the complaint first.

    Staff begin a kind that asks for no resident only about another case.
    """
    with on_stage(sketch, first_scene(sketch)) as play:
        procedures = deployments.live(play.landlord_id).contents.procedures
        return [
            Beginning(
                kind.id,
                kind.title,
                (procedures[kind.id].start_form or "") if kind.asks_who else "",
                procedures[kind.id].public_form or "",
            )
            for kind in kinds_of(play.landlord_id)
        ]


def shown(viewer: Viewer, draft_id: str, number: int = 0) -> Shown:
    """The viewer's played case. number: which of its cases; 0 is the last one worked on.

    Raises NotFound for a case that there is not, BadInput for a draft with errors.
    """
    sketch, steps = _sketch(viewer, draft_id), _steps(viewer, draft_id)
    if not steps:
        return Shown(sketch, 0, [], None, "")
    scene, taken, why = scene_after(sketch, steps)
    found = None
    if scene.case_ids:
        if number > len(scene.case_ids):
            raise NotFound
        with on_stage(sketch, scene) as play:
            found = standing(play, number or scene.case_ids.index(scene.case_id) + 1)
    contents = contents_of(sketch)
    done = [_in_words(contents, step) for step in steps]
    trouble = (
        f"“{done[taken].what}” does not work with the draft as it is now: {why}" if why else ""
    )
    return Shown(sketch, len(steps), done[:taken], found, trouble)


def letter(
    viewer: Viewer, draft_id: str, case: int, number: int, kind: Literal["pdf", "txt"]
) -> bytes:
    """A letter of the played case as who gets it would: on paper, or the text of an e-mail.

    case: which one, from 1; number: which letter, from the oldest, 1. Raises NotFound.
    """
    sketch = _sketch(viewer, draft_id)
    scene, _, _ = scene_after(sketch, _steps(viewer, draft_id))
    if not 1 <= case <= len(scene.case_ids):
        raise NotFound
    with on_stage(sketch, scene) as play:
        play.go_to(case)
        written = letters_written(play.case)
        if not 1 <= number <= len(written):
            raise NotFound
        row = written[number - 1][0]
        if kind == "txt":
            return to_plain(FilledLetter.from_json(row.blocks)).encode()
        return paper.pdf_of(play.case, row)


def _in_words(contents: Contents, step: Step) -> Done:
    at = datetime.fromisoformat(step["at"]).replace(tzinfo=LONDON)
    who = cast.in_words(step.get("who", "")) if step.get("does") else ""
    return Done(at, who, story_words.what_is_done(contents, step))


def form_of(viewer: Viewer, draft_id: str, asked: Asked, typed: Typed | None = None) -> Sheet:
    """The form of something to do; with what was typed so far. Raises NotFound, NotOffered."""
    _dated(asked)
    sketch, steps = _sketch(viewer, draft_id), _whole(viewer, draft_id)
    with on_stage(sketch, _scene_or_refuse(sketch, steps)) as play:
        return sheet(play, _first_only(asked, steps), typed)


def act(viewer: Viewer, draft_id: str, asked: Asked, typed: Typed, *, claims: bool = False) -> None:
    """Do it. Raises SheetRefused with what is wrong, and what form_of raises.

    claims: of a task, only take it; it stays open, and what was typed is not kept.
    """
    _dated(asked)
    sketch, steps = _sketch(viewer, draft_id), _whole(viewer, draft_id)
    with on_stage(sketch, _scene_or_refuse(sketch, steps)) as play:
        filled = sheet(play, _first_only(asked, steps), typed)
        claims = claims and filled.claimable
        if not claims and not filled.form.check():
            raise SheetRefused(filled)
        step = step_of(play, filled, claims)
        try:
            take(play, step)
        except BadInput as bad:
            filled.form.errors.update(bad.errors)
            raise SheetRefused(filled) from bad
        except (PutrightError, StoryRefused, EngineRefused) as refused:
            filled.form.errors["who"] = str(refused.__cause__ or refused)  # of Stopped: why
            raise SheetRefused(filled) from refused
        remember(sketch, [*steps, step], scene_of(play))
    _keep(viewer, draft_id, [*steps, step], seen=len(steps))


def pass_time(
    viewer: Viewer,
    draft_id: str,
    how: Literal["deadline", "working_day", "date"],
    until: date | None = None,
) -> None:
    """Let time pass: until the next deadline has passed, by a working day, or until a date.

    Raises BadInput where there is no such deadline or the date will not do.
    """
    sketch, steps = _sketch(viewer, draft_id), _whole(viewer, draft_id)
    if not steps:
        raise NotFound
    with on_stage(sketch, _scene_or_refuse(sketch, steps)) as play:
        step = {"at": at_text(_later(play, how, until))}
        try:
            take(play, step)
        except (PutrightError, EngineRefused) as refused:
            raise BadInput(
                {"how": f"Time cannot pass: {refused.__cause__ or refused}"}
            ) from refused
        remember(sketch, [*steps, step], scene_of(play))
    _keep(viewer, draft_id, [*steps, step], seen=len(steps))


def _later(play: Play, how: str, until: date | None) -> datetime:
    """Nine in the morning of the day until which time passes, or right after the deadline."""
    today = clock.today()
    if how == "deadline":
        times = [instance_of(case).next_due_at for case in play.cases]
        due = min((at for at in times if at is not None), default=None)
        if due is None:
            raise BadInput({"how": "No deadline counts now. Choose a date instead."})
        morning = datetime.combine(due.astimezone(LONDON).date(), MORNING, LONDON)
        return max(morning, due + timedelta(minutes=1), clock.now() + timedelta(minutes=1))
    day = play.calendar.working_days(1, today) if how == "working_day" else until
    if day is None or not today < day <= min(today + FURTHEST, LAST):
        said = f"Enter a date after {today.day} {today:%B %Y}, at most five years later."
        raise BadInput({"until": said})
    return datetime.combine(day, MORNING, LONDON)


def undo(viewer: Viewer, draft_id: str, seen: int) -> None:
    """Take the last step back. seen: how many there were; a second click undoes no second one."""
    sketch, steps = _sketch(viewer, draft_id), _steps(viewer, draft_id)
    _, taken, trouble = scene_after(sketch, steps)
    kept = steps[:taken] if trouble else steps[:-1]  # what no longer works goes with all after it
    if len(steps) == seen:
        _keep(viewer, draft_id, kept, seen)


def start_again(viewer: Viewer, draft_id: str) -> None:
    """Let the played case go."""
    steps = _steps(viewer, draft_id)
    _keep(viewer, draft_id, [], len(steps))


def open_story(viewer: Viewer, draft_id: str, path: str) -> int:
    """Play a story of the draft, in place of the case that the viewer played so far.

    Steps that must be refused do nothing, so they are left out; returns how many. Raises BadInput
    for a draft with errors, and for a file that is no story or names no days.
    """
    sketch, before = _sketch(viewer, draft_id), _steps(viewer, draft_id)
    try:
        steps: list[Step] = stories.read_story(sketch.files[path])["step"]
        for step in steps:
            datetime.fromisoformat(step["at"])
    except (StoryRefused, ValueError, KeyError) as refused:
        raise BadInput({"how": f"The story cannot be played here: {refused}"}) from refused
    taken = [step for step in steps if "refused" not in step.get("expect", {})]
    plain: list[Step] = json.loads(json.dumps(taken, default=str))  # a date as its text
    _keep(viewer, draft_id, plain, seen=len(before))
    return len(steps) - len(taken)


def save(viewer: Viewer, draft_id: str, name: str, title: str, *, replaces: bool = False) -> str:
    """Keep the played case as a story of the draft; returns its path.

    What holds now after each step is what must hold from here on; of a story that was opened also
    whatever else it expected. replaces: a story of that name. Raises BadInput by field.
    """
    sketch, steps = _sketch(viewer, draft_id), _whole(viewer, draft_id)
    path, errors = f"stories/{name}.toml", {}
    if not STORY.fullmatch(name):
        errors["name"] = "Use small letters, digits and _, such as late_at_stage_one."
    elif path in sketch.files and not replaces:
        errors["name"] = "The draft has a story of that name. Choose another, or tick below."
    if not title.strip():
        errors["title"] = "Say in a sentence what the story shows."
    if not steps:
        errors["name"] = "Nothing was played yet."
    if errors:
        raise BadInput(errors)
    story = {"landlord": viewer.landlord_id, "title": title.strip()[:200]}
    if path in sketch.files and (cites := stories.read_story(sketch.files[path]).get("policy")):
        story["policy"] = cites
    body = tomlkit.dumps(story | {"step": _with_expectations(sketch, steps)}).encode()
    with on_stage(sketch, first_scene(sketch)):
        if failures := stories.play(stories.read_story(body)).failures:
            said = f"Played again it went another way: {'; '.join(failures)}"
            raise BadInput({"name": said})
    drafts.put(viewer, draft_id, path, body)
    return path


def _with_expectations(sketch: Sketch, steps: list[Step]) -> list[Step]:
    found = []
    with on_stage(sketch, first_scene(sketch)) as play:
        for step in steps:
            stories.go_on(play, step)
            holds = _still(play, step.get("expect", {})) | _holds(play, last=step is steps[-1])
            found.append(step | {"expect": holds})
            stories.look(play)
            db.session.expire_all()
    return found


def _still(play: Play, expected: Step) -> Step:
    """What holds now of the things that a step of an opened story expected."""
    found = {name: expectations.EXPECTATIONS[name](play, was) for name, was in expected.items()}
    known = {
        name: {key: each for key, each in value.items() if each is not None}
        if isinstance(value, dict)
        else value
        for name, value in found.items()
    }
    return {name: play.named(value) for name, value in known.items() if value not in (None, {})}


def _holds(play: Play, last: bool) -> Step:
    """What a story may say of the case as it is: all of it after the last step."""
    look = expectations.EXPECTATIONS
    holds: Step = {"open": look["open"](play, None)}
    for name in ("letters", "alerts"):
        if found := look[name](play, None):
            holds[name] = found
    if last:
        holds |= {name: look[name](play, None) for name in ("status", "stage", "outcome")}
        running = expectations.running(play)
        holds["deadlines"] = look["deadlines"](play, dict.fromkeys(running))
    return {name: value for name, value in holds.items() if name == "open" or value}


# --- the steps that are kept, and the scenes they lead to ----------------------------------------


def _sketch(viewer: Viewer, draft_id: str) -> Sketch:
    sketch = drafts.get(viewer, draft_id)
    if found := problems(sketch):
        raise BadInput({"draft": f"This draft cannot be played yet. {found[0]}"})
    return sketch


def _steps(viewer: Viewer, draft_id: str) -> list[Step]:
    row = db.session.get(PlayedCase, (viewer.landlord_id, draft_id, viewer.user_id))
    return list(row.steps) if row else []


def _whole(viewer: Viewer, draft_id: str) -> list[Step]:
    steps = _steps(viewer, draft_id)
    if len(steps) >= MOST_STEPS:
        raise BadInput({"how": f"A played case has at most {MOST_STEPS} steps. Start again."})
    return steps


def _keep(viewer: Viewer, draft_id: str, steps: list[Step], seen: int) -> None:
    """Raises ChangedMeanwhile if the case was played on in another window."""
    key = (viewer.landlord_id, draft_id, viewer.user_id)
    with transaction() as session:
        row = session.get(PlayedCase, key, with_for_update=True)
        if len(row.steps if row else ()) != seen:
            raise ChangedMeanwhile
        if row is None:
            names = ("landlord_id", "draft_id", "user_id")
            row = PlayedCase(**dict(zip(names, key, strict=True)))
            session.add(row)
        row.steps, row.changed_at = steps, clock.now()


def _dated(asked: Asked) -> None:
    if asked.on and not FIRST <= asked.on <= LAST:
        raise BadInput({"on": f"Enter a date from {FIRST.year} to {LAST.year}."})


def _first_only(asked: Asked, steps: list[Step]) -> Asked:
    """Only the first step says on which day it is, and the first must."""
    if bool(steps) == bool(asked.on) or (steps and asked.kind and not asked.about):
        raise NotFound
    return asked


def _scene_or_refuse(sketch: Sketch, steps: list[Step]) -> Scene:
    scene, _, trouble = scene_after(sketch, steps)
    if trouble:
        raise BadInput({"how": trouble})
    return scene
