"""./run and ./check before anything is set up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.frontend.conftest import ROOT

TOOLS = [
    "bash",
    "cat",
    "cut",
    "dirname",
    "env",
    "find",
    "flock",
    "grep",
    "id",
    "mktemp",
    "rm",
    "sha256sum",
    "sort",
]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A fresh copy of what the commands read, and a folder bin/ that is all of the PATH."""
    for name in ("run", "check", ".ci/setup.sh", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (tmp_path / "bin" / tool).symlink_to(found)
    shutil.copy(ROOT / "requirements-dev.txt", tmp_path)
    return tmp_path


def start(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    paths = {"PATH": str(folder / "bin"), "HOME": str(folder)}
    return subprocess.run(command, cwd=folder, env=paths, capture_output=True, text=True)


def python(folder: Path, version: str, can_make_environments: bool) -> None:
    """A stand-in for an interpreter that is too old, or that lacks a part."""
    new = tuple(map(int, version.split("."))) >= (3, 11)
    lines = [
        "#!/bin/bash",
        f'case "$2" in *print*) echo {version} ;;',
        f"*ensurepip*) exit {0 if can_make_environments else 1} ;;",
        f"*) exit {0 if new else 1} ;; esac",
    ]
    file = folder / "bin" / "python3"
    file.write_text("\n".join(lines))
    file.chmod(0o755)


@pytest.mark.parametrize("command", ["run", "check"])
def test_help_sets_nothing_up(bare: Path, command: str) -> None:
    told = start(bare, f"./{command}", "--help")
    assert told.returncode == 0
    assert told.stdout.startswith(f"Usage: ./{command} [")
    assert not (bare / ".venv").exists()


def test_help_of_run_tells_the_options_of_serve() -> None:
    serve = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    told = subprocess.run([ROOT / "run", "--help"], capture_output=True, text=True, check=True)
    for option in ("--host", "--port", "--database", "--empty"):
        assert option in serve.stdout and option in told.stdout


def test_without_python_it_says_what_is_needed(bare: Path) -> None:
    told = start(bare, "./run")
    assert told.returncode == 1
    assert "Putright needs Python 3.11 or newer; found none." in told.stderr


def test_an_old_python_is_named(bare: Path) -> None:
    python(bare, "3.9.2", can_make_environments=True)
    assert "needs Python 3.11 or newer; found 3.9.2." in start(bare, "./run").stderr


def test_a_python_without_venv_is_told_what_to_install(bare: Path) -> None:
    python(bare, "3.12.4", can_make_environments=False)
    told = start(bare, "./check", "--fast")
    assert told.returncode == 1
    assert "Python 3.12.4 is here" in told.stderr and "python3-venv" in told.stderr


def test_another_shell_is_refused_in_words() -> None:
    dash = shutil.which("dash") or shutil.which("sh")
    told = subprocess.run([dash, ROOT / "run"], capture_output=True, text=True)  # type: ignore[list-item]
    assert told.returncode == 1 and "needs bash" in told.stderr
