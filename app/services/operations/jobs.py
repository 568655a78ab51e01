"""Long work that somebody asked for: done by whoever sweeps, with progress, retry and cancel.

A job's function is called with its progress, and takes its own transactions. It is safe to call
again: it begins where it finds work, whatever became of the last try.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from app import clock
from app.db import db, transaction
from app.errors import NotFound
from app.models import Job
from app.models.base import new_id
from app.viewer import Viewer

logger = logging.getLogger(__name__)
DEAD_AFTER = timedelta(minutes=2)  # without a sign of life whoever did it is gone
MOST_TRIES = 3
Stopping = Callable[[], bool]
OPEN = ("waiting", "running")


class Cancelled(Exception):
    """Somebody has called the job off; what is done stays done."""


class LeftToOthers(Exception):
    """This process is about to stop; the job waits for the next one to go on with it."""


@dataclass
class Progress:
    """What a running job tells of itself. landlord_id, args, asked_by: of the job."""

    landlord_id: str
    job_id: str
    args: dict[str, Any]
    asked_by: str | None
    stopping: Stopping = lambda: False  # whether the process is about to stop

    def tell(self, done: int, total: int) -> None:
        """So much is done. Raises Cancelled, LeftToOthers. Call it between transactions."""
        stopping = self.stopping()
        with transaction() as session:
            job = session.get_one(Job, (self.landlord_id, self.job_id), with_for_update=True)
            job.done, job.total, job.beat_at = done, total, clock.now()
            if job.status == "cancelled":
                raise Cancelled
            if stopping:
                job.status, job.tries = "waiting", job.tries - 1
        if stopping:
            raise LeftToOthers


Work = Callable[[Progress], str]  # returns what came of it, in words


def ask(viewer: Viewer, name: str, args: dict[str, Any]) -> str:
    """Ask for a job; the one that is open already, if there is one. Returns its id."""
    with transaction() as session:
        standing = session.scalar(
            select(Job).where(
                Job.landlord_id == viewer.landlord_id, Job.name == name, Job.status.in_(OPEN)
            )
        )
        if standing is not None:
            return standing.id
        asked = Job(
            landlord_id=viewer.landlord_id,
            id=new_id(),
            name=name,
            args=args,
            asked_by=viewer.user_id,
            asked_at=clock.now(),
            beat_at=None,
            ended_at=None,
        )
        session.add(asked)
        session.flush()
        return asked.id


def newest(landlord_id: str, name: str) -> Job | None:
    """The last job of that name, whatever became of it."""
    return db.session.scalar(
        select(Job)
        .where(Job.landlord_id == landlord_id, Job.name == name)
        .order_by(Job.asked_at.desc())
        .limit(1)
    )


def cancel(viewer: Viewer, job_id: str) -> None:
    """Call a job off. Raises NotFound once it is over."""
    with transaction() as session:
        found = session.get(Job, (viewer.landlord_id, job_id), with_for_update=True)
        if found is None or found.status not in OPEN:
            raise NotFound
        found.status, found.ended_at = "cancelled", clock.now()
        found.says = "Called off. What was done stays done."


def run_waiting(known: Mapping[str, Work], stopping: Stopping = lambda: False) -> int:
    """Do all that waits, one after another; returns how many were begun. known: by name."""
    begun = 0
    while not stopping() and (claimed := _claim()) is not None:
        claimed.stopping = stopping
        _run(claimed, known)
        begun += 1
    return begun


def _claim() -> Progress | None:
    """The oldest job that nobody does, so that nobody else begins it."""
    late = clock.now() - DEAD_AFTER
    free = or_(Job.status == "waiting", (Job.status == "running") & (Job.beat_at < late))
    query = select(Job).where(Job.ended_at.is_(None), free).order_by(Job.asked_at).limit(1)
    if db.session.scalar(query) is None:
        return None
    with transaction() as session:
        found = session.scalar(query.with_for_update(skip_locked=True))
        if found is None:
            return None
        found.status, found.beat_at, found.tries = "running", clock.now(), found.tries + 1
        return Progress(found.landlord_id, found.id, dict(found.args), found.asked_by)


def _run(progress: Progress, known: Mapping[str, Work]) -> None:
    try:
        says, status = known[_name(progress)](progress), "done"
    except (Cancelled, LeftToOthers):
        return
    except Exception as problem:
        logger.exception("a job failed", extra={"job": progress.job_id})
        says, status = f"It stopped: {type(problem).__name__}.", "failed"
    with transaction() as session:
        found = session.get_one(Job, (progress.landlord_id, progress.job_id), with_for_update=True)
        if found.status != "running":
            return
        if status == "failed" and found.tries < MOST_TRIES:
            found.status, found.says = "waiting", f"{says} It is tried again."
            return
        found.status, found.says, found.ended_at = status, says, clock.now()


def _name(progress: Progress) -> str:
    return db.session.get_one(Job, (progress.landlord_id, progress.job_id)).name
