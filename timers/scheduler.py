"""The embedded heartbeat: APScheduler wakes a job; what is due is rows, not jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

NIGHT = 3  # o'clock in UTC


def start_heartbeat(
    every_seconds: float, nightly: Callable[[], object], **jobs: Callable[[], object]
) -> BackgroundScheduler:
    """Run each job in a thread of its own every so many seconds, first after one interval.

    A job that takes longer than the interval is not run twice at once, and missed beats are made
    up for by one. What the job raises is logged by APScheduler; the next beat comes all the same.
    nightly: runs once a night. The caller stops it with `.shutdown()`. Start it in one process
    only.
    """
    at_once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BackgroundScheduler(timezone=UTC)
    for name, job in jobs.items():
        scheduler.add_job(job, "interval", seconds=every_seconds, id=name, name=name, **at_once)
    scheduler.add_job(nightly, "cron", hour=NIGHT, id="nightly", name="nightly", **at_once)
    scheduler.start()
    return scheduler
