"""users: people who sign in."""

from __future__ import annotations

import click

from app.cli.group import main, migrated, settings_of
from app.services import accounts, deployments
from app.viewer import ROLES


@main.group()
def users() -> None:
    """People who sign in."""


@users.command("list")
def list_users() -> None:
    """Everybody who may sign in."""
    with migrated(settings_of()).app_context():
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
    with migrated(settings_of()).app_context():
        accounts.add_user(
            landlord, email=email, name=name, role=role, password=password, teams=teams
        )
    click.echo(f"{email} can sign in.")
