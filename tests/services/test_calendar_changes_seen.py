"""A manager sees all dates that a day off moves, page by page; what was seen is what is done."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db, transaction
from app.errors import NotOffered
from app.models import Case, Conflict, Incident, Instance, User
from app.services import accounts, calendar_changes, calendars, steps, sweep
from app.services.operations import jobs
from app.viewer import Viewer
from tests.conftest import make_user
from tests.crowd import crowd
from tests.services import elm_homes as elm
from tests.services.test_calendar_changes import (
    approve,
    elm_homes,
    helen,
    limits,
    royal,
    seen_in,
    sign_in,
    two,
)

__all__ = ["elm_homes", "helen", "royal", "two"]
FAIR = date(2026, 11, 27)


@pytest.fixture
def another(royal: None) -> Callable[[], None]:
    """Enters a second day off."""
    sam = db.session.scalars(select(User).where(User.name == "Sam")).one()
    admin = accounts.viewer_for(sam)
    return lambda: calendars.add_day_off(admin, "ENG", FAIR, "A fair")


def test_what_was_seen_is_refused_once_another_day_is_entered(
    royal: None, helen: Viewer, another: Callable[[], None]
) -> None:
    seen = calendar_changes.preview(helen).calendar
    another()
    with pytest.raises(NotOffered, match="changed again"):
        calendar_changes.approve(helen, seen)
    assert jobs.newest(elm.ELM, calendar_changes.JOB) is None


def test_a_day_that_is_entered_before_the_job_runs_moves_nothing_until_it_is_approved(
    app: Flask, royal: None, helen: Viewer, another: Callable[[], None]
) -> None:
    approve(helen)
    another()
    sweep.work(app)
    assert limits() == [date(2026, 12, 8), date(2026, 12, 8)]
    job = jobs.newest(elm.ELM, calendar_changes.JOB)
    assert job and (job.status, job.says) == ("failed", calendar_changes.CHANGED_AGAIN)
    assert {move.now for move in calendar_changes.preview(helen).moves} == {date(2026, 12, 10)}
    approve(helen)
    sweep.work(app)
    assert limits() == [date(2026, 12, 10), date(2026, 12, 10)]


def test_a_day_that_is_entered_while_the_job_runs_stops_it_between_two_batches(
    app: Flask,
    royal: None,
    helen: Viewer,
    another: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who goes in a step of its own goes by what was approved, too."""
    monkeypatch.setattr(calendar_changes, "BATCH", 1)

    def one_by_one(*_: object) -> set[str]:
        another()
        return set()

    monkeypatch.setattr(calendar_changes, "_move_many", one_by_one)
    approve(helen)
    sweep.work(app)
    assert sorted(limits(), key=str) == [date(2026, 12, 8), date(2026, 12, 9)]
    job = jobs.newest(elm.ELM, calendar_changes.JOB)
    assert job and (job.status, job.done, job.total) == ("failed", 1, 2)
    seen = {(move.was, move.now) for move in calendar_changes.preview(helen).moves}
    assert seen == {(date(2026, 12, day), date(2026, 12, 10)) for day in (8, 9)}
    assert db.session.scalars(select(Incident)).all() == []


def test_another_nations_days_off_are_another_calendar(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    """What names a calendar within a nation may name one of another nation, too."""
    seen = calendar_changes.preview(helen).calendar
    with pytest.raises(NotOffered):
        calendar_changes.approve(helen, seen.replace("ENG", "SCT"))
    calendar_changes.approve(helen, seen)
    admin = make_user(elm.ELM, "sue", role="administrator")
    calendars.add_day_off(admin, "SCT", FAIR, "A fair of Scotland")
    sweep.work(app)
    assert limits() == [date(2026, 12, 9), date(2026, 12, 9)]


# --- what moves, page by page --------------------------------------------------------------------


@pytest.fixture
def five(royal: None, two: list[Case], helen: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five cases on pages of two; one of them has more time."""
    monkeypatch.setattr(calendar_changes, "PAGE", 2)
    crowd(two[1], 3)
    with transaction() as session:
        instance = session.scalars(select(Instance).where(Instance.case_id == two[0].id)).one()
        step = steps.open_step(session, instance, helen)
        steps.deliver(step, "more_time", {"more_days": 3, "received_on": "2026-11-24"})


def test_all_pages_together_show_every_date_once_the_nearest_first(
    five: None, two: list[Case], helen: Viewer
) -> None:
    pages, after = [], ""
    while True:
        page = calendar_changes.preview(helen, after)
        pages.append(page)
        if not (after := page.following):
            break
    assert [(page.first, page.last, page.seen) for page in pages] == [
        (1, 2, 5), (3, 4, 5), (5, 5, 5)
    ]  # fmt: skip
    shown = [(move.was, move.case.reference) for page in pages for move in page.moves]
    assert shown == sorted(shown) and len(set(shown)) == 5
    assert shown[-1] == (date(2026, 12, 11), two[0].reference)
    gone = calendar_changes.preview(helen, "2027")
    assert (gone.first, gone.moves) == (1, pages[0].moves)  # it begins anew


def test_all_of_them_can_be_taken_away_as_a_table(
    five: None, two: list[Case], helen: Viewer, client: FlaskClient
) -> None:
    hidden = Conflict(landlord_id=elm.ELM, case_id=two[1].id, user_id=helen.user_id or "")
    hidden.reason = "kin"
    db.session.add(hidden)
    db.session.commit()
    sign_in(client)
    answer = client.get("/running/calendar/dates.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0] == ["reference", "deadline", "kind", "old_date", "new_date"]
    cases = set(db.session.scalars(select(Case.reference))) - {two[1].reference}
    assert {row[0] for row in rows[1:]} == cases
    assert [row[1:] for row in rows[1:]] == [
        *3 * [["Answer", "duty", "2026-12-08", "2026-12-09"]],
        ["Answer", "duty", "2026-12-11", "2026-12-14"],
    ]


def test_the_page_says_how_many_there_are_and_leads_on(
    five: None, helen: Viewer, another: Callable[[], None], client: FlaskClient
) -> None:
    sign_in(client)
    first = client.get("/running/calendar").text
    assert "Cases 1 to 2 of 5 are on this page" in first and ">First<" not in first
    (onward,) = re.findall(r'href="([^"]+)" rel="next"', first)
    second = client.get(html.unescape(onward)).text
    assert "Cases 3 to 4 of 5" in second and ">First<" in second
    another()
    anew = client.get(html.unescape(onward)).text  # of other dates than the page before
    assert calendar_changes.CHANGED_AGAIN in anew and "Cases 1 to 2 of 5" in anew
    refused = client.post("/running/calendar", data=seen_in(second))
    assert refused.status_code == 409
    assert calendar_changes.CHANGED_AGAIN in refused.text
    assert "Thursday 10 December 2026" in refused.text
    assert seen_in(refused.text) != seen_in(second)
