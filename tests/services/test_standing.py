"""Where a case stands is kept with it, by whatever changes it, and looked at again by night."""

from __future__ import annotations

import logging
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import update

from app.db import db
from app.models import Case
from app.services import kept_out, standing, sweep, tasks
from tests.cases import open_task
from tests.conftest import make_user
from tests.services import elm_homes as elm


@pytest.fixture
def case(app: Flask) -> Case:
    elm.deploy()
    return elm.recorded("2026-11-24")


def place(case: Case) -> str:
    db.session.expire_all()
    return case.place or ""


def test_a_task_that_is_claimed_is_taken_until_it_is_given_back(case: Case) -> None:
    grace, helen = (make_user(elm.ELM, name, role, ("complaints",)) for name, role in PEOPLE)
    task_id = open_task(case).id
    assert place(case) == "free answer"
    tasks.claim(grace, task_id)
    assert place(case) == "taken answer"
    tasks.release(grace, task_id)
    assert place(case) == "free answer"
    tasks.hand_over(helen, task_id, grace.user_id or "")
    assert place(case) == "taken answer"
    kept_out.keep_out(helen, case.reference, grace.user_id or "", "a neighbour")
    assert place(case) == "free answer"


PEOPLE = (("grace", "staff"), ("helen", "manager"))


def test_the_first_duty_is_that_of_the_register(case: Case) -> None:
    assert case.duty_on == date(2026, 12, 8)


@pytest.mark.made_up_rows
@pytest.mark.parametrize("place", ["taken elsewhere", None])
def test_what_stands_wrong_is_put_right_by_night_and_told(
    app: Flask, case: Case, place: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    db.session.execute(update(Case).values(place=place, duty_on=None))
    db.session.commit()
    with caplog.at_level(logging.WARNING):
        sweep.by_night(app)
    assert "cases stood elsewhere" in caplog.text
    db.session.expire_all()
    assert (case.place, case.duty_on) == ("free answer", date(2026, 12, 8))
    assert standing.look_again() == 0


@pytest.mark.made_up_rows
def test_after_a_migration_only_those_are_looked_at_where_nobody_has_been(case: Case) -> None:
    other = elm.recorded("2026-11-24")
    db.session.execute(update(Case).where(Case.id == case.id).values(place=None))
    db.session.execute(update(Case).where(Case.id == other.id).values(place="taken elsewhere"))
    db.session.commit()
    assert standing.look_again(unknown=True) == 1
    db.session.expire_all()
    assert (case.place, other.place) == ("free answer", "taken elsewhere")
