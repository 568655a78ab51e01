"""deploy, lint, play and working-days: what an owner of procedures does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path

import click
from sqlalchemy import URL

from app.cli.group import main, migrated, settings_of
from app.clock import system_clock
from app.db import db
from app.services import checking, deployments, stories
from app.services.deployments import Published
from app.services.stories import Played
from app.services.workshop.stage_of_stories import Plan, StageOfStories, staged
from app.services.workshop.stories import ONE_STORY
from app.settings import ROOT, Settings
from timers.calendar import NATIONS
from timers.questions import answer, answer_csv, read_question

REPLACED = Published("disk", says="Replaced from disk by the command line")

STATIC = ROOT / "app" / "static"  # with the fonts of letters


def deploy_all(settings: Settings, replace: bool, only: str | None = None) -> None:
    for slug in [only] if only else deployments.slugs(settings.processes_dir):
        if replace:
            files = deployments.read_folders(slug, settings.processes_dir, settings.forms_dir)
            deployed: str | None = deployments.deploy(slug, files, REPLACED)
        else:
            deployed = deployments.deploy_from_disk(
                slug, settings.processes_dir, settings.forms_dir
            )
        if deployed:
            click.echo(f"Deployed {slug}, version {deployments.history(slug)[0].number}.")
        elif only:
            click.echo(f"{slug} is deployed already, or was published in the workshop since.")


def named(url: URL) -> str:
    """Which database it is, and no more: a password may stand in an address's query, too."""
    where = {key: url.query[key] for key in ("host", "port") if key in url.query}
    there = (url.host, url.port, url.database)
    return str(URL.create(url.get_backend_name(), None, None, *there, where))


@main.command()
@click.argument("landlord", required=False)
@click.option("--replace", is_flag=True, help="Replace even what was published in the workshop.")
def deploy(landlord: str | None, replace: bool) -> None:
    """Deploy one landlord's folders, or all, when they changed."""
    settings = settings_of()
    if landlord is None and not deployments.slugs(settings.processes_dir):
        raise click.ClickException(f"There is no landlord's folder in {settings.processes_dir}.")
    with migrated(settings).app_context():
        click.echo(f"The database is {named(db.engine.url)}.")
        deploy_all(settings, replace, landlord)


@main.command()
@click.argument("landlord", required=False)
def lint(landlord: str | None) -> None:
    """Check one landlord's folders, or all, without deploying. Exit status 1 for errors."""
    settings = settings_of()
    errors = 0
    for slug in [landlord] if landlord else deployments.slugs(settings.processes_dir):
        files = deployments.read_folders(slug, settings.processes_dir, settings.forms_dir)
        problems = checking.check(files)
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
    with player(settings_of()) as play_file:
        for path in files:
            played = play_file(path)
            failed += bool(played.failures)
            click.echo(f"{'FAILED' if played.failures else 'holds '}  {path.name}: {played.title}")
            for at, who, does, then in played.rows if not quiet else ():
                click.echo(f"  {at:22} {who:32} {does:24} {then}")
            for failure in played.failures:
                click.echo(f"  {failure}")
    sys.exit(1 if failed else 0)


@contextmanager
def player(settings: Settings) -> Iterator[Callable[[Path], Played]]:
    """What plays story files against the folders on disk, which are read once."""
    stages: dict[str, StageOfStories] = {}
    with ExitStack() as open_stages:

        def play_file(path: Path) -> Played:
            body = path.read_bytes()
            slug = str(stories.read_story(body)["landlord"])
            if slug not in stages:
                files = deployments.read_folders(slug, settings.processes_dir, settings.forms_dir)
                deployments.refuse_errors(slug, files)
                plan = Plan(slug, files, settings, str(STATIC), system_clock())
                stages[slug] = open_stages.enter_context(staged(plan))
            return stages[slug].play(path.name, body, ONE_STORY)

        yield play_file


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
