"""What a hurried programmer would have written: the proofs must find each of these."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.engine import Snapshot
from app.models import Outgoing
from app.services import deadlines, letters, mailing, outbox, steps


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


def no_second_look() -> None:
    """Whoever has read that a letter waits sends it, without asking whether it still does."""

    def claim(landlord_id: str | None) -> tuple[str, str] | None:
        waiting = select(Outgoing.landlord_id, Outgoing.id).where(
            Outgoing.waits(), Outgoing.status == "queued"
        )
        found = db.session.execute(waiting.limit(1)).one_or_none()
        if found is None:
            return None
        with transaction() as session:
            outgoing = session.get_one(Outgoing, tuple(found))
            outgoing.status, outgoing.next_try_at = "sending", clock.now()
            return outgoing.landlord_id, outgoing.id

    outbox._claim = claim


SEEDED: dict[str, Callable[[], None]] = {
    "two_commits": two_commits,
    "mail_first": mail_first,
    "no_second_look": no_second_look,
}
