"""How a job reaches whoever does it on PostgreSQL: procrastinate carries its key, and no more.

The row in `job` is the truth, and is sent for in the transaction that writes it. procrastinate
wakes a worker at once, knows by its workers' heartbeat who has died, and delivers again. That may
be twice: jobs.py sees to it that a job runs once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread

from flask import Flask
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Parcel
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import Connection, String, cast, column, exists, func, make_url, select, table
from sqlalchemy.orm import Session

from app.clock import system_clock
from app.db import db, transaction
from app.models import Job

logger = logging.getLogger(__name__)
logging.getLogger("procrastinate").setLevel(logging.WARNING)  # each delivery is none of our news
TASK, QUEUE = "putright.job", "putright"
BEATS_EVERY, DEAD_AFTER = 10.0, 30.0  # seconds, of workers
LOOKS_EVERY = 15.0  # seconds between two looks for what nobody carries
AFTER_TROUBLE = timedelta(seconds=10)

Do = Callable[[str, str], timedelta | None]
# takes landlord and job, and says when to come again; None: the job is over

_post = App(connector=SyncPsycopgConnector())  # has no connection: each job goes by its asker's
WORKERS = table("procrastinate_workers", column("last_heartbeat"))
PARCELS = table("procrastinate_jobs", column("status"), column("args"))


class _ComeAgain(Exception):
    """The job is not over."""

    def __init__(self, after: timedelta) -> None:
        self.after = after


class _UntilOver(BaseRetryStrategy):
    """A delivery ends when its job has, whatever became of the try."""

    def get_retry_decision(self, *, exception: BaseException, job: Parcel) -> RetryDecision:
        after = exception.after if isinstance(exception, _ComeAgain) else AFTER_TROUBLE
        return RetryDecision(retry_at=system_clock() + after)  # it goes by the real one


def is_used() -> bool:
    """Whether procrastinate carries the jobs of this database. SQLite's are looked for."""
    return db.engine.dialect.name == "postgresql"


def send(session: Session, landlord_id: str, job_id: str) -> None:
    """Send for somebody who does the job, in the session's own transaction."""
    if is_used():
        _send(session.connection(), landlord_id, job_id)


def _send(connection: Connection, landlord_id: str, job_id: str) -> None:
    _post.configure_task(
        TASK, queue=QUEUE, lock=job_id, connection=connection.connection.driver_connection
    ).defer(landlord_id=landlord_id, job_id=job_id)


def send_unsent(names: Collection[str]) -> int:
    """Send for what is open and nobody carries, such as from before procrastinate; how many."""
    carried = exists().where(
        cast(PARCELS.c.status, String).in_(("todo", "doing")),
        func.jsonb_extract_path_text(PARCELS.c.args, "job_id") == Job.id,
    )
    query = select(Job).where(Job.ended_at.is_(None), Job.name.in_(names), ~carried)
    if db.session.scalar(query.limit(1)) is None:
        return 0
    with transaction() as session:
        unsent = session.scalars(query.with_for_update(skip_locked=True)).all()
        for job in unsent:
            send(session, job.landlord_id, job.id)
        return len(unsent)


def carriers() -> int:
    """How many workers have given a sign of life lately."""
    late = func.now() - timedelta(seconds=DEAD_AFTER)
    alive = select(func.count()).select_from(WORKERS).where(WORKERS.c.last_heartbeat > late)
    return db.session.scalar(alive) or 0


class Carrier(Thread):
    """Does what is delivered, one job after another, until it is stopped."""

    def __init__(self, app: Flask, do: Do, names: Collection[str], stopping: Event) -> None:
        super().__init__(name="carrier")
        self.app, self.do, self.names, self.stopping = app, do, names, stopping

    def run(self) -> None:
        """Until `stopping` is set and the job at hand is over or left to others."""
        while not self.stopping.is_set():
            try:
                asyncio.run(self._carry())
            except Exception:
                logger.exception("no jobs can be taken on")
                self.stopping.wait(AFTER_TROUBLE.total_seconds())

    async def _carry(self) -> None:
        address = make_url(self.app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
        connector = PsycopgConnector(
            conninfo=address.render_as_string(hide_password=False), min_size=1, max_size=3
        )
        carrier = App(connector=connector)
        carrier.task(name=TASK, queue=QUEUE, retry=_UntilOver())(self._work)
        async with carrier.open_async():
            worker = asyncio.create_task(
                carrier.run_worker_async(
                    queues=[QUEUE],
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=BEATS_EVERY,
                    stalled_worker_timeout=DEAD_AFTER,
                )
            )
            try:
                while not worker.done():
                    await self._look_after(carrier)
                    if await asyncio.to_thread(self.stopping.wait, LOOKS_EVERY):
                        break
            finally:
                worker.cancel()  # it waits for the job at hand
                with suppress(asyncio.CancelledError):
                    await worker

    def _work(self, landlord_id: str, job_id: str) -> None:
        with self.app.app_context():
            after = self.do(landlord_id, job_id)
        if after is not None:
            raise _ComeAgain(after)

    async def _look_after(self, carrier: App) -> None:
        """Deliver anew what a worker had that has died, and what never was on its way."""
        await carrier.job_manager.prune_stalled_workers(DEAD_AFTER)
        for lost in await carrier.job_manager.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=DEAD_AFTER
        ):
            with suppress(ConnectorException):  # another worker was faster
                await carrier.job_manager.retry_job(lost)
        await asyncio.to_thread(self._send_unsent)

    def _send_unsent(self) -> None:
        with self.app.app_context():
            send_unsent(self.names)
