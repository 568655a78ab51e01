"""That a report was presented to those who are to get it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import OwnedById


class ReportPresented(OwnedById, Base):
    """One presentation. report: its name in landlord.toml; due_on: the date that it met."""

    __tablename__ = "report_presented"
    report: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date]
    presented_on: Mapped[date]
    by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (UniqueConstraint("landlord_id", "report", "due_on"),)
