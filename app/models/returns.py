"""A form that a resident wants to come back to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.base import Owned


class Return(Owned, Base):
    """What was typed into the public form, behind a return link. Gone after 14 days.

    token_hash: SHA-256 of the link's token. values: texts as typed, by name of the input.
    """

    __tablename__ = "return_link"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime]
