"""The POST that finishes a task, against a bare POST of two rows (P5); two workers (P16)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import perf_counter
from typing import TypeVar
from urllib.parse import urlencode

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clock import SetClock
from app.db import db
from app.models import User
from app.settings import ROOT, Settings
from app.viewer import Viewer
from tests.bench import bare, row
from tests.bench.conftest import Tell
from tests.bench.peers import SAID, peer_engine
from tests.bench.table import milliseconds
from tests.conftest import PASSWORD
from tests.test_running import answers, asked, free_port, until

T = TypeVar("T")
ROUNDS = 30
CASES = 24  # POSTs of a round, by VISITORS at once
VISITORS = 4
HELD = "application/x-www-form-urlencoded"


def outside(act: Callable[[], T]) -> T:
    """Outside the test's own application context: each request makes one of its own."""
    return Context().run(act)


def email_of(viewer: Viewer) -> str:
    return str(db.session.query(User.email).filter(User.id == viewer.user_id).scalar())


def token_in(page: str) -> str:
    return re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page)[0]


def signed_in(client: FlaskClient, email: str) -> str:
    """Sign in through the page; the token that every form of the session carries."""
    typed = {"email": email, "password": PASSWORD}
    typed["csrf_token"] = token_in(client.get("/sign-in").text)
    assert client.post("/sign-in", data=typed).status_code == 302
    return token_in(client.get("/inbox").text)


def test_a_post_that_finishes_a_task_against_a_bare_post(app: Flask, told: Tell) -> None:
    viewer = row.officer(row.deploy(4))
    browser = app.test_client()
    cases = [row.record(viewer) for _ in range(ROUNDS // 4 + 2)]
    email = email_of(viewer)
    token = outside(lambda: signed_in(browser, email))
    with peer_engine() as engine:
        [number] = bare.add_rows(engine, 1)
        said = {"row": number, "said": SAID}
        visitor = bare.bare(engine).test_client()
        ours, least = list[float](), list[float]()
        for n in range(ROUNDS):
            path = f"/tasks/{row.open_task(cases[n // 4])}"
            db.session.remove()
            typed = row.ANSWERS | {"csrf_token": token}

            def finish(path: str = path, typed: dict[str, str] = typed) -> None:
                answer = browser.post(path, data=typed)
                assert answer.status_code == 303, answer.text

            ours.append(outside(partial(milliseconds, finish)))
            outside(lambda: browser.get("/inbox"))  # which shows the message, as in a browser
            least.append(milliseconds(lambda: visitor.post("/", data=said)))
    told("POST that finishes a task, ms", median(ours))
    told("bare POST of two rows, ms", median(least))
    told("P5 POST: ours / bare", median(ours) / median(least), "<= 2")


@contextmanager
def gunicorn(workers: int, what: str, said: dict[str, str]) -> Iterator[int]:
    """A server with so many workers: its port."""
    port = free_port()
    words = ["--preload", "--workers", str(workers), "--bind", f"127.0.0.1:{port}", what]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--log-level", "warning", *words],
        cwd=ROOT,
        env=os.environ | said,
    )
    try:
        until(lambda: answers(port) or asked_bare(port))
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def asked_bare(port: int) -> bool:
    try:
        return asked(port, "GET", "/")[0] == 405
    except OSError:
        return False


Post = tuple[str, str]  # path and body


def rate(port: int, cookie: str, posts: list[Post]) -> float:
    """POSTs per second, by VISITORS at once; each must lead on."""
    headers = {"Content-Type": HELD, "Cookie": cookie}

    def post(one: Post) -> int:
        return asked(port, "POST", one[0], body=one[1], headers=headers)[0]

    with ThreadPoolExecutor(VISITORS) as visitors:
        began = perf_counter()
        said = list(visitors.map(post, posts))
        taken = perf_counter() - began
    assert set(said) == {303}, said
    return len(posts) / taken


def test_two_workers_against_one(
    app: Flask, settings: Settings, clock: SetClock, told: Tell
) -> None:
    if not settings.database_url:
        pytest.skip("SQLite serves one process")
    flask_migrate.stamp()
    clock.move_to(datetime.now(UTC))
    viewer = row.officer(row.deploy(30))
    cases = [row.record(viewer) for _ in range(CASES)]
    ours = {
        "PUTRIGHT_INSTANCE_DIR": str(settings.instance_dir),
        "PUTRIGHT_DATABASE_URL": settings.database_url,
        "PUTRIGHT_SECRET_KEY": "the same everywhere " * 2,
    }
    with peer_engine() as engine:
        rows = bare.add_rows(engine, CASES)
        theirs = {"BENCH_DATABASE_URL": settings.owner_database}
        least = [("/", urlencode({"row": each, "said": SAID})) for each in rows]
        served = "tests.bench.bare:served()"
        with (
            gunicorn(1, "app.wsgi:app", ours) as one,
            gunicorn(2, "app.wsgi:app", ours) as two,
            gunicorn(1, served, theirs) as bare_one,
            gunicorn(2, served, theirs) as bare_two,
        ):
            cookie, token = visiting(one, email_of(viewer))
            arms: dict[str, tuple[int, Callable[[], list[Post]]]] = {
                "ours, 1 worker": (one, lambda: finishing(cases, token)),
                "bare, 1 worker": (bare_one, lambda: least),
                "ours, 2 workers": (two, lambda: finishing(cases, token)),
                "bare, 2 workers": (bare_two, lambda: least),
            }
            rates: dict[str, list[float]] = {name: [] for name in arms}
            for number in range(6):
                for name, (port, posts) in arms.items():
                    measured = rate(port, cookie, posts())
                    rates[name] += [measured] if number else []  # the first round warms up
    found = {name: median(each) for name, each in rates.items()}
    for name, value in found.items():
        told(f"POST, {name}, per second", value)
    more = found["ours, 2 workers"] / found["ours, 1 worker"]
    bare_more = found["bare, 2 workers"] / found["bare, 1 worker"]
    told("POST, 2 workers / 1: ours", more)
    told("POST, 2 workers / 1: bare", bare_more)
    told("P16 speed-up of 2 workers: ours / bare", more / bare_more, ">= 0.9")


def visiting(port: int, email: str) -> tuple[str, str]:
    """A cookie and a token of somebody who has signed in."""
    _, page, cookie = asked(port, "GET", "/sign-in")
    typed = urlencode({"csrf_token": token_in(page), "email": email, "password": PASSWORD})
    headers = {"Content-Type": HELD, "Cookie": cookie.split(";")[0]}
    status, _, cookie = asked(port, "POST", "/sign-in", body=typed, headers=headers)
    assert status == 302
    cookie = cookie.split(";")[0]
    _, page, changed = asked(port, "GET", "/inbox", headers={"Cookie": cookie})
    return changed.split(";")[0] or cookie, token_in(page)


def finishing(cases: list[str], token: str) -> list[Post]:
    """The POSTs that finish the open task of each case."""
    body = urlencode(row.ANSWERS | {"csrf_token": token})
    posts = [(f"/tasks/{row.open_task(case)}", body) for case in cases]
    db.session.remove()
    return posts
