"""The command line as a person uses it: real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import ROOT

pytestmark = pytest.mark.slow


def putright(*words: str, folder: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=os.environ | {"PUTRIGHT_INSTANCE_DIR": str(folder)},
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_one_question_and_a_whole_file_of_them(tmp_path: Path) -> None:
    assert putright("working-days", "ENG", "2024-01-02", "10", folder=tmp_path).stdout == (
        "2024-01-16\n"
    )
    asked = "nation,base,n,kind\nENG,2022-08-31,6,months\nSCT,2025-12-31,1,working_days\n"
    answered = putright("working-days", folder=tmp_path, said=asked)
    assert answered.stdout.splitlines()[1:] == [
        "ENG,2022-08-31,6,months,2023-02-28",
        "SCT,2025-12-31,1,working_days,2026-01-05",
    ]
    wrong = putright("working-days", folder=tmp_path, said="nation,base,n,kind\nFRA,x,1,y\n")
    assert wrong.returncode == 1
    assert "line 2, column nation" in wrong.stderr and "Traceback" not in wrong.stderr


def test_the_shipped_procedures_are_clean_and_a_missing_one_is_told(tmp_path: Path) -> None:
    assert putright("lint", folder=tmp_path).returncode == 0
    missing = putright("lint", "nowhere", folder=tmp_path)
    assert missing.returncode == 1 and "no landlord called nowhere" in missing.stderr


def test_people_are_added_and_listed(tmp_path: Path) -> None:
    assert putright("deploy", folder=tmp_path).returncode == 0
    landlord = next((ROOT / "processes").glob("*/landlord.toml")).parent.name
    words = ["users", "add", "a@b.example", "--landlord", landlord, "--name", "Ann", "--role"]
    password = "a long enough password\n" * 2
    added = putright(*words, "auditor", folder=tmp_path, said=password)
    assert added.returncode == 0, added.stderr
    assert "a@b.example" in putright("users", "list", folder=tmp_path).stdout
    again = putright(*words, "auditor", folder=tmp_path, said=password)
    assert again.returncode == 1 and "already signs in" in again.stderr


def test_a_worker_beats_until_it_is_told_to_stop(tmp_path: Path) -> None:
    putright("deploy", folder=tmp_path)
    worker = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "worker"],
        cwd=ROOT,
        env=os.environ
        | {"PUTRIGHT_INSTANCE_DIR": str(tmp_path), "PUTRIGHT_SWEEP_EVERY_SECONDS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert worker.stdout is not None
    assert "Looking every 1 seconds" in worker.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(timeout=3)
    worker.send_signal(signal.SIGTERM)
    said, _ = worker.communicate(timeout=20)
    assert worker.returncode == 0
    assert "Traceback" not in said
