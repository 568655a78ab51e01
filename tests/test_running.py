"""Several processes on one PostgreSQL, stopped in the middle of their work; and the set-up."""

from __future__ import annotations

import configparser
import http.client
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_connection, socket
from typing import Any
from urllib.parse import urlencode

import flask_migrate
import pytest
import yaml
from flask import Flask
from gunicorn.config import Config
from pydantic import ValidationError
from sqlalchemy import create_engine, select, text

from app import wall
from app.cli import main
from app.clock import SetClock
from app.db import db, prepare
from app.models import Instance, User
from app.services import accounts
from app.settings import ROOT, Settings
from tests.cases import london
from tests.conftest import PASSWORD
from tests.postgres import APPLICATION, OWNER, Server
from tests.services import elm_homes as elm
from timers.sweep import TOGETHER

FOLDER = ROOT / "app" / "running"
EMAIL = "root@nowhere.example"

# --- processes -----------------------------------------------------------------------------------


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: SQLite serves one process."""
    with postgres.database() as url:
        yield url


def unit(name: str) -> dict[str, str]:
    """What a unit says of its service; of a setting that is repeated, the last."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((FOLDER / name).read_text())
    return dict(parser["Service"])


def gunicorn(port: int) -> list[str]:
    """The words of the unit, for another port."""
    words = shlex.split(unit("putright-web.service")["ExecStart"])[1:]
    return ["gunicorn", *(word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in words)]


def started(settings: Settings, *words: str) -> subprocess.Popen[str]:
    """A program of ours, which has the application's address only."""
    said = {
        "PUTRIGHT_INSTANCE_DIR": str(settings.instance_dir),
        "PUTRIGHT_DATABASE_URL": settings.database_url,
        "PUTRIGHT_SECRET_KEY": "the same everywhere " * 2,
        "PUTRIGHT_SWEEP_EVERY_SECONDS": "1",
        "PUTRIGHT_LOG": "json",
        "PROMETHEUS_MULTIPROC_DIR": str(settings.instance_dir),
    }
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=os.environ | said,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


@contextmanager
def held(settings: Settings, statement: str) -> Iterator[Callable[[], bool]]:
    """Keep others from what the statement locks. Gives whether somebody waits for it."""
    engine = create_engine(settings.owner_database)
    prepare(engine)
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with engine.connect() as holder:
        holder.execute(text(statement))
        yield lambda: bool(holder.scalar(waits))
        holder.rollback()
    engine.dispose()


def until(happened: Callable[[], object], seconds: float = 30) -> None:
    """Wait for it; fail when it does not come."""
    for _ in range(int(seconds * 20)):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")


def free_port() -> int:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    try:
        return asked(port, "GET", "/livez")[0] == 200
    except OSError:
        return False


def asked(port: int, method: str, path: str, **more: Any) -> tuple[int, str, str]:
    """Status, page and cookie."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, **more)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode(), answer.headers.get("Set-Cookie", "")


def signs_in_wrongly(port: int) -> int:
    """The status of the answer."""
    _, page, cookie = asked(port, "GET", "/sign-in")
    token = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)[0]
    typed = urlencode({"csrf_token": token, "email": EMAIL, "password": "wrong"})
    sent_as = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie.split(";")[0]}
    return asked(port, "POST", "/sign-in", body=typed, headers=sent_as)[0]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["gunicorn", "serve"])
def test_a_web_process_that_is_told_to_stop_answers_what_it_was_asked(
    app: Flask, settings: Settings, program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PUTRIGHT_PROCESSES_DIR", str(tmp_path))  # nothing to deploy
    flask_migrate.stamp()
    accounts.add_user(None, email=EMAIL, name="R", role="administrator", password=PASSWORD)
    db.session.remove()
    port = free_port()
    words = {
        "gunicorn": gunicorn(port),
        "serve": ["app.cli", "serve", "--empty", "--port", str(port)],
    }
    server = started(settings, *words[program])
    until(lambda: answers(port) or server.poll() is not None)
    with ThreadPoolExecutor() as visitor:
        with held(settings, 'SELECT * FROM "user" FOR UPDATE') as somebody_waits:
            status = visitor.submit(signs_in_wrongly, port)
            until(somebody_waits)
            server.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert server.poll() is None
        assert status.result(timeout=30) == 422
    said, _ = server.communicate(timeout=30)
    assert server.returncode == 0 and "Traceback" not in said, said
    assert db.session.scalars(select(User.failures)).all() == [1]


def requests_counted(port: int, route: str) -> float:
    _, said, _ = asked(port, "GET", "/metrics")
    found = [line for line in said.splitlines() if f'requests_total{{route="{route}"' in line]
    return sum(float(line.split()[-1]) for line in found)


@pytest.mark.slow
def test_three_processes_of_gunicorn_count_together_and_log_json_that_names_no_visitor(
    app: Flask, settings: Settings
) -> None:
    flask_migrate.stamp()
    port = free_port()
    server = started(settings, *gunicorn(port))
    until(lambda: answers(port) or server.poll() is not None)
    before = requests_counted(port, "health.livez")
    assert all(answers(port) for _ in range(12))
    assert [requests_counted(port, "health.livez") for _ in range(6)] == [before + 12] * 6
    with create_connection(("127.0.0.1", port)) as visitor:
        visitor.sendall(b"GET /southway/status/secret HTTP/9.9\r\n\r\n")
        assert visitor.recv(100).startswith(b"HTTP/1.1 400")
    server.send_signal(signal.SIGTERM)
    said, _ = server.communicate(timeout=30)
    lines = [json.loads(line) for line in said.splitlines()]
    (refused,) = (line for line in lines if line["level"] == "warning")
    assert (refused["event"], refused["logger"]) == ("Invalid request", "gunicorn.error")
    assert any(line["event"].startswith("Booting worker") for line in lines)


@pytest.mark.slow
def test_a_request_that_waits_for_sqlite_is_answered_before_the_server_stops(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUTRIGHT_PROCESSES_DIR", str(tmp_path))  # nothing to deploy
    port = free_port()
    settings = settings.model_copy(update={"database_url": ""})
    server = started(settings, "app.cli", "serve", "--empty", "--port", str(port))
    until(lambda: answers(port) or server.poll() is not None)
    with (
        ThreadPoolExecutor() as visitor,
        closing(sqlite3.connect(settings.sqlite_file or "")) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")
        status = visitor.submit(signs_in_wrongly, port)
        time.sleep(1)
        server.send_signal(signal.SIGTERM)
        time.sleep(6)  # waitress by itself would have given up
        holder.rollback()
        assert status.result(timeout=30) == 422
    server.communicate(timeout=30)
    assert server.returncode == 0


def due() -> int:
    """How many cases have a deadline that is due and did not fire."""
    db.session.rollback()
    past = select(Instance.id).where(Instance.next_due_at < london("2026-11-20 00:00"))
    return len(db.session.scalars(past).all())


@pytest.mark.slow
def test_two_workers_that_are_told_to_stop_finish_their_step_and_begin_no_other(
    app: Flask, settings: Settings, clock: SetClock
) -> None:
    flask_migrate.stamp()
    elm.deploy()
    cases = 2 * TOGETHER + 2
    for _ in range(cases):
        elm.recorded("2026-11-02")  # its limit falls due on 16 November
    db.session.remove()
    assert due() == cases
    db.session.remove()
    with held(settings, "LOCK TABLE event IN SHARE MODE") as somebody_waits:
        workers = [started(settings, "app.cli", "worker") for _ in range(2)]
        for worker in workers:
            assert worker.stdout is not None
            assert "Looking every" in worker.stdout.readline()
        until(lambda: somebody_waits() and waiting(settings) == 2)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert [worker.poll() for worker in workers] == [None, None]
    for worker in workers:
        said, _ = worker.communicate(timeout=30)
        assert worker.returncode == 0 and "Traceback" not in said, said
    # each finished those that it fired together, and left what it had not begun
    assert 2 <= due() <= cases - TOGETHER


def waiting(settings: Settings) -> int:
    engine = create_engine(settings.database)
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
    engine.dispose()
    return int(found or 0)


@pytest.mark.slow
def test_gunicorn_says_what_to_do_on_sqlite_and_on_tables_of_another_version(
    app: Flask, settings: Settings
) -> None:
    flask_migrate.stamp(revision="0007")
    told = {"": "SQLite", settings.database_url: "at 0007. Bring them there"}
    programs = [
        started(settings.model_copy(update={"database_url": url}), *gunicorn(0)) for url in told
    ]
    for tried, says in zip(programs, told.values(), strict=True):
        said, _ = tried.communicate(timeout=30)
        assert tried.returncode == 3 and says in said and "Traceback" not in said, said


# --- units and compose file ----------------------------------------------------------------------


def env(name: str) -> dict[str, str]:
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line[:1] not in {"", "#"}]
    return dict(line.split("=", 1) for line in lines)


def composed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def ours() -> dict[str, list[str]]:
    """Every command line of ours in this folder, by where it stands."""
    units = {
        path.name: shlex.split(unit(path.name)["ExecStart"]) for path in FOLDER.glob("*.service")
    }
    services = {
        name: service["command"]
        for name, service in composed()["services"].items()
        if "command" in service
    }
    return units | services


def settings_told() -> set[str]:
    services = composed()["services"].values()
    inside = [service.get("environment", {}) for service in services]
    told = [*env("putright.env"), *env("putright-owner.env"), *(name for e in inside for name in e)]
    return {name for name in told if name.startswith("PUTRIGHT_")}


@pytest.mark.parametrize("words", ours().values(), ids=ours())
def test_each_command_of_the_set_up_exists_with_its_options(words: list[str]) -> None:
    program, *rest = Path(words[0]).name, *words[1:]
    if program == "gunicorn":
        given = Config().parser().parse_args(rest)
        assert given.args == ["app.wsgi:app"] and (ROOT / "app" / "wsgi.py").exists()
        return
    assert program == "putright"
    main.commands[rest[0]].make_context(rest[0], rest[1:], resilient_parsing=False)


def test_each_setting_of_the_set_up_exists_and_its_value_can_be() -> None:
    known = {f"PUTRIGHT_{name.upper()}" for name in Settings.model_fields}
    assert settings_told() <= known
    assert {name for name in known if f"`{name}" in (FOLDER / "README.md").read_text()} <= known
    whole = {
        name.removeprefix("PUTRIGHT_").lower(): said for name, said in env("putright.env").items()
    }
    with pytest.raises(ValidationError, match="CHANGE-ME"):  # nobody runs with a key that all know
        Settings(**whole)  # type: ignore[arg-type]
    made = Settings(**whole | {"secret_key": "k" * 48})  # type: ignore[arg-type]
    assert made.trusted_proxies == 1 and made.secure_cookies and made.session_key()
    assert made.owner_database == made.database  # pages do not know the owner's address


def test_the_roles_of_the_compose_file_are_those_that_the_command_prints() -> None:
    owner, application = (f"postgresql://{role}@database/putright" for role in (OWNER, APPLICATION))
    printed = [line.split(";")[0] for line in wall.roles(owner, application).splitlines()[:3]]
    made = composed()["configs"]["roles"]["content"].splitlines()
    assert [re.sub(r" PASSWORD '.*'|;", "", line) for line in made] == printed


def test_whoever_stops_a_process_waits_for_its_step() -> None:
    for name in ("putright-web.service", "putright-worker.service"):
        assert unit(name)["KillMode"] == "mixed" and int(unit(name)["TimeoutStopSec"]) > 30
    services = composed()["services"]
    for name in ("web", "worker"):
        assert services[name]["deploy"]["replicas"] > 1 and services[name]["stop_grace_period"]
        assert services[name]["depends_on"].keys() <= services.keys()
