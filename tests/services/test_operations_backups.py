"""A backup holds all that there was, and comes back whole and held, or not at all."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.db import db
from app.factory import create_app
from app.models import Case, Instance, Task
from app.services.operations import backups, health, migrations, quarantine
from app.services.operations.backups import BackupRefused
from app.services.operations.verifying import verify
from app.settings import Settings
from tests.conftest import by_owner
from tests.services import elm_homes as elm


@pytest.fixture
def one_case(app: Flask) -> str:
    flask_migrate.stamp()
    elm.deploy()
    return elm.recorded("2026-11-02", elm.answer("2026-11-04")).reference


def test_a_drill_finds_all_that_was_backed_up(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    manifest = backups.backup(create_app, settings, path)
    assert manifest.rows["case"] == 1
    with zipfile.ZipFile(path) as archive:
        assert archive.read("secret_key").decode() == settings.session_key()
    found = backups.drill(create_app, settings, path)
    assert [(check.name, check.ok) for check in found] == [
        ("migrations", True),
        ("file", True),
        ("rows", True),
        ("histories", True),
        ("cases", True),
        ("quarantine", True),
    ]
    with pytest.raises(BackupRefused, match="is there already"):
        backups.backup(create_app, settings, path)


def test_what_an_earlier_version_has_left_is_backed_up_as_it_is_and_comes_back(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    with backups._scratch(settings) as there, create_app(there).app_context():
        flask_migrate.upgrade(revision="0010")
        manifest = backups.backup(create_app, there, tmp_path / "backup.zip")
        assert manifest.revision == health.revision() == "0010"
        assert "case" in manifest.rows and "played_case" not in manifest.rows
        db.session.remove()
        db.engine.dispose()
    found = backups.drill(create_app, settings, tmp_path / "backup.zip")
    assert [check.name for check in found if not check.ok] == []


Spoil = Callable[[], object]


def take_away() -> None:
    """SQLite can have rows that point nowhere. PostgreSQL cannot: there a table goes."""
    if db.engine.dialect.name == "postgresql":
        by_owner("DROP TABLE draft")
        return
    with db.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.rollback()
        for said in ("PRAGMA foreign_keys=OFF", "DELETE FROM person", "PRAGMA foreign_keys=ON"):
            raw.execute(said)


@pytest.mark.parametrize(
    ("spoil", "check", "says"),
    [
        (lambda: by_owner("DELETE FROM event WHERE n = 2"), "histories", "lines"),
        (lambda: db.session.query(Task).update({"status": "open"}), "cases", "are open"),
        (lambda: db.session.query(Instance).update({"state": b"[2]"}), "cases", "cannot be read"),
        (lambda: take_away(), "file", "points nowhere"),
    ],
)
@pytest.mark.made_up_rows
def test_what_is_not_whole_is_found(one_case: str, spoil: Spoil, check: str, says: str) -> None:
    assert all(found.ok for found in verify())
    db.session.rollback()
    spoil()
    db.session.commit()
    wrong = {found.name: found.says for found in verify() if not found.ok}
    assert wrong.keys() == {check}
    assert says in wrong[check].replace("table draft is missing", "points nowhere")


def test_a_damaged_or_foreign_backup_is_refused(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    def with_parts(**changed: bytes) -> Path:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, body in (parts | changed).items():
                archive.writestr(name, body)
        spoiled = tmp_path / "spoiled.zip"
        spoiled.write_bytes(packed.getvalue())
        return spoiled

    with pytest.raises(BackupRefused, match="damaged"):
        backups.drill(create_app, settings, with_parts(database=parts["database"] + b"x"))
    with pytest.raises(BackupRefused, match="no backup"):
        backups.drill(create_app, settings, with_parts(**{"manifest.json": b"{}"}))
    escaping = with_parts(**{"../outside": b"x", "outbox/../../outside/x.eml": b"x"})
    assert all(check.ok for check in backups.drill(create_app, settings, escaping))
    assert not list(tmp_path.rglob("outside*"))


def test_nothing_is_restored_over_what_is_there(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    with pytest.raises(BackupRefused, match="restore into an empty"):
        backups.restore(create_app, settings, path)


def test_the_log_of_a_database_that_was_deleted_is_not_played_into_a_restored_one(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    with backups._scratch(settings) as there:
        (there.instance_dir / "putright.db-wal").write_bytes(b"of a database that is gone")
        if db.engine.dialect.name == "sqlite":
            with pytest.raises(BackupRefused, match=r"putright\.db-wal"):
                backups.restore(create_app, there, path)
        else:
            backups.restore(create_app, there, path)


class Killed(BaseException):
    """As by SIGKILL: nobody catches it."""


def may_send(there: Settings) -> bool:
    """Whether a worker that starts now would find cases, and nothing that holds it."""
    owner = there.model_copy(update={"database_url": there.owner_database})
    with create_app(owner).app_context():
        try:
            return db.session.query(Case).count() > 0 and not quarantine.holds()
        except (OperationalError, ProgrammingError):  # no tables
            return False
        finally:
            db.session.remove()
            db.engine.dispose()


def test_wherever_a_restore_dies_nothing_is_there_that_could_be_sent(
    one_case: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "backup.zip"
    quarantine.begin("Restored before")  # the rows of a backup's own quarantine are not in the way
    quarantine.release("root")
    backups.backup(create_app, settings, path)
    steps, dies_at = count(), -1

    def mortal(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: Any, **more: Any) -> Any:
            if next(steps) == dies_at:
                raise Killed
            done = real(*args, **more)
            if next(steps) == dies_at:
                raise Killed
            return done

        monkeypatch.setattr(owner, name, step)

    mortal(backups, "_postgres")
    mortal(migrations, "upgrade")
    mortal(quarantine, "begin")
    mortal(Path, "rename")
    for dies_at in count():
        steps = count()
        with backups._scratch(settings) as there:
            with suppress(Killed):
                backups.restore(create_app, there, path)
                break
            assert not may_send(there), f"killed at step {dies_at}"
    assert dies_at >= 6


def test_a_backup_counts_what_it_holds_though_somebody_writes_meanwhile(
    one_case: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = backups._postgres

    def meanwhile(program: str, *args: Any) -> None:
        elm.recorded("2026-11-03")
        dump(program, *args)
        elm.recorded("2026-11-04")

    with monkeypatch.context() as patch:
        patch.setattr(backups, "_postgres", meanwhile)
        manifest = backups.backup(create_app, settings, tmp_path / "backup.zip")
    assert manifest.rows["case"] == 1
    found = backups.drill(create_app, settings, tmp_path / "backup.zip")
    assert [check for check in found if not check.ok] == []


def test_a_file_that_was_cut_or_changed_or_is_no_backup_is_refused_with_what_to_do(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    for spoiled in (b"", b"a letter", whole[:middle], whole[:-30], changed):
        path.write_bytes(spoiled)
        with backups._scratch(settings) as there:
            with pytest.raises(BackupRefused, match=r"Copy it again .* or take an older one"):
                backups.restore(create_app, there, path)
            assert not list(there.instance_dir.iterdir())
        with pytest.raises(BackupRefused, match="Copy it again"):
            backups.drill(create_app, settings, path)
    path.unlink()
    with pytest.raises(BackupRefused, match="There is no file"):
        backups.drill(create_app, settings, path)


def test_a_password_is_no_argument_of_a_program(
    one_case: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if db.engine.dialect.name != "postgresql":
        return
    told = tmp_path / "told"
    for program in ("pg_dump", "pg_restore"):
        watched = tmp_path / "bin" / program
        watched.parent.mkdir(exist_ok=True)
        says = f'echo "$0 $* PGPASSWORD=$PGPASSWORD" >> {told}'
        watched.write_text(f'#!/bin/sh\n{says}\nexec {shutil.which(program)} "$@"\n')
        watched.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    address = make_url(settings.database).set(password="s3cr&t p@ss")
    in_query = make_url(settings.owner_database).update_query_dict({"password": "s3cr&t p@ss"})
    secret = settings.model_copy(
        update={
            "database_url": address.render_as_string(False),
            "owner_database_url": in_query.render_as_string(False),
        }
    )
    with create_app(secret).app_context():
        backups.backup(create_app, secret, tmp_path / "backup.zip")
        db.session.remove()
        db.engine.dispose()
    backups.drill(create_app, secret, tmp_path / "backup.zip")
    lines = told.read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        arguments, _, password = line.partition(" PGPASSWORD=")
        assert "s3cr" not in arguments
        assert password == "s3cr&t p@ss"


def test_a_backup_that_another_key_signed_is_refused_before_anything_is_put_in_place(
    one_case: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    another = settings.model_copy(update={"secret_key": SecretStr("another")})
    with backups._scratch(settings) as there:
        wrong = there.model_copy(update={"secret_key": another.secret_key})
        with pytest.raises(BackupRefused, match=r"PUTRIGHT_SECRET_KEY .* or leave it unset"):
            backups.restore(create_app, wrong, path)
        assert not list(there.instance_dir.iterdir())
        same = there.model_copy(update={"secret_key": SecretStr(settings.session_key())})
        backups.restore(create_app, same, path)  # nothing was in the way
        assert (there.instance_dir / "secret_key").read_text() == settings.session_key()
        assert (there.instance_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    assert all(check.ok for check in backups.drill(create_app, another, path))
