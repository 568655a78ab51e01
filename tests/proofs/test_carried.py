"""procrastinate carries jobs: whoever dies or stops, another goes on, and the job ends once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from runpy import run_path
from threading import Event

import pytest
from flask import Flask
from procrastinate.schema import migrations_path
from sqlalchemy import select, text

from app.db import db, transaction
from app.factory import create_app
from app.models import Job, Payload
from app.services import sweep
from app.services.operations import delivery, jobs, quarantine
from app.services.operations.jobs import Progress
from app.settings import ROOT, Settings
from app.viewer import Viewer
from tests.conftest import make_user
from tests.postgres import Server
from tests.proofs import worker
from tests.services import elm_homes as elm

MIGRATION = ROOT / "app" / "migrations" / "versions" / "0009_carried_by_procrastinate.py"


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: on SQLite nothing is carried."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """On the clock of the wall, as the workers' are."""
    made = create_app(settings)
    with made.app_context():
        yield made
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def helen(app: Flask) -> Viewer:
    elm.deploy()
    return make_user(elm.ELM, "helen", role="manager")


def parcels() -> list[tuple[str, dict[str, str]]]:
    """What procrastinate carries: status and words."""
    db.session.rollback()
    rows = db.session.execute(text("SELECT status, args FROM procrastinate_jobs ORDER BY id"))
    return [(status, args) for status, args in rows]


def job() -> Job:
    db.session.rollback()
    return db.session.scalars(select(Job)).one()


def until(happened: Callable[[], object], seconds: float = 60) -> None:
    for _ in range(int(seconds * 20)):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds")


# --- processes -----------------------------------------------------------------------------------


@contextmanager
def workers(settings: Settings, number: int) -> Iterator[Callable[[int, signal.Signals], str]]:
    """So many processes. Gives what sends one a signal, and says how it ended."""
    said = {
        "PUTRIGHT_INSTANCE_DIR": str(settings.instance_dir),
        "PUTRIGHT_DATABASE_URL": settings.database,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.proofs.worker", str(number)],
        cwd=ROOT,
        env=os.environ | said,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        living = {int(parent.stdout.readline()) for _ in range(number)}

        def end(child: int, how: signal.Signals) -> str:
            living.remove(child)
            os.kill(child, how)
            assert parent.stdout
            return parent.stdout.readline().strip()

        try:
            yield end
        finally:
            for child in living:
                os.kill(child, signal.SIGKILL)


def steps() -> Counter[int]:
    """How many rows each process wrote."""
    db.session.rollback()
    rows = db.session.scalars(select(Payload).where(Payload.id.contains("-")))
    return Counter(row.values["by"] for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_when_a_worker_goes_in_the_middle_another_ends_the_job_once(
    helen: Viewer, settings: Settings, how: signal.Signals
) -> None:
    jobs.ask(helen, worker.JOB, {})
    with workers(settings, 2) as end:
        until(lambda: steps().total() >= 3)
        (first,) = steps()
        assert end(first, how) == f"{first} {-9 if how == signal.SIGKILL else 0}"
        until(lambda: job().status == "done")
        until(lambda: not parcels())
    done = job()
    assert (done.says, done.tries) == ("Counted to 20.", 2 if how == signal.SIGKILL else 1)
    (second,) = steps() - Counter({first: 99})
    assert steps().total() == worker.STEPS + 1
    ends = db.session.scalars(select(Payload.id).where(Payload.id.contains("-e"))).all()
    assert len(ends) == 1 and ends[0].endswith(f"-e{second}")


# --- in this process -----------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((delivery, "BEATS_EVERY"), (delivery, "LOOKS_EVERY")):
        monkeypatch.setattr(module, name, 0.2)
    monkeypatch.setattr(jobs, "COME_AGAIN", timedelta())


@contextmanager
def carried(app: Flask, monkeypatch: pytest.MonkeyPatch, work: jobs.Work) -> Iterator[None]:
    monkeypatch.setitem(sweep.JOBS, worker.JOB, work)
    stopping = Event()
    carrier = sweep.carrier(app, stopping)
    carrier.start()
    try:
        yield
    finally:
        stopping.set()
        carrier.join(30)
        assert not carrier.is_alive()


def test_a_job_is_sent_for_in_the_transaction_that_writes_it_and_only_its_key_is(
    helen: Viewer,
) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        asked = jobs._new(session, helen, worker.JOB, {}, "")
        delivery.send(session, asked.landlord_id, asked.id)
        raise ZeroDivisionError
    assert parcels() == []
    job_id = jobs.ask(helen, worker.JOB, {"typed": "something personal"})
    assert jobs.ask(helen, worker.JOB, {}) == job_id
    assert parcels() == [("todo", {"landlord_id": elm.ELM, "job_id": job_id})]


def test_it_is_done_within_seconds_and_the_workers_are_counted(
    app: Flask, helen: Viewer, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert delivery.carriers() == 0
    with carried(app, monkeypatch, lambda progress: f"It was {progress.args['n']}."):
        until(delivery_begun)
        jobs.ask(helen, worker.JOB, {"n": 7})
        until(lambda: job().status == "done", 5)
        until(lambda: not parcels())
    assert (job().says, delivery_begun()) == ("It was 7.", 0)


def delivery_begun() -> int:
    db.session.rollback()
    return delivery.carriers()


def test_what_fails_is_tried_three_times_and_may_be_asked_for_anew(
    app: Flask, helen: Viewer, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def work(progress: Progress) -> str:
        tried.append(progress.job_id)
        if len(tried) <= jobs.MOST_TRIES:
            raise ValueError("no")
        return "Now it went."

    with carried(app, monkeypatch, work):
        job_id = jobs.ask(helen, worker.JOB, {})
        until(lambda: job().status == "failed")
        assert tried == [job_id] * 3
        again = jobs.ask(helen, worker.JOB, {})
        until(lambda: not parcels())
    assert tried[-1] == again != job_id


def test_what_is_called_off_stops_and_is_carried_no_further(
    app: Flask, helen: Viewer, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = Event(), []

    def work(progress: Progress) -> str:
        for n in range(600):
            progress.tell(n, 600)
            began.set()
            time.sleep(0.05)
        return str(ended.append(1))

    with carried(app, monkeypatch, work):
        job_id = jobs.ask(helen, worker.JOB, {})
        assert began.wait(20)
        jobs.cancel(helen, worker.JOB, job_id)
        until(lambda: not parcels())
    assert (job().status, ended) == ("cancelled", [])


def test_what_nobody_carries_is_sent_for_and_a_copy_in_quarantine_does_nothing(
    app: Flask, helen: Viewer, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "AFTER_QUARANTINE", timedelta(seconds=0.2))
    jobs.ask(helen, worker.JOB, {})
    db.session.execute(text("DELETE FROM procrastinate_jobs"))
    db.session.commit()
    quarantine.begin("Restored")
    did: list[int] = []
    with carried(app, monkeypatch, lambda _: str(did.append(1))):
        until(parcels)
        time.sleep(1)
        assert (job().status, did) == ("waiting", [])
        quarantine.release("Sam")
        until(lambda: job().status == "done")
    assert did == [1]


def test_the_migrations_know_the_newest_tables_of_procrastinate() -> None:
    shipped = sorted(path.name for path in Path(migrations_path).glob("*.sql"))
    assert run_path(str(MIGRATION))["LAST"] == shipped[-1]
