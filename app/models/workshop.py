"""Drafts of a new version of the procedure, and the cases that were moved to one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import Owned, OwnedById
from app.models.cases import of_case


class ProcedureDraft(OwnedById, Base):
    """A deployment with some files changed. `revision` counts its changes; nobody saves over one.

    status: open, proposed (waits for a second person), published, dropped. says: what changed and
    why, for whoever approves. starts_at: when new cases begin on it; None: at once. decision: what
    the second person said, of a draft that was sent back, too. authors: the ids of those who have
    changed any of its files, even where nothing of that is left.
    """

    __tablename__ = "procedure_draft"
    title: Mapped[str] = mapped_column(String(200))
    based_on: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(10), default="open")
    made_by: Mapped[str | None] = mapped_column(String(32))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    says: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime | None]
    proposed_by: Mapped[str | None] = mapped_column(String(32))
    proposed_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(Text, default="")
    deployment_id: Mapped[str | None] = mapped_column(String(32))
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    revision: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 (read by SQLAlchemy)
    __table_args__ = (
        ForeignKeyConstraint(
            ["landlord_id", "based_on"],
            ["deployment.landlord_id", "deployment.id"],
            name="fk_procedure_draft_based_on",
        ),
        Index("ix_procedure_draft_status", "landlord_id", "status"),
    )


class ProcedureDraftFile(Owned, Base):
    """A file that a draft adds, changes or removes (data is None)."""

    __tablename__ = "procedure_draft_file"
    draft_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    data: Mapped[bytes | None] = mapped_column("bytes", LargeBinary)
    changed_by: Mapped[str | None] = mapped_column(String(32))
    changed_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["landlord_id", "draft_id"], ["procedure_draft.landlord_id", "procedure_draft.id"]
        ),
    )


class ProcedureEvent(OwnedById, Base):
    """One step on the way of a version: proposed, sent back, published, … Added to, never changed.

    says: the words that whoever did it gave. draft_id, deployment_id: what it was about.
    """

    __tablename__ = "procedure_event"
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(32))  # None: the command line
    action: Mapped[str] = mapped_column(String(20))
    says: Mapped[str] = mapped_column(Text, default="")
    draft_id: Mapped[str | None] = mapped_column(String(32))
    deployment_id: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (Index("ix_procedure_event_at", "landlord_id", "at"),)


class StoriesPlayed(Owned, Base):
    """What came of playing all stories of a set of files, which its content hash names.

    told: for each story its path, title and what did not hold (step and date).
    """

    __tablename__ = "stories_played"
    content_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
    seconds: Mapped[int]
    told: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class PlayedCase(Owned, Base):
    """A case that somebody plays on a draft: what was done in it so far, as the steps of a story.

    Where the case stands is not kept: the steps are taken again, on a database of their own. story:
    the path of the one that was opened or saved.
    """

    __tablename__ = "played_case"
    draft_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    story: Mapped[str | None] = mapped_column(String(100))
    __table_args__ = (
        ForeignKeyConstraint(
            ["landlord_id", "draft_id"], ["procedure_draft.landlord_id", "procedure_draft.id"]
        ),
    )


class CaseMove(OwnedById, Base):
    """A case that was moved to another version, with what it was before: undone until it acts.

    after: SHA-256 of state and facts as the move left them. moved: the open duties with other dates
    than before, [name, old date, new date], for which `reason` is a manager's.
    """

    __tablename__ = "case_move"
    case_id: Mapped[str] = mapped_column(String(32))
    job_id: Mapped[str | None] = mapped_column(String(32))
    from_id: Mapped[str] = mapped_column(String(32))
    to_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[str] = mapped_column(String(64))
    moved: Mapped[list[list[str | None]]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (of_case(), Index("ix_case_move_case", "landlord_id", "case_id", "at"))
