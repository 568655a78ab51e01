"""While many cases move to a new calendar, others end, wait, or have no date that counts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.models import Case, Instance
from app.services import calendar_changes, calendars, rearming, steps, sweep
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm
from tests.services.test_calendar_changes import (
    ROYAL,
    approve,
    elm_homes,
    goes_alone,
    helen,
    rows_of,
    royal,
    two,
)

__all__ = ["elm_homes", "helen", "royal", "two"]


def test_what_letters_print_moves_though_no_date_counts(
    app: Flask, clock: SetClock, helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while somebody else's answer is awaited; with the many, and in a step of its own."""
    waits = elm.COMPLAINT.replace(
        b"working_days(10 + more_days, raised_on)", b"working_days(10, answered_on)"
    ).replace(PROPERTY % b"met_by", PRINTS + PROPERTY % b"met_by")
    elm.deploy(**{"complaint.bpmn": waits})
    one, other = elm.recorded("2026-11-24"), elm.recorded("2026-11-24")
    clock.move_to(london("2026-11-24 12:00"))
    calendars.add_day_off(make_user(elm.ELM, "sam", role="administrator"), "ENG", ROYAL, "Royal")
    goes_alone(one.id, monkeypatch)
    approve(helen)
    sweep.work(app)
    assert rows_of(one) == rows_of(other)
    assert [(row["due_on"], row["prints_on"]) for row in rows_of(other)["deadline"]] == [
        (None, date(2026, 12, 9))
    ]


PROPERTY = b'<camunda:property name="%s"'
PRINTS = PROPERTY % b"prints" + b' value="working_days(10, raised_on)" />'


def test_a_case_that_has_ended_since_the_job_began_gets_no_other_line(
    app: Flask, royal: None, two: list[Case], helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, case_id = calendar_changes._ahead, two[0].id

    def withdrawn_before(*given: Any) -> Any:
        with transaction() as session:
            its = select(Instance).where(Instance.case_id == case_id)
            step = steps.open_step(session, session.scalars(its).one(), helen)
            steps.deliver(step, "withdrawn", {})
        return ahead(*given)

    monkeypatch.setattr(calendar_changes, "_ahead", withdrawn_before)
    approve(helen)
    sweep.work(app)
    ended, other = ([line["action"] for line in rows_of(case)["event"]] for case in two)
    assert ("calendar_changed" in ended, "calendar_changed" in other) == (False, True)


def test_a_case_that_ends_while_many_are_read_stays_as_it_ended(
    app: Flask, royal: None, two: list[Case], helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id, query = two[0].id, rearming._open_tasks
    approve(helen)

    def withdraw() -> None:
        with app.app_context(), transaction() as session:
            instance = session.scalars(select(Instance).where(Instance.case_id == case_id)).one()
            steps.deliver(steps.open_step(session, instance, helen), "withdrawn", {})

    def withdrawn_before(*given: Any) -> Any:
        monkeypatch.setattr(rearming, "_open_tasks", query)
        with ThreadPoolExecutor(1) as another:
            another.submit(withdraw).result()
        return query(*given)

    monkeypatch.setattr(rearming, "_open_tasks", withdrawn_before)
    sweep.work(app)
    ended, other = (db.session.get_one(Case, (elm.ELM, case.id)) for case in two)
    assert (ended.status, ended.place, ended.duty_on) == ("closed", "", None)
    assert other.duty_on == date(2026, 12, 9)
