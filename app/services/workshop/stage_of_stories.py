"""Where stories are played: a database in memory with a deployment and no case, for each anew.

Nothing of the running service is touched: its own application and clock, no e-mail.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from app import clock
from app.clock import SetClock
from app.db import transaction
from app.services import contents, deployments, stories
from app.services.contents import Files
from app.services.stories import Played
from app.services.workshop.stage import Scene, Stage
from app.settings import Settings


class TooLong(Exception):
    """A story took more time than any should: the procedure may loop for ever."""


class Stopwatch(SetClock):
    """The clock of a story, which also sees to it that the story ends."""

    ends = float("inf")

    def __call__(self) -> datetime:
        if time.monotonic() > self.ends:
            raise TooLong
        return super().__call__()

    def start(self, seconds: float) -> None:
        """From now on so many seconds are left."""
        self.ends = time.monotonic() + seconds


@dataclass(frozen=True)
class Plan:
    """What is played: a landlord's files, by a server's settings, with its fonts, from a day on."""

    landlord_id: str
    files: Files
    settings: Settings
    static_folder: str | None
    begins: datetime


def plan_of(landlord_id: str, files: Files) -> Plan:
    """As this server would play them now."""
    settings: Settings = current_app.extensions["settings"]
    return Plan(landlord_id, files, settings, current_app.static_folder, clock.now())


@contextmanager
def staged(plan: Plan) -> Iterator[StageOfStories]:
    """Deploy the files, which lint must have found sound."""
    watch = Stopwatch(plan.begins)
    stage = Stage(plan.settings, watch, plan.static_folder)
    with deployments.for_a_while(contents.content_hash(plan.files)):
        with stage.set_up(Scene(stage.empty.data, plan.begins)):
            with transaction() as session:
                deployments.store(session, plan.landlord_id, plan.files, deployments.FROM_DISK)
            scene = Scene(stage.bytes(), plan.begins)
        try:
            yield StageOfStories(plan.landlord_id, stage, watch, scene)
        finally:
            stage.close()


@dataclass(frozen=True)
class StageOfStories:
    """One story at a time. scene: how each begins."""

    landlord_id: str
    stage: Stage
    watch: Stopwatch
    scene: Scene

    def play(self, path: str, body: bytes, seconds: float) -> Played:
        """Play one story, in so many seconds at most. Whatever goes wrong is its failure."""
        self.watch.start(float("inf"))
        with self.stage.set_up(self.scene):
            self.watch.start(seconds)
            title = path
            try:
                story = stories.read_story(body)
                title = str(story["title"])
                if story["landlord"] != self.landlord_id:
                    whose = f"The story is one of {story['landlord']}, not of {self.landlord_id}."
                    return Played(title, failures=[whose])
                return stories.play(story)
            except TooLong:
                said = "the story does not come to an end."
            except Exception as broken:  # whatever a draft makes the engine do is the draft's fault
                said = f"{type(broken).__name__}: {broken}"
            at = self.watch.at.astimezone(clock.LONDON)
            return Played(title, failures=[f"{at:%Y-%m-%d %H:%M}: {said}"])
