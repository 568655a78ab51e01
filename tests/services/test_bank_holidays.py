"""`holidays` is upgraded and knows other bank holidays: no date moves before somebody says so.

The package is the outside world: here an older one of it is installed at first, then the real one.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.models import CalendarRow, Case, Event, Instance, Payload
from app.services import calendar_changes, calendars, steps, sweep
from app.services.operations.verifying import verify
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm
from tests.services.test_calendar_changes import approve, limits
from timers import calendar
from timers.calendar import DayOff, bank_holidays, calendar_for

FAIR = DayOff(date(2026, 12, 1), "Fair Day")  # the older package had it by mistake
NEW_LIMIT, OLD_LIMIT = date(2026, 12, 8), date(2026, 12, 9)
REAL = {nation: bank_holidays(nation) for nation in ("ENG", "SCT")}


def install(patch: pytest.MonkeyPatch, version: str, bank: tuple[DayOff, ...]) -> None:
    """Another package from the next start on: what the process knew of calendars is forgotten."""
    patch.setattr(calendar, "package_version", lambda: version)
    patch.setattr(calendar, "bank_holidays", lambda _nation: tuple(sorted(bank)))
    patch.setattr(calendar, "_calendar", lru_cache(calendar._calendar.__wrapped__))
    calendars._pinned.clear()


@pytest.fixture(autouse=True)
def older(app: Flask, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "_pinned", {})
    install(monkeypatch, "0.1-fair", (*REAL["ENG"], FAIR))
    elm.deploy()


@pytest.fixture
def case(older: None, clock: SetClock) -> Case:
    found = elm.recorded("2026-11-24")
    clock.move_to(london("2026-11-24 12:00"))
    assert limits() == [OLD_LIMIT]
    return found


@pytest.fixture
def upgraded(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "0.2", REAL["ENG"])


@pytest.fixture
def helen(older: None) -> Viewer:
    return make_user(elm.ELM, "helen", role="manager")


def extend(case: Case, days: int) -> None:
    """A step that works the limit out again, by whatever calendar the case has."""
    with transaction() as session:
        instance = session.scalars(select(Instance).where(Instance.case_id == case.id)).one()
        step = steps.open_step(session, instance, Viewer(elm.ELM))
        steps.deliver(step, "more_time", {"more_days": days, "received_on": "2026-11-24"})


def test_an_open_case_counts_on_by_the_bank_holidays_it_began_with(
    case: Case, upgraded: None
) -> None:
    extend(case, 1)
    assert limits() == [date(2026, 12, 10)]  # by the new ones it would be the 9th
    elm.recorded("2026-11-24")
    assert sorted(limits(), key=str) == [NEW_LIMIT, date(2026, 12, 10)]
    assert {check.name: check.says for check in verify()}["cases"] == "whole"


def test_what_the_upgrade_would_move_is_shown_and_moves_when_a_manager_approves(
    app: Flask, case: Case, upgraded: None, helen: Viewer
) -> None:
    seen = calendar_changes.preview(helen)
    assert (seen.days, seen.gone, seen.cases) == ([], [FAIR], 1)
    assert [(move.was, move.now) for move in seen.moves] == [(OLD_LIMIT, NEW_LIMIT)]
    assert calendar_changes.waiting(elm.ELM) == 1 and limits() == [OLD_LIMIT]
    approve(helen)
    sweep.work(app)
    assert limits() == [NEW_LIMIT]
    assert calendar_changes.waiting(elm.ELM) == 0
    lines = select(Payload.values).join(Event, Event.payload_id == Payload.id)
    said = db.session.scalars(lines.where(Event.action == "calendar_changed")).one()
    assert said["days"] == "2026-12-01 Fair Day (no longer off)"


def test_a_proclaimed_day_that_comes_with_the_package_is_shown_like_one_that_somebody_enters(
    case: Case, helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    royal = DayOff(date(2026, 11, 26), "A royal day")
    install(monkeypatch, "0.3", (*REAL["ENG"], FAIR, royal))
    seen = calendar_changes.preview(helen)
    assert (seen.days, seen.gone) == ([royal], [])
    assert [(move.was, move.now) for move in seen.moves] == [(OLD_LIMIT, date(2026, 12, 10))]


def test_the_pages_name_the_days_and_the_dates(
    app: Flask, case: Case, upgraded: None, helen: Viewer, client: FlaskClient
) -> None:
    client.post("/sign-in", data={"email": "helen@elm-homes.example",
                                  "password": "a long enough password"})  # fmt: skip
    assert "1 open case does not count by them yet" in client.get("/running").text
    page = client.get("/running/calendar").text
    assert "Tuesday 1 December 2026, Fair Day</b> is no day off any more" in page
    assert "Wednesday 9 December 2026" in page and "Tuesday 8 December 2026" in page
    assert "Fair Day" in client.get(f"/cases/{case.reference}").text  # its own calendar explains


def test_an_upgrade_that_moves_no_date_asks_for_nothing(
    case: Case, helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = [DayOff(day.on, f"{day.name}, as renamed") for day in (*REAL["ENG"], FAIR)]
    past = DayOff(date(1995, 5, 9), "Remembered only now")
    saturday = DayOff(date(2026, 11, 28), "Of a weekend")
    install(monkeypatch, "0.4", (*renamed, past, saturday))
    assert calendar_changes.waiting(elm.ELM) == 0
    assert calendar_changes.preview(helen).cases == 0


def test_a_hand_entered_day_and_an_upgrade_are_kept_together(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = make_user(elm.ELM, "sam", role="administrator")
    calendars.add_day_off(admin, "ENG", date(2026, 12, 2), "Office closed")
    second = elm.recorded("2026-11-24")
    install(monkeypatch, "0.5", REAL["ENG"])
    extend(second, 1)
    assert sorted(limits(), key=str) == [OLD_LIMIT, date(2026, 12, 11)]


def test_many_days_are_named_up_to_ten(
    app: Flask, case: Case, helen: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    yearly = [DayOff(date(year, 12, 3), "St Elm's Day") for year in range(2026, 2047)]
    install(monkeypatch, "0.6", (*REAL["ENG"], FAIR, *yearly))
    assert len(calendar_changes.preview(helen).days) == 15  # those of Monday to Friday
    approve(helen)
    sweep.work(app)
    lines = select(Payload.values).join(Event, Event.payload_id == Payload.id)
    said = db.session.scalars(lines.where(Event.action == "calendar_changed")).one()["days"]
    assert said.count("St Elm's Day") == 10 and said.endswith(", 5 more")


# --- what was kept before bank holidays were -----------------------------------------------------


@pytest.fixture
def of_old(case: Case) -> CalendarRow:
    """The calendar's row as an earlier Putright wrote it."""
    with transaction() as session:
        row = session.scalars(select(CalendarRow)).one()
        row.bank_holidays = None
    calendars._pinned.clear()
    return row


def test_a_row_without_bank_holidays_counts_by_the_package_that_is_installed(
    case: Case, of_old: CalendarRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    extend(case, 1)
    assert limits() == [date(2026, 12, 10)]
    install(monkeypatch, "0.7", REAL["ENG"])
    pinned = calendars.pinned_calendar("ENG", of_old.version)
    assert not pinned.off_only_here(calendar_for("ENG"))
    assert not calendar_for("ENG").off_only_here(pinned)


def test_such_a_row_is_completed_by_the_next_case_of_its_version(
    of_old: CalendarRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    elm.recorded("2026-11-24")
    install(monkeypatch, "0.8", REAL["ENG"])
    db.session.expire_all()
    assert of_old.bank_holidays is not None
    assert ["2026-12-01", "Fair Day"] in of_old.bank_holidays
    assert limits() == [OLD_LIMIT, OLD_LIMIT]


def test_a_kept_calendar_is_whole_for_all_years(case: Case) -> None:
    """Whatever it says of a day, weekends with a name among them, it says after it was kept."""
    before = calendars.calendar_of("ENG")
    calendars._pinned.clear()
    kept = calendars.pinned_calendar("ENG", before.version)
    assert (kept.bank, kept.extra) == (before.bank, before.extra)
    assert kept.day_off_name(date(2021, 12, 25)) == "Christmas Day"
    assert kept.working_days(20_000, date(2000, 1, 1)) == before.working_days(
        20_000, date(2000, 1, 1)
    )
