"""Backup, restore and drill: the whole installation in one file, and proof that it comes back.

A backup is a zip: the database (SQLite's own copy, or pg_dump's), the key that signs links, what
the outbox keeps as files, and a list of what is in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, inspect, make_url, text

from app import clock, wall
from app.db import db
from app.errors import PutrightError
from app.services.operations import migrations, quarantine
from app.services.operations.health import Check, revision
from app.services.operations.verifying import count_rows, verify
from app.settings import Settings

DATABASE, MANIFEST, KEY = "database", "manifest.json", "secret_key"
MAIL = re.compile(r"outbox/[a-z0-9-]{1,60}/[0-9a-f]{32}\.eml")
BLOCK = 1024 * 1024
MakeApp = Callable[[Settings], Flask]  # app.factory.create_app, which services do not know


class BackupRefused(PutrightError):
    """It cannot be backed up or restored, and why."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. kind: sqlite or postgresql; revision: of the tables; rows: by table."""

    made_at: str
    kind: str
    revision: str
    sha256: str
    rows: dict[str, int]


def backup(make_app: MakeApp, settings: Settings, path: Path) -> Manifest:
    """Write everything into a new file. The service may go on meanwhile. Raises BackupRefused."""
    if path.exists():
        raise BackupRefused(f"{path} is there already: name a new file.")
    unfinished = path.with_name(f"{path.name}.unfinished")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / DATABASE
        _copy_database(db.engine, copy)
        with _opened(make_app, _kept_as(settings, copy)):
            rows = count_rows()
        manifest = Manifest(
            clock.now().isoformat(), db.engine.dialect.name, revision(), _sha256(copy), rows
        )
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(copy, DATABASE)
            archive.writestr(KEY, settings.session_key())
            for mail in sorted((settings.instance_dir / "outbox").glob("*/*.eml")):
                archive.write(mail, mail.relative_to(settings.instance_dir).as_posix())
            archive.writestr(MANIFEST, json.dumps(vars(manifest), indent=1))
    unfinished.rename(path)
    path.chmod(0o600)
    return manifest


def restore(make_app: MakeApp, settings: Settings, path: Path) -> Manifest:
    """Put a backup into an empty installation, in quarantine. Raises BackupRefused."""
    with zipfile.ZipFile(path) as archive:
        manifest = _read_manifest(archive)
        url = make_url(settings.database)
        if url.get_backend_name() != manifest.kind:
            raise BackupRefused(f"The backup is of {manifest.kind}, the database here is not.")
        settings.instance_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=settings.instance_dir) as folder:
            copy = Path(folder) / DATABASE
            with archive.open(DATABASE) as packed, copy.open("wb") as out:
                shutil.copyfileobj(packed, out, BLOCK)
            if _sha256(copy) != manifest.sha256:
                raise BackupRefused("The database in the backup is damaged: its sum is wrong.")
            _put_database(settings, copy)
        key = settings.instance_dir / KEY
        key.touch(mode=0o600)
        key.write_bytes(archive.read(KEY))
        for name in filter(MAIL.fullmatch, archive.namelist()):
            target = settings.instance_dir / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
    with _opened(make_app, settings):
        migrations.upgrade()
        quarantine.begin(f"Restored from a backup of {manifest.made_at}")
    return manifest


def drill(make_app: MakeApp, settings: Settings, path: Path) -> list[Check]:
    """Restore a backup to a scratch place, look whether all of it is there, and take it away."""
    with _scratch(settings) as scratch:
        manifest = restore(make_app, scratch, path)
        with _opened(make_app, scratch):
            found = verify(manifest.rows)
            held = quarantine.holds()
    return [*found, Check("quarantine", held, "nothing is sent" if held else "not held")]


@contextmanager
def just_made(make_app: MakeApp, settings: Settings) -> Iterator[Path]:
    """A backup of now, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="putright-backup-") as folder:
        path = Path(folder) / "backup.zip"
        backup(make_app, settings, path)
        yield path


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        return Manifest(**json.loads(archive.read(MANIFEST)))
    except (KeyError, ValueError, TypeError) as problem:
        raise BackupRefused("This is no backup of Putright.") from problem


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def _opened(make_app: MakeApp, settings: Settings) -> Iterator[None]:
    """Another database than the one in force, for a while."""
    with make_app(settings).app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


# --- the two databases ---------------------------------------------------------------------------


def _copy_database(engine: Engine, copy: Path) -> None:
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return
    words = ("-Fc", "--enable-row-security", "-f", str(copy))  # all rows: see _postgres
    _postgres("pg_dump", engine.url.render_as_string(False), *words)


def _put_database(settings: Settings, copy: Path) -> None:
    url = make_url(settings.owner_database)
    if url.get_backend_name() == "sqlite":
        place = Path(str(url.database))
        if place.exists():
            raise BackupRefused(f"There is a database at {place}: restore into an empty folder.")
        shutil.copyfile(copy, place)
        return
    engine = create_engine(url)
    tables = inspect(engine).get_table_names()
    engine.dispose()
    if tables:
        raise BackupRefused("The PostgreSQL database has tables: restore into an empty one.")
    address = url.render_as_string(False)
    words = ("--no-owner", "--no-privileges", "--exit-on-error")  # rights come with the migrations
    _postgres("pg_restore", address, *words, str(copy))


def _postgres(program: str, address: str, *words: str) -> None:
    """pg_dump or pg_restore, which come with PostgreSQL. The rows of all landlords are in sight."""
    sight = {"PGOPTIONS": f"-c {wall.SETTING}={wall.EVERYBODY}"}
    address = re.sub(r"^postgresql\+\w+:", "postgresql:", address)
    try:
        done = subprocess.run(
            [program, "-d", address, *words],
            env=os.environ | sight,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BackupRefused(f"{program} is not installed; it comes with PostgreSQL.") from None
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()[-500:]}")


def _kept_as(settings: Settings, copy: Path) -> Settings:
    """The copy as a database that can be counted; pg_dump's is counted where it came from."""
    if make_url(settings.database).get_backend_name() != "sqlite":
        return settings
    return settings.model_copy(update={"database_url": f"sqlite:///{copy}"})


@contextmanager
def _scratch(settings: Settings) -> Iterator[Settings]:
    """An empty installation that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="putright-drill-") as folder:
        scratch = settings.model_copy(update={"instance_dir": Path(folder), "database_url": ""})
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite":
            yield scratch
            return
        name = f"putright_drill_{Path(folder).name[-8:].lower()}"
        owner = make_url(settings.owner_database)
        server = create_engine(owner, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            addresses = {"database_url": url, "owner_database_url": owner}
            yield scratch.model_copy(
                update={
                    key: there.set(database=name).render_as_string(False)
                    for key, there in addresses.items()
                }
            )
        finally:
            with server.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}"'))  # waits for whoever leaves it
