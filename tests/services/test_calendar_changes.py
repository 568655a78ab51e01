"""A bank holiday is entered: a manager sees every date that it moves, approves, and all move."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from app.clock import SetClock
from app.db import db
from app.errors import NotAllowed, NotFound
from app.models import (
    Case,
    Conflict,
    Deadline,
    Event,
    Incident,
    Instance,
    Job,
    Payload,
    Task,
)
from app.services import calendar_changes, calendars, sweep, writing_dates
from app.services.operations import jobs, quarantine
from app.services.operations.jobs import Progress
from app.services.rearming import Rearmed
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import PASSWORD, make_user
from tests.crowd import crowd
from tests.services import elm_homes as elm

ROYAL = date(2026, 11, 26)


@pytest.fixture(autouse=True)
def elm_homes(app: Flask, clock: SetClock) -> None:
    """It is 24 November; the limit of both cases is 8 December."""
    elm.deploy()


@pytest.fixture
def helen(elm_homes: None) -> Viewer:
    return make_user(elm.ELM, "helen", role="manager")


@pytest.fixture
def two(clock: SetClock) -> list[Case]:
    found = [elm.recorded("2026-11-24"), elm.recorded("2026-11-24")]
    clock.move_to(london("2026-11-24 12:00"))
    return found


@pytest.fixture
def royal(two: list[Case]) -> None:
    admin = make_user(elm.ELM, "sam", role="administrator")
    calendars.add_day_off(admin, "ENG", ROYAL, "A royal day")


def approve(viewer: Viewer) -> str:
    """What was seen is approved."""
    return calendar_changes.approve(viewer, calendar_changes.preview(viewer).calendar)


def limits() -> list[date | None]:
    db.session.expire_all()
    rows = select(Deadline.due_on).where(Deadline.element == "answer_due")
    return list(db.session.scalars(rows))


def test_every_date_that_moves_is_shown_before_and_after_and_nothing_is_changed(
    royal: None, helen: Viewer
) -> None:
    seen = calendar_changes.preview(helen)
    assert [(day.on, day.name) for day in seen.days] == [(ROYAL, "A royal day")]
    assert [(move.name, move.was, move.now) for move in seen.moves] == [
        ("Answer", date(2026, 12, 8), date(2026, 12, 9)),
        ("Answer", date(2026, 12, 8), date(2026, 12, 9)),
    ]
    assert (seen.cases, calendar_changes.waiting(elm.ELM)) == (2, 2)
    assert limits() == [date(2026, 12, 8), date(2026, 12, 8)]


def test_after_approval_all_move_in_one_job_each_with_a_line_of_history(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    job_id = approve(helen)
    assert approve(helen) == job_id  # a second click is the same job
    sweep.work(app)
    assert limits() == [date(2026, 12, 9), date(2026, 12, 9)]
    job = jobs.newest(elm.ELM, calendar_changes.JOB)
    assert job is not None
    assert (job.status, job.done, job.total) == ("done", 2, 2)
    assert job.says == "2 cases count by the calendar of now."
    lines = db.session.scalars(select(Event).where(Event.action == "calendar_changed")).all()
    assert {line.actor_id for line in lines} == {helen.user_id} and len(lines) == 2
    assert calendar_changes.preview(helen).cases == 0
    assert jobs.run_waiting(sweep.JOBS) == 0


def test_a_date_has_moved_when_it_was_approved_not_when_the_case_acted_last(
    royal: None, helen: Viewer, clock: SetClock
) -> None:
    clock.move_to(london("2026-11-27 15:00"))
    approve(helen)
    jobs.run_waiting(sweep.JOBS)
    at = set(db.session.scalars(select(Event.at).where(Event.action == "moved")))
    assert at == {clock()}


def test_a_day_after_all_dates_or_none_at_all_asks_for_nothing(
    two: list[Case], helen: Viewer
) -> None:
    assert calendar_changes.preview(helen).days == []
    admin = make_user(elm.ELM, "sam", role="administrator")
    calendars.add_day_off(admin, "ENG", date(2027, 6, 1), "Far away")
    assert calendar_changes.waiting(elm.ELM) == 0


def test_what_has_passed_keeps_its_date(
    app: Flask, two: list[Case], helen: Viewer, clock: SetClock
) -> None:
    clock.move_to(london("2026-12-10 09:00"))
    sweep.run_due()
    admin = make_user(elm.ELM, "sam", role="administrator")
    calendars.add_day_off(admin, "ENG", date(2026, 12, 7), "Declared too late")
    assert calendar_changes.preview(helen).moves == []
    approve(helen)
    sweep.work(app)
    assert limits() == [date(2026, 12, 8), date(2026, 12, 8)]


def test_a_case_that_is_kept_from_the_manager_is_only_counted(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    hidden = two[0]
    db.session.add(
        Conflict(landlord_id=elm.ELM, case_id=hidden.id, user_id=helen.user_id or "", reason="kin")
    )
    db.session.commit()
    seen = calendar_changes.preview(helen)
    assert [move.case.id for move in seen.moves] == [two[1].id]
    assert (seen.cases, seen.kept_out) == (2, 1)
    approve(helen)
    sweep.work(app)
    assert limits() == [date(2026, 12, 9), date(2026, 12, 9)]


def test_it_is_for_managers(royal: None) -> None:
    staff = make_user(elm.ELM, "sid")
    seen = calendar_changes.preview(make_user(elm.ELM, "helen", role="manager")).calendar
    asks: list[Callable[[Viewer], object]] = [
        calendar_changes.preview,
        lambda viewer: list(calendar_changes.table(viewer)),
        lambda viewer: calendar_changes.approve(viewer, seen),
    ]
    for ask in asks:
        with pytest.raises(NotAllowed):
            ask(staff)


def test_a_broken_case_becomes_an_incident_and_the_others_move(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    broken = db.session.scalars(select(Instance).where(Instance.case_id == two[0].id)).one()
    broken.state = b"[2]"
    db.session.commit()
    approve(helen)
    sweep.work(app)
    (incident,) = db.session.scalars(select(Incident))
    assert (incident.case_id, incident.doing) == (two[0].id, "The calendar changed")
    assert sorted(limits(), key=str) == [date(2026, 12, 8), date(2026, 12, 9)]


def test_a_case_whose_record_is_damaged_stops_no_other(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    broken = db.session.scalars(select(Instance).where(Instance.case_id == two[0].id)).one()
    broken.facts = ["damaged"]  # type: ignore[assignment]
    db.session.commit()
    assert len(calendar_changes.preview(helen).moves) == 1
    approve(helen)
    sweep.work(app)
    assert db.session.scalars(select(Incident.case_id)).all() == [two[0].id]
    job = db.session.scalars(select(Job)).one()
    assert (job.status, job.says) == (
        "done", "1 cases count by the calendar of now. 1 could not go on: see Incidents."
    )  # fmt: skip


def test_a_case_without_a_date_after_the_day_counts_by_it_from_now_on_too(
    app: Flask, royal: None, two: list[Case], helen: Viewer, clock: SetClock
) -> None:
    """Whoever has approved a day off is not asked again when a case comes to its next limit."""
    dateless = select(Deadline).where(Deadline.case_id == two[0].id)
    db.session.scalars(dateless).one().due_on = None
    db.session.commit()
    assert calendar_changes.waiting(elm.ELM) == 1
    approve(helen)
    sweep.work(app)
    assert len(set(db.session.scalars(select(Instance.calendar_version)))) == 1


def goes_alone(case_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This case is not written with the many: it takes a step of its own."""
    save = writing_dates.save

    def save_others(session: Any, found: list[Rearmed], *more: Any) -> set[str]:
        return save(session, [r for r in found if r.instance.case_id != case_id], *more)

    monkeypatch.setattr(writing_dates, "save", save_others)


def test_many_at_once_is_the_same_as_one_by_one(
    app: Flask, royal: None, two: list[Case], helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the two goes with the many, the other takes a step of its own."""
    goes_alone(two[0].id, monkeypatch)
    approve(helen)
    sweep.work(app)
    one, other = (rows_of(case) for case in two)
    assert one == other
    assert one["deadline"][0]["due_on"] == date(2026, 12, 9)
    assert [line["action"] for line in one["event"]][-2:] == ["calendar_changed", "moved"]


OWN = {  # what two cases need not have in common
    "id", "case_id", "instance_id", "host", "payload_id", "reference", "link_hash",
    "submission_key", "armed_at", "recorded_by", "state", "task", "revision",
}  # fmt: skip


def rows_of(case: Case) -> dict[str, list[dict[str, Any]]]:
    """All that a step writes of a case, but for ids."""
    db.session.expire_all()
    instance = db.session.scalars(select(Instance).where(Instance.case_id == case.id)).one()
    own = Event.instance_id == instance.id
    queries = {
        "instance": select(Instance.__table__).where(Instance.id == instance.id),
        "deadline": select(Deadline.__table__).where(Deadline.case_id == case.id),
        "task": select(Task.__table__).where(Task.case_id == case.id),
        "event": select(Event.__table__).where(own).order_by(Event.n),
        "payload": select(Payload.__table__)
        .join(Event, Event.payload_id == Payload.id)
        .where(own, Event.action.in_(("calendar_changed", "moved")))
        .order_by(Event.n),
    }
    found = {
        name: [dict(row._mapping) for row in db.session.execute(query)]
        for name, query in queries.items()
    }
    for payload in found["payload"]:
        payload["values"] = {k: v for k, v in payload["values"].items() if k != "host"}
    return {
        name: [{k: v for k, v in row.items() if k not in OWN} for row in rows]
        for name, rows in found.items()
    }


def test_what_is_due_meanwhile_fires_in_a_step_of_its_own(
    app: Flask, royal: None, two: list[Case], helen: Viewer, clock: SetClock
) -> None:
    clock.move_to(london("2026-12-09 00:30"))  # the limits of 8 December have passed, unswept
    approve(helen)
    sweep.work(app)
    assert limits() == [date(2026, 12, 8), date(2026, 12, 8)]
    assert len(db.session.scalars(select(Event).where(Event.action == "due")).all()) == 2


def test_the_statements_of_a_change_do_not_grow_with_the_cases(
    app: Flask, royal: None, two: list[Case], helen: Viewer
) -> None:
    crowd(two[0], 58)
    shown, seen = calendar_changes.preview(helen), list[str]()
    event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    calendar_changes.approve(helen, shown.calendar)
    sweep.work(app)
    assert db.session.scalars(select(Job.says)).one() == "60 cases count by the calendar of now."
    assert set(limits()) == {date(2026, 12, 9)}
    assert len(seen) <= MOST_STATEMENTS, seen


MOST_STATEMENTS = 60  # of the whole job with a batch of sixty cases, its progress included


# --- jobs ----------------------------------------------------------------------------------------


def test_a_job_that_was_called_off_stops_where_it_is(
    royal: None, two: list[Case], helen: Viewer
) -> None:
    job_id = approve(helen)

    def work(progress: Progress) -> str:
        progress.tell(1, 2)
        jobs.cancel(helen, calendar_changes.JOB, job_id)
        progress.tell(2, 2)
        raise AssertionError("it went on")

    jobs.run_waiting({calendar_changes.JOB: work})
    job = db.session.scalars(select(Job)).one()
    assert (job.status, job.done) == ("cancelled", 1)
    with pytest.raises(NotFound):
        jobs.cancel(helen, calendar_changes.JOB, job_id)


def test_a_job_that_fails_is_tried_three_times_and_says_so(royal: None, helen: Viewer) -> None:
    approve(helen)
    tried: list[int] = []

    def work(_: Progress) -> str:
        tried.append(1)
        raise ValueError("no")

    jobs.run_waiting({calendar_changes.JOB: work})
    job = db.session.scalars(select(Job)).one()
    assert (len(tried), job.status, job.says) == (3, "failed", "It stopped: ValueError.")


def test_a_job_whose_worker_died_is_taken_up_by_another(
    royal: None, helen: Viewer, clock: SetClock
) -> None:
    approve(helen)
    job = db.session.scalars(select(Job)).one()
    job.status, job.beat_at = "running", clock()
    db.session.commit()
    assert jobs.run_waiting(sweep.JOBS) == 0
    clock.move_to(clock() + jobs.DEAD_AFTER * 1.1)
    assert jobs.run_waiting(sweep.JOBS) == 1
    assert limits() == [date(2026, 12, 9), date(2026, 12, 9)]


def test_a_copy_in_quarantine_does_no_job(app: Flask, royal: None, helen: Viewer) -> None:
    approve(helen)
    quarantine.begin("Restored")
    sweep.work(app)
    assert limits() == [date(2026, 12, 8), date(2026, 12, 8)]


def sign_in(client: FlaskClient) -> None:
    client.post("/sign-in", data={"email": "helen@elm-homes.example", "password": PASSWORD})


def seen_in(page: str) -> dict[str, str]:
    """What the form of a page says was seen."""
    (calendar,) = re.findall(r'name="calendar" value="([^"]+)"', page)
    return {"calendar": calendar}


def test_the_pages_lead_from_the_alert_to_the_moved_dates(
    app: Flask, royal: None, helen: Viewer, client: FlaskClient
) -> None:
    sign_in(client)
    assert "2 open cases do not count by them yet" in client.get("/running").text
    page = client.get("/running/calendar").text
    assert "Thursday 26 November 2026, A royal day" in page
    assert "Tuesday 8 December 2026" in page and "Wednesday 9 December 2026" in page
    page = client.post("/running/calendar", data=seen_in(page), follow_redirects=True).text
    assert "It begins within a few seconds" in page and "Call it off" in page
    sweep.work(app)
    db.session.rollback()  # the next request of a browser reads anew
    page = client.get("/running/calendar").text
    assert "2 cases count by the calendar of now." in page
    assert "2 cases count by the calendar of now." in page
    assert "All open cases count by the calendar of now" in page


def test_a_job_of_a_process_that_stops_is_taken_up_by_the_next(royal: None, helen: Viewer) -> None:
    approve(helen)
    stopping: list[bool] = []

    def work(progress: Progress) -> str:
        stopping.append(True)
        progress.tell(1, 2)
        raise AssertionError("it went on")

    jobs.run_waiting({calendar_changes.JOB: work}, lambda: bool(stopping))
    job = db.session.scalars(select(Job)).one()
    assert (job.status, job.done, job.tries) == ("waiting", 1, 0)
    assert jobs.run_waiting(sweep.JOBS) == 1
    assert limits() == [date(2026, 12, 9), date(2026, 12, 9)]
