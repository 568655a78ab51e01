"""Logs as lines for people, or as JSON for machines, which holds no personal data.

There, of an exception the type and the places in the code are told, never its words: those may
quote what somebody typed.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from app.settings import Settings

Line = MutableMapping[str, Any]
# servers say after these what was asked for, or by whom: an address may hold a secret
CUT_AFTER = ("Invalid request", "Error handling request", "Exception while serving")


def set_up(settings: Settings) -> None:
    """For the whole process: called once, by what serves or works."""
    handler = logging.StreamHandler()
    level = logging.WARNING
    if settings.log == "json":
        level = logging.INFO
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.ExtraAdder(),
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                ],
                processors=[
                    _without_words,
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(sort_keys=True),
                ],
            )
        )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for quiet, least in (
        ("waitress.queue", logging.ERROR),  # a short queue is no news
        ("apscheduler", logging.WARNING),
        ("alembic", logging.WARNING),
        ("spiff", logging.WARNING),
    ):
        logging.getLogger(quiet).setLevel(least)
    gunicorn = logging.getLogger("gunicorn.error")
    if settings.log == "json":  # in place of its own lines for people
        gunicorn.handlers.clear()
        gunicorn.propagate = True
    for server in (gunicorn, logging.getLogger("waitress")):
        server.addFilter(_without_address)


def _without_address(record: logging.LogRecord) -> bool:
    for begins in CUT_AFTER:
        if str(record.msg).startswith(begins):
            record.msg, record.args = begins, ()
    return True


def _without_words(_logger: Any, _name: str, line: Line) -> Line:
    """The exception as its type and the places it went through."""
    said = line.pop("exc_info", None)
    if said:
        kind, _, frames = said if isinstance(said, tuple) else sys.exc_info()
        line["exception"] = kind.__name__ if kind else ""
        line["at"] = [f"{f.name} {f.filename}:{f.lineno}" for f in traceback.extract_tb(frames)][
            -8:
        ]
    return line
