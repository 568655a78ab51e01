"""What a hurried programmer would have written: the proofs must find each of these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from app import clock
from app.engine import Snapshot
from app.models import Outgoing
from app.services import deadlines, letters, mailing, steps


def two_commits() -> None:
    """The state of a case is saved before its deadlines, tasks and letters are."""
    register = deadlines.register

    def saved_first(step: steps.Step, snapshot: Snapshot) -> datetime | None:
        step.session.commit()
        return register(step, snapshot)

    deadlines.register = saved_first


def mail_first() -> None:
    """A letter leaves before the step that wrote it is saved."""
    queue = letters.queue

    def sent_at_once(step: steps.Step, letter: str, element: str, at: datetime) -> None:
        queue(step, letter, element, at)
        step.session.flush()
        waiting = select(Outgoing).where(Outgoing.status == "queued")
        for outgoing in step.session.scalars(waiting).all():
            mailing.deliver(outgoing)
            outgoing.status, outgoing.sent_at = "sent", clock.now()

    letters.queue = sent_at_once


SEEDED: dict[str, Callable[[], None]] = {"two_commits": two_commits, "mail_first": mail_first}
