"""Long work that somebody asked for: with progress, retry, cancel and a file that came of it.

The row in `job` is the truth. On PostgreSQL procrastinate delivers its key to a worker
(delivery.py), on SQLite whoever sweeps looks for it; the functions are the same. A job's function
is called with its progress, and takes its own transactions. It is safe to call again: it begins
where it finds work, whatever became of the last try. What must be done once, it does in the
transaction in which it says `end`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, start_over, transaction
from app.errors import BadInput, ChangedMeanwhile, NotFound, PutrightError
from app.models import Blob, Job
from app.models.base import new_id
from app.services.access import one_at_a_time
from app.services.operations import delivery
from app.viewer import Viewer

logger = logging.getLogger(__name__)
DEAD_AFTER = timedelta(minutes=2)  # without a sign of life whoever did it is gone
COME_AGAIN = timedelta(seconds=30)  # after a try that failed, or while somebody else does it
FORGET_AFTER = timedelta(days=30)
MOST_TRIES = 3
Stopping = Callable[[], bool]
OPEN = ("waiting", "running")
NEVER_ENDED = "Whoever did it was stopped each time, and it is not begun again."
BUSY = "This is being done already, by another process. If that was killed: wait two minutes."


class Cancelled(PutrightError):
    """Somebody has called the job off."""

    message = "Called off. What was done stays done."


class LeftToOthers(PutrightError):
    """This process is about to stop, or somebody else has taken the job on: they go on with it."""

    message = "Another process has taken this on."


@dataclass
class Progress:
    """What a running job tells of itself. landlord_id, args, asked_by: of the job.

    taken: the mark of this try; once the row has another, the job is somebody else's.
    """

    landlord_id: str
    job_id: str
    args: dict[str, Any]
    asked_by: str | None
    taken: str
    stopping: Stopping = lambda: False  # whether the process is about to stop

    def tell(self, done: int, total: int) -> None:
        """So much is done. Raises Cancelled, LeftToOthers. Call it between transactions.

        Call it at least every minute: who says nothing for two counts as dead.
        """
        stopping = self.stopping()
        with transaction() as session:
            job = self._own(session)
            job.done, job.total, job.beat_at = done, total, clock.now()
            if stopping:
                job.status, job.tries = "waiting", job.tries - 1
        if stopping:
            raise LeftToOthers

    def end(self, session: Session, says: str, blob_id: str | None = None) -> None:
        """The job is over, in the very transaction that made what it was for.

        Raises Cancelled, LeftToOthers: then nothing of that transaction may stay.
        """
        job = self._own(session)
        job.status, job.says, job.blob_id, job.ended_at = "done", says, blob_id, clock.now()

    def _own(self, session: Session) -> Job:
        job = session.get_one(Job, (self.landlord_id, self.job_id), with_for_update=True)
        if job.status == "cancelled":
            raise Cancelled
        if job.taken != self.taken or job.status != "running":
            raise LeftToOthers
        return job


Work = Callable[[Progress], str]  # returns what came of it, in words; "" when it said so by `end`


def ask(viewer: Viewer, name: str, args: dict[str, Any], about: str = "") -> str:
    """Ask for a job; the one that is open already, if there is one. Returns its id."""
    with transaction() as session:
        standing = _standing(session, viewer, name, about)
        if standing is not None:
            return standing.id
        asked = _new(session, viewer, name, args, about)
        delivery.send(session, asked.landlord_id, asked.id)
        return asked.id


def do_here(viewer: Viewer, name: str, args: dict[str, Any], work: Work, about: str = "") -> None:
    """Do a job in this process, while whoever asked for it waits: what it raises is raised.

    Raises BadInput while another process does it.
    """
    with transaction() as session:
        found = _standing(session, viewer, name, about)
        alive = found and found.beat_at and found.beat_at >= clock.now() - DEAD_AFTER
        if alive:
            raise BadInput({"job": BUSY})
        progress = _take(found or _new(session, viewer, name, args, about))
    try:
        says = work(progress)
    except PutrightError as refused:
        _over(progress, "failed", refused.message)
        raise
    except BaseException as problem:  # Ctrl-C, too
        _over(progress, "failed", f"It stopped: {type(problem).__name__}.")
        raise
    _over(progress, "done", says)


def newest(landlord_id: str, name: str, about: str = "") -> Job | None:
    """The job of that name about that which is open, or else the last, whatever became of it."""
    order = (Job.ended_at.is_(None).desc(), Job.asked_at.desc(), Job.id)
    return db.session.scalar(_of(landlord_id, name, about).order_by(*order).limit(1))


def file_of(job: Job) -> Blob | None:
    """The file that came of a job, as long as it is kept."""
    return db.session.get(Blob, (job.landlord_id, job.blob_id)) if job.blob_id else None


def cancel(viewer: Viewer, name: str, job_id: str, about: str = "") -> None:
    """Call a job off. Raises NotFound once it is over, and for a job of another name."""
    with transaction() as session:
        query = _of(viewer.landlord_id, name, about).where(Job.id == job_id, Job.status.in_(OPEN))
        found = session.scalar(query.with_for_update())
        if found is None:
            raise NotFound
        found.status, found.ended_at, found.says = "cancelled", clock.now(), Cancelled.message


def run_waiting(known: Mapping[str, Work], stopping: Stopping = lambda: False) -> int:
    """Do all that waits, one after another; returns how many were begun. known: by name."""
    begun = 0
    while not stopping() and (claimed := _claim(known)) is not None:
        claimed[1].stopping = stopping
        _run(*claimed)
        begun += 1
    return begun


def run_delivered(
    landlord_id: str, job_id: str, known: Mapping[str, Work], stopping: Stopping = lambda: False
) -> timedelta | None:
    """Do one job, unless somebody does. Returns when it is to be delivered again, None: never."""
    if stopping():
        return timedelta()
    claimed = _claim(known, (Job.landlord_id == landlord_id) & (Job.id == job_id))
    if claimed is not None:
        claimed[1].stopping = stopping
        _run(*claimed)
    start_over()
    found = db.session.get(Job, (landlord_id, job_id))
    if found is None or found.status not in OPEN:
        return None
    return timedelta() if stopping() else COME_AGAIN


def waiting() -> int:
    """How many have been asked for and not been begun, of all landlords."""
    query = select(func.count()).where(Job.ended_at.is_(None), Job.status == "waiting")
    return db.session.scalar(query.select_from(Job)) or 0


def drop_old() -> None:
    """What was asked for is forgotten a month after it was over."""
    with transaction() as session:
        session.execute(delete(Job).where(Job.ended_at < clock.now() - FORGET_AFTER))


def _of(landlord_id: str, name: str, about: str) -> Select[Job]:
    return select(Job).where(Job.landlord_id == landlord_id, Job.name == name, Job.about == about)


def _standing(session: Session, viewer: Viewer, name: str, about: str) -> Job | None:
    """The one that is open; nobody else asks for another meanwhile."""
    one_at_a_time(session, f"job {viewer.landlord_id} {name} {about}")
    query = _of(viewer.landlord_id, name, about).where(Job.status.in_(OPEN))
    return session.scalar(query.with_for_update())


def _new(session: Session, viewer: Viewer, name: str, args: dict[str, Any], about: str) -> Job:
    asked = Job(
        landlord_id=viewer.landlord_id,
        id=new_id(),
        name=name,
        about=about,
        args=args,
        blob_id=None,
        asked_by=viewer.user_id,
        asked_at=clock.now(),
        beat_at=None,
        ended_at=None,
    )
    session.add(asked)
    session.flush()
    return asked


def _claim(known: Mapping[str, Work], which: Any = True) -> tuple[Work, Progress] | None:
    """The oldest job that nobody does, so that nobody else begins it."""
    late = clock.now() - DEAD_AFTER
    free = or_(Job.status == "waiting", (Job.status == "running") & (Job.beat_at < late))
    query = (
        select(Job)
        .where(Job.ended_at.is_(None), Job.name.in_(known), free, which)
        .order_by(Job.asked_at)
        .limit(1)
    )
    if db.session.scalar(query) is None:
        return None
    with transaction() as session:
        found = session.scalar(query.with_for_update(skip_locked=True))
        if found is None:
            return None
        if found.tries < MOST_TRIES:
            return known[found.name], _take(found)
        found.status, found.says, found.ended_at = "failed", NEVER_ENDED, clock.now()
    return _claim(known, which)


def _take(job: Job) -> Progress:
    job.status, job.beat_at, job.tries, job.taken = "running", clock.now(), job.tries + 1, new_id()
    return Progress(job.landlord_id, job.id, dict(job.args), job.asked_by, job.taken)


def _run(work: Work, progress: Progress) -> None:
    try:
        _over(progress, "done", work(progress))
    except (Cancelled, LeftToOthers):
        start_over()
    except ChangedMeanwhile as lost:
        _again(progress, lost.message)
    except PutrightError as refused:  # trying again would not help
        _over(progress, "failed", refused.message)
    except Exception as problem:
        logger.exception("a job failed", extra={"job": progress.job_id})
        _again(progress, f"It stopped: {type(problem).__name__}.")


def _again(progress: Progress, says: str) -> None:
    """It waits for another try, unless it had its last."""
    with transaction() as session:
        job = session.get_one(Job, (progress.landlord_id, progress.job_id), with_for_update=True)
        if job.status != "running" or job.taken != progress.taken:
            return
        if job.tries < MOST_TRIES:
            job.status, job.says = "waiting", f"{says} It is tried again."
        else:
            job.status, job.says, job.ended_at = "failed", says, clock.now()


def _over(progress: Progress, status: str, says: str) -> None:
    with transaction() as session:
        job = session.get_one(Job, (progress.landlord_id, progress.job_id), with_for_update=True)
        if job.status == "running" and job.taken == progress.taken:
            job.status, job.says, job.ended_at = status, says, clock.now()
