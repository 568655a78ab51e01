"""How the service itself is: what is alive, and whether a restored copy may act."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Beat(Base):
    """The last sign of life of a process that sweeps. id: host and process number."""

    __tablename__ = "beat"
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime]
    at: Mapped[datetime]


class Quarantine(Base):
    """A restored copy sends nothing and fires nothing until a person has approved it.

    released_at: when somebody did. says: what it was restored from; by: who approved, in words.
    """

    __tablename__ = "quarantine"
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    says: Mapped[str] = mapped_column(Text)
    released_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(String(200), default="")
