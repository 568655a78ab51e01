"""Timers that run the engine, against raw SpiffWorkflow (P13); one worker and two."""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

import pytest
from flask import Flask

from app.clock import SetClock
from app.db import db
from app.services import sweep
from app.settings import Settings
from tests import mailbox as mailboxes
from tests.bench import row
from tests.bench.conftest import Tell
from tests.bench.peers import Raw, peer_engine
from tests.bench.table import milliseconds
from tests.cases import london
from tests.proofs import town
from tests.proofs.fleet import fleet
from tests.proofs.victim import Job

ROUNDS, CASES = 6, 10  # of each round: CASES timers that are due; the first round warms up
SOON = timedelta(seconds=1)


def test_a_timer_that_fires_against_raw_spiffworkflow(
    app: Flask, clock: SetClock, told: Tell
) -> None:
    viewer = row.officer(row.deploy(4))
    ours, theirs = list[float](), list[float]()
    with peer_engine() as engine:
        raw = Raw(engine, due=SOON)
        for _ in range(ROUNDS):
            cases = [raw.start(4) for _ in range(CASES)]
            time.sleep(SOON.total_seconds() + 0.1)
            theirs += [milliseconds(lambda case=case: raw.fire(case)) for case in cases]
            for _ in range(CASES):
                row.record(viewer)
            clock.move_to(clock.at + timedelta(days=7))
            db.session.remove()
            ours.append(milliseconds(sweep.run_due) / CASES)
            assert not sweep.due_instances()
        assert all(raw.has_told(case) for case in cases)
    one, other = median(ours[1:]), median(theirs[CASES:])
    told("fire a timer: ours, ms", one)
    told("fire a timer: raw, ms", other)
    told("P13 fire a timer: raw / ours", other / one, ">= 5")


DAYS = [f"2026-{day} 09:00" for day in ("11-25", "11-26", "11-27", "11-30", "12-01", "12-02")]
REMINDED = 40  # cases, each reminded on each day


def test_two_workers_fire_timers(app: Flask, settings: Settings, told: Tell) -> None:
    if not settings.database_url:
        pytest.skip("SQLite serves one process")
    viewer = town.deploy()
    for n in range(REMINDED):
        town.record(viewer, f"{n}")
    db.session.remove()
    taken: dict[int, list[float]] = {1: [], 2: []}
    with mailboxes.opened() as box, fleet(settings, box) as processes:
        for number, day in enumerate(DAYS):
            beats = [Job("beat", london(day).isoformat())] * (number % 2 + 1)
            taken[len(beats)].append(milliseconds(lambda beats=beats: processes.run(*beats)))
    for workers, times in taken.items():
        told(f"fire timers, workers: {workers}, per second", REMINDED / median(times) * 1000)
    told("fire timers: 2 workers / 1", median(taken[1]) / median(taken[2]))
