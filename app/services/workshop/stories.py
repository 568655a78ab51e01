"""All stories of a set of files, played on a database of their own: does it still do what it must?

Nothing of the running service is touched: its own application, clock and SQLite file, no e-mail.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from pydantic import SecretStr
from sqlalchemy import event

from app import clock
from app.clock import SetClock
from app.db import db, prepare, transaction
from app.services import contents, deployments, stories
from app.services.contents import Files
from app.settings import Settings

ONE_STORY = 30  # seconds that a story may take; the longest takes about one
ALL_STORIES = 300  # seconds for all of them together
QUICK = ("synchronous=OFF", "journal_mode=MEMORY")  # of a database that nobody needs afterwards


class TooLong(Exception):
    """A story took more time than any should: the procedure may loop for ever."""


class Stopwatch(SetClock):
    """The clock of a story, which also sees to it that the story ends."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.ends = time.monotonic() + ONE_STORY

    def __call__(self) -> datetime:
        if time.monotonic() > self.ends:
            raise TooLong
        return super().__call__()

    def start(self, seconds: float) -> None:
        """From now on so many seconds are left."""
        self.ends = time.monotonic() + seconds


@dataclass(frozen=True)
class Told:
    """What came of a story. failures: each with the step and its date; none: it holds."""

    path: str
    title: str
    failures: list[str]

    @property
    def plain(self) -> dict[str, Any]:
        return {"path": self.path, "title": self.title, "failures": self.failures}


def paths_of(files: Files) -> list[str]:
    """The stories among the files, in the order in which they are played."""
    return sorted(path for path in files if path.startswith("stories/"))


def play_all(landlord_id: str, files: Files, longest: float = ONE_STORY) -> Iterator[Told]:
    """Play each story of the files against the files, which lint must have found sound.

    longest: seconds that one of them may take.
    """
    paths, begun = paths_of(files), time.monotonic()
    if not paths:
        return
    with _stage(landlord_id, files) as stage:
        for path in paths:
            left = min(longest, ALL_STORIES - (time.monotonic() - begun))
            yield stage.play(path, files[path], left)


@dataclass
class _Stage:
    """An application with nothing but a database that has the deployment and no case."""

    app: Flask
    clock: Stopwatch
    landlord_id: str
    database: Path
    empty: Path

    def play(self, path: str, body: bytes, seconds: float) -> Told:
        shutil.copy(self.empty, self.database)
        self.clock.start(seconds)
        with self.app.app_context():
            try:
                return self._play(path, body)
            finally:
                db.session.remove()
                db.engine.dispose()

    def _play(self, path: str, body: bytes) -> Told:
        title = path
        try:
            story = stories.read_story(body)
            title = str(story["title"])
            if story["landlord"] != self.landlord_id:
                whose = f"The story is one of {story['landlord']}, not of {self.landlord_id}."
                return Told(path, title, [whose])
            return Told(path, title, stories.play(story).failures)
        except TooLong:
            at = self.clock.at.astimezone(clock.LONDON)
            return Told(path, title, [f"{at:%Y-%m-%d %H:%M}: the story does not come to an end."])
        except Exception as broken:  # whatever a draft makes the engine do, it is the draft's fault
            at = self.clock.at.astimezone(clock.LONDON)
            return Told(path, title, [f"{at:%Y-%m-%d %H:%M}: {type(broken).__name__}: {broken}"])


@contextmanager
def _stage(landlord_id: str, files: Files) -> Iterator[_Stage]:
    begins, digest = clock.now(), contents.content_hash(files)
    with tempfile.TemporaryDirectory() as folder, deployments.for_a_while(digest):
        database, empty = Path(folder, "story.db"), Path(folder, "empty.db")
        settings: Settings = current_app.extensions["settings"]
        trial = settings.model_copy(
            update={
                "instance_dir": Path(folder),
                "database_url": f"sqlite:///{database}",
                "smtp_url": SecretStr(""),
            }
        )
        app, watch = _app(trial), Stopwatch(begins)
        app.extensions["clock"] = watch
        with app.app_context():
            db.create_all()
            with transaction() as session:
                deployments.store(session, landlord_id, files, deployments.FROM_DISK)
            db.session.remove()
            db.engine.dispose()
            shutil.move(database, empty)
        yield _Stage(app, watch, landlord_id, database, empty)


def _app(settings: Settings) -> Flask:
    """No pages: an application is what holds the database, the settings and the clock."""
    app = Flask("app", static_folder=current_app.static_folder)
    app.config.update(SECRET_KEY="of stories", SQLALCHEMY_DATABASE_URI=settings.database)
    app.extensions["settings"] = settings
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)

        @event.listens_for(db.engine, "connect")
        def quick(connection: Any, _record: Any) -> None:
            for pragma in QUICK:
                connection.execute(f"PRAGMA {pragma}")

    return app
