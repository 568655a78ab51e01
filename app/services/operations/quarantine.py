"""A restored copy does nothing by itself until a person has approved it."""

from __future__ import annotations

from sqlalchemy import func, select

from app import clock
from app.db import db, transaction
from app.errors import NotFound
from app.models import Instance, Outgoing, Quarantine


def holds() -> bool:
    """Whether this copy may fire no deadline and send no letter."""
    standing = select(Quarantine.began_at).where(Quarantine.released_at.is_(None)).limit(1)
    return db.session.scalar(standing) is not None


def begin(says: str) -> None:
    """From now on nothing is fired or sent."""
    with transaction() as session:
        session.add(Quarantine(began_at=clock.now(), says=says, released_at=None))


def would_do() -> tuple[int, int]:
    """What releasing sets going at once: cases with a deadline that is due, and e-mails."""
    due = (
        select(func.count())
        .select_from(Instance)
        .where(Instance.next_due_at <= clock.now(), Instance.held.is_(False))
    )
    mail = (
        select(func.count())
        .select_from(Outgoing)
        .where(
            Outgoing.waits(),
            Outgoing.channel == "email",
            Outgoing.status.in_(("queued", "unknown", "sending")),
            Outgoing.next_try_at <= clock.now(),
        )
    )
    return db.session.scalar(due) or 0, db.session.scalar(mail) or 0


def release(by: str) -> None:
    """A person has looked, and the copy goes to work. Raises NotFound if nothing holds it."""
    with transaction() as session:
        standing = session.scalars(select(Quarantine).where(Quarantine.released_at.is_(None))).all()
        if not standing:
            raise NotFound("No quarantine holds this copy.")
        for row in standing:
            row.released_at, row.by = clock.now(), by[:200]
