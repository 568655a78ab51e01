"""A played case is kept as a story of the draft, and a story is opened to be played on."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import PurePath
from typing import Any

import tomlkit

from app.db import db
from app.errors import BadInput
from app.services import expectations, stories
from app.services.story_acts import Play, StoryRefused
from app.services.workshop import drafts, playing
from app.services.workshop.drafts import Sketch
from app.services.workshop.scenes import Step, first_scene, on_stage
from app.viewer import Viewer

STORY = re.compile(r"[a-z0-9][a-z0-9_]{0,60}")


def open_story(viewer: Viewer, draft_id: str, path: str) -> int:
    """Play a story of the draft, in place of the case that the viewer played so far.

    Steps that must be refused do nothing, so they are left out; returns how many. Raises BadInput
    for a draft with errors, and for a file that is no story or names no days.
    """
    sketch, before = playing.playable(viewer, draft_id), playing.steps_of(viewer, draft_id)
    try:
        steps: list[Step] = stories.read_story(sketch.files[path])["step"]
        for step in steps:
            datetime.fromisoformat(step["at"])
    except (StoryRefused, ValueError, KeyError) as refused:
        raise BadInput({"how": f"The story cannot be played here: {refused}"}) from refused
    taken = [step for step in steps if "refused" not in step.get("expect", {})]
    plain: list[Step] = json.loads(json.dumps(taken, default=str))  # a date as its text
    playing.keep(viewer, draft_id, plain, seen=len(before), story=path)
    return len(steps) - len(taken)


def opened(viewer: Viewer, sketch: Sketch) -> dict[str, str]:
    """How the story that is played is saved again: its name, its title, and in its own place."""
    path = playing.story_of(viewer, sketch.row.id)
    if path not in sketch.files:
        return {}
    title = str(_of_now(sketch, path).get("title", ""))
    return {"name": PurePath(path).stem, "title": title, "replaces": "yes"}


def _of_now(sketch: Sketch, path: str) -> dict[str, Any]:
    """A story of the draft; nothing of one that cannot be read."""
    try:
        return stories.read_story(sketch.files[path])
    except StoryRefused:
        return {}


def save(viewer: Viewer, draft_id: str, name: str, title: str, *, replaces: bool = False) -> str:
    """Keep the played case as a story of the draft; returns its path.

    What holds now after each step is what must hold from here on; of a story that was opened also
    whatever else it expected. replaces: a story of that name. Raises BadInput by field.
    """
    sketch, steps = playing.playable(viewer, draft_id), playing.whole(viewer, draft_id)
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
    if path in sketch.files and (cites := _of_now(sketch, path).get("policy")):
        story["policy"] = cites
    body = tomlkit.dumps(story | {"step": _with_expectations(sketch, steps)}).encode()
    with on_stage(sketch, first_scene(sketch)):
        if failures := stories.play(stories.read_story(body)).failures:
            said = f"Played again it went another way: {'; '.join(failures)}"
            raise BadInput({"name": said})
    drafts.put(viewer, draft_id, path, body)
    playing.keep(viewer, draft_id, steps, seen=len(steps), story=path)
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
