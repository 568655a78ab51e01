"""The command that holds the others, and what a person can put right in a sentence."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask

from app.alone import alone
from app.errors import PutrightError
from app.factory import create_app
from app.outside import OUTSIDE, in_a_sentence
from app.services import stories
from app.services.operations import health, migrations
from app.settings import Settings
from timers.questions import BadQuestion

NAMED_BY = {  # what says which database a command means; for all others, the first
    "": "PUTRIGHT_DATABASE_URL",
    "serve": "PUTRIGHT_DATABASE_URL, or --database,",
    **dict.fromkeys(
        ("migrate", "restore", "drill"),
        "PUTRIGHT_OWNER_DATABASE_URL, or PUTRIGHT_DATABASE_URL where that is empty,",
    ),
}


class Plain(click.Group):
    """What a person can put right is a sentence, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (PutrightError, stories.StoryRefused, BadQuestion) as refused:
            raise click.ClickException(str(refused)) from refused
        except OUTSIDE as problem:
            named_by = NAMED_BY.get(ctx.invoked_subcommand or "", NAMED_BY[""])
            raise click.ClickException(in_a_sentence(problem, named_by)) from problem


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Putright: complaint procedures run straight from their BPMN diagrams."""


def settings_of(database: str | None = None) -> Settings:
    return Settings(database_url=database) if database else Settings()


def migrated(settings: Settings) -> Flask:
    """The application on tables of its version. Says so where the database was not there before.

    On SQLite nobody changes the tables under a server that runs. Raises NotAlone.
    """
    app = create_app(settings)
    is_new = settings.sqlite_file is not None and not settings.sqlite_file.exists()
    with app.app_context():
        if not health.migrations()[0]:
            with alone(settings):
                migrations.upgrade()
    if is_new:
        click.echo(
            f"A new database: {settings.sqlite_file}. PUTRIGHT_DATABASE_URL names another.",
            err=True,
        )
    return app
