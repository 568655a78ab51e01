"""The stories of a draft: what they tell, whether they hold, how one that does not is mended."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.errors import BadInput, NotFound, NotOffered
from app.models import Job, StoriesPlayed
from app.services.operations import jobs
from app.services.stories import read_story
from app.services.story_acts import StoryRefused
from app.services.workshop import drafts, keeping, retelling, story_words, trials
from app.services.workshop.drafts import Sketch
from app.services.workshop.retelling import Added
from app.services.workshop.stories import paths_of
from app.services.workshop.story_words import Broken
from app.web.policy import allow, viewer
from app.web.workshop.saving import may_change

bp = Blueprint("stories", __name__)
FOLDER = "/procedures/drafts/<draft_id>/stories"


@dataclass(frozen=True)
class Told:
    """What is known of a draft's stories. job: playing them now, or none; errors: of lint.

    added: what stories have to do that they do not do yet.
    """

    played: StoriesPlayed | None
    broken: list[Broken]
    added: list[Added]
    job: Job | None
    errors: int
    may_change: bool


def played_so_far(sketch: Sketch) -> Told:
    """What came of the stories of a draft as it is, or is being found out."""
    played = trials.result(sketch.row.landlord_id, sketch.files)
    broken = story_words.broken(played, sketch.contents) if played else []
    return Told(
        played,
        broken,
        retelling.to_be_added(broken, sketch.files),
        trials.running(sketch.row),
        trials.errors_of(sketch),
        may_change(viewer(), sketch),
    )


@bp.get(FOLDER)
@allow("approve_procedures")
def every(draft_id: str) -> ResponseReturnValue:
    """All stories, each with whether it holds."""
    return _list(draft_id, {})


def _list(draft_id: str, errors: dict[str, str]) -> ResponseReturnValue:
    sketch = drafts.get(viewer(), draft_id)
    told = played_so_far(sketch)
    page = render_template(
        "workshop/stories.html",
        sketch=sketch,
        here="stories",
        errors=errors,
        told=told,
        rows=[
            (path, story_words.name_of(path), _title(sketch, path))
            for path in paths_of(sketch.files)
        ],
        wrong={one.path for one in told.broken},
    )
    return page, 422 if errors else 200


def _title(sketch: Sketch, path: str) -> str:
    try:
        return str(read_story(sketch.files[path])["title"])
    except StoryRefused:
        return path


@bp.get(f"{FOLDER}/<name>")
@allow("approve_procedures")
def story(draft_id: str, name: str) -> ResponseReturnValue:
    """One story, to be read: who does what when, and what must hold then."""
    sketch, path = _found(draft_id, name)
    told, why, read = played_so_far(sketch), "", None
    try:
        read = read_story(sketch.files[path])
    except StoryRefused as refused:
        why = str(refused)
    return render_template(
        "workshop/story.html",
        sketch=sketch,
        here="stories",
        told=told,
        broken=[one for one in told.broken if one.path == path],
        name=name,
        path=path,
        why=why,
        story=read or {"title": path},
        steps=story_words.steps(read, sketch.contents) if read and not told.errors else [],
    )


def _found(draft_id: str, name: str) -> tuple[Sketch, str]:
    sketch, path = drafts.get(viewer(), draft_id), f"stories/{name}.toml"
    if path not in sketch.files:
        raise NotFound
    return sketch, path


@bp.post(f"{FOLDER}/<name>/open")
@allow("own_procedures")
def open_in_play(draft_id: str, name: str) -> ResponseReturnValue:
    """Play it, to see where it stands or to let it go another way."""
    _, path = _found(draft_id, name)
    try:
        left_out = keeping.open_story(viewer(), draft_id, path)
    except BadInput as bad:
        return _list(draft_id, {"stories": " ".join(bad.errors.values())})
    if left_out:
        steps = "A step" if left_out == 1 else f"{left_out} steps"
        flash(f"{steps} in which somebody must be refused cannot be played here: left out.")
    return redirect(url("playing.play", draft_id=draft_id), 303)


@bp.post(f"{FOLDER}/<name>/remove")
@allow("own_procedures")
def remove(draft_id: str, name: str) -> ResponseReturnValue:
    """Take a story out of the draft."""
    sketch, path = _found(draft_id, name)
    drafts.remove(viewer(), draft_id, path, sketch.row.revision)
    flash("The story is taken out of the draft. The overview can put it back.")
    return redirect(url(".every", draft_id=draft_id), 303)


@bp.post(f"{FOLDER}/play")
@allow("approve_procedures")
def play(draft_id: str) -> ResponseReturnValue:
    """Play them all."""
    trials.ask(viewer(), draft_id)
    return redirect(url(".every", draft_id=draft_id), 303)


@bp.post(f"{FOLDER}/play/<job_id>/cancel")
@allow("approve_procedures")
def cancel(draft_id: str, job_id: str) -> ResponseReturnValue:
    """Play no more of them; what has been found is not kept."""
    jobs.cancel(viewer(), trials.JOB, job_id)
    return redirect(url(".every", draft_id=draft_id), 303)


@bp.post(f"{FOLDER}/take-over")
@allow("own_procedures")
def take_over(draft_id: str) -> ResponseReturnValue:
    """Let stories expect what was found."""
    paths, seen = request.form.getlist("path"), request.form.get("seen", 0, int)
    try:
        count = retelling.take_over(viewer(), draft_id, paths, seen)
    except NotOffered as refused:
        return _list(draft_id, {"stories": refused.message})
    expect = "story expects" if count == 1 else "stories expect"
    flash(f"{count} {expect} now what was found. All stories are being played again.")
    return redirect(url(".every", draft_id=draft_id), 303)


@bp.post(f"{FOLDER}/add-step")
@allow("own_procedures")
def add_step(draft_id: str) -> ResponseReturnValue:
    """Let stories do first what comes first now."""
    element, seen = request.form.get("element", ""), request.form.get("seen", 0, int)
    try:
        count = retelling.add_step(viewer(), draft_id, element, seen)
    except NotOffered as refused:
        return _list(draft_id, {"stories": refused.message})
    stories = "story has" if count == 1 else "stories have"
    flash(f"{count} {stories} one step more. All stories are being played again.")
    return redirect(url(".every", draft_id=draft_id), 303)
