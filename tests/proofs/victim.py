"""A server that dies: for each job a process of its own, killed at a statement or at an instant.

Reads lists of jobs from its input, one a line; says for each how it ended. The jobs of a line run
at once.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.clock import SetClock
from app.db import db
from app.errors import PutrightError
from app.factory import create_app
from app.models import User
from app.services import accounts, sweep
from app.settings import Settings
from app.viewer import Viewer
from tests.proofs import naive, town


@dataclass(frozen=True)
class Job:
    """What a process does, and when it dies.

    does: record, answer or beat. at: the instant on its clock. kill_at: the number of the point
    before or after a statement or commit; kill_after: seconds. seeded: a naive variant. at_home:
    the server does it itself: its processes then know what every process learns at first.
    """

    does: str
    at: str
    user_id: str = ""
    key: str = ""
    kill_at: int | None = None
    kill_after: float | None = None
    seeded: str = ""
    at_home: bool = False


@dataclass(frozen=True)
class Ended:
    """How a process ended: killed, or what it said at the end of its job.

    points: how many it passed at which it could have been killed; seconds: how long it took.
    """

    killed: bool
    said: str = ""
    points: int = 0
    seconds: float = 0


def die_at(point: int | None) -> Callable[[], int]:
    """End this process before or after a statement, or before or after a commit.

    Returns what says how many such points it has passed.
    """
    points = count()

    def passed(*_: Any) -> None:
        if next(points) + 1 == point:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, passed)
    event.listen(Session, "after_commit", passed)
    return lambda: next(points)


def _viewer(job: Job) -> Viewer:
    user = db.session.get(User, job.user_id)
    assert user is not None
    return accounts.viewer_for(user)


def _record(app: Flask, job: Job) -> None:
    with app.app_context():
        town.record(_viewer(job), job.key)


def _answer(app: Flask, job: Job) -> None:
    with app.app_context():
        town.answer(_viewer(job), town.task_of(job.key))


DOES: dict[str, Callable[[Flask, Job], None]] = {
    "record": _record,
    "answer": _answer,
    "beat": lambda app, _job: sweep.once(app),
}


def _do(app: Flask, job: Job) -> Ended:
    app.extensions["clock"].move_to(datetime.fromisoformat(job.at))
    try:
        DOES[job.does](app, job)
    except PutrightError as refused:
        return Ended(False, type(refused).__name__)
    except Exception:
        return Ended(False, traceback.format_exc())
    return Ended(False, "done")


def _live(app: Flask, job: Job, out: int) -> None:
    """The life of one process. It ends here, whatever happens."""
    try:
        if job.seeded:
            naive.SEEDED[job.seeded]()
        begun, passed = time.monotonic(), die_at(job.kill_at)
        ended = replace(_do(app, job), points=passed(), seconds=time.monotonic() - begun)
        os.write(out, json.dumps(asdict(ended)).encode())
    finally:
        os._exit(0)


def _begin(app: Flask, job: Job) -> tuple[int, int]:
    """A process for a job: its id, and where it says how it ended."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _live(app, job, writes)
    os.close(writes)
    return child, reads


def _end(job: Job, child: int, reads: int) -> Ended:
    if job.kill_after is not None:
        time.sleep(job.kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return Ended(**json.loads(said)) if said else Ended(killed=True)


def _let_go(app: Flask) -> None:
    """Each process has connections of its own."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    gc.collect()
    gc.freeze()


def main() -> None:
    app = create_app(Settings(), SetClock(town.DAY[0]))
    for line in sys.stdin:
        jobs = [Job(**job) for job in json.loads(line)]
        if jobs[0].at_home:
            ended = [_do(app, job) for job in jobs]
            _let_go(app)
        else:
            ended = [_end(*each) for each in [(job, *_begin(app, job)) for job in jobs]]
        print(json.dumps([asdict(each) for each in ended]), flush=True)


if __name__ == "__main__":
    main()
