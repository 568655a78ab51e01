"""Tables and roles; backup, restore, release and drill: the installation in one file, and back."""

from __future__ import annotations

import getpass
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import click
from sqlalchemy import make_url

from app import wall
from app.alone import alone
from app.cli.group import main, migrated, settings_of
from app.factory import create_app
from app.services.operations import backups, health, quarantine

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def tidy_up_when_stopped() -> None:
    """SIGTERM ends a command as Ctrl-C does: no copy of the database is left behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@main.command()
def roles() -> None:
    """Print the SQL that makes the two roles of PostgreSQL: the tables' owner, and ours."""
    settings = settings_of()
    if make_url(settings.database).get_backend_name() != "postgresql":
        raise click.ClickException("Only PostgreSQL has roles: set PUTRIGHT_DATABASE_URL.")
    click.echo(wall.roles(settings.owner_database, settings.database))


@main.command()
def migrate() -> None:
    """Make or change the tables, as their owner, and say what the application's role may do."""
    with migrated(settings_of()).app_context():
        click.echo(f"The tables are at {health.revision()}.")


@main.command()
@FILE
def backup(file: Path) -> None:
    """Write database, key and outbox into a new FILE. The service may go on meanwhile."""
    settings = settings_of()
    tidy_up_when_stopped()
    backups.refuse_nothing(settings)
    with create_app(settings).app_context():  # not migrated: a new version asks for a backup first
        manifest = backups.backup(create_app, settings, file)
    click.echo(f"{file}: {sum(manifest.rows.values()):,} rows. It holds secrets: keep it safe.")


@main.command()
@FILE
def restore(file: Path) -> None:
    """Put a backup into an empty installation, in quarantine: nothing is sent before `release`."""
    settings = settings_of()
    tidy_up_when_stopped()
    with alone(settings):
        manifest = backups.restore(create_app, settings, file)
    click.echo(f"Restored what was backed up at {manifest.made_at}. It fires and sends nothing.")
    click.echo("Look at it, then let it go to work with: putright release")


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def release(yes: bool) -> None:
    """Approve a restored copy: from now on it fires what is due and sends what waits."""
    settings = settings_of()
    backups.refuse_nothing(settings)
    with migrated(settings).app_context():
        if not quarantine.holds():
            raise click.ClickException("No quarantine holds this copy.")
        due, mail = quarantine.would_do()
        told = f"At once, deadlines would fire in {due:,} cases, and {mail:,} e-mails would go."
        click.echo(f"{told} Did the old copy send some of them already? Look at the mail server.")
        if not yes:
            click.confirm("Let it go to work?", abort=True)
        quarantine.release(getpass.getuser())
    click.echo("Released.")


@main.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
def drill(file: Path | None) -> None:
    """Restore a backup to a scratch place and verify it; without FILE, one that is made now."""
    settings = settings_of()
    tidy_up_when_stopped()
    with ExitStack() as opened:
        if file is None:
            backups.refuse_nothing(settings)
            opened.enter_context(create_app(settings).app_context())
            file = opened.enter_context(backups.just_made(create_app, settings))
        checks = backups.drill(create_app, settings, file)
    for check in checks:
        click.echo(f"{'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.says}")
    sys.exit(0 if all(check.ok for check in checks) else 1)
