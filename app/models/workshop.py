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
    the second person said, of a draft that was sent back, too.
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


class PlayedCase(Owned, Base):
    """A case that somebody plays on a draft: what was done in it so far, as the steps of a story.

    Where the case stands is not kept: the steps are taken again, on a database of their own.
    """

    __tablename__ = "played_case"
    draft_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(
            ["landlord_id", "draft_id"], ["procedure_draft.landlord_id", "procedure_draft.id"]
        ),
    )


class CaseMove(OwnedById, Base):
    """A case that was moved to another version, with what it was before: undone until it acts.

    revision: of the instance after the move. moved: the open duties with other dates than before,
    [element, old date, new date], for which `reason` is a manager's.
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
    revision: Mapped[int]
    moved: Mapped[list[list[str | None]]] = mapped_column(JSON, default=list)
    reason: Mapped[str] = mapped_column(Text, default="")
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (of_case(), Index("ix_case_move_case", "landlord_id", "case_id", "at"))
