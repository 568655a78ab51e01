"""A bank holiday is entered while a hundred thousand deadlines are open: all are worked out again.

`./check --bench` measures it; PUTRIGHT_CASES says with how many cases.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from time import perf_counter, process_time

from flask import Flask
from sqlalchemy import func, select

from app.db import db
from app.models import Deadline, Event, Job
from app.services import calendar_changes, calendars, sweep, tasks
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.crowd import crowd
from tests.services.test_steps import answered

CASES = int(os.environ.get("PUTRIGHT_CASES", "15000"))
MOST_SECONDS = 120  # for a hundred thousand open deadlines
UNDERSTOOD = {"understanding": "The leak", "outcome_sought": "A repair"}


def in_stage_one(landlord: str, officer: Viewer) -> None:
    """A complaint that is acknowledged: the answer is due."""
    case = recorded(landlord)
    for answers in ({"acceptance_decision": "accept"}, UNDERSTOOD):
        task = open_task(case)
        tasks.submit(officer, task.id, answered(officer, task, **answers))
    crowd(case, CASES - 1)


def test_a_hundred_thousand_open_deadlines_are_armed_anew_in_two_minutes(
    app: Flask, landlord: str, person: Callable[..., Viewer]
) -> None:
    in_stage_one(landlord, person("grace", teams=(first_team(landlord),)))
    manager, admin = person("helen", "manager"), person("sam", "administrator")
    open_ = select(func.count()).where(Deadline.met_on.is_(None), Deadline.ended_at.is_(None))
    number = db.session.scalar(open_.select_from(Deadline)) or 0
    dated = db.session.scalar(open_.where(Deadline.due_on.is_not(None))) or 0
    calendars.add_day_off(admin, "ENG", date(2026, 11, 30), "A royal day")

    began = perf_counter()
    assert calendar_changes.waiting(landlord) == CASES
    waited = perf_counter() - began
    began = perf_counter()
    assert calendar_changes.preview(manager).cases == CASES
    previewed = perf_counter() - began
    calendar_changes.approve(manager)
    began, busy = perf_counter(), process_time()
    sweep.work(app)
    seconds, busy = perf_counter() - began, process_time() - busy

    assert db.session.scalars(select(Job.says)).one().startswith(f"{CASES} cases count by")
    changed = select(func.count()).where(Event.action == "calendar_changed")
    assert db.session.scalar(changed) == CASES
    assert calendar_changes.waiting(landlord) == 0
    rate = number / seconds
    print(
        f"\n{db.engine.dialect.name}: {CASES} cases with {number} open deadlines, {dated} of them "
        f"dated: {seconds:.1f} s ({busy:.1f} s of them in Python), {rate:.0f} deadlines a second; "
        f"preview {previewed:.2f} s, the alert {waited:.2f} s"
    )
    assert 100_000 / rate < MOST_SECONDS
