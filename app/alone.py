"""SQLite serves one process: a second server or worker is told so, and does not start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from app.errors import PutrightError
from app.settings import Settings


class NotAlone(PutrightError):
    """Another server or worker runs on the same SQLite database."""


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the lock of the database's file. Raises NotAlone. PostgreSQL needs none."""
    file = settings.sqlite_file
    if file is None:
        yield
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(file.with_name("server.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise NotAlone(
            f"A Putright server or worker runs on the SQLite database in {file.parent} "
            "already, and SQLite serves one. Stop that one first, or give all of them one "
            "PostgreSQL: PUTRIGHT_DATABASE_URL=postgresql+psycopg://user@host/putright"
        ) from None
    try:
        yield
    finally:
        lock.release()
