"""Long work: asked for once, done once, whoever dies; what people see of it is the row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.errors import BadInput, ChangedMeanwhile, NotOffered
from app.models import Job
from app.services import documents, sweep
from app.services.operations import health, jobs, quarantine
from app.services.operations.jobs import Cancelled, LeftToOthers, Progress
from app.viewer import Viewer
from tests.conftest import make_user
from tests.services import elm_homes as elm

COUNT = "count"


@pytest.fixture
def helen(app: Flask) -> Viewer:
    elm.deploy()
    return make_user(elm.ELM, "helen", role="manager")


def job(job_id: str) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, (elm.ELM, job_id))


def delivered(job_id: str, work: jobs.Work) -> timedelta | None:
    return jobs.run_delivered(elm.ELM, job_id, {COUNT: work})


def test_of_one_kind_about_one_thing_one_is_open_at_a_time(helen: Viewer) -> None:
    first = jobs.ask(helen, COUNT, {}, "a case")
    assert jobs.ask(helen, COUNT, {}, "a case") == first
    assert jobs.ask(helen, COUNT, {}, "another") != first
    assert jobs.waiting() == 2
    jobs.cancel(helen, COUNT, first, "a case")
    assert jobs.ask(helen, COUNT, {}, "a case") != first


def test_what_is_delivered_twice_is_done_once(helen: Viewer) -> None:
    job_id = jobs.ask(helen, COUNT, {})
    did: list[timedelta | None] = []

    def work(progress: Progress) -> str:
        did.append(delivered(job_id, work))  # while it runs here
        return "Counted."

    assert delivered(job_id, work) is None
    assert delivered(job_id, work) is None
    assert jobs.run_delivered(elm.ELM, "no such job", {COUNT: work}) is None
    assert did == [jobs.COME_AGAIN]
    assert (job(job_id).status, job(job_id).tries) == ("done", 1)


def test_whoever_was_taken_for_dead_and_was_not_leaves_it_to_the_other(
    helen: Viewer, clock: SetClock
) -> None:
    job_id = jobs.ask(helen, COUNT, {})

    def slow(progress: Progress) -> str:
        clock.move_to(clock() + jobs.DEAD_AFTER * 1.1)
        assert delivered(job_id, lambda _: "The other was faster.") is None
        with pytest.raises(LeftToOthers):
            progress.tell(1, 2)
        with pytest.raises(LeftToOthers), transaction() as session:
            blob = documents.keep(session, elm.ELM, "a.txt", "text/plain", b"a", None)
            progress.end(session, "Twice.", blob.id)
        return "Twice."

    delivered(job_id, slow)
    done = job(job_id)
    assert (done.status, done.says, done.tries) == ("done", "The other was faster.", 2)
    assert jobs.file_of(done) is None


def test_what_kills_whoever_does_it_is_given_up(helen: Viewer, clock: SetClock) -> None:
    job_id = jobs.ask(helen, COUNT, {})

    def killed(progress: Progress) -> str:
        raise SystemExit

    for _ in range(jobs.MOST_TRIES):
        with pytest.raises(SystemExit):
            delivered(job_id, killed)
        assert job(job_id).status == "running"
        clock.move_to(clock() + jobs.DEAD_AFTER * 1.1)
    other = jobs.ask(helen, COUNT, {}, "waits behind it")
    assert jobs.run_waiting({COUNT: lambda _: "Done."}) == 1
    assert (job(job_id).status, job(job_id).says) == ("failed", jobs.NEVER_ENDED)
    assert job(other).status == "done"


def test_what_fails_waits_for_another_try_and_what_is_refused_does_not(helen: Viewer) -> None:
    came: list[Exception] = [ValueError("secret"), ChangedMeanwhile(), NotOffered()]

    def work(progress: Progress) -> str:
        raise came.pop(0)

    job_id = jobs.ask(helen, COUNT, {})
    assert delivered(job_id, work) == jobs.COME_AGAIN
    assert job(job_id).says == "It stopped: ValueError. It is tried again."
    assert delivered(job_id, work) == jobs.COME_AGAIN
    assert delivered(job_id, work) is None
    assert (job(job_id).status, job(job_id).says) == ("failed", NotOffered.message)


def test_whoever_stops_hands_it_on_at_once_and_begins_no_other(helen: Viewer) -> None:
    job_id = jobs.ask(helen, COUNT, {})
    stopping: list[int] = []

    def work(progress: Progress) -> str:
        stopping.append(1)
        progress.tell(1, 2)
        raise AssertionError("it went on")

    for _ in range(2):
        after = jobs.run_delivered(elm.ELM, job_id, {COUNT: work}, lambda: bool(stopping))
        assert after == timedelta()
    assert (stopping, job(job_id).status, job(job_id).tries) == ([1], "waiting", 0)


def test_it_ends_with_its_file_or_not_at_all(helen: Viewer) -> None:
    def work(progress: Progress) -> str:
        with transaction() as session:
            blob = documents.keep(session, elm.ELM, "a.txt", "text/plain", b"a", None)
            progress.end(session, "Here it is.", blob.id)
        raise ValueError("after the end")

    job_id = jobs.ask(helen, COUNT, {})
    assert delivered(job_id, work) is None
    file = jobs.file_of(job(job_id))
    assert (job(job_id).says, file and file.data) == ("Here it is.", b"a")


# --- in the foreground ---------------------------------------------------------------------------


def test_whoever_waits_for_it_is_told_what_it_raises_and_others_do_not_begin_it(
    helen: Viewer, clock: SetClock
) -> None:
    def busy(progress: Progress) -> str:
        progress.tell(1, 3)
        with pytest.raises(BadInput, match="already"):
            jobs.do_here(helen, "by hand", {}, busy)
        assert jobs.run_waiting(sweep.JOBS) == 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        jobs.do_here(helen, "by hand", {}, busy)
    jobs.do_here(helen, "by hand", {}, lambda _: "Done.")
    rows = db.session.scalars(select(Job).order_by(Job.asked_at, Job.status)).all()
    assert {(row.status, row.says) for row in rows} == {
        ("failed", "It stopped: KeyboardInterrupt."),
        ("done", "Done."),
    }


def test_after_a_kill_the_same_command_goes_on_with_it(helen: Viewer, clock: SetClock) -> None:
    with transaction() as session:
        killed = jobs._new(session, helen, "by hand", {}, "")
        jobs._take(killed)
    clock.move_to(clock() + jobs.DEAD_AFTER * 1.1)
    assert jobs.run_waiting(sweep.JOBS) == 0
    jobs.do_here(helen, "by hand", {}, lambda _: "Done.")
    row = db.session.scalars(select(Job)).one()
    assert (row.status, row.tries) == ("done", 2)


def test_called_off_from_elsewhere_it_says_so(helen: Viewer) -> None:
    def work(progress: Progress) -> str:
        jobs.cancel(helen, "by hand", progress.job_id)
        progress.tell(1, 2)
        raise AssertionError("it went on")

    with pytest.raises(Cancelled, match="Called off"):
        jobs.do_here(helen, "by hand", {}, work)
    assert db.session.scalars(select(Job.status)).all() == ["cancelled"]


# --- around it -----------------------------------------------------------------------------------


def test_a_month_after_its_end_it_is_forgotten(helen: Viewer, clock: SetClock) -> None:
    job_id = jobs.ask(helen, COUNT, {})
    delivered(job_id, lambda _: "")
    open_still = jobs.ask(helen, COUNT, {})
    clock.move_to(clock() + jobs.FORGET_AFTER * 1.1)
    jobs.drop_old()
    assert db.session.scalars(select(Job.id)).all() == [open_still]


def test_work_that_waits_while_nobody_does_any_makes_it_unready(helen: Viewer) -> None:
    def check() -> tuple[bool, str]:
        return health.CHECKS["long work"]()

    nobody = db.engine.dialect.name == "postgresql"
    assert check()[0]
    jobs.ask(helen, COUNT, {})
    assert check() == (False, "1 wait for a worker") if nobody else check() == (True, "1 wait")
    quarantine.begin("Restored")
    assert check() == (True, "held by the quarantine")
