"""Play a draft: a made-up case, by make-believe people, on a simulated clock; and keep it.

What is kept of a played case is what was done in it, as the steps of a story. Where it stands is
found out by taking the steps again on the stage; the last scenes of this process are remembered, so
that one more step is one step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from app import clock
from app.clock import LONDON
from app.db import db, transaction
from app.engine import EngineRefused
from app.errors import BadInput, ChangedMeanwhile, NotFound, PutrightError
from app.letters import FilledLetter, to_plain
from app.models import PlayedCase
from app.services import checking, deployments, paper
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
    sketch, steps = playable(viewer, draft_id), steps_of(viewer, draft_id)
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
    sketch = playable(viewer, draft_id)
    scene, _, _ = scene_after(sketch, steps_of(viewer, draft_id))
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
    sketch, steps = playable(viewer, draft_id), whole(viewer, draft_id)
    scene, taken, _ = scene_after(sketch, steps)
    with on_stage(sketch, scene) as play:
        return sheet(play, _first_only(asked, steps[:taken]), typed)


def act(viewer: Viewer, draft_id: str, asked: Asked, typed: Typed, *, claims: bool = False) -> None:
    """Do it. Raises SheetRefused with what is wrong, and what form_of raises.

    Where a step does not work with the draft any more, it is done before that step.
    claims: of a task, only take it; it stays open, and what was typed is not kept.
    """
    _dated(asked)
    sketch, steps = playable(viewer, draft_id), whole(viewer, draft_id)
    scene, taken, _ = scene_after(sketch, steps)
    done, to_come = steps[:taken], steps[taken:]
    with on_stage(sketch, scene) as play:
        filled = sheet(play, _first_only(asked, done), typed)
        claims = claims and filled.claimable
        if not claims and not filled.form.check():
            raise SheetRefused(filled)
        step = step_of(play, filled, claims)
        if to_come:
            step["at"] = min(step["at"], to_come[0]["at"])
        try:
            take(play, step)
        except BadInput as bad:
            filled.form.errors.update(bad.errors)
            raise SheetRefused(filled) from bad
        except (PutrightError, StoryRefused, EngineRefused) as refused:
            filled.form.errors["who"] = str(refused.__cause__ or refused)  # of Stopped: why
            raise SheetRefused(filled) from refused
        remember(sketch, [*done, step], scene_of(play))
    keep(viewer, draft_id, [*done, step, *to_come], seen=len(steps))


def pass_time(
    viewer: Viewer,
    draft_id: str,
    how: Literal["deadline", "working_day", "date"],
    until: date | None = None,
) -> None:
    """Let time pass: until the next deadline has passed, by a working day, or until a date.

    Raises BadInput where there is no such deadline or the date will not do.
    """
    sketch, steps = playable(viewer, draft_id), whole(viewer, draft_id)
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
    keep(viewer, draft_id, [*steps, step], seen=len(steps))


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
    sketch, steps = playable(viewer, draft_id), steps_of(viewer, draft_id)
    _, taken, trouble = scene_after(sketch, steps)
    kept = steps[:taken] if trouble else steps[:-1]  # what no longer works goes with all after it
    if len(steps) == seen:
        keep(viewer, draft_id, kept, seen)


def start_again(viewer: Viewer, draft_id: str) -> None:
    """Let the played case go."""
    steps = steps_of(viewer, draft_id)
    keep(viewer, draft_id, [], len(steps))


# --- the steps that are kept, and the scenes they lead to ----------------------------------------


def playable(viewer: Viewer, draft_id: str) -> Sketch:
    """A draft without errors. Raises BadInput for another."""
    sketch = drafts.get(viewer, draft_id)
    if found := problems(sketch):
        raise BadInput({"draft": f"This draft cannot be played yet. {found[0]}"})
    return sketch


def steps_of(viewer: Viewer, draft_id: str) -> list[Step]:
    """What the viewer has played of a draft so far."""
    row = db.session.get(PlayedCase, (viewer.landlord_id, draft_id, viewer.user_id))
    return list(row.steps) if row else []


def whole(viewer: Viewer, draft_id: str) -> list[Step]:
    """The same. Raises BadInput where no further step has room."""
    steps = steps_of(viewer, draft_id)
    if len(steps) >= MOST_STEPS:
        raise BadInput({"how": f"A played case has at most {MOST_STEPS} steps. Start again."})
    return steps


def story_of(viewer: Viewer, draft_id: str) -> str:
    """The path of the story that the played case was opened from or saved as; "" for none."""
    row = db.session.get(PlayedCase, (viewer.landlord_id, draft_id, viewer.user_id))
    return (row.story if row else None) or ""


def keep(
    viewer: Viewer, draft_id: str, steps: list[Step], seen: int, story: str | None = None
) -> None:
    """Keep what was played; story: the path of the one that it is from now on.

    Raises ChangedMeanwhile if the case was played on in another window.
    """
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
        row.story = (story or row.story) if steps else None


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
