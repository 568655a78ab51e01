"""A server that dies: for each job a process of its own, killed at a statement or at an instant.

Reads lists of jobs from its input, one a line; says for each how it ended. The jobs of a line run
at once; but where the first stands still, the others run while it does.
"""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.clock import SetClock
from app.db import LIMITS, db
from app.errors import PutrightError
from app.factory import create_app
from app.models import User
from app.services import sweep
from app.settings import Settings
from tests.conftest import PASSWORD
from tests.proofs import naive, town

LEAST = 100  # milliseconds that the hurried wait for a lock
MOST_SAID = 2000  # letters of a page that nobody expected


@dataclass(frozen=True)
class Job:
    """What a process does, and when it dies or stands still.

    does: record, answer or beat. at: the instant on its clock. hit_at: the number of the point
    before or after a statement or commit; hit_after: seconds. by: SIGKILL, or SIGSTOP, after which
    it goes on at the instant wakes. hurried: it waits for no lock. seeded: a naive variant.
    at_home: the server does it itself: its processes then know what every process learns at first.
    """

    does: str
    at: str
    user_id: str = ""
    key: str = ""
    hit_at: int | None = None
    hit_after: float | None = None
    by: int = signal.SIGKILL
    wakes: str = ""
    hurried: bool = False
    seeded: str = ""
    at_home: bool = False

    @property
    def is_hit(self) -> bool:
        return self.hit_at is not None or self.hit_after is not None

    @property
    def dies(self) -> bool:
        return self.is_hit and self.by == signal.SIGKILL


@dataclass(frozen=True)
class Ended:
    """How a process ended: killed, or what it said at the end of its job.

    stood: whether it stood still. points: how many it passed at which it could have been hit;
    seconds: how long it took.
    """

    said: str = ""
    killed: bool = False
    stood: bool = False
    points: int = 0
    seconds: float = 0


def die_at(point: int | None, by: int = signal.SIGKILL) -> Callable[[], int]:
    """Kill or stop this process before or after a statement, or before or after a commit.

    Returns what says how many such points it has passed.
    """
    points = count()

    def passed(*_: Any) -> None:
        if next(points) + 1 == point:
            os.kill(os.getpid(), by)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, passed)
    event.listen(Session, "after_commit", passed)
    return lambda: next(points)


class Browser:
    """Somebody who has signed in, with the forms filled in; the server may die, this does not."""

    def __init__(self, app: Flask, user_id: str) -> None:
        self.client = app.test_client()
        with app.app_context():
            email = db.session.get_one(User, user_id).email
            self.forms = {
                "record": town.typed("record", town.SAID),
                "answer": town.typed("answer", town.UPHELD),
            }
        page = self.client.get("/sign-in")
        found = TOKEN.search(page.text)
        assert found, page.text
        known = {"email": email, "password": PASSWORD, "csrf_token": found[1]}
        assert self.client.post("/sign-in", data=known).status_code == 302
        self.token = self.client.get("/signed-in").get_json()["token"]

    def post(self, job: Job, where: str, **own: str) -> str:
        """Send the form of a page; what came of it: done, or the page that says why not."""
        if job.at_home:
            self.client.get(where)
        sent = self.forms[job.does] | own | {"csrf_token": self.token}
        answer = self.client.post(where, data=sent)
        return "done" if answer.status_code == 303 else f"{answer.status} {answer.text[:MOST_SAID]}"


TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BROWSERS: dict[str, Browser] = {}  # by the id of who sits there


def _record(_app: Flask, job: Job) -> str:
    return BROWSERS[job.user_id].post(job, "/record?person=new", pr_key=job.key)


def _answer(app: Flask, job: Job) -> str:
    with app.app_context():
        task_id = town.task_of(job.key)
    return BROWSERS[job.user_id].post(job, f"/tasks/{task_id}", pr_step="finish")


def _beat(app: Flask, _job: Job) -> str:
    sweep.once(app)
    return "done"


DOES = {"record": _record, "answer": _answer, "beat": _beat}


def _do(app: Flask, job: Job) -> Ended:
    app.extensions["clock"].move_to(datetime.fromisoformat(job.at))
    try:
        return Ended(DOES[job.does](app, job))
    except PutrightError as refused:
        return Ended(type(refused).__name__)
    except Exception:
        return Ended(traceback.format_exc())


def _live(app: Flask, job: Job, out: int) -> None:
    """The life of one process. It ends here, whatever happens."""
    try:
        if job.seeded:
            naive.SEEDED[job.seeded]()
        if job.hurried:
            _be_hurried(app)
        if job.wakes:
            wakes = datetime.fromisoformat(job.wakes)
            signal.signal(signal.SIGCONT, lambda *_: app.extensions["clock"].move_to(wakes))
        begun, passed = time.monotonic(), die_at(job.hit_at, job.by)
        ended = replace(_do(app, job), points=passed(), seconds=time.monotonic() - begun)
        os.write(out, json.dumps(asdict(ended)).encode())
    finally:
        os._exit(0)


def _be_hurried(app: Flask) -> None:
    """Whoever stands still holds a lock for longer than a proof can wait."""
    LIMITS["lock_timeout"] = f"{LEAST}ms"
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            waits = f"PRAGMA busy_timeout={LEAST}"
            event.listen(db.engine, "connect", lambda connection, _: connection.execute(waits))


def _begin(app: Flask, job: Job) -> tuple[int, int]:
    """A process for a job: its id, and where it says how it ended."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        _live(app, job, writes)
    os.close(writes)
    return child, reads


def _hit(job: Job, child: int) -> None:
    if job.hit_after is not None:
        time.sleep(job.hit_after)
        os.kill(child, job.by)


def _end(child: int, reads: int) -> Ended:
    """Only who was killed may have said nothing."""
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return Ended(killed=True)
    return Ended(**json.loads(said)) if said else Ended(f"ended with status {status}")


def _at_once(app: Flask, jobs: Sequence[Job]) -> list[Ended]:
    begun = [(job, *_begin(app, job)) for job in jobs]
    ended = []
    for job, child, reads in begun:
        _hit(job, child)
        ended.append(_end(child, reads))
    return ended


def _meanwhile(app: Flask, first: Job, others: Sequence[Job]) -> list[Ended]:
    """The others live and end while the first stands still."""
    child, reads = _begin(app, first)
    _hit(first, child)
    look = os.WSTOPPED | os.WEXITED | os.WNOWAIT
    try:
        seen = os.waitid(os.P_PID, child, look)
        ended = _at_once(app, others)
    finally:
        os.kill(child, signal.SIGCONT)
    stood = seen is not None and seen.si_code == os.CLD_STOPPED
    return [replace(_end(child, reads), stood=stood), *ended]


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
        for user_id in {job.user_id for job in jobs} - BROWSERS.keys() - {""}:
            BROWSERS[user_id] = Browser(app, user_id)
            _let_go(app)
        if jobs[0].at_home:
            ended = [_do(app, job) for job in jobs]
            _let_go(app)
        elif jobs[0].by == signal.SIGSTOP:
            ended = _meanwhile(app, jobs[0], jobs[1:])
        else:
            ended = _at_once(app, jobs)
        print(json.dumps([asdict(each) for each in ended]), flush=True)


if __name__ == "__main__":
    main()
