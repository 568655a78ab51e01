"""What falls due without anybody: deadlines, and the outbox. Safe to repeat."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

from flask import Flask
from sqlalchemy import select, tuple_

from app import clock
from app.db import db
from app.errors import ChangedMeanwhile
from app.models import Instance
from app.services import (
    accounts,
    calendar_changes,
    documents,
    drafts,
    floods,
    outbox,
    packs,
    returns,
    standing,
    taking_away,
)
from app.services.firing import Due, fire, fire_together
from app.services.moving import moves
from app.services.operations import beats, delivery, jobs, quarantine
from app.services.workshop import trials
from timers.sweep import SweepResult, sweep

logger = logging.getLogger(__name__)
BATCH = 100
Stopping = Callable[[], bool]
BEFORE_ALL = (datetime(1970, 1, 1, tzinfo=UTC), "")


def due_instances(after: tuple[datetime, str] = BEFORE_ALL) -> list[tuple[datetime, Due]]:
    """Instances with a deadline that has fallen due, oldest first; held ones wait for a manager.

    after: the instant and id of the last one seen.
    """
    rows = db.session.execute(
        select(Instance.next_due_at, Instance.landlord_id, Instance.id)
        .where(
            Instance.next_due_at <= clock.now(),
            tuple_(Instance.next_due_at, Instance.id) > after,
            Instance.held.is_(False),
        )
        .order_by(Instance.next_due_at, Instance.id)
        .limit(BATCH)
    )
    return [(due_at, Due(*key)) for due_at, *key in rows if due_at]


def run_due(stopping: Stopping = lambda: False) -> SweepResult:
    """Fire everything that is due, batch by batch; the rest stays due when we are `stopping`.

    Each instance is looked at once: those that fail, however many, keep nobody else waiting.
    """
    total = SweepResult(0, 0, 0)
    after = BEFORE_ALL
    while not stopping() and (batch := due_instances(after)):
        dues = [due for _, due in batch]
        result = sweep(dues, fire, fire_together, ChangedMeanwhile, stopping)
        total = SweepResult(
            total.fired + result.fired, total.busy + result.busy, total.failed + result.failed
        )
        after = batch[-1][0], batch[-1][1].instance_id
    return total


AFTER_QUARANTINE = timedelta(minutes=1)
JOBS: dict[str, jobs.Work] = {
    calendar_changes.JOB: calendar_changes.move,
    packs.JOB: packs.make,
    taking_away.JOB: taking_away.make,
    moves.JOB: moves.move_all,
    trials.JOB: trials.play,
}


def work(app: Flask, stopping: Stopping = lambda: False) -> None:
    """Look for the long work that somebody asked for, and do it; it holds up no deadline."""
    with app.app_context():
        if not quarantine.holds():
            jobs.run_waiting(JOBS, stopping)


def carrier(app: Flask, stopping: Event) -> delivery.Carrier:
    """What does the long work that is delivered. To be started; it ends when we are stopping."""
    return delivery.Carrier(app, partial(_delivered, stopping.is_set), JOBS, stopping)


def _delivered(stopping: Stopping, landlord_id: str, job_id: str) -> timedelta | None:
    if quarantine.holds():
        return AFTER_QUARANTINE
    return jobs.run_delivered(landlord_id, job_id, JOBS, stopping)


def heartbeat(app: Flask, stopping: Stopping = lambda: False) -> None:
    """One beat: deadlines, and what nobody claimed, came back to or needs any more.

    A restored copy in quarantine only gives a sign of life. stopping: whether the process is about
    to stop; then this finishes what it has begun and leaves the rest to others.
    """
    with app.app_context():
        beats.beat()
        if quarantine.holds():
            return
        result = run_due(stopping)
        if result.fired or result.failed:
            logger.info("sweep", extra={"fired": result.fired, "failed": result.failed})
        if stopping():
            return
        standing.look_again(stopping, unknown=True)
        documents.drop_unclaimed()
        returns.drop_old()
        drafts.drop_old()
        floods.drop_old()
        accounts.drop_ended_sessions()
        jobs.drop_old()


def post(app: Flask, stopping: Stopping = lambda: False) -> None:
    """Send the e-mail that waits. A mail server that says nothing holds up no deadline."""
    with app.app_context():
        if not quarantine.holds():
            outbox.send_due(stopping=stopping)


def once(app: Flask) -> None:
    """All that a worker does in one interval."""
    heartbeat(app)
    post(app)


def by_night(app: Flask, stopping: Stopping = lambda: False) -> None:
    """Look again at what is kept of open cases, so that no number stays wrong for long."""
    with app.app_context():
        if not quarantine.holds():
            standing.look_again(stopping)
