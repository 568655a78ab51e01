"""The service tells how it is, comes back from a backup, and does nothing before it may."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from threading import Event

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from app import logs
from app.alone import NotAlone, alone
from app.cli.serving import working
from app.clock import SetClock
from app.db import db
from app.errors import Busy
from app.factory import create_app
from app.models import Alert, Outgoing
from app.services import sweep
from app.services.operations import beats, health, migrations, quarantine
from app.settings import Settings
from tests.cases import london
from tests.conftest import by_owner, make_user
from tests.mailbox import silent
from tests.services import elm_homes as elm


def told(client: FlaskClient) -> tuple[int, dict[str, str]]:
    answer = client.get("/readyz")
    assert answer.json is not None
    return answer.status_code, answer.json["checks"]


@pytest.fixture
def at_head(app: Flask) -> None:
    """The tables were made without migrations: say that they are the newest."""
    flask_migrate.stamp()


# --- health --------------------------------------------------------------------------------------


def test_it_is_ready_when_somebody_sweeps_and_nothing_waits(
    app: Flask, at_head: None, client: FlaskClient
) -> None:
    status, checks = told(client)
    assert status == 503
    assert [name for name, says in checks.items() if not says.startswith("ok")] == ["heartbeat"]
    beats.beat()
    assert told(client)[0] == 200


def test_each_thing_that_breaks_is_told_and_liveness_does_not_depend_on_it(
    app: Flask, at_head: None, client: FlaskClient, clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    elm.deploy()
    elm.recorded("2026-11-02")  # its limit falls due on 16 November, and nobody sweeps
    beats.beat()
    assert told(client)[1]["deadlines"] == "ok: 0 seconds"
    clock.move_to(london("2026-11-17 00:06"))
    flask_migrate.stamp(revision="0001")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    status, checks = told(client)
    assert status == 503
    wrong = {name for name, says in checks.items() if says.startswith("wrong")}
    assert wrong == {"deadlines", "heartbeat", "migrations", "disk"}
    assert client.get("/livez").text == "ok\n"


def test_a_proxy_sends_people_here_though_nobody_sweeps(
    app: Flask, at_head: None, client: FlaskClient
) -> None:
    assert client.get("/readyz").status_code == 503
    answer = client.get("/readyz?pages")
    assert answer.status_code == 200 and answer.json is not None
    assert answer.json["checks"].keys() == {"database", "migrations", "sqlite"}
    flask_migrate.stamp(revision="0001")
    assert client.get("/readyz?pages").status_code == 503


def test_a_process_whose_tables_are_newer_goes_on_and_says_so(
    app: Flask, at_head: None, client: FlaskClient
) -> None:
    by_owner("UPDATE alembic_version SET version_num = '9999'")
    beats.beat()
    status, checks = told(client)
    assert status == 200
    assert checks["migrations"] == "ok: at 9999, which is newer: restart this process"
    with pytest.raises(migrations.NotAtHead):  # none begins on them
        migrations.check()


def test_a_version_that_is_put_in_place_meanwhile_is_none_of_this_process(
    app: Flask, at_head: None, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert told(client)[1]["migrations"] == "ok: at head"
    shutil.copytree(health.MIGRATIONS, tmp_path / "migrations")
    newest = "revision = '9999'\ndown_revision = '" + health.revisions()[0] + "'\n"
    (tmp_path / "migrations" / "versions" / "9999_new.py").write_text(newest)
    monkeypatch.setattr(health, "MIGRATIONS", tmp_path / "migrations")
    assert client.get("/readyz?pages").status_code == 200
    by_owner("UPDATE alembic_version SET version_num = '9999'")
    assert told(client)[1]["migrations"].startswith("ok: at 9999, which is newer")


def test_a_database_that_somebody_holds_for_long_is_told_as_everything_else(
    app: Flask, at_head: None, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waited() -> tuple[bool, str]:
        raise Busy

    monkeypatch.setitem(health.CHECKS, "database", waited)
    status, checks = told(client)
    assert (status, checks["database"]) == (503, "wrong: Busy")


def test_an_e_mail_that_is_tried_in_vain_is_told(
    app: Flask, at_head: None, client: FlaskClient, clock: SetClock
) -> None:
    elm.deploy()
    elm.recorded("2026-11-24", elm.answer("2026-11-25"))
    mail = db.session.scalars(select(Outgoing)).one()
    mail.tries, mail.status, mail.channel = 2, "queued", "email"
    mail.queued_at = clock()
    mail.next_try_at = clock() + timedelta(hours=1)
    db.session.commit()
    beats.beat()
    assert told(client)[1]["outbox"] == "ok: 0 seconds"
    clock.move_to(clock() + timedelta(minutes=11))
    assert told(client)[1]["outbox"] == "wrong: 660 seconds"


def test_a_sqlite_that_is_too_old_or_not_safe_with_several_processes_is_not_ready(
    app: Flask, at_head: None, client: FlaskClient, clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if db.engine.dialect.name != "sqlite":
        assert told(client)[1]["sqlite"] == "ok: postgresql"
        return
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert told(client)[1]["sqlite"].startswith("wrong: ")
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    beats.beat()
    assert told(client)[1]["sqlite"].endswith("one process only")
    clock.move_to(clock() + timedelta(seconds=15))
    monkeypatch.setattr(os, "getpid", lambda: 7)
    beats.beat()  # a restart: the one before has stopped
    assert told(client)[1]["sqlite"].endswith("one process only")
    clock.move_to(clock() + timedelta(seconds=15))
    monkeypatch.setattr(os, "getpid", lambda: 8)
    beats.beat()
    monkeypatch.setattr(os, "getpid", lambda: 7)
    clock.move_to(clock() + timedelta(seconds=1))
    beats.beat()
    status, checks = told(client)
    assert (status, "several processes use it" in checks["sqlite"]) == (503, True)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    assert told(client)[1]["sqlite"].endswith("safe")


def test_a_copy_in_quarantine_is_ready_and_says_what_it_does_not_do(
    app: Flask, at_head: None, client: FlaskClient
) -> None:
    beats.beat()
    before = client.get("/readyz").json
    assert before is not None
    assert (before["ready"], before["quarantine"]) == (True, False)
    assert before["checks"]["quarantine"] == "ok: none"
    quarantine.begin("Restored from a backup")
    answer = client.get("/readyz")
    assert answer.json is not None
    assert (answer.status_code, answer.json["ready"], answer.json["quarantine"]) == (
        200,
        True,
        True,
    )
    assert answer.json["checks"]["quarantine"].startswith("ok: held: nothing is sent")


def test_every_page_of_staff_says_that_a_copy_waits_for_approval(
    app: Flask, client: FlaskClient
) -> None:
    elm.deploy()
    signed_in = {"email": "amira@elm-homes.example", "password": "a long enough password"}
    make_user(elm.ELM, "amira", teams=("complaints",))
    quarantine.begin("Restored from a backup")
    assert "restored copy" not in client.get("/sign-in").text  # nobody's business yet
    client.post("/sign-in", data=signed_in)
    for path in ("/inbox", "/cases", "/help"):
        page = client.get(path).text
        assert "This is a restored copy. Nothing is sent until somebody approves it." in page
        assert "putright release" in page
    quarantine.release("root")
    assert "restored copy" not in client.get("/inbox").text


def test_a_database_that_is_gone_is_told_without_a_word_of_it(
    app: Flask, client: FlaskClient
) -> None:
    by_owner("DROP TABLE beat")
    status, checks = told(client)
    assert status == 503
    assert checks["database"] in {"wrong: OperationalError", "wrong: ProgrammingError"}


def test_strangers_learn_whether_but_not_why(
    app: Flask, at_head: None, client: FlaskClient
) -> None:
    answer = client.get("/readyz", environ_overrides={"REMOTE_ADDR": "203.0.113.9"})
    assert answer.json is not None and answer.json["checks"]["heartbeat"] == "wrong"
    assert (
        client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    )


def test_the_token_opens_the_numbers_from_anywhere(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": SecretStr("s3cret")}))
    with app.app_context():
        db.create_all()
        there = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
        asked = app.test_client().get(
            "/metrics", headers={"Authorization": "Bearer s3cret"}, **there
        )
        assert asked.status_code == 200
        wrong = app.test_client().get("/metrics", headers={"Authorization": "Bearer no"})
        assert wrong.status_code == 404
        db.session.remove()
        db.engine.dispose()


def test_the_numbers_are_those_of_the_database_and_name_nobody(
    app: Flask, client: FlaskClient, clock: SetClock
) -> None:
    elm.deploy()
    elm.recorded("2026-11-02")
    clock.move_to(london("2026-11-17 09:00"))
    client.get("/elm-homes/status/0123456789abcdef0123456789abcdef")
    page = client.get("/metrics").text
    assert "putright_cases_open 1.0" in page and "putright_tasks_late 1.0" in page
    assert 'putright_requests_total{route="status.status",status="404"} 1.0' in page
    assert "0123456789abcdef" not in page and "Kezia" not in page


def test_a_log_as_json_tells_where_it_failed_and_nothing_that_was_typed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.set_up(settings.model_copy(update={"log": "json"}))
        try:
            raise ValueError("Kezia Boateng said so")
        except ValueError:
            logging.getLogger("app.test").exception("a step failed", extra={"case": "EH1"})
            logging.getLogger("waitress").exception("Exception while serving /elm/status/5ec4e7")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    line, of_server = map(json.loads, capsys.readouterr().err.splitlines())
    assert of_server["event"] == "Exception while serving" and "5ec4e7" not in of_server["at"]
    assert (line["event"], line["case"], line["exception"]) == (
        "a step failed",
        "EH1",
        "ValueError",
    )
    assert "test_operations.py" in line["at"][0] and "Kezia" not in json.dumps(line)


def test_late_mail_makes_it_unready(app: Flask, at_head: None, clock: SetClock) -> None:
    elm.deploy()
    elm.recorded("2026-11-23", elm.answer("2026-11-24"), resident_email="kezia@example.org")
    waiting = db.session.query(Outgoing).filter_by(channel="email").one()
    assert waiting.next_try_at is not None
    clock.move_to(waiting.next_try_at + health.LATE_MAIL + timedelta(seconds=1))
    assert {c.name: c.ok for c in health.checks()}["outbox"] is False


@pytest.mark.slow
def test_a_mail_server_that_says_nothing_holds_up_no_deadline(
    app: Flask, settings: Settings, clock: SetClock
) -> None:
    elm.deploy()
    elm.recorded("2026-11-02", elm.answer("2026-11-04"), resident_email="kezia@example.org")
    elm.recorded("2026-11-03")
    clock.move_to(london("2026-11-05 09:00"))
    often = settings.model_copy(update={"sweep_every_seconds": 1})
    with working(app, often, Event()), silent() as address:
        settings_of_app = {"smtp_url": SecretStr(address)}
        app.extensions["settings"] = settings.model_copy(update=settings_of_app)
        until(lambda: "sending" in mail())
        clock.move_to(london("2026-11-25 09:00"))
        assert health.oldest_due() > timedelta(days=3)
        until(lambda: health.oldest_due() == timedelta())
        assert "sending" in mail()


def mail() -> Collection[str]:
    return db.session.scalars(select(Outgoing.status)).all()


def until(happened: Callable[[], bool]) -> None:
    for _ in range(200):
        db.session.rollback()
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("not within ten seconds")


# --- one process on SQLite -----------------------------------------------------------------------


def test_a_second_server_on_sqlite_is_told_why_it_may_not(settings: Settings) -> None:
    settings = settings.model_copy(update={"database_url": ""})
    with alone(settings), pytest.raises(NotAlone, match="SQLite serves one"), alone(settings):
        pass
    with alone(settings):
        pass  # it is free again
    elsewhere = settings.model_copy(update={"database_url": "postgresql+psycopg://x/y"})
    with alone(elsewhere), alone(elsewhere):
        pass


# --- quarantine ----------------------------------------------------------------------------------


def test_a_copy_in_quarantine_fires_and_sends_nothing_until_it_is_released(
    app: Flask, clock: SetClock
) -> None:
    elm.deploy()
    elm.recorded("2026-11-02", elm.answer("2026-11-04"))
    elm.recorded("2026-11-03")
    db.session.query(Outgoing).filter_by(channel="post").delete()
    db.session.commit()
    clock.move_to(london("2026-12-03 09:00"))
    quarantine.begin("Restored from a backup")
    before = db.session.query(Alert).count()
    assert quarantine.would_do()[0] == 2
    sweep.heartbeat(app)
    assert db.session.query(Alert).count() == before
    quarantine.release("root")
    sweep.heartbeat(app)
    assert db.session.query(Alert).count() > before
    assert quarantine.would_do() == (0, 0)
