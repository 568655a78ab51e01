"""Two who do the same at once: one wins, the other is told, and never with a stack trace.

PUTRIGHT_LONG=1 runs ten thousand races in a quarter of an hour, otherwise some thirty.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.errors import ChangedMeanwhile, NotOffered, TaskIsOver
from app.models import Answer, Case, Event, Instance, Task
from app.services import access, actions, outbox, sweep, tasks
from app.services.complaints import Receipt
from app.services.operations.verifying import verify
from app.viewer import Viewer
from tests.proofs import town
from tests.proofs.fleet import LONG

ROUNDS = 2_000 if LONG else 6  # of each of the races
TIMERS = ("answer_due", "nudge")
Race = Callable[..., list[Any]]


@pytest.fixture
def grace(app: Flask) -> Viewer:
    return town.deploy()


@pytest.fixture
def race(app: Flask) -> Race:
    """Runs each in a thread and an application context of its own, all at once.

    Returns what they returned or raised, in their order. Only what a person may be told is caught.
    """

    def run(*runners: Callable[[], Any]) -> list[Any]:
        db.session.rollback()
        barrier, ends = threading.Barrier(len(runners)), [None] * len(runners)

        def start(n: int, runner: Callable[[], Any]) -> None:
            with app.app_context():
                barrier.wait()
                try:
                    ends[n] = runner()
                except Exception as raised:
                    ends[n] = raised  # type: ignore[call-overload]
                db.session.remove()

        threads = [threading.Thread(target=start, args=each) for each in enumerate(runners)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.session.expire_all()
        return ends

    return run


def number(model: type, *which: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*which)) or 0


def happened(action: str, key: str = "", element: str = "") -> int:
    """How often, in the case of this key or else in all of them; at the element, if any."""
    its = select(Instance.id).join(
        Case, (Case.landlord_id == Instance.landlord_id) & (Case.id == Instance.case_id)
    )
    which = [Event.instance_id.in_(its.where(Case.submission_key == key))] if key else []
    which += [Event.element == element] if element else []
    return number(Event, Event.action == action, *which)


def lost(ends: list[Any], *losing: type[Exception]) -> list[Any]:
    """Those who lost; everything else that was raised fails the test."""
    raised = [end for end in ends if isinstance(end, Exception)]
    assert all(isinstance(end, losing) for end in raised), raised
    return raised


def is_whole() -> None:
    db.session.rollback()
    assert [c for c in verify() if c.name != "migrations" and not c.ok] == []


def test_a_double_click_on_recording_is_one_case_with_one_receipt(
    grace: Viewer, race: Race
) -> None:
    for n in range(ROUNDS):
        ends = race(*[lambda key=f"double-{n}": town.record(grace, key)] * 2)
        assert isinstance(ends[0], Receipt) and ends[0] == ends[1], ends
        assert number(Case, Case.submission_key == f"double-{n}") == 1
    assert number(Case) == ROUNDS
    is_whole()


def test_of_two_who_finish_a_task_one_wins_and_the_other_hears_of_it(
    grace: Viewer, race: Race, clock: SetClock
) -> None:
    idris = town.officer("idris")
    for n in range(ROUNDS):
        task_id = open_task(grace, f"two-{n}")
        both = [submitting(who, task_id) for who in (grace, idris)]
        ends = race(*both)
        assert len(lost(ends, TaskIsOver, ChangedMeanwhile)) == 1
        for replayed in both:
            with pytest.raises(TaskIsOver):
                replayed()
        assert number(Answer, Answer.task_id == task_id) == 1
    is_whole()


def test_a_deadline_that_falls_due_while_a_task_is_finished_fires_once(
    grace: Viewer, race: Race, clock: SetClock
) -> None:
    for n in range(ROUNDS):
        clock.move_to(town.DAY[0])
        task_id = open_task(grace, f"due-{n}")
        form = town.answering(grace, task_id)
        clock.move_to(town.DAY[1])
        ends = race(lambda t=task_id, f=form: tasks.submit(grace, t, f), sweep.run_due)
        assert lost(ends, ChangedMeanwhile) == []  # late, but in time for its case
        assert [happened("due", f"due-{n}", timer) for timer in TIMERS] == [1, 1]
    assert [happened("due", element=timer) for timer in TIMERS] == [ROUNDS, ROUNDS]
    is_whole()


def test_what_a_resident_says_and_the_end_of_their_time_come_to_one_end(
    grace: Viewer, race: Race, clock: SetClock
) -> None:
    for n in range(ROUNDS):
        clock.move_to(town.DAY[0])
        task_id = open_task(grace, f"window-{n}")
        town.answer(grace, task_id)
        case = db.session.get_one(Task, (grace.landlord_id, task_id)).case
        clock.move_to(town.DAY[3])
        ends = race(saying(grace, case), sweep.run_due)
        assert len(lost(ends, NotOffered)) == 1
        sweep.run_due()  # the next beat takes what the first passed over, since it was locked
        assert happened("ended", f"window-{n}") == 1
    assert happened("ended") == ROUNDS
    is_whole()


def test_two_who_claim_post_or_send_the_same_do_it_once(
    app: Flask, grace: Viewer, race: Race, clock: SetClock
) -> None:
    for n in range(ROUNDS):
        task_id = open_task(grace, f"mail-{n}")
        race(*[lambda t=task_id: tasks.claim(grace, t)] * 2)
        assert happened("claimed", f"mail-{n}") == 1
        town.answer(grace, task_id)
        ends = race(*[outbox.send_due] * 2)
        assert sorted(ends) == [0, 1]
        assert happened("letter_sent", f"mail-{n}") == 1
    assert [happened("claimed"), happened("letter_sent")] == [ROUNDS, ROUNDS]
    is_whole()


def open_task(viewer: Viewer, key: str) -> str:
    """The task of a new case."""
    town.record(viewer, key)
    return town.task_of(key)


def submitting(viewer: Viewer, task_id: str) -> Callable[[], Case]:
    form = town.answering(viewer, task_id)
    return lambda: tasks.submit(viewer, task_id, form)


def saying(viewer: Viewer, case: Case) -> Callable[[], Case]:
    """How the survey was answered, as staff record it."""
    typed = town.typed("satisfaction", town.PLEASED)
    _, form = actions.open_action(viewer, case, "satisfaction", typed)
    assert form.check(), form.errors
    reference = case.reference
    return lambda: actions.act(viewer, access.get_case(viewer, reference), "satisfaction", form)
