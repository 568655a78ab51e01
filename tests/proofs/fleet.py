"""The processes of a proof, and what must hold of the database whatever became of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from email import message_from_bytes
from typing import IO

from sqlalchemy import select

from app.db import db
from app.models import Case, Event, Instance, Outgoing, Payload
from app.services.operations.verifying import verify
from app.settings import ROOT, Settings
from tests.mailbox import Mailbox
from tests.proofs.victim import Ended, Job

LONG = bool(os.environ.get("PUTRIGHT_LONG"))
OF_LETTERS = frozenset({"letter_sent", "letter_interrupted"})
# what a process may say, or the page that it answers with
LOST, BUSY, OUT = ("TaskIsOver", "ChangedMeanwhile", "409"), ("Busy", "503"), "503"


class Fleet:
    """Runs jobs in processes that may die or stand still."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin and process.stdout
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout
        self.kills = self.pauses = 0
        self.lived: dict[str, Ended] = {}  # by what was to be done: the last that nobody hit

    def run(self, *jobs: Job, meanwhile: Callable[[], object] | None = None) -> list[Ended]:
        """Each in a process of its own, all at once.

        meanwhile: kills the database, of which they may complain.
        """
        db.session.rollback()
        print(json.dumps([asdict(job) for job in jobs]), file=self._in, flush=True)
        if meanwhile:
            meanwhile()
            db.engine.dispose()
        ended = [Ended(**each) for each in json.loads(self._out.readline())]
        for job, each in zip(jobs, ended, strict=True):
            told = each.said.startswith(("done", *LOST, *(BUSY if job.hurried else ())))
            gone = meanwhile is not None and ("OperationalError" in each.said or OUT in each.said)
            assert job.dies if each.killed else told or gone, (job, each)
            if each.points and not job.is_hit and not job.hurried:
                self.lived[job.does] = each
        self.kills += sum(each.killed for each in ended)
        self.pauses += sum(each.stood for each in ended)
        return ended

    def until_done(self, job: Job, points: Iterator[int]) -> None:
        """The job in one process after another, each killed at the next point, until one lives."""
        for point in points:
            if not self.run(replace(job, hit_at=point))[0].killed:
                return
        self.run(job)

    def pause(self, job: Job, other: Job) -> None:
        """The job stands still where it would be hit, until another process has done the other.

        That one may give up, since whoever stands still may hold what it needs.
        """
        still = replace(job, by=signal.SIGSTOP, wakes=other.at)
        self.run(still, replace(other, hurried=True))


@contextmanager
def fleet(settings: Settings, mailbox: Mailbox) -> Iterator[Fleet]:
    """Processes on the test's database."""
    said = {
        "PUTRIGHT_INSTANCE_DIR": str(settings.instance_dir),
        "PUTRIGHT_DATABASE_URL": settings.database,
        "PUTRIGHT_SMTP_URL": mailbox.url,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.proofs.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | said,
    ) as process:
        yield Fleet(process)
        assert process.stdin
        process.stdin.close()


def lives() -> dict[str, list[str]]:
    """What happened in each case, by its key: every line of history but those of sending."""
    rows = db.session.execute(
        select(Case.submission_key, Event.action, Event.element)
        .join(Instance, (Instance.landlord_id == Case.landlord_id) & (Instance.case_id == Case.id))
        .join(
            Event,
            (Event.landlord_id == Instance.landlord_id) & (Event.instance_id == Instance.id),
        )
        .order_by(Case.submission_key, Event.n)
    )
    found: dict[str, list[str]] = {}
    for key, action, element in rows:
        if action not in OF_LETTERS and (action, element) != ("alerted", ""):
            found.setdefault(key, []).append(f"{action} {element}")
    return found


def wrong(expected: list[str], mailbox: Mailbox) -> list[str]:
    """Everything that is not as it would be had nobody been killed. Empty: all is well.

    expected: the life of a case that nothing was done to.
    """
    db.session.rollback()
    checks = (check for check in verify() if check.name != "migrations")
    found = [f"{check.name}: {check.says}" for check in checks if not check.ok]
    for key, life in lives().items():
        lost, more = Counter(expected) - Counter(life), Counter(life) - Counter(expected)
        found += [f"{key} lacks {line}" for line in lost]
        found += [f"{key} has {line} too often" for line in more]
        if not lost and not more and life != expected:
            found.append(f"{key} has its lines in another order")
    return found + list(_wrong_letters(mailbox))


def _wrong_letters(mailbox: Mailbox) -> Iterator[str]:
    """Each letter came, and came once, or once more for each time that we say it may have."""
    came = Counter(message_from_bytes(mail)["Message-ID"] for mail in mailbox.received)
    flagged = Counter(
        values["letter_id"]
        for values in db.session.scalars(
            select(Payload.values)
            .join(
                Event,
                (Event.landlord_id == Payload.landlord_id) & (Event.payload_id == Payload.id),
            )
            .where(Event.action == "letter_interrupted")
        )
    )
    for letter in db.session.scalars(select(Outgoing)):
        times = came.pop(f"<{letter.key.replace(':', '.')}@127.0.0.1>", 0)
        if times > 1 + flagged[letter.letter_id]:
            yield f"a letter came {times} times, and {flagged[letter.letter_id]} times we say so"
        if letter.status not in {"sent", "failed"} or (letter.status == "sent" and not times):
            yield f"a letter is {letter.status}, and came {times} times"
    yield from (f"a letter came that nobody wrote: {key}" for key in came)
