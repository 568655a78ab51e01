"""The command line behind ./run and ./check."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from waitress.server import create_server

from app import create_app
from app.clock import SetClock, system_clock
from app.db import db
from app.errors import PutrightError
from app.services import accounts, contents, demo, deployments, importing, stories, sweep
from app.settings import Settings
from app.viewer import ROLES
from app.web.spreadsheet import csv_text
from timers.calendar import LONDON, NATIONS
from timers.questions import BadQuestion, answer, answer_csv, read_question
from timers.scheduler import start_heartbeat

THREADS = 8  # of the web server
FIRST_ACCOUNT = """  Nobody can sign in yet. Make the first account; it asks for a password:
    .venv/bin/putright users add you@example.org --name "Your Name" --role administrator"""
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


def _settings(database: str | None = None) -> Settings:
    return Settings(database_url=database) if database else Settings()


def _migrated(settings: Settings) -> Flask:
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
    return app


def _bound(app: Flask, host: str, port: int) -> Any:
    """The server, which has the port already: whoever asks now waits until it runs."""
    logging.basicConfig()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    try:
        return create_server(app, host=host, port=port, threads=THREADS, ident="Putright")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise click.ClickException(
            f"Putright cannot listen on {host}, port {port}: {why}. Is it running already? "
            "Choose another port with --port."
        ) from problem


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
@click.option("--database", help="SQLAlchemy address; SQLite under instance/ by default.")
@click.option("--empty", is_flag=True, help="Landlords only: no demo people, no demo cases.")
def serve(host: str, port: int, database: str | None, empty: bool) -> None:
    """Migrate, deploy processes/, make the demo, and serve until Ctrl-C."""
    settings = _settings(database)
    app = create_app(settings)
    server = _bound(app, host, port)
    with app.app_context():
        flask_migrate.upgrade()
        _deploy_all(settings, replace=False)
        told = [] if empty else _demo(settings)
        somebody = accounts.somebody_signs_in()
    if settings.heartbeat:
        scheduler = start_heartbeat(lambda: sweep.heartbeat(app), settings.sweep_every_seconds)
    click.echo(f"\nPutright is at http://{host}:{port}")
    before = ""
    for email, name, role in told:
        if (landlord := email.partition("@")[2]) != before:
            click.echo(f"\n  {landlord.removesuffix('.example')}")
            before = landlord
        click.echo(f"    {email:56} {name}, {ROLES[role].lower()}")  # type: ignore[index]
    if told:
        click.echo(f"\n  Everybody's password is {demo.PASSWORD}")
    if not somebody:
        click.echo(FIRST_ACCOUNT)
    try:
        click.echo("Stop with Ctrl-C.")
        server.run()
    except KeyboardInterrupt:
        pass  # pressed before the server had begun to listen for it
    finally:
        server.close()
        if settings.heartbeat:
            scheduler.shutdown(wait=True)


def _deploy_all(settings: Settings, replace: bool, only: str | None = None) -> None:
    for slug in [only] if only else deployments.slugs(settings.processes_dir):
        if replace:
            files = deployments.read_folders(slug, settings.processes_dir, settings.forms_dir)
            deployed: str | None = deployments.deploy(
                slug, files, source="disk", says="Replaced from disk by the command line"
            )
        else:
            deployed = deployments.deploy_from_disk(
                slug, settings.processes_dir, settings.forms_dir
            )
        if deployed:
            click.echo(f"Deployed {slug}, version {deployments.history(slug)[0].number}.")


def _demo(settings: Settings) -> list[tuple[str, str, str]]:
    """Demo people, and cases by playing stories on a clock that ends now."""
    told: list[tuple[str, str, str]] = []
    for landlord_id in deployments.landlord_ids():
        told += demo.people(landlord_id)
    now = system_clock()
    past = create_app(settings, SetClock(now))
    with past.app_context(), _between_stories_only() as tell:
        for landlord_id in deployments.landlord_ids():
            if demo.to_play(landlord_id):
                rest = "the rest of " if demo.has_cases(landlord_id) else ""
                click.echo(f"Playing {rest}the demo cases of {landlord_id} …")
                demo.play_all(landlord_id, now.astimezone(LONDON).date(), tell)
    return told


@contextmanager
def _between_stories_only() -> Iterator[Callable[[str], None]]:
    """Ctrl-C waits until the story that is being played is over: no case is left half told.

    Gives what tells of each story, and stops there.
    """
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))

    def tell(line: str) -> None:
        click.echo(line)
        if pressed:
            raise click.ClickException("Stopped. The next start plays the rest of the demo.")

    try:
        yield tell
    finally:
        signal.signal(signal.SIGINT, before)


@main.command()
@click.option("--once", is_flag=True, help="One beat, then stop.")
def worker(once: bool) -> None:
    """Fire deadlines and send letters, without serving pages."""
    settings = _settings()
    app = _migrated(settings)
    if once:
        sweep.heartbeat(app)
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    scheduler = start_heartbeat(lambda: sweep.heartbeat(app), settings.sweep_every_seconds)
    click.echo(f"Looking every {settings.sweep_every_seconds} seconds. Stop with Ctrl-C.")
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    scheduler.shutdown(wait=True)


@main.command()
@click.argument("landlord", required=False)
@click.option("--replace", is_flag=True, help="Replace even what was published in the workshop.")
def deploy(landlord: str | None, replace: bool) -> None:
    """Deploy one landlord's folders, or all, when they changed."""
    settings = _settings()
    with _migrated(settings).app_context():
        _deploy_all(settings, replace, landlord)


@main.command()
@click.argument("landlord", required=False)
def lint(landlord: str | None) -> None:
    """Check one landlord's folders, or all, without deploying. Exit status 1 for errors."""
    settings = _settings()
    errors = 0
    for slug in [landlord] if landlord else deployments.slugs(settings.processes_dir):
        files = deployments.read_folders(slug, settings.processes_dir, settings.forms_dir)
        problems = contents.check(files)
        for problem in problems:
            click.echo(f"{slug}: {problem.severity}: {deployments.in_words(problem)}")
        errors += sum(problem.severity == "error" for problem in problems)
        click.echo(f"{slug}: {len(files)} files, {len(problems)} problems")
    sys.exit(1 if errors else 0)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--quiet", "-q", is_flag=True, help="Only what does not hold.")
def play(files: tuple[Path, ...], quiet: bool) -> None:
    """Play stories on a simulated clock, each on its own database. Exit status 1 on failure."""
    failed = 0
    for path in files:
        played = play_file(path, _settings())
        failed += bool(played.failures)
        click.echo(f"{'FAILED' if played.failures else 'holds '}  {path.name}: {played.title}")
        for at, who, does, then in played.rows if not quiet else ():
            click.echo(f"  {at:22} {who:32} {does:24} {then}")
        for failure in played.failures:
            click.echo(f"  {failure}")
    sys.exit(1 if failed else 0)


def play_file(path: Path, settings: Settings) -> stories.Played:
    """Play one story file against the folders on disk."""
    story = stories.read_story(path.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        trial = settings.model_copy(
            update={"instance_dir": Path(folder), "database_url": f"sqlite:///{folder}/story.db"}
        )
        app = create_app(trial, SetClock(system_clock()))
        with app.app_context():
            db.create_all()
            deployments.deploy_from_disk(
                story["landlord"], settings.processes_dir, settings.forms_dir
            )
            played = stories.play(story)
            db.session.remove()
            db.engine.dispose()
    return played


@main.command("import")
@click.argument("landlord")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--steps", is_flag=True, help="Only list the steps at which a case can stand.")
@click.option("--dry-run", is_flag=True, help="Try every row and keep nothing.")
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the rows that were not read in to this CSV file, with the reasons.",
)
def import_(
    landlord: str, folder: Path | None, steps: bool, dry_run: bool, refused: Path | None
) -> None:
    """Read in a landlord's homes, people and cases from CSV files.

    \b
    FOLDER holds any of homes.csv, people.csv, cases.csv and history.csv; see
    app/services/importing/README.md. Exit status 1 if a row was not read in.
    """
    with _migrated(_settings()).app_context():
        if steps:
            for row in importing.steps_of(landlord):
                click.echo("\t".join(row))
            return
        if folder is None:
            raise click.UsageError("Name the folder with the CSV files, or ask for --steps.")
        told = importing.import_folder(landlord, folder, dry_run, _tell_progress)
    for supposed in told.supposed:
        click.echo(f"{supposed.file}, line {supposed.line.number}: supposed {supposed.why}")
    for lost in told.refused:
        click.echo(f"{lost.file}, line {lost.line.number}: {lost.why}")
    for file in importing.FILES:
        counts = [(told.counts[file, result], result) for result in importing.RESULTS]
        if any(number for number, _ in counts):
            said = ", ".join(f"{number:,} {result}" for number, result in counts if number)
            click.echo(f"{file}: {said}")
    if dry_run:
        click.echo("This was a dry run: nothing was kept.")
    if refused:
        columns = list(dict.fromkeys(name for row in told.refused for name in row.line.raw))
        rows = [
            (row.file, row.line.number, row.why, *(row.line.raw.get(name, "") for name in columns))
            for row in told.refused
        ]
        refused.write_text(csv_text(["file", "line", "why", *columns], rows), encoding="utf-8")
    sys.exit(1 if told.refused else 0)


def _tell_progress(file: str, done: int) -> None:
    if done % 1000 == 0:
        click.echo(f"{file}: {done:,} lines …", err=True)


@main.command("working-days")
@click.argument("nation", required=False, type=click.Choice(sorted(NATIONS)))
@click.argument("base", required=False)
@click.argument("n", required=False, type=int)
@click.argument("kind", default="working_days")
def working_days(nation: str | None, base: str | None, n: int | None, kind: str) -> None:
    """One date, or a CSV nation,base,n,kind on standard input with the dates added.

    \b
    putright working-days ENG 2024-01-02 10
    putright working-days ENG 2022-08-31 6 months
    putright working-days < questions.csv
    """
    if nation is None:
        for line in answer_csv(TextIOWrapper(sys.stdin.buffer, "utf-8-sig", newline="")):
            click.echo(line, nl=False)
        return
    if base is None or n is None:
        raise click.UsageError("Give nation, base and n, or nothing and a CSV on standard input.")
    click.echo(answer(read_question(nation, base, str(n), kind)).isoformat())


@main.group()
def users() -> None:
    """People who sign in."""


@users.command("list")
def list_users() -> None:
    """Everybody who may sign in."""
    with _migrated(_settings()).app_context():
        for landlord_id in (None, *deployments.landlord_ids()):
            for user in accounts.people_of(landlord_id):
                whose = landlord_id or "(no landlord)"
                click.echo(f"{whose:28} {user.email:44} {user.role:14} {user.name}")


@users.command("add")
@click.argument("email")
@click.option("--landlord", help="Folder name of the landlord; administrators may have none.")
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice(list(ROLES)))
@click.option("--team", "teams", multiple=True, help="Team id of landlord.toml; may be repeated.")
@click.password_option(help="At least 12 characters; asked for when left out.")
def add_user(
    email: str, landlord: str | None, name: str, role: str, teams: tuple[str, ...], password: str
) -> None:
    """Make an account."""
    with _migrated(_settings()).app_context():
        accounts.add_user(
            landlord, email=email, name=name, role=role, password=password, teams=teams
        )
    click.echo(f"{email} can sign in.")


if __name__ == "__main__":
    main()
