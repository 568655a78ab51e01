"""The command that holds the others, and what a person can put right in a sentence."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from app.errors import PutrightError
from app.factory import create_app
from app.services import stories
from app.services.operations import migrations
from app.settings import Settings
from timers.questions import BadQuestion

ADDRESSES = (
    "Give one like sqlite:////srv/putright.db or postgresql+psycopg://user@host/putright, or leave "
    "it out for SQLite in the instance folder."
)


class Plain(click.Group):
    """What a person can put right is a sentence, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (PutrightError, stories.StoryRefused, BadQuestion) as refused:
            raise click.ClickException(str(refused)) from refused
        except (SQLAlchemyError, ImportError, OSError, UnicodeError, ValidationError) as problem:
            raise click.ClickException(in_a_sentence(problem)) from problem


def in_a_sentence(problem: Exception) -> str:
    """What went wrong outside this program, and what to do about it."""
    match problem:
        case ImportError():
            return f"A part that this needs is not installed: {problem}."
        case ArgumentError():
            return f"The database address cannot be used: {problem}. {ADDRESSES}"
        case DBAPIError():
            return f"The database cannot be used: {problem.orig}. {ADDRESSES}"
        case ValidationError():
            wrong = problem.errors()[0]
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            return f"The setting PUTRIGHT_{name} is wrong: {wrong['msg']}."
        case UnicodeError():
            return "What was sent in is not in UTF-8. Save it again with that encoding."
        case OSError(filename=str() as path):
            return f"{path} cannot be used: {problem.strerror}."
    return f"{problem}."


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Putright: complaint procedures run straight from their BPMN diagrams."""


def settings_of(database: str | None = None) -> Settings:
    return Settings(database_url=database) if database else Settings()


def migrated(settings: Settings) -> Flask:
    app = create_app(settings)
    with app.app_context():
        migrations.upgrade()
    return app
