"""What staff have typed and not yet sent: theirs alone, and gone once it is sent.

A draft of a task has the task's id for its key; one of any other form the key of `key_of`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.models import Draft, Task
from app.viewer import Viewer

KEPT = timedelta(days=7)  # a text that lost a race, or a form that nobody came back to


def key_of(*what: str) -> str:
    """The key of a form that no task holds: the form's name, and whom or which case it is about."""
    return hashlib.sha256("\n".join(what).encode()).hexdigest()[:32]


def kept(viewer: Viewer, key: str) -> Draft | None:
    """The viewer's own draft, or None."""
    return db.session.get(Draft, (viewer.landlord_id, key, viewer.user_id))


def keep(viewer: Viewer, key: str, values: dict[str, list[str]]) -> Draft:
    """Keep what was typed, by HTML name, in place of what was kept before."""
    with transaction() as session:
        draft = Draft(
            landlord_id=viewer.landlord_id,
            task_id=key,
            user_id=viewer.user_id,
            values=values,
            saved_at=clock.now(),
        )
        return session.merge(draft)


def let_go(viewer: Viewer, key: str) -> None:
    """Forget what was typed, if anything is kept."""
    with transaction() as session:
        draft = session.get(Draft, (viewer.landlord_id, key, viewer.user_id))
        if draft is not None:
            session.delete(draft)


def drop_old() -> None:
    """Forms and lost texts are kept for 7 days; drafts of open tasks as long as the task."""
    old = (
        select(Draft)
        .outerjoin(Task, (Task.landlord_id == Draft.landlord_id) & (Task.id == Draft.task_id))
        .where(Task.status.is_(None) | (Task.status != "open"), Draft.saved_at < clock.now() - KEPT)
    )
    if db.session.scalar(old.limit(1)) is None:
        return
    with transaction() as session:
        for draft in session.scalars(old):
            session.delete(draft)
