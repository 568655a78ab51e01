"""Signs of life of whoever sweeps: a server with its own heartbeat, or a worker."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from app import clock
from app.db import db, transaction
from app.models import Beat

FORGET_AFTER = timedelta(days=1)


def beat() -> None:
    """This process is alive now."""
    me = f"{socket.gethostname()[:80]}:{os.getpid()}"
    with transaction() as session:
        row = session.get(Beat, me)
        if row is None:
            session.execute(delete(Beat).where(Beat.at < clock.now() - FORGET_AFTER))
            session.add(Beat(id=me, started_at=clock.now(), at=clock.now()))
        else:
            row.at = clock.now()


def at_once(since: datetime) -> int:
    """How many processes have been alive at the same time as the newest of them."""
    rows = db.session.scalars(select(Beat).where(Beat.at > since).order_by(Beat.started_at)).all()
    return sum(row.at >= rows[-1].started_at for row in rows)


def newest() -> datetime | None:
    """When anybody gave a sign of life last."""
    return db.session.scalar(select(func.max(Beat.at)))
