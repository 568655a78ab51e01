"""Processes are killed, or stand still, at every statement: nothing is lost or happens twice.

PUTRIGHT_LONG=1 kills ten thousand times, otherwise some forty.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask

from app.db import db
from app.settings import Settings
from app.viewer import Viewer
from tests import mailbox as mailboxes
from tests import postgres
from tests.mailbox import Mailbox
from tests.proofs import town
from tests.proofs.fleet import LONG, Fleet, fleet, lives, wrong
from tests.proofs.victim import Job

KILLS = 10_000 if LONG else 30
EVERY = 1 if LONG else 37  # of the points of a job, how many are passed over
SELDOM = 3  # the same for the naive ones: at some six points a letter has left too early
READ = range(38, 45, SELDOM)  # and here a beat has read which letters wait
STALE = timedelta(minutes=11)  # after which a letter that was being sent is looked at again
CRASHES = 0.3  # of the jobs: how often PostgreSQL itself dies in one
AT_MOST = 0.08  # seconds until the database is killed
PAUSES = 200 if LONG else 8
PAUSE_EVERY = 3 if LONG else 43  # as EVERY
STILL = 0.1  # of the jobs: how often a process stands still in one
KEYS = (f"{n:032x}" for n in count())  # of the forms that record a case


@pytest.fixture
def viewer(app: Flask) -> Viewer:
    return town.deploy()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mailboxes.opened() as box:
        yield box


@pytest.fixture
def processes(viewer: Viewer, settings: Settings, mailbox: Mailbox) -> Iterator[Fleet]:
    if db.engine.dialect.name == "postgresql":
        postgres.keep_commits(db.engine.url)
    with fleet(settings, mailbox) as started:
        yield started


def script(viewer: Viewer, *keys: str, seeded: str = "") -> list[Job]:
    """The life of some complaints: recorded, late, answered, over."""
    recorded, late, answered, over = (at.isoformat() for at in town.DAY)
    by = {"user_id": viewer.user_id or "", "seeded": seeded}
    return [
        *(Job("record", recorded, key=key, **by) for key in keys),
        Job("beat", late, **by),
        *(Job("answer", answered, key=key, **by) for key in keys),
        Job("beat", answered, **by),
        Job("beat", over, **by),
    ]


def calm(processes: Fleet, viewer: Viewer) -> list[str]:
    """What happens in a case while nobody is killed."""
    key = next(KEYS)
    processes.run(*(replace(job, at_home=True) for job in script(viewer, key)))
    return lives()[key]


def settle(processes: Fleet, job: Job) -> None:
    """Beats until no letter is being sent."""
    for n in (1, 2, 3):
        processes.run(later(replace(job, does="beat"), n))


def later(job: Job, n: int = 1) -> Job:
    """The same when whoever did it first counts as dead."""
    return replace(job, at=(datetime.fromisoformat(job.at) + n * STALE).isoformat())


def kill_at_each_point(processes: Fleet, viewer: Viewer, every: int, seeded: str = "") -> None:
    """Each job of a life dies again and again, every time a little later, until it is done."""
    letters = 2 if seeded else 4 + 100 // every  # one for each death in sending
    keys = [next(KEYS) for _ in range(letters)]
    for job in script(viewer, *keys, seeded=seeded):
        if job.key in ("", keys[0]):
            processes.until_done(job, count(1, every))
        else:
            processes.run(job)
        if job.does == "beat":
            settle(processes, job)


def pause_at_each_point(
    processes: Fleet, viewer: Viewer, points: Iterable[int], seeded: str = ""
) -> None:
    """Each job of a life stands still, a little later in each life, while another does the same."""
    for point in points:
        before = processes.pauses
        for job in script(viewer, next(KEYS), seeded=seeded):
            processes.pause(replace(job, hit_at=point), later(job))
        if processes.pauses == before:
            break
    settle(processes, job)


def hit_at_random(processes: Fleet, viewer: Viewer, dice: random.Random, workers: int) -> None:
    """Lives with processes that are hit anywhere, in a statement or between two."""
    while True:
        for job in script(viewer, *(next(KEYS) for _ in range(3))):
            at_once = workers if job.does == "beat" else 1
            for _ in range(dice.randint(0, 8)):
                processes.run(*(doomed(job, processes, dice) for _ in range(at_once)))
            if dice.random() < STILL:
                processes.pause(doomed(job, processes, dice), later(job))
            if workers > 1 and dice.random() < CRASHES:
                processes.run(*[job] * at_once, meanwhile=lambda: database_dies(dice))
            processes.run(*[job] * at_once)
            if job.does == "beat":
                settle(processes, job)
        if processes.kills >= KILLS:
            return


def database_dies(dice: random.Random) -> None:
    """PostgreSQL is a server of its own, and dies of its own."""
    time.sleep(dice.uniform(0, AT_MOST))
    postgres.die(db.engine.url)


def doomed(job: Job, processes: Fleet, dice: random.Random) -> Job:
    """Hit before it is as old, or has come as far, as the last such job that lived."""
    last = processes.lived[job.does]
    if dice.random() < 0.5:
        return replace(job, hit_after=dice.uniform(0, last.seconds))
    return replace(job, hit_at=dice.randint(1, last.points))


def test_whatever_dies_or_stands_still_every_case_lives_as_if_nothing_had(
    processes: Fleet, viewer: Viewer, mailbox: Mailbox
) -> None:
    expected = calm(processes, viewer)
    workers = 1 if db.engine.dialect.name == "sqlite" else 2  # SQLite has one process
    kill_at_each_point(processes, viewer, EVERY)
    pause_at_each_point(processes, viewer, count(1, PAUSE_EVERY))
    hit_at_random(processes, viewer, random.Random(5), workers)
    assert processes.kills >= KILLS and processes.pauses >= PAUSES
    assert wrong(expected, mailbox) == []


@pytest.mark.on_both_if_long
@pytest.mark.made_up_rows
@pytest.mark.parametrize(
    ("seeded", "finds"), [("two_commits", "lacks"), ("mail_first", "that nobody wrote")]
)
def test_the_same_kills_find_what_a_hurried_programmer_gets_wrong(
    processes: Fleet, viewer: Viewer, mailbox: Mailbox, seeded: str, finds: str
) -> None:
    expected = calm(processes, viewer)
    kill_at_each_point(processes, viewer, SELDOM, seeded)
    found = wrong(expected, mailbox)
    assert any(finds in line for line in found), found


@pytest.mark.on_both_if_long
@pytest.mark.made_up_rows
def test_who_does_not_look_again_after_standing_still_is_found(
    processes: Fleet, viewer: Viewer, mailbox: Mailbox
) -> None:
    expected = calm(processes, viewer)
    pause_at_each_point(processes, viewer, READ, "no_second_look")
    found = wrong(expected, mailbox)
    assert any("came 2 times, and 0 times we say so" in line for line in found), found
