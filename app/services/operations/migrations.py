"""The tables of this version: their owner makes them, others find them or say who must."""

from __future__ import annotations

import flask_migrate
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.db import db
from app.errors import PutrightError
from app.services import standing
from app.services.operations import health

NOT_ALLOWED, LOCK_NOT_AVAILABLE = "42501", "55P03"  # SQLSTATE


class NotAtHead(PutrightError):
    """The tables are those of another version, and what to do about it."""

    def __init__(self) -> None:
        super().__init__(
            f"The tables are not those of this version: they are {health.migrations()[1]}. Bring "
            "them there once, on one machine, with putright migrate, for which both addresses are "
            "set: PUTRIGHT_OWNER_DATABASE_URL, and PUTRIGHT_DATABASE_URL as here."
        )


class InUse(PutrightError):
    """Somebody holds a table that a migration changes."""

    message = (
        "The tables are in use: something has read or written one of them for longer than a "
        "migration may wait, since everybody else would wait behind it. Run putright migrate "
        "again, which does what was not done; if it comes back, end what goes on for long (a "
        "backup, a report, somebody's psql: see pg_stat_activity) or stop the workers first."
    )


class Newer(PutrightError):
    """The tables are of a version that comes after this one."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database was last used by a newer version of Putright, which brought its tables "
            f"to {revision}. This one does not know them. Start the newer version, or restore a "
            "backup that was made before it."
        )


def upgrade() -> None:
    """Bring the tables to head, and fill in what no SQL can tell.

    Raises NotAtHead where the role that we are may not, InUse where we would hold others up, and
    Newer where we are too old.
    """
    health.revisions()  # those that come with this program, before others lie on the disk
    try:
        flask_migrate.upgrade()
    except SystemExit:  # said in the log, in Alembic's words
        if health.knows(revision := health.revision()):
            raise
        raise Newer(revision) from None
    except OperationalError as problem:
        if getattr(problem.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise InUse from problem
    except ProgrammingError as problem:
        if getattr(problem.orig, "sqlstate", "") != NOT_ALLOWED:
            raise
        raise NotAtHead from problem
    standing.look_again(unknown=True)
    db.session.remove()


def check() -> None:
    """Raises NotAtHead. Changes nothing."""
    if not health.migrations()[0]:
        raise NotAtHead
