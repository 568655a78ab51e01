"""Somebody else has a case for longer than anybody should wait: a clear page, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, event, text

from app.clock import SetClock
from app.db import LIMITS, db
from app.errors import Busy
from app.services import sweep, tasks
from app.viewer import Viewer
from tests.cases import first_team, london, open_task, recorded
from tests.proofs import town
from tests.services.test_steps import accept

SHORT = 200  # milliseconds
WORDS = "Somebody else is working on this just now"


@pytest.fixture
def impatient(app: Flask) -> None:
    """Waits for a lock are short: nobody wants to wait for the tests."""
    sqlite = db.engine.dialect.name == "sqlite"
    says = f"PRAGMA busy_timeout = {SHORT}" if sqlite else f"SET lock_timeout = {SHORT}"

    def shorten(connection: Any, _record: Any) -> None:
        connection.execute(says)
        if not sqlite:
            connection.commit()

    event.listen(db.engine, "connect", shorten)
    db.session.remove()
    db.engine.dispose()


@contextmanager
def locked() -> Iterator[None]:
    """Another connection is in the middle of a step: on SQLite it has all cases, else the first."""
    other = create_engine(db.engine.url)
    with other.connect() as connection:
        if other.dialect.name == "sqlite":
            connection.connection.dbapi_connection.isolation_level = None
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT set_config('app.landlord', '*', true)"))
            connection.execute(
                text("SELECT id FROM instance ORDER BY next_due_at LIMIT 1 FOR UPDATE")
            )
        yield
        connection.rollback()
    other.dispose()


def test_who_waits_too_long_is_told_so_and_sends_it_again(
    impatient: None,
    landlord: str,
    person: Callable[..., Viewer],
    sign_in: Callable[[Viewer], FlaskClient],
) -> None:
    officer = person("grace", teams=(first_team(landlord),))
    task = open_task(recorded(landlord))
    at, browser = f"/tasks/{task.id}", sign_in(officer)
    typed = accept(officer, task).typed | {"pr_step": "finish"}
    with locked():
        answer = browser.post(at, data=typed)
        assert answer.status_code == 503
        assert WORDS in answer.text and "What you typed is still here" in answer.text
        assert 'value="accept" checked' in answer.text
        with pytest.raises(Busy):
            tasks.claim(officer, task.id)
        claimed = browser.post(f"{at}/claim", data={"pr_back": "/inbox?page=2"})
        assert (claimed.status_code, WORDS in claimed.text) == (503, True)
        assert 'name="pr_back" value="/inbox?page=2"' in claimed.text
    assert browser.post(at, data=typed).status_code == 303
    assert browser.get(at, follow_redirects=True).status_code in {200, 409}


def test_the_sweep_goes_on_with_the_others_and_comes_back(impatient: None, clock: SetClock) -> None:
    grace = town.deploy()
    for n in range(3):
        clock.move_to(london(f"2026-11-24 09:0{n}"))
        town.record(grace, f"case-{n}")
    clock.move_to(town.DAY[1])
    with locked():
        first = sweep.run_due()
    number = 3 if db.engine.dialect.name == "sqlite" else 1
    assert (first.busy, first.fired, first.failed) == (number, 3 - number, 0)
    assert sweep.run_due().fired == number


def test_postgresql_has_limits_for_locks_statements_and_idle_transactions(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        assert db.session.scalar(text("PRAGMA busy_timeout")) == 10_000
        return
    assert {name: db.session.scalar(text(f"SHOW {name}")) for name in LIMITS} == LIMITS
