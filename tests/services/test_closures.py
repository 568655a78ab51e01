"""Days on which the offices are closed: they count, unless a paragraph of the policy says no."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.errors import DeploymentRefused
from app.landlords import read_landlord
from app.models import Deadline
from app.services import calendar_changes
from tests import small
from tests.bench import row
from tests.conftest import PASSWORD, make_user

CLOSED = """
[[closures]]
name = "Winter closure"
first = 2026-11-25
last = 2026-11-26
"""
CITED = CLOSED + 'policy = "4.2"'
WEDNESDAY, FRIDAY = date(2026, 11, 25), date(2026, 11, 27)


def due() -> list[date | None]:
    """The dates of the first limit, one working day after Tuesday, of every case."""
    query = select(Deadline.due_on).where(Deadline.element == "late_0")
    return list(db.session.scalars(query.order_by(Deadline.armed_at)))


def test_a_closure_moves_no_date_and_the_pages_warn(app: Flask, client: FlaskClient) -> None:
    grace = row.officer(row.deploy(1, CLOSED))
    reference = row.record(grace)
    assert due() == [WEDNESDAY]
    client.post("/sign-in", data={"email": "grace@row-1.example", "password": PASSWORD})
    said = "Our offices are closed that day (Winter closure). It counts all the same"
    assert said in client.get(f"/cases/{reference}").text
    page = client.get(f"/tasks/{row.open_task(reference)}").text
    assert said in page
    assert "Winter closure, Wednesday 25 November 2026 to Thursday 26 November 2026" in page


def test_a_closure_that_the_policy_does_not_count_moves_dates(app: Flask) -> None:
    row.record(row.officer(row.deploy(1, CITED)))
    assert due() == [FRIDAY]


def test_open_cases_get_it_when_a_manager_has_seen_and_approved(app: Flask) -> None:
    slug = row.deploy(1)
    row.record(row.officer(slug))
    row.deploy(1, CITED)
    assert due() == [WEDNESDAY]
    found = calendar_changes.preview(make_user(slug, "maya", "manager"))
    assert [(move.was, move.now) for move in found.moves] == [(WEDNESDAY, FRIDAY)]


@pytest.mark.parametrize("last", ["2026-11-24", "2026-12-26"])
def test_a_closure_that_does_not_end_soon_is_refused(last: str) -> None:
    body = small.LANDLORD + CLOSED.replace("2026-11-26", last)
    with pytest.raises(
        DeploymentRefused, match=r"closures\.0: the last day is the first or one of the 30"
    ):
        read_landlord(body.encode())
