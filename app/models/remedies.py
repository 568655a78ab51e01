"""What a complaint led to: what was promised, and what was learned."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import OwnedById
from app.models.cases import of_case


class Promise(OwnedById, Base):
    """One thing that we promised: an action or a payment, followed until it is done.

    due_on may move with a reason; first_due_on never does. amount: pounds as "150.00", of a
    payment, whose reason and approver are kept.
    """

    __tablename__ = "promise"
    case_id: Mapped[str] = mapped_column(String(32))
    n: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10), default="action")  # action, payment
    text: Mapped[str] = mapped_column(String(500))
    who: Mapped[str] = mapped_column(String(200), default="")
    amount: Mapped[str] = mapped_column(String(12), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # how a payment was worked out
    approved_by: Mapped[str | None] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(100))  # the task in which it was made
    made_at: Mapped[datetime]
    made_by: Mapped[str | None] = mapped_column(String(32))
    first_due_on: Mapped[date]
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    done_by: Mapped[str | None] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text, default="")  # why it moved, how it was done
    __table_args__ = (
        of_case(),
        UniqueConstraint("landlord_id", "case_id", "n"),
        Index("ix_promise_due", "landlord_id", "done_on", "due_on"),
    )


class Lesson(OwnedById, Base):
    """What a case taught us. public_text names nobody; it is shown once published_on is set.

    element: the task or message in whose form it was told; told there again, it is changed.
    """

    __tablename__ = "lesson"
    case_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    public_text: Mapped[str] = mapped_column(Text, default="")
    change: Mapped[str] = mapped_column(Text, default="")  # what we do differently, by whom
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(32))
    published_on: Mapped[date | None]
    published_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (
        of_case(),
        UniqueConstraint("landlord_id", "case_id", "element"),
        Index("ix_lesson_published", "landlord_id", "published_on"),
    )
