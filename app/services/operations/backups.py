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
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from pydantic import SecretStr
from sqlalchemy import URL, Engine, NullPool, create_engine, inspect, make_url, text

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
BACKUP, DRILL = "putright-backup-", "putright-drill-"  # how their folders begin
NO_BACKUP = "This is no backup of Putright."
# what zipfile says of bytes that are not as they were written
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
# of the transaction that counts: it sees all rows, and waits for pg_dump however long that takes
APART = {wall.SETTING: wall.EVERYBODY, "idle_in_transaction_session_timeout": "0"}
END_OURS = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = '{}' AND usename = current_user"
)
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
    """Write everything into a new file. The service may go on meanwhile. Raises BackupRefused.

    Tables of an earlier version are taken as they are: `restore` migrates them.
    """
    if path.exists():
        raise BackupRefused(f"{path} is there already: name a new file.")
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)  # of one that was killed
    try:
        with tempfile.TemporaryDirectory(prefix=BACKUP, dir=path.parent.resolve()) as folder:
            copy = Path(folder) / DATABASE
            rows = _copy_database(make_app, settings, db.engine, copy)
            manifest = Manifest(
                clock.now().isoformat(), db.engine.dialect.name, revision(), _sha256(copy), rows
            )
            unfinished.touch(mode=0o600, exist_ok=False)  # before there is anything to read
            with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                archive.write(copy, DATABASE)
                archive.writestr(KEY, settings.session_key())
                for mail in sorted((settings.instance_dir / "outbox").glob("*/*.eml")):
                    archive.write(mail, mail.relative_to(settings.instance_dir).as_posix())
                archive.writestr(MANIFEST, json.dumps(vars(manifest), indent=1))
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def restore(make_app: MakeApp, settings: Settings, path: Path) -> Manifest:
    """Put a backup into an empty installation, in quarantine. Raises BackupRefused.

    Nothing is put in place before all of it has been read, and no row of it is there without
    quarantine, wherever this dies.
    """
    place = settings.sqlite_file
    home = place.parent if place else settings.home().resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="restore-", dir=home) as name:
        folder = Path(name)
        manifest = _unpack(path, folder)
        if manifest.kind != make_url(settings.database).get_backend_name():
            raise BackupRefused(f"The backup is of {manifest.kind}, the database here is not.")
        if _sha256(folder / DATABASE) != manifest.sha256:
            raise BackupRefused("The database in the backup is damaged: its sum is wrong.")
        _refuse_another_key(settings, (folder / KEY).read_bytes())
        says = f"Restored from a backup of {manifest.made_at}"
        if place:
            _refuse_over_file(place)
            _make_ready(make_app, settings, folder, says)
            _put_files(settings, folder)
            (folder / DATABASE).rename(place)
        else:
            _refuse_over_tables(settings)
            _put_files(settings, folder)
            _put_tables(make_app, settings, folder / DATABASE, says)
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
    with tempfile.TemporaryDirectory(prefix=BACKUP) as folder:
        path = Path(folder) / "backup.zip"
        backup(make_app, settings, path)
        yield path


def refuse_nothing(settings: Settings) -> None:
    """Raises BackupRefused where there is no database yet: surely another one is meant."""
    place = settings.sqlite_file
    if place.is_file() if place else _tables(settings):
        return
    lacks = f"no file {place}" if place else f"no table in {make_url(settings.database).database}"
    raise BackupRefused(
        f"There is no database yet: {lacks}. Set PUTRIGHT_DATABASE_URL and PUTRIGHT_INSTANCE_DIR "
        "as they are where Putright runs."
    )


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        return Manifest(**json.loads(archive.read(MANIFEST)))
    except (ValueError, TypeError) as problem:
        raise BackupRefused(NO_BACKUP) from problem


def _unpack(path: Path, folder: Path) -> Manifest:
    """Everything that is in a backup, into a folder. Raises BackupRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _read_manifest(archive)
            for name in (DATABASE, KEY, *filter(MAIL.fullmatch, archive.namelist())):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as packed, target.open("wb") as out:
                    shutil.copyfileobj(packed, out, BLOCK)
    except FileNotFoundError:
        raise BackupRefused(f"There is no file {path}.") from None
    except KeyError as problem:
        raise BackupRefused(NO_BACKUP) from problem
    except UNREADABLE as problem:
        raise BackupRefused(
            f"{path} cannot be read: it was cut short, was changed on its way, or is no backup of "
            "Putright. Copy it again from where it is kept, or take an older one."
        ) from problem
    (folder / KEY).chmod(0o600)
    return manifest


def _refuse_another_key(settings: Settings, key: bytes) -> None:
    ours = settings.secret_key.get_secret_value()
    if ours and ours.encode() != key.strip():
        raise BackupRefused(
            "PUTRIGHT_SECRET_KEY is another key than that of the backup, which signed the links in "
            f"letters that have gone out. Set it to the key in the backup (unzip -p FILE {KEY}), "
            "or leave it unset: then that key is put in place."
        )


def _put_files(settings: Settings, folder: Path) -> None:
    """The key and the outbox. Before the database: without its key that would get a new one."""
    for source in (folder / KEY, *folder.glob("outbox/*/*.eml")):
        target = settings.instance_dir / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)


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


def _copy_database(
    make_app: MakeApp, settings: Settings, engine: Engine, copy: Path
) -> dict[str, int]:
    """Write the database into a file. Returns how many rows of each table are in that file."""
    if engine.dialect.name == "sqlite":
        with sqlite3.connect(str(engine.url.database)) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        with _opened(make_app, _with_database(settings, f"sqlite:///{copy}")):
            return count_rows()
    apart = create_engine(engine.url, isolation_level="REPEATABLE READ", poolclass=NullPool)
    with apart.begin() as connection:  # what others write meanwhile is neither counted nor dumped
        for name, value in APART.items():
            values = {"name": name, "value": value}
            connection.execute(text("SELECT set_config(:name, :value, true)"), values)
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        rows = count_rows(connection)
        words = ("-Fc", "--enable-row-security", f"--snapshot={snapshot}", "-f", str(copy))
        _postgres("pg_dump", engine.url, *words)
    return rows


def _refuse_over_file(place: Path) -> None:
    """A log that a deleted database left behind would be played into the restored one."""
    for there in (place, *(place.with_name(place.name + end) for end in ("-wal", "-journal"))):
        if there.exists():
            raise BackupRefused(f"There is a database at {there}: restore into an empty folder.")


def _make_ready(make_app: MakeApp, settings: Settings, folder: Path, says: str) -> None:
    """Migrate the copy and begin quarantine in it, and leave all of it in one file."""
    copy = folder / DATABASE
    apart = settings.model_copy(update={"instance_dir": folder})
    with _opened(make_app, _with_database(apart, f"sqlite:///{copy}")):
        migrations.upgrade()
        quarantine.begin(says)
    connection = sqlite3.connect(copy)
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()
    if busy:
        raise BackupRefused("Something else reads the copy that is being restored. Try again.")


def _tables(settings: Settings) -> list[str]:
    engine = create_engine(settings.owner_database, poolclass=NullPool)
    return inspect(engine).get_table_names()


def _refuse_over_tables(settings: Settings) -> None:
    if _tables(settings):
        raise BackupRefused("The PostgreSQL database has tables: restore into an empty one.")


def _put_tables(make_app: MakeApp, settings: Settings, copy: Path, says: str) -> None:
    """The empty tables, then quarantine, then all rows at once; rights come with the migrations."""
    owner = make_url(settings.owner_database)
    words = ("--no-owner", "--no-privileges", "--exit-on-error")
    _postgres("pg_restore", owner, *words, "--section=pre-data", str(copy))
    with _opened(make_app, _with_database(settings, settings.owner_database)):
        quarantine.begin(says)
    rest = ("--single-transaction", "--section=data", "--section=post-data")
    _postgres("pg_restore", owner, *words, *rest, str(copy))
    with _opened(make_app, settings):
        migrations.upgrade()


def _postgres(program: str, url: URL, *words: str) -> None:
    """pg_dump or pg_restore, which come with PostgreSQL. The rows of all landlords are in sight."""
    environment = os.environ | {"PGOPTIONS": f"-c {wall.SETTING}={wall.EVERYBODY}"}
    query = dict(url.query)
    password = query.pop("password", None) or url.password
    if password:  # not an argument: those are seen by everybody on the machine
        environment["PGPASSWORD"] = str(password)
    there = (url.username, None, url.host, url.port, url.database)
    address = URL.create("postgresql", *there, query=query)
    try:
        done = subprocess.run(
            [program, "-d", address.render_as_string(False), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise BackupRefused(f"{program} is not installed; it comes with PostgreSQL.") from None
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()[-500:]}")


def _with_database(settings: Settings, address: str) -> Settings:
    return settings.model_copy(update={"database_url": address})


@contextmanager
def _scratch(settings: Settings) -> Iterator[Settings]:
    """An empty installation that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=DRILL) as folder:
        apart = {"instance_dir": Path(folder), "secret_key": SecretStr(""), "database_url": ""}
        scratch = settings.model_copy(update=apart)
        url = make_url(settings.database)
        if url.get_backend_name() == "sqlite":
            yield scratch
            return
        name = f"putright_drill_{Path(folder).name[-8:].lower()}"
        owner = make_url(settings.owner_database)
        addresses = {"database_url": url, "owner_database_url": owner}
        try:
            _say(owner, f'CREATE DATABASE "{name}"')
            yield scratch.model_copy(
                update={
                    key: there.set(database=name).render_as_string(False)
                    for key, there in addresses.items()
                }
            )
        finally:
            # what was stopped may be at work there still; whoever leaves is waited for
            _say(owner, END_OURS.format(name), f'DROP DATABASE IF EXISTS "{name}"')


def _say(owner: URL, *statements: str) -> None:
    """To PostgreSQL, outside of a transaction."""
    server = create_engine(owner, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
