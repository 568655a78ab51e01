"""The command line as a person uses it: real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from socket import socket

import pytest

from app.alone import alone
from app.cli import main
from app.settings import ROOT, Settings

pytestmark = pytest.mark.slow
LANDLORD = min(path.parent.name for path in (ROOT / "processes").glob("*/landlord.toml"))


@pytest.fixture(autouse=True)
def one_landlord(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the landlords is enough for the commands; all of them are played elsewhere."""
    processes = tmp_path_factory.mktemp("processes")
    for name in (LANDLORD, "shared"):
        (processes / name).symlink_to(ROOT / "processes" / name)
    monkeypatch.setenv("PUTRIGHT_PROCESSES_DIR", str(processes))


FORKS = multiprocessing.get_context("forkserver")  # the seconds of imports are spent once
FORKS.set_forkserver_preload(["app.cli"])


def putright(*words: str, folder: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    """A command as a process of its own."""
    environment = os.environ | {"PUTRIGHT_INSTANCE_DIR": str(folder)}
    with tempfile.TemporaryDirectory() as streams:
        asked, told, errors = (Path(streams, name) for name in ("0", "1", "2"))
        asked.write_text(said)
        command = FORKS.Process(target=_command, args=(words, environment, streams))
        command.start()
        command.join(120)
        command.kill()  # one that hangs
        assert command.exitcode is not None
        return subprocess.CompletedProcess(
            words, command.exitcode, told.read_text(), errors.read_text()
        )


def _command(words: Sequence[str], environment: dict[str, str], streams: str) -> None:
    """In the fork, whose own streams are those of the process that it came from."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    for number, how in enumerate((os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)):
        os.dup2(os.open(Path(streams, str(number)), how), number)
    sys.argv = ["putright", *words]
    with open(0) as sys.stdin:
        main()


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


def test_what_was_there_before_is_tried_and_then_read_in(tmp_path: Path) -> None:
    (tmp_path / "homes.csv").write_text("reference,address\nU1,4 Brook Lane\n,Nowhere\n")
    assert putright("deploy", folder=tmp_path).returncode == 0
    tried = putright("import", LANDLORD, str(tmp_path), "--dry-run", folder=tmp_path)
    assert tried.returncode == 1
    assert tried.stdout.splitlines() == [
        "homes.csv, line 3: ‘reference’ is empty",
        "homes.csv: 1 new, 1 not read in",
        "This was a dry run: nothing was kept.",
    ]
    refused = tmp_path / "refused.csv"
    words = ("import", LANDLORD, str(tmp_path), "--refused", str(refused))
    assert "1 new" in putright(*words, folder=tmp_path).stdout
    assert refused.read_text("utf-8-sig").splitlines()[1].startswith("homes.csv,3,‘reference’")
    steps = putright("import", LANDLORD, "--steps", folder=tmp_path).stdout.splitlines()
    assert all(len(line.split("\t")) == 4 for line in steps) and len(steps) > 10


def test_the_shipped_procedures_are_clean_and_a_missing_one_is_told(tmp_path: Path) -> None:
    assert putright("lint", folder=tmp_path).returncode == 0
    missing = putright("lint", "nowhere", folder=tmp_path)
    assert missing.returncode == 1 and "no landlord called nowhere" in missing.stderr


def test_people_are_added_and_listed(tmp_path: Path) -> None:
    assert putright("deploy", folder=tmp_path).returncode == 0
    words = ["users", "add", "a@b.example", "--landlord", LANDLORD, "--name", "Ann", "--role"]
    password = "a long enough password\n" * 2
    added = putright(*words, "auditor", folder=tmp_path, said=password)
    assert added.returncode == 0, added.stderr
    assert "a@b.example" in putright("users", "list", folder=tmp_path).stdout
    again = putright(*words, "auditor", folder=tmp_path, said=password)
    assert again.returncode == 1 and "already signs in" in again.stderr


def test_an_administrator_without_a_landlord_is_added_first_of_all_and_listed(
    tmp_path: Path,
) -> None:
    first = putright("users", "list", folder=tmp_path)
    assert first.stdout == ""
    file = tmp_path / "putright.db"
    assert first.stderr == f"A new database: {file}. PUTRIGHT_DATABASE_URL names another.\n"
    words = ["users", "add", "ada@b.example", "--name", "Ada", "--role", "administrator"]
    added = putright(*words, folder=tmp_path, said="a long enough password\n" * 2)
    assert added.returncode == 0, added.stderr
    listed = putright("users", "list", folder=tmp_path)
    assert "(no landlord)" in listed.stdout and "ada@b.example" in listed.stdout
    assert listed.stderr == ""


def test_nobody_else_on_the_machine_reads_what_is_kept(tmp_path: Path) -> None:
    assert putright("users", "list", folder=tmp_path / "instance").returncode == 0
    assert (tmp_path / "instance").stat().st_mode & 0o077 == 0


def test_one_beat_of_a_worker_needs_nothing_before_it(tmp_path: Path) -> None:
    beaten = putright("worker", "--once", folder=tmp_path)
    assert beaten.returncode == 0, beaten.stderr


def test_beside_a_server_on_sqlite_nothing_sweeps_and_nobody_changes_the_tables(
    tmp_path: Path,
) -> None:
    with alone(Settings(instance_dir=tmp_path)):
        for words in (("worker", "--once"), ("users", "list")):
            refused = putright(*words, folder=tmp_path)
            assert refused.returncode == 1 and "SQLite serves one" in refused.stderr
        with closing(sqlite3.connect(tmp_path / "putright.db")) as there:
            assert there.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_questions_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    asked = "\ufeffnation,base,n,kind\nENG,2024-01-02,10,working_days\n"
    answered = putright("working-days", folder=tmp_path, said=asked)
    assert answered.stdout.splitlines()[1:] == ["ENG,2024-01-02,10,working_days,2024-01-16"]


def test_a_port_that_is_taken_is_told_before_anything_else(tmp_path: Path) -> None:
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = putright("serve", "--port", port, folder=tmp_path)
    assert told.returncode == 1 and told.stdout == ""
    assert f"cannot listen on 127.0.0.1, port {port}" in told.stderr
    assert "--port" in told.stderr and "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["serve", "--port", "99999"], "99999 is not in the range"),
        (["serve", "--port", "zero"], "'zero' is not a valid integer"),
        (["serve", "--database", "foo"], "The database address cannot be used"),
        (["serve", "--database", "nosuch://x"], "The database address cannot be used"),
        (["serve", "--database", "sqlite:////proc/x/y.db"], "/proc/x cannot be used"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, words: list[str], says: str) -> None:
    told = putright(*words, folder=tmp_path)
    assert told.returncode != 0 and "Putright is at" not in told.stdout
    assert says in told.stderr and "Traceback" not in told.stderr


def test_a_folder_that_cannot_be_written_and_a_wrong_setting_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    told = putright("users", "list", folder=file / "instance")
    assert told.returncode == 1 and told.stderr.startswith(f"Error: {file}/instance cannot be used")
    monkeypatch.setenv("PUTRIGHT_SWEEP_EVERY_SECONDS", "often")
    told = putright("users", "list", folder=tmp_path)
    assert "The setting PUTRIGHT_SWEEP_EVERY_SECONDS is wrong" in told.stderr


def test_a_database_of_a_newer_version_is_told(tmp_path: Path) -> None:
    assert putright("users", "list", folder=tmp_path).returncode == 0
    with closing(sqlite3.connect(tmp_path / "putright.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    told = putright("users", "list", folder=tmp_path)
    assert told.returncode == 1 and "newer version of Putright" in told.stderr
    assert "9999" in told.stderr and "Traceback" not in told.stderr


def served(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A server on a free port."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", port, *words],
        cwd=ROOT,
        env=os.environ | {"PUTRIGHT_INSTANCE_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def said_until(server: subprocess.Popen[str], words: str) -> str:
    """What a server says up to a line with these words."""
    assert server.stdout is not None
    said = [server.stdout.readline()]
    while words not in said[-1]:
        said.append(server.stdout.readline())
        assert said[-1], said
    return "".join(said)


def test_a_demo_that_is_stopped_is_finished_by_the_next_start(tmp_path: Path) -> None:
    first = served(tmp_path)
    said = said_until(first, "Playing the demo cases")
    first.send_signal(signal.SIGINT)
    more, told = first.communicate(timeout=60)
    assert first.returncode == 1 and "The next start plays the rest of the demo." in told
    played = [line for line in (said + more).splitlines() if line.startswith("  ")]
    assert len(played) == 1

    second = served(tmp_path)
    rest = said_until(second, "Putright is at")
    assert "Playing the rest of the demo cases" in rest
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=60)
    titles = [line.split(maxsplit=1)[1] for line in [*played, *rest.splitlines()] if "  " in line]
    demo = list((ROOT / "processes" / LANDLORD / "demo").glob("[0-9]*.toml"))
    assert len(titles) == len(set(titles)) == len(demo)

    third = served(tmp_path)
    assert "Playing" not in said_until(third, "Putright is at")
    third.send_signal(signal.SIGINT)
    assert "Traceback" not in third.communicate(timeout=60)[1]


def test_a_server_without_people_says_how_to_make_the_first_account(tmp_path: Path) -> None:
    server = served(tmp_path, "--empty")
    assert "putright users add" in said_until(server, "Stop with Ctrl-C")
    server.send_signal(signal.SIGINT)
    assert "Traceback" not in server.communicate(timeout=60)[1]
    assert server.returncode == 0


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


def test_an_installation_is_backed_up_and_a_drill_proves_that_it_comes_back(tmp_path: Path) -> None:
    here, there, packed = tmp_path / "here", tmp_path / "there", str(tmp_path / "backup.zip")
    assert putright("deploy", folder=here).returncode == 0
    assert "keep it safe" in putright("backup", packed, folder=here).stdout
    drilled = putright("drill", packed, folder=here)
    assert drilled.returncode == 0
    assert all(line.startswith("ok") for line in drilled.stdout.splitlines())
    assert "sends nothing" in putright("restore", packed, folder=there).stdout
    again = putright("restore", packed, folder=there)
    assert again.returncode == 1 and "empty folder" in again.stderr
    assert "Released." in putright("release", "--yes", folder=there).stdout
    again = putright("release", folder=there)
    assert (again.stdout, again.stderr) == ("", "Error: No quarantine holds this copy.\n")
