"""Letters, the outbox, and the bytes of documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import Owned, OwnedById, index_of
from app.models.cases import of_case


class Letter(OwnedById, Base):
    """A letter: what was typed is frozen when it is written, its dates when it is sent.

    `blocks` is the filled text; the PDF is made after.

    status: written, queued, sent, blocked, withheld (another one went instead, or none).
    pdf: SHA-256 of the blob.
    """

    __tablename__ = "letter"
    case_id: Mapped[str] = mapped_column(String(32))
    template: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    to: Mapped[str] = mapped_column(String(40), default="resident")
    person_id: Mapped[str | None] = mapped_column(String(32))  # None: a body, such as a council
    blocks: Mapped[dict[str, Any]] = mapped_column(JSON)
    typed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # {parts, points}
    written_at: Mapped[datetime]
    written_by: Mapped[str | None] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(10), default="written")
    pdf: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (of_case(), Index("ix_letter_case", "landlord_id", "case_id", "written_at"))


class Outgoing(OwnedById, Base):
    """One thing to send, in one channel. `key` makes it impossible to queue it twice.

    channel: email, post, portal. status: queued, sending, sent, unknown, blocked, failed.
    """

    __tablename__ = "outgoing"
    case_id: Mapped[str] = mapped_column(String(32))
    letter_id: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(500), default="")
    queued_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default="queued")
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(Text, default="")
    sent_on: Mapped[date | None]  # in that channel: the legal date of sending
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[str | None] = mapped_column(String(32))  # who posted it
    told_late: Mapped[bool] = mapped_column(default=False)  # not gone by the end of its day
    __table_args__ = (
        of_case(),
        Index("ix_outgoing_letter", "landlord_id", "letter_id"),
        # each beat looks for what waits, among all that has ever gone
        index_of("ix_outgoing_waits", "queued_at", only="sent_at IS NULL"),
        index_of("ix_outgoing_gone", "sent_at", only="sent_at IS NOT NULL"),
    )

    @classmethod
    def waits(cls) -> ColumnElement[bool]:
        """Whether it has not left, whatever the reason: of an index that has no more than these."""
        return cls.sent_at.is_(None)


class AccessibleCopy(OwnedById, Base):
    """A copy of a letter that a person makes. kind: braille, audio, translation.

    dropped: whoever needed it has died; sent_on is then the day on which we learned it.
    """

    __tablename__ = "accessible_copy"
    case_id: Mapped[str] = mapped_column(String(32))
    letter_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(60), default="")
    asked_at: Mapped[datetime]
    sent_on: Mapped[date | None]
    sent_by: Mapped[str | None] = mapped_column(String(32))
    dropped: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (of_case(), Index("ix_accessible_copy_case", "landlord_id", "case_id"))


class Blob(Owned, Base):
    """Bytes, by their hash: attachments and PDFs. `case_id` is None until a form claims it."""

    __tablename__ = "blob"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    data: Mapped[bytes] = mapped_column("bytes", LargeBinary, deferred=True)  # up to 20 MB
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(32))  # None: the resident
    __table_args__ = (
        Index("ix_blob_case", "landlord_id", "case_id"),
        index_of("ix_blob_unclaimed", "at", only="case_id IS NULL"),
    )


class HearingPack(OwnedById, Base):
    """What a panel had in its hands: one PDF, kept as it was. left_out: files that are separate."""

    __tablename__ = "hearing_pack"
    case_id: Mapped[str] = mapped_column(String(32))
    blob_id: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    made_by: Mapped[str | None] = mapped_column(String(32))
    pages: Mapped[int]
    left_out: Mapped[int]
    __table_args__ = (
        of_case(),
        ForeignKeyConstraint(["landlord_id", "blob_id"], ["blob.landlord_id", "blob.id"]),
        Index("ix_hearing_pack_case", "landlord_id", "case_id"),
    )
