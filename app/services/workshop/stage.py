"""The stage on which drafts and stories are played: a database in memory that holds no real case.

A scene is how things stand after some steps, kept as bytes. What happens on the stage after it was
set up is gone with the next scene, unless it was made one. No e-mail leaves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask, current_app
from pydantic import SecretStr

from app.clock import SetClock
from app.db import db, prepare
from app.settings import Settings

BEFORE_ALL = datetime(2000, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Scene:
    """The database, the time, and what services.story_acts.Play knows of its cases."""

    data: bytes
    at: datetime = BEFORE_ALL
    case_ids: tuple[str, ...] = ()
    case_id: str = ""
    seen: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Stage:
    """One application with one connection: one play at a time in each process."""

    def __init__(
        self, settings: Settings, clock: SetClock | None = None, static_folder: str | None = None
    ) -> None:
        self.settings = settings.model_copy(update={"smtp_url": SecretStr("")})
        self.clock = clock or SetClock(BEFORE_ALL)
        self.app = Flask(__name__, static_folder=static_folder)
        self.app.config.update(SECRET_KEY="of plays alone", SQLALCHEMY_DATABASE_URI="sqlite://")
        self.app.extensions |= {"clock": self.clock, "stage": self}
        db.init_app(self.app)
        self._one_play = Lock()
        with self.app.app_context():
            prepare(db.engine)
            db.create_all()
            self.empty = Scene(self.bytes())

    @contextmanager
    def set_up(self, scene: Scene) -> Iterator[SetClock]:
        """Inside, all that services read and write is the scene's; yields its clock."""
        with (
            self._one_play,
            tempfile.TemporaryDirectory(prefix="putright-play-") as folder,
            self.app.app_context(),
        ):
            where = {"instance_dir": Path(folder)}  # for the e-mail that is sent nowhere
            self.app.extensions["settings"] = self.settings.model_copy(update=where)
            self.clock.move_to(scene.at)
            self._connection().deserialize(scene.data)
            try:
                yield self.clock
            finally:
                db.session.remove()

    def bytes(self) -> bytes:
        """The database as it is now."""
        db.session.rollback()
        data: bytes = self._connection().serialize()
        return data

    def close(self) -> None:
        """Let go of the database."""
        with self.app.app_context():
            db.engine.dispose()

    def _connection(self) -> Any:
        """sqlite3's own, which the pool has one of."""
        connection = db.engine.raw_connection()
        try:
            return connection.driver_connection
        finally:
            connection.close()


def stage() -> Stage:
    """The stage of this server."""
    app = current_app
    if "stage" not in app.extensions:
        settings = app.extensions["settings"]
        app.extensions["stage"] = Stage(settings, static_folder=app.static_folder)
    found: Stage = app.extensions["stage"]
    return found
