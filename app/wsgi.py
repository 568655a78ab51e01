"""Many web processes on PostgreSQL: `gunicorn --preload app.wsgi:app` (app/running/README.md).

It serves pages and nothing else: the owner migrates, and `putright worker` fires deadlines.
"""

from __future__ import annotations

import sys

from flask import Flask

from app import logs, wall
from app.db import db
from app.errors import PutrightError
from app.factory import create_app
from app.outside import OUTSIDE, in_a_sentence
from app.services.operations import migrations
from app.settings import Settings

DOES_NOT_BOOT = 3  # without --preload, a worker that leaves so is not started again and again


class OnlyOnPostgres(PutrightError):
    """SQLite serves one process, which has to fire the deadlines, too."""

    message = (
        "gunicorn serves Putright on PostgreSQL only: set PUTRIGHT_DATABASE_URL to "
        "postgresql+psycopg://user@host/putright. On SQLite, one process does all: putright serve"
    )


def ready() -> Flask:
    """The application on tables of its version. Raises OnlyOnPostgres, NotAtHead."""
    settings = Settings()
    logs.set_up(settings)
    if settings.database.startswith("sqlite"):
        raise OnlyOnPostgres
    made = create_app(settings)
    with made.app_context():
        migrations.check()
        wall.warn_if_passed(db.engine)
        db.engine.dispose()  # with --preload, each process opens connections of its own
    return made


try:
    app = ready()
except PutrightError as refused:
    sys.stderr.write(f"{refused}\n")
    sys.exit(DOES_NOT_BOOT)
except OUTSIDE as problem:
    sys.stderr.write(f"{in_a_sentence(problem)}\n")
    sys.exit(DOES_NOT_BOOT)
