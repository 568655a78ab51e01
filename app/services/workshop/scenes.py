"""From the steps of a played case to the scene they lead to: taken again, or remembered."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any

from app import clock
from app.clock import SetClock
from app.db import transaction
from app.engine import EngineRefused
from app.errors import PutrightError
from app.services import deployments, stories
from app.services.calendars import calendar_at
from app.services.contents import Contents, content_hash
from app.services.deployments import Published
from app.services.story_acts import Play, StoryRefused
from app.services.workshop import cast
from app.services.workshop.drafts import Sketch
from app.services.workshop.stage import Scene, stage

Step = dict[str, Any]  # as a story has it: at, who, does, answers
KEPT = 12  # scenes of 1 to 3 MB
DRAFT = Published("workshop", says="A draft that is played")

_scenes: OrderedDict[tuple[str, str], Scene] = OrderedDict()
_remembering = Lock()


def take(play: Play, step: Step) -> None:
    """One step more. Raises what its service raises, StoryRefused and EngineRefused."""
    stories.go_on(play, step)
    stories.look(play)


@contextmanager
def on_stage(sketch: Sketch, scene: Scene) -> Iterator[Play]:
    """Set a scene up; inside, services read and write it and nothing else."""
    landlord_id = sketch.row.landlord_id
    with stage().set_up(scene) as set_clock:
        yield _play(landlord_id, scene, set_clock)


def _play(landlord_id: str, scene: Scene, set_clock: SetClock) -> Play:
    calendar = calendar_at(deployments.landlord(landlord_id))
    play = Play(landlord_id, set_clock, calendar, clock.today(), sends=True)
    play.case_ids, play.case_id = list(scene.case_ids), scene.case_id
    play.seen = dict(scene.seen)
    return play


def scene_of(play: Play) -> Scene:
    """How things stand on the stage now."""
    return Scene(stage().bytes(), clock.now(), tuple(play.case_ids), play.case_id, dict(play.seen))


def scene_after(sketch: Sketch, steps: list[Step]) -> tuple[Scene, int, str]:
    """The scene after the steps, how many could be taken, and why the next one could not."""
    known = (n for n in range(len(steps), 0, -1) if _key(sketch, steps[:n]) in _scenes)
    taken = next(known, 0)
    scene = _scenes.get(_key(sketch, steps[:taken])) or first_scene(sketch)
    trouble = ""
    if taken < len(steps):
        with on_stage(sketch, scene) as play:
            for step in steps[taken:]:
                before = scene_of(play)
                try:
                    take(play, step)
                except (PutrightError, StoryRefused, EngineRefused, KeyError) as refused:
                    scene, trouble = before, str(refused)
                    break
                taken += 1
            else:
                scene = scene_of(play)
        remember(sketch, steps[:taken], scene)
    return scene, taken, trouble


def contents_of(sketch: Sketch) -> Contents:
    """The draft's files as they were read for the stage."""
    with on_stage(sketch, first_scene(sketch)) as play:
        return deployments.live(play.landlord_id).contents


def first_scene(sketch: Sketch) -> Scene:
    """The draft deployed, its people made, and no case."""
    key = _key(sketch, [])
    with _remembering:
        if key in _scenes:
            _scenes.move_to_end(key)
            return _scenes[key]
    landlord_id, on = sketch.row.landlord_id, stage()
    with on.set_up(on.empty):
        with transaction() as session:
            deployments.store(session, landlord_id, sketch.files, DRAFT)
        cast.make(landlord_id)
        scene = Scene(on.bytes())
    remember(sketch, [], scene)
    return scene


def _key(sketch: Sketch, steps: list[Step]) -> tuple[str, str]:
    told = json.dumps([sketch.row.landlord_id, steps]).encode()
    return content_hash(sketch.files), sha256(told).hexdigest()


def remember(sketch: Sketch, steps: list[Step], scene: Scene) -> None:
    """Keep a scene for as long as it is one of the last; then its files are let go, too."""
    with _remembering:
        _scenes[_key(sketch, steps)] = scene
        while len(_scenes) > KEPT:
            (digest, _), _ = _scenes.popitem(last=False)
            if not any(other == digest for other, _ in _scenes):
                deployments.forget(digest)
