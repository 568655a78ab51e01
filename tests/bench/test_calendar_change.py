"""A bank holiday is entered while 100,000 open deadlines have a date: all of them move.

`./check --bench` measures it; PUTRIGHT_CASES says with how many cases.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from time import perf_counter, process_time

from flask import Flask
from sqlalchemy import Select, func, select

from app.db import db
from app.models import Deadline, Event, Job
from app.services import calendar_changes, calendars, sweep, tasks
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.crowd import crowd
from tests.services.test_steps import answered

CASES = int(os.environ.get("PUTRIGHT_CASES", "50000"))  # each with two dates: ours and the Code's
DATED = 2 * CASES
MOST_SECONDS = 120  # for a hundred thousand open deadlines with a date
MOST_SECONDS_OF_A_PAGE = 3
UNDERSTOOD = {"understanding": "The leak", "outcome_sought": "A repair"}
OPEN = Deadline.met_on.is_(None), Deadline.ended_at.is_(None), Deadline.due_on.is_not(None)


def in_stage_one(landlord: str, officer: Viewer) -> None:
    """A complaint that is acknowledged: the answer is due."""
    case = recorded(landlord)
    for answers in ({"acceptance_decision": "accept"}, UNDERSTOOD):
        task = open_task(case)
        tasks.submit(officer, task.id, answered(officer, task, **answers))
    crowd(case, CASES - 1)


def number(query: Select[int]) -> int:
    return db.session.scalar(query) or 0


def by_date() -> dict[tuple[str, date | None], int]:
    """How many open deadlines of each name have each date."""
    same = Deadline.element, Deadline.due_on
    counted = db.session.execute(select(*same, func.count()).where(*OPEN).group_by(*same))
    return {(element, due_on): many for element, due_on, many in counted}


def lines(action: str) -> Select[int]:
    return select(func.count()).select_from(Event).where(Event.action == action)


def test_a_hundred_thousand_open_deadlines_are_armed_anew_in_two_minutes(
    app: Flask, landlord: str, person: Callable[..., Viewer]
) -> None:
    in_stage_one(landlord, person("grace", teams=(first_team(landlord),)))
    manager, admin = person("helen", "manager"), person("sam", "administrator")
    before, told = by_date(), number(lines("moved"))
    assert sum(before.values()) == DATED
    calendars.add_day_off(admin, "ENG", date(2026, 11, 30), "A royal day")

    began = perf_counter()
    assert calendar_changes.waiting(landlord) == CASES
    waited = perf_counter() - began
    began = perf_counter()
    seen = calendar_changes.preview(manager)
    previewed = perf_counter() - began
    assert (seen.cases, len(seen.moves)) == (CASES, 2 * min(CASES, calendar_changes.PAGE))
    calendar_changes.approve(manager, seen.calendar)
    began, busy = perf_counter(), process_time()
    sweep.work(app)
    seconds, busy = perf_counter() - began, process_time() - busy

    assert db.session.scalars(select(Job.says)).one().startswith(f"{CASES} cases count by")
    after = by_date()
    assert sum(after.values()) == DATED and before.keys().isdisjoint(after)  # each has another date
    assert number(lines("moved")) - told == DATED
    assert number(lines("calendar_changed")) == CASES
    assert calendar_changes.waiting(landlord) == 0
    rate = DATED / seconds
    print(
        f"\n{db.engine.dialect.name}: {CASES} cases with {DATED} dates, all of which moved: "
        f"{seconds:.1f} s ({busy:.1f} s of them in Python), {rate:.0f} dates a second; "
        f"a page of the preview {previewed:.2f} s, the alert {waited:.2f} s"
    )
    assert 100_000 / rate < MOST_SECONDS
    assert previewed < MOST_SECONDS_OF_A_PAGE
