"""The embedded heartbeat: APScheduler wakes a job; what is due is rows, not jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler


def start_heartbeat(job: Callable[[], object], every_seconds: float) -> BackgroundScheduler:
    """Run `job` in a thread of its own every so many seconds, the first time after one interval.

    A job that takes longer than the interval is not run twice at once, and missed beats are made
    up for by one. What the job raises is logged by APScheduler; the next beat comes all the same.
    The caller stops it with `.shutdown()`. Start it in one process only.
    """
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        job,
        "interval",
        seconds=every_seconds,
        id="heartbeat",
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    return scheduler
