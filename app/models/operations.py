"""How the service itself is: what is alive, and whether a restored copy may act."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import OwnedById


class Beat(Base):
    """The last sign of life of a process that sweeps. id: host and process number."""

    __tablename__ = "beat"
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime]
    at: Mapped[datetime]


class Flood(Base):
    """How much of what a visitor may do so often is used up (app/services/floods.py).

    key: a keyed hash of what and who. empty_at: seconds since 1970, when nothing of it counts.
    """

    __tablename__ = "flood"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    empty_at: Mapped[float]


class Job(OwnedById, Base):
    """Long work that somebody asked for. On PostgreSQL procrastinate carries its key to a worker.

    name: of a function that app/services/sweep.py knows. about: what it is done to, such as the id
    of a case; of one name about one thing, one is open at a time. status: waiting, running, done,
    failed, cancelled. total, done: what there is to do and what is done. says: what came of it, in
    words; blob_id: the file that came of it. taken: changes whenever somebody takes it on, so that
    whoever had it before knows; beat_at: the last sign of life of whoever does it.
    """

    __tablename__ = "job"
    name: Mapped[str] = mapped_column(String(40))
    about: Mapped[str] = mapped_column(String(64), default="")
    args: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    status: Mapped[str] = mapped_column(String(10), default="waiting")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    says: Mapped[str] = mapped_column(Text, default="")
    blob_id: Mapped[str | None] = mapped_column(String(32))
    tries: Mapped[int] = mapped_column(default=0)
    taken: Mapped[str] = mapped_column(String(32), default="")
    asked_by: Mapped[str | None] = mapped_column(String(32))
    asked_at: Mapped[datetime]
    beat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "ix_job_open",
            "asked_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_job_about", "landlord_id", "name", "about", "asked_at"),
    )


class Quarantine(Base):
    """A restored copy sends nothing and fires nothing until a person has approved it.

    released_at: when somebody did. says: what it was restored from; by: who approved, in words.
    """

    __tablename__ = "quarantine"
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    says: Mapped[str] = mapped_column(Text)
    released_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(String(200), default="")
