"""Whether this installation does its work: what a load balancer and a watchman ask."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import case, func, select
from sqlalchemy.exc import SQLAlchemyError

from app import clock
from app.db import db, start_over, transaction
from app.errors import PutrightError
from app.models import Beat, Instance, Outgoing
from app.services.operations import beats, delivery, jobs, quarantine
from app.settings import MIGRATIONS, Settings

LATE = timedelta(minutes=5)  # a deadline that is due for longer was not looked at
LATE_MAIL = timedelta(minutes=10)
LEAST_FREE = 500 * 1024 * 1024  # bytes on the disk of the instance folder
LEAST_SQLITE = (3, 35, 0)  # has RETURNING
SAFE_SQLITE = (3, 51, 3)  # before it, several processes may damage a database in WAL mode


@dataclass(frozen=True)
class Check:
    """One thing that must be right. says: what is wrong, or how it stands."""

    name: str
    ok: bool
    says: str


def checks(*, of_pages: bool = False) -> list[Check]:
    """All of them, each whatever became of the others.

    of_pages: only what this process needs to answer; the others are no reason to send nobody here.
    """
    wanted = OF_PAGES if of_pages else CHECKS
    return [_checked(name, CHECKS[name]) for name in wanted]


def _checked(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    try:
        return Check(name, *look())
    except (SQLAlchemyError, OSError, sqlite3.Error, PutrightError) as problem:
        start_over()
        return Check(name, False, type(problem).__name__)


def _database() -> tuple[bool, str]:
    """Something can be written."""
    with transaction() as session:
        probe = session.get(Beat, "probe")
        if probe is None:
            session.add(Beat(id="probe", started_at=clock.now(), at=EPOCH))
        else:
            probe.started_at = clock.now()
    return True, "written"


EPOCH = datetime(1970, 1, 1, tzinfo=clock.LONDON)  # the probe is nobody's sign of life


def migrations() -> tuple[bool, str]:
    """Whether the tables are those of this version."""
    wanted, found = revisions()[0], revision()
    return found == wanted, "at head" if found == wanted else f"at {found or 'nothing'}"


def _tables() -> tuple[bool, str]:
    """Those of a newer version will do for a process that runs: its migrations block nobody."""
    ok, says = migrations()
    newer = not ok and not knows(revision())
    return ok or newer, f"{says}, which is newer: restart this process" if newer else says


def knows(revision: str) -> bool:
    """Whether a migration is one of this version or of an earlier one."""
    return not revision or revision in revisions()


@cache
def revisions() -> tuple[str, ...]:
    """The migrations of the version that runs, the newest first: another may lie on the disk."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return tuple(script.revision for script in scripts.walk_revisions())


def revision() -> str:
    """The newest migration that the database has seen."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def _heartbeat() -> tuple[bool, str]:
    """Somebody sweeps."""
    settings: Settings = current_app.extensions["settings"]
    at = beats.newest()
    if at is None or at <= EPOCH:
        return False, "nobody has ever swept: run putright worker, or serve with its heartbeat"
    age = clock.now() - at
    return age <= timedelta(seconds=4 * settings.sweep_every_seconds + 30), _seconds(age)


def _deadlines() -> tuple[bool, str]:
    """Nothing that is due waits."""
    if quarantine.holds():
        return True, "held by the quarantine"
    oldest = oldest_due()
    return oldest <= LATE, _seconds(oldest)


def _outbox() -> tuple[bool, str]:
    if quarantine.holds():
        return True, "held by the quarantine"
    oldest = oldest_mail()
    return oldest <= LATE_MAIL, _seconds(oldest)


def _long_work() -> tuple[bool, str]:
    """Somebody does what people asked for. On SQLite that is whoever sweeps."""
    if quarantine.holds():
        return True, "held by the quarantine"
    waits, alive = jobs.waiting(), delivery.carriers() if delivery.is_used() else 1
    return not waits or bool(alive), f"{waits} wait" if alive else f"{waits} wait for a worker"


def _disk() -> tuple[bool, str]:
    settings: Settings = current_app.extensions["settings"]
    free = shutil.disk_usage(settings.instance_dir).free
    return free >= LEAST_FREE, f"{free // 1024**2} MB free"


def _sqlite() -> tuple[bool, str]:
    """It is new enough, and one that is safe with one process alone has but one.

    app/alone.py lets in no other; who goes by another name of the file gets past it.
    """
    if db.engine.dialect.name != "sqlite":
        return True, db.engine.dialect.name
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < LEAST_SQLITE:
        return False, f"{version} is too old: take {'.'.join(map(str, LEAST_SQLITE))} or newer"
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return True, f"{version}, safe"
    if beats.at_once(clock.now() - LATE) > 1:
        return (
            False,
            f"{version} may damage the database: several processes use it. Stop all but one",
        )
    return True, f"{version}, one process only"


def _quarantine() -> tuple[bool, str]:
    """Only tells. A restored copy must be ready, or nobody could look at it and approve it."""
    return True, "held: nothing is sent before putright release" if quarantine.holds() else "none"


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "database": _database,
    "migrations": _tables,
    "heartbeat": _heartbeat,
    "deadlines": _deadlines,
    "outbox": _outbox,
    "long work": _long_work,
    "disk": _disk,
    "sqlite": _sqlite,
    "quarantine": _quarantine,
}


OF_PAGES = ("database", "migrations", "sqlite")


def oldest_due() -> timedelta:
    """For how long the oldest deadline that is due has waited; incidents wait for a manager."""
    waits = Instance.next_due_at.is_not(None), Instance.held.is_(False)
    at = db.session.scalar(select(func.min(Instance.next_due_at)).where(*waits))
    return max(clock.now() - at, timedelta()) if at else timedelta()


def oldest_mail() -> timedelta:
    """For how long the oldest e-mail that could go has waited, or has been tried in vain."""
    since = case((Outgoing.tries > 0, Outgoing.queued_at), else_=Outgoing.next_try_at)
    at = db.session.scalar(
        select(func.min(since)).where(
            Outgoing.waits(),
            Outgoing.channel == "email",
            Outgoing.status.in_(("queued", "unknown", "sending")),
        )
    )
    return max(clock.now() - at, timedelta()) if at else timedelta()


def _seconds(age: timedelta) -> str:
    return f"{int(age.total_seconds())} seconds"
