"""Limits of the Code move with the policy's own: each is shown before, and told in the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.models import Case, Deadline, Event, Instance, Payload
from app.services import (
    calendar_changes,
    calendars,
    deployments,
    history,
    steps,
    sweep,
    writing_dates,
)
from app.services.access import instance_of
from app.viewer import Viewer
from tests import small
from tests.cases import london
from tests.conftest import make_user
from tests.engine.drawing import diagram, end, flows, message
from tests.services.test_calendar_changes import approve
from tests.services.test_code_clocks import EXTEND, PROCEDURE_DRAWN, begun, does, files, rows

Key = tuple[str, str]  # case, element
Dates = dict[Key, tuple[date | None, date | None]]


@pytest.fixture
def grace(app: Flask) -> Viewer:
    more_time = (message("more_time", on="answer", form="more"), end("granted"))
    drawn = diagram(*PROCEDURE_DRAWN, *more_time, flows("more_time > granted"))
    form = small.form("more", small.DAY, {"key": "received_reason"}, EXTEND)
    deployments.deploy(small.SMALL, files() | {"complaint.bpmn": drawn, "forms/more.form": form})
    return small.officer()


@pytest.fixture
def helen(grace: Viewer) -> Viewer:
    return make_user(small.SMALL, "helen", role="manager")


@pytest.fixture
def off(grace: Viewer) -> Callable[[str], None]:
    """Enters a day off."""
    admin = make_user(small.SMALL, "sam", role="administrator")
    return lambda day: calendars.add_day_off(admin, "ENG", date.fromisoformat(day), "A royal day")


@pytest.fixture
def answering(grace: Viewer, clock: SetClock) -> Case:
    """Acknowledged on 4 November: due by the Code on the 19th, by the policy on 17 December."""
    case = begun(grace, clock)
    does(grace, case, clock, "2026-11-04", stage_1_extension=1)
    return case


def due() -> dict[Key, date | None]:
    db.session.expire_all()
    return {(row.case_id, row.element): row.due_on for row in db.session.scalars(select(Deadline))}


def told() -> list[tuple[Key, tuple[date | None, date | None]]]:
    """What the lines of history say has moved."""
    lines = (
        select(Instance.case_id, Event.element, Payload.values)
        .join(Instance, Instance.id == Event.instance_id)
        .join(Payload, Payload.id == Event.payload_id)
        .where(Event.action == "moved")
        .order_by(Event.instance_id, Event.n)
    )
    return [
        ((case_id, element), (date.fromisoformat(said["was"]), date.fromisoformat(said["now"])))
        for case_id, element, said in db.session.execute(lines)
    ]


def moved(before: dict[Key, date | None]) -> Dates:
    return {key: (before[key], day) for key, day in due().items() if day != before[key]}


@pytest.mark.parametrize("way", ["many at once", "one by one"])
def test_what_is_shown_what_moves_and_what_the_history_tells_are_the_same(
    app: Flask,
    answering: Case,
    grace: Viewer,
    helen: Viewer,
    clock: SetClock,
    off: Callable[[str], None],
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = begun(grace, clock, "2026-11-05")  # by the Code to be acknowledged on the 12th
    if way == "one by one":
        monkeypatch.setattr(writing_dates, "save", lambda *_: set())
    off("2026-11-09")
    before = due()
    seen = calendar_changes.preview(helen).moves
    approve(helen)
    sweep.work(app)
    change = moved(before)
    assert {element for _, element in change} == {
        "our_due", "code_stage_1_due", "ack_due", "code_acknowledge_due"
    }  # fmt: skip
    lines = told()
    assert dict(lines) == change and len(lines) == len(change)
    names = {row.element: row.name for row in (*rows(answering).values(), *rows(second).values())}
    shown = {(move.case.id, move.name): (move.was, move.now) for move in seen}
    assert shown == {(case, names[element]): days for (case, element), days in change.items()}


def test_it_stands_in_the_history_in_words(
    app: Flask, answering: Case, helen: Viewer, off: Callable[[str], None]
) -> None:
    off("2026-11-09")
    approve(helen)
    sweep.work(app)
    instance = instance_of(answering)
    found = history.lines_of(answering, instance, deployments.of_instance(instance))
    (line,) = (line for line in found if line.element == "code_stage_1_due")
    assert line.title == "Answer at Stage 1, by the Code: new date"
    assert line.text == "From Thursday 19 November 2026 to Friday 20 November 2026."
    assert line.who == "By the procedure"


def test_a_limit_of_the_code_that_moves_since_there_is_more_time_is_told_as_the_policys_own(
    grace: Viewer, answering: Case
) -> None:
    before = due()
    with transaction() as session:
        step = steps.open_step(session, instance_of(answering), grace)
        steps.deliver(step, "more_time", {"stage_1_extension": 3, "received_on": "2026-11-04"})
    change = moved(before)
    assert {element for _, element in change} == {"our_due", "code_stage_1_due"}
    assert dict(told()) == change and len(told()) == 2


def test_a_limit_of_the_code_that_has_passed_keeps_its_date(
    app: Flask, answering: Case, helen: Viewer, clock: SetClock, off: Callable[[str], None]
) -> None:
    clock.move_to(london("2026-11-20 09:00"))
    sweep.run_due()
    off("2026-11-09")
    assert [move.name for move in calendar_changes.preview(helen).moves] == ["our_due"]
    before = due()
    approve(helen)
    sweep.work(app)
    assert {element for _, element in moved(before)} == {"our_due"}
    assert [key[1] for key, _ in told()] == ["our_due"]
    code = rows(answering)["code_stage_1_due"]
    assert code.due_on == code.missed_on == date(2026, 11, 19)
