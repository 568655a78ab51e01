"""Procedures as they were deployed: the database is the truth."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKeyConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import Owned, OwnedById


class Deployment(OwnedById, Base):
    """A landlord's folders at one moment, whole. `number` counts up.

    The highest of those whose live_from has come, or is None, is live; one that was called off
    before never is. source: disk, workshop, or copied: number 0 is what a new landlord begins with,
    and never goes live. by: who proposed it; approved_by: the second person, None where there was
    none.
    """

    __tablename__ = "deployment"
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    live_from: Mapped[datetime | None]
    by: Mapped[str | None] = mapped_column(String(32))
    approved_by: Mapped[str | None] = mapped_column(String(32))
    says: Mapped[str] = mapped_column(String(300), default="")
    called_off_at: Mapped[datetime | None]


class DeploymentFile(Owned, Base):
    """One file of a deployment. path: complaint.bpmn, letters/refusal.md, forms/intake.form, …"""

    __tablename__ = "deployment_file"
    deployment_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    data: Mapped[bytes] = mapped_column("bytes", LargeBinary)
    __table_args__ = (
        ForeignKeyConstraint(
            ["landlord_id", "deployment_id"], ["deployment.landlord_id", "deployment.id"]
        ),
    )


class CalendarRow(Base):
    """A calendar that cases were worked out with, as it stood then: whatever decides a date.

    days: those entered by hand. bank_holidays: those that the package `holidays` had then; None
    where a version of Putright wrote the row that left them to the package.
    """

    __tablename__ = "calendar"
    nation: Mapped[str] = mapped_column(String(3), primary_key=True)
    version: Mapped[str] = mapped_column(String(60), primary_key=True)
    days: Mapped[list[list[str]]] = mapped_column(JSON)  # [["2026-05-08", "VE Day"], …]
    bank_holidays: Mapped[list[list[str]] | None] = mapped_column(JSON(none_as_null=True))


class DayOffRow(Base):
    """A one-off bank holiday that somebody entered by hand."""

    __tablename__ = "day_off"
    nation: Mapped[str] = mapped_column(String(3), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
