"""Save a public form and come back later, by a link that only the resident has."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from sqlalchemy import delete

from app import clock
from app.db import db, transaction
from app.errors import NotFound
from app.models import Return
from app.services import deployments
from app.services.private_links import hash_token

KEPT = timedelta(days=14)
Values = dict[str, list[str]]


def save(landlord_id: str, values: Values, token: str = "") -> str:
    """Keep what was typed and return the link's token: the same one when it is saved again."""
    deployments.live(landlord_id)
    if not token or _row(landlord_id, token) is None:
        token = secrets.token_urlsafe(16)
    row = Return(
        landlord_id=landlord_id,
        token_hash=hash_token(token),
        values=values,
        saved_at=clock.now(),
    )
    with transaction() as session:
        session.merge(row)
    return token


def values_of(landlord_id: str, token: str) -> Values:
    """What was typed. Raises NotFound for a wrong link, a used one, and after 14 days."""
    row = _row(landlord_id, token)
    if row is None:
        raise NotFound
    return row.values


def last_day() -> date:
    """The last whole day on which a link saved now can be used."""
    return clock.today() + KEPT - timedelta(days=1)


def forget(landlord_id: str, token: str) -> None:
    """The form was sent: nothing of it stays behind the link."""
    _drop(Return.landlord_id == landlord_id, Return.token_hash == hash_token(token))


def drop_old() -> None:
    """Nobody came back: forget it."""
    _drop(Return.saved_at <= clock.now() - KEPT)


def _row(landlord_id: str, token: str) -> Return | None:
    row = db.session.get(Return, (landlord_id, hash_token(token)))
    return row if row is not None and row.saved_at > clock.now() - KEPT else None


def _drop(*which: object) -> None:
    with transaction() as session:
        session.execute(delete(Return).where(*which))  # type: ignore[arg-type]
