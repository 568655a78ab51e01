"""import: what a landlord had before."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.cli.group import main, migrated, settings_of
from app.services import importing
from app.services.spreadsheets import csv_text


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
    with migrated(settings_of()).app_context():
        if steps:
            for row in importing.steps_of(landlord):
                click.echo("\t".join(row))
            return
        if folder is None:
            raise click.UsageError("Name the folder with the CSV files, or ask for --steps.")
        told = importing.import_as_job(landlord, folder, dry_run, _tell_progress)
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


def _tell_progress(file: str, n: int, done: int, total: int) -> None:
    if n % 1000 == 0:
        click.echo(f"{file}: {n:,} lines … {done:,} of {total:,}", err=True)
