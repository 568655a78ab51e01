"""Workers with one job of their own, impatient enough for a proof. Each runs until SIGTERM.

Says the id of each, and then of each that ended how it did.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta
from threading import Event
from typing import NoReturn

from flask import Flask

from app.db import db, transaction
from app.factory import create_app
from app.models import Payload
from app.services import sweep
from app.services.operations import delivery, jobs
from app.settings import Settings

JOB, STEPS = "count", 20


def count(progress: jobs.Progress) -> str:
    """Keeps a row for each step, and one for the end; each says which process wrote it."""
    by, key = os.getpid(), progress.job_id[:20]
    for n in range(STEPS):
        progress.tell(n, STEPS)
        if db.session.get(Payload, (progress.landlord_id, f"{key}-{n}")) is None:
            with transaction() as session:
                row = Payload(landlord_id=progress.landlord_id, id=f"{key}-{n}", values={"by": by})
                session.add(row)
        time.sleep(0.1)
    with transaction() as session:
        row = Payload(landlord_id=progress.landlord_id, id=f"{key}-e{by}", values={"by": by})
        session.add(row)
        progress.end(session, f"Counted to {STEPS}.")
    return ""


def be_impatient() -> None:
    """Seconds instead of minutes."""
    delivery.BEATS_EVERY, delivery.DEAD_AFTER, delivery.LOOKS_EVERY = 0.3, 1.5, 0.3
    jobs.DEAD_AFTER, jobs.COME_AGAIN = timedelta(seconds=1.5), timedelta(seconds=0.3)


def live(app: Flask) -> NoReturn:
    """The life of one worker."""
    stopping = Event()
    carrier = sweep.carrier(app, stopping)
    carrier.start()
    signal.sigwait({signal.SIGTERM})
    stopping.set()
    carrier.join()
    os._exit(0)


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    be_impatient()
    sweep.JOBS[JOB] = count
    app = create_app(Settings())
    for _ in range(int(sys.argv[1])):
        if (child := os.fork()) == 0:
            live(app)
        print(child, flush=True)
    for _ in range(int(sys.argv[1])):
        child, status = os.wait()
        print(child, os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
