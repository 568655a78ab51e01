"""How often one visitor may do a thing: counted in the database, so by all web processes together.

Each thing done fills a bucket by one; it runs out evenly, and is empty after an hour. What is kept
is a keyed hash of who it was, and the instant at which the bucket is empty.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from math import ceil

from flask import current_app
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from app import clock
from app.db import db, transaction
from app.models import Flood

HOUR = 3600.0  # seconds


@dataclass(frozen=True)
class Limit:
    """So many at once, and as many in an hour after that."""

    name: str
    most: int

    @property
    def each(self) -> float:
        """The seconds in which one runs out."""
        return HOUR / self.most


def take(limit: Limit, key: str) -> int:
    """Count one more. Returns 0, or the seconds to wait when none is left; then nothing counts.

    One statement. Two at once are counted one after the other.
    """
    now = clock.now().timestamp()
    insert = sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert
    starts = case((Flood.empty_at > now, Flood.empty_at), else_=now)
    row = insert(Flood).values(key=_hashed(limit, key), empty_at=now + limit.each)
    filled = row.on_conflict_do_update(
        index_elements=[Flood.key],
        set_={"empty_at": starts + limit.each},
        where=starts + limit.each <= now + HOUR + 0.001,
    )
    with transaction() as session:
        if session.scalar(filled.returning(Flood.empty_at)) is not None:
            return 0
    return wait(limit, key)


def wait(limit: Limit, key: str) -> int:
    """The seconds until one more is allowed; 0 for now."""
    empty_at = db.session.scalar(select(Flood.empty_at).where(Flood.key == _hashed(limit, key)))
    over = (empty_at or 0) + limit.each - HOUR - clock.now().timestamp()
    return max(0, ceil(over - 0.001))


def drop_old() -> None:
    """Empty buckets say nothing."""
    old = Flood.empty_at < clock.now().timestamp()
    if db.session.scalar(select(Flood.key).where(old).limit(1)) is not None:
        with transaction() as session:
            session.execute(delete(Flood).where(old))


def _hashed(limit: Limit, key: str) -> str:
    secret = current_app.secret_key
    assert isinstance(secret, str)
    return hmac.new(secret.encode(), f"{limit.name}/{key}".encode(), hashlib.sha256).hexdigest()
