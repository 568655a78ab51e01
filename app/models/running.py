"""The running procedure of a case: state, tasks, deadlines and history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.base import Owned, OwnedById, index_of
from app.models.cases import Case, of_case


def of_instance() -> ForeignKeyConstraint:
    """The key of a row that belongs to an instance."""
    return ForeignKeyConstraint(
        ["landlord_id", "instance_id"], ["instance.landlord_id", "instance.id"]
    )


class Instance(OwnedById, Base):
    """The engine's state of one case. `revision` is the fence against two writers.

    `held`: an incident stands; no deadline fires until a manager has resolved it.
    """

    __tablename__ = "instance"
    case_id: Mapped[str] = mapped_column(String(32))
    deployment_id: Mapped[str] = mapped_column(String(32))
    calendar_version: Mapped[str] = mapped_column(String(60))
    state: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    offers: Mapped[list[str]] = mapped_column(JSON, default=list)  # message events offered now
    events: Mapped[int] = mapped_column(default=0)  # number of the newest history event
    completed: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
    next_due_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column()
    case: Mapped[Case] = relationship(lazy="joined")
    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 (read by SQLAlchemy)
    __table_args__ = (
        of_case(),
        UniqueConstraint("landlord_id", "case_id"),
        Index(
            "ix_instance_due",
            "next_due_at",
            sqlite_where=text("next_due_at IS NOT NULL"),
            postgresql_where=text("next_due_at IS NOT NULL"),
        ),
        Index("ix_instance_calendar", "landlord_id", "completed", "calendar_version"),
    )


class Task(OwnedById, Base):
    """Work for a person. `id` is the engine's token id, so a claim or draft survives every step.

    status: open, done, cancelled. due_on: the earliest open duty that hangs over it.
    """

    __tablename__ = "task"
    instance_id: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    team: Mapped[str] = mapped_column(String(60))
    form: Mapped[str] = mapped_column(String(100))
    stage: Mapped[str] = mapped_column(String(30), default="")
    stage_name: Mapped[str] = mapped_column(String(100), default="")
    item: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(10), default="open")
    due_on: Mapped[date | None]
    due_name: Mapped[str] = mapped_column(String(200), default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(32))
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("user.id"))
    claimed_at: Mapped[datetime | None]
    case: Mapped[Case] = relationship(lazy="joined", overlaps="case")
    __table_args__ = (
        of_instance(),
        of_case(),
        # what services/worklist.py reads, in its order
        index_of(
            "ix_task_free", "team", "due_on", "id", only="status = 'open' AND claimed_by IS NULL"
        ),
        index_of(
            "ix_task_taken",
            "team",
            "due_on",
            "id",
            only="status = 'open' AND claimed_by IS NOT NULL",
        ),
        index_of(
            "ix_task_mine",
            "claimed_by",
            "team",
            "due_on",
            "id",
            only="status = 'open' AND claimed_by IS NOT NULL",
        ),
        index_of("ix_task_stage", "stage", "team", "due_on", "id", only="status = 'open'"),
        index_of("ix_task_closed", "closed_by", "closed_at", only="closed_by IS NOT NULL"),
        Index("ix_task_case", "landlord_id", "case_id"),
        index_of(  # what services/pace.py counts
            "ix_task_lying", "element", "opened_at", "case_id", "status", only="status = 'open'"
        ),
        index_of("ix_task_done", "closed_at", only="status = 'done'"),
    )


class Answer(OwnedById, Base):
    """A submitted form, whole. `element` is a task, a message or the start event."""

    __tablename__ = "answer"
    case_id: Mapped[str] = mapped_column(String(32))
    element: Mapped[str] = mapped_column(String(100))
    task_id: Mapped[str | None] = mapped_column(String(32))
    form: Mapped[str] = mapped_column(String(100))
    by: Mapped[str | None] = mapped_column(String(32))
    at: Mapped[datetime]
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    __table_args__ = (of_case(), Index("ix_answer_case", "landlord_id", "case_id", "at"))


class Draft(Owned, Base):
    """What somebody has typed and not yet sent. task_id: a task's, or a form's key (drafts.py)."""

    __tablename__ = "draft"
    task_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime]


class Deadline(Owned, Base):
    """A limit, as the register shows it and as the sweep finds it.

    kind: duty (late = a breach), window (a resident's, never late), reminder. `rule` is the
    expression of the diagram, `why` the same in words. due_on is a London date; the limit falls due
    at 00:00 of the next day. prints_on: the date that letters print. ended_at: no longer counts.
    A missed duty stays open until met.
    """

    __tablename__ = "deadline"
    instance_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    host: Mapped[str] = mapped_column(String(32), primary_key=True)
    element: Mapped[str] = mapped_column(String(100), primary_key=True)
    case_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    stage: Mapped[str] = mapped_column(String(30), default="")
    rule: Mapped[str] = mapped_column(String(500))
    why: Mapped[str] = mapped_column(Text, default="")
    met_by: Mapped[str] = mapped_column(String(60), default="")
    policy: Mapped[str] = mapped_column(String(60), default="")
    base_on: Mapped[date | None]
    due_on: Mapped[date | None]
    prints_on: Mapped[date | None]
    calendar_version: Mapped[str] = mapped_column(String(60))
    armed_at: Mapped[datetime]
    met_on: Mapped[date | None]
    missed_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        of_instance(),
        of_case(),
        Index("ix_deadline_case", "landlord_id", "case_id"),
    )


class Payload(OwnedById, Base):
    """What an event says in words or personal data; kept apart so that it can be erased."""

    __tablename__ = "payload"
    values: Mapped[dict[str, Any]] = mapped_column(JSON)


class Event(Owned, Base):
    """One line of history. Append-only; free text and personal data only in the payload.

    at: when it happened by the procedure; recorded_at: when the step was taken.
    """

    __tablename__ = "event"
    instance_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[str | None] = mapped_column(String(32))  # None: resident or procedure
    actor_kind: Mapped[str] = mapped_column(String(10))  # user, resident, procedure, record
    action: Mapped[str] = mapped_column(String(30))
    element: Mapped[str] = mapped_column(String(100), default="")
    revision: Mapped[int]
    deployment_id: Mapped[str] = mapped_column(String(32))
    payload_id: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (of_instance(),)


class Incident(OwnedById, Base):
    """A step that the engine could not take; nothing of it was saved."""

    __tablename__ = "incident"
    instance_id: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    doing: Mapped[str] = mapped_column(String(200))  # what was tried
    cause: Mapped[str] = mapped_column(Text)
    element: Mapped[str] = mapped_column(String(100), default="")
    tries: Mapped[int] = mapped_column(default=1)
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(32))
    resolution: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (of_instance(), of_case())
