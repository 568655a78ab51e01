"""backup, restore, release and drill as they are run: stopped half-way, or without settings."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import create_engine, text

from app.cli import main
from app.db import db
from app.factory import create_app
from app.services.operations import backups
from app.settings import ROOT, Settings
from tests.test_running import until

TRIES = 3


@pytest.fixture
def installation(app: Flask) -> Flask:
    """Its tables are of this version."""
    flask_migrate.stamp()
    return app


def environment(settings: Settings, **more: Path) -> dict[str, str]:
    said = {
        "PUTRIGHT_INSTANCE_DIR": settings.instance_dir,
        "PUTRIGHT_DATABASE_URL": settings.database_url,
        "PUTRIGHT_OWNER_DATABASE_URL": settings.owner_database_url,
    }
    return os.environ | {name: str(value) for name, value in (said | more).items()}


def started(settings: Settings, scratch: Path, *words: str) -> subprocess.Popen[str]:
    """A command, with a temporary folder of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=environment(settings, TMPDIR=scratch),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def scratch_databases(settings: Settings) -> list[str]:
    """Those of drills, on PostgreSQL."""
    if db.engine.dialect.name == "sqlite":
        return []
    engine = create_engine(settings.database)
    names = text("SELECT datname FROM pg_database WHERE datname LIKE 'putright_drill_%'")
    with engine.connect() as connection:
        found = list(connection.scalars(names))
    engine.dispose()
    return found


# --- an unfinished backup ------------------------------------------------------------------------


def test_an_unfinished_backup_is_its_owners_alone_and_is_taken_away_when_the_disk_is_full(
    installation: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kept" / "backup.zip"
    path.parent.mkdir()
    unfinished = path.with_name("backup.zip.unfinished")
    unfinished.touch(mode=0o644)  # of one that was killed
    modes: list[int] = []

    def full(archive: zipfile.ZipFile, *_: Any) -> None:
        modes.append(stat.S_IMODE(unfinished.stat().st_mode))
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        for method in ("write", "writestr"):
            patch.setattr(zipfile.ZipFile, method, full)
            with pytest.raises(OSError, match="No space left"):
                backups.backup(create_app, settings, path)
            assert list(path.parent.iterdir()) == []
            patch.undo()
    assert modes == [0o600, 0o600]
    backups.backup(create_app, settings, path)
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# --- stopped in the middle -----------------------------------------------------------------------


def stop(command: subprocess.Popen[str], at_work: Callable[[], object]) -> bool:
    """SIGTERM while it works. Whether it heard: Python drops what comes as it forgets an object."""
    until(lambda: at_work() or command.poll() is not None)
    command.send_signal(signal.SIGTERM)
    said, _ = command.communicate(timeout=60)
    return command.returncode == 1 and said.endswith("Aborted!\n")


@pytest.mark.slow
def test_a_backup_that_is_stopped_leaves_nothing(
    installation: Flask, settings: Settings, tmp_path: Path
) -> None:
    kept, scratch = tmp_path / "kept", tmp_path / "scratch"
    waits = settings.instance_dir / "outbox" / "landlord" / f"{'0' * 32}.eml"
    for folder in (kept, scratch, waits.parent):
        folder.mkdir(parents=True)
    os.mkfifo(waits)  # nobody writes into it: who reads it waits
    command = started(settings, scratch, "backup", str(kept / "backup.zip"))
    assert stop(command, (kept / "backup.zip.unfinished").exists)
    assert [*kept.iterdir(), *scratch.iterdir()] == []


@pytest.mark.slow
def test_a_drill_that_is_stopped_leaves_nothing(
    installation: Flask, settings: Settings, tmp_path: Path
) -> None:
    def hears() -> bool:
        command = started(settings, tmp_path, "drill")
        heard = stop(command, lambda: any(tmp_path.glob("putright-drill-*/restore-*/database")))
        assert not any(tmp_path.glob("putright-*"))
        assert scratch_databases(settings) == []
        return heard

    assert any(hears() for _ in range(TRIES))


@pytest.mark.slow
def test_a_restore_that_is_stopped_leaves_no_copy(
    installation: Flask, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)

    def hears() -> bool:
        with backups._scratch(settings) as there:
            command = started(there, tmp_path, "restore", str(path))
            heard = stop(command, lambda: any(there.instance_dir.glob("restore-*/database")))
            assert not any(there.instance_dir.glob("restore-*"))
            return heard

    assert any(hears() for _ in range(TRIES))


# --- without settings ----------------------------------------------------------------------------


@pytest.fixture
def invoke() -> Iterator[Callable[..., Result]]:
    """A command in this process, whose answer to SIGTERM is its own again afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda settings, *words: CliRunner().invoke(main, words, env=environment(settings))
    signal.signal(signal.SIGTERM, before)


def test_where_there_is_no_database_none_is_made_and_it_is_said(
    installation: Flask, settings: Settings, tmp_path: Path, invoke: Callable[..., Result]
) -> None:
    with backups._scratch(settings) as there:
        for words in (["backup", str(tmp_path / "backup.zip")], ["drill"], ["release", "--yes"]):
            told = invoke(there, *words)
            assert told.exit_code == 1 and told.stdout == ""
            assert told.stderr.startswith("Error: There is no database yet: no ")
            assert "PUTRIGHT_DATABASE_URL" in told.stderr
        assert list(there.instance_dir.iterdir()) == []
    assert not (tmp_path / "backup.zip").exists()


def test_a_drill_of_a_file_needs_no_database_and_makes_none_that_stays(
    installation: Flask, settings: Settings, tmp_path: Path, invoke: Callable[..., Result]
) -> None:
    path = tmp_path / "backup.zip"
    backups.backup(create_app, settings, path)
    with backups._scratch(settings) as there:
        told = invoke(there, "drill", str(path))
        assert told.exit_code == 0 and "ok     rows: whole" in told.stdout, told.output
        assert list(there.instance_dir.iterdir()) == []
        refused = invoke(there, "release", "--yes")  # there is none still
        assert "There is no database yet" in refused.stderr
