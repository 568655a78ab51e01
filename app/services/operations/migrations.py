"""The tables of this version: their owner makes them, others find them or say who must."""

from __future__ import annotations

import flask_migrate
from sqlalchemy.exc import ProgrammingError

from app.errors import PutrightError
from app.services.operations import health

NOT_ALLOWED = "42501"  # SQLSTATE insufficient_privilege


class NotAtHead(PutrightError):
    """The tables are those of another version, and what to do about it."""

    def __init__(self) -> None:
        super().__init__(
            f"The tables are not those of this version: they are {health.migrations()[1]}. Bring "
            "them there once, on one machine, with the address of their owner: "
            "PUTRIGHT_OWNER_DATABASE_URL=postgresql+psycopg://owner@host/putright putright migrate"
        )


def upgrade() -> None:
    """Bring the tables to head. Raises NotAtHead where the role that we are may not."""
    try:
        flask_migrate.upgrade()
    except ProgrammingError as problem:
        if getattr(problem.orig, "sqlstate", "") != NOT_ALLOWED:
            raise
        raise NotAtHead from problem


def check() -> None:
    """Raises NotAtHead. Changes nothing."""
    if not health.migrations()[0]:
        raise NotAtHead
