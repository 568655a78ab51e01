"""Equality data: counted, never kept."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class EqualityCount(Base):
    """How often one answer was given in forms that began cases of a kind in a month.

    There is no row for an answer, so nothing joins it to a case, to a person or to the other
    answers of the same form. The rows lie in the order of the key, not in that of their making:
    the table has no row numbers. month: 2026-11, in which the case was received.
    """

    __tablename__ = "equality_count"
    landlord_id: Mapped[str] = mapped_column(
        String(60), ForeignKey("landlord.id"), primary_key=True
    )
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    field: Mapped[str] = mapped_column(String(100), primary_key=True)
    answer: Mapped[str] = mapped_column(String(200), primary_key=True)
    times: Mapped[int]
    __table_args__ = ({"sqlite_with_rowid": False},)
