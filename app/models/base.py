"""What every growing table shares: its landlord first in the key."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column


def new_id() -> str:
    """32 hex digits."""
    return uuid.uuid4().hex


def index_of(name: str, *columns: str, only: str) -> Index:
    """An index of a landlord's rows that has only some of them."""
    where = text(only)
    return Index(name, "landlord_id", *columns, sqlite_where=where, postgresql_where=where)


class Owned:
    """A row that belongs to one landlord."""

    landlord_id: Mapped[str] = mapped_column(
        String(60), ForeignKey("landlord.id"), primary_key=True, sort_order=-2
    )


class OwnedById(Owned):
    """A landlord's row with an id of its own."""

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id, sort_order=-1)
