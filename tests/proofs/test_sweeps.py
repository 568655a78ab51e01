"""Sweeps: after a long absence, among broken cases, and by several workers at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.errors import BadInput, NotFound
from app.factory import create_app
from app.models import Alert, Case, Deadline, Event, Instance, Payload
from app.services import deployments, history, incidents, sweep
from app.services.access import instance_of
from app.services.operations.verifying import verify
from app.settings import Settings
from app.viewer import Viewer
from tests import mailbox as mailboxes
from tests.cases import london
from tests.conftest import make_user
from tests.engine.drawing import diagram
from tests.once import make_tables
from tests.proofs import town
from tests.proofs.fleet import LONG, fleet
from tests.proofs.victim import Job
from tests.services import elm_homes as elm
from timers.calendar import falls_due_at
from timers.sweep import SweepResult

CASES = 400 if LONG else 12
STOPPED = london("2026-12-07 23:30")
SOON = 60  # seconds after the start within which everything due has fired


Line = tuple[str, str, date, datetime]


class Running(SetClock):
    """A clock that goes on by a moment whenever somebody looks: what came first has less of it."""

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


def due_lines() -> list[Line]:
    """Case, element, due date and instant of each deadline that fired, in the order of firing."""
    rows = db.session.execute(
        select(Instance.case_id, Event.element, Payload.values, Event.at)
        .join(
            Event,
            (Event.landlord_id == Instance.landlord_id) & (Event.instance_id == Instance.id),
        )
        .join(
            Payload, (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id)
        )
        .where(Event.action == "due")
        .order_by(Event.recorded_at, Event.n)
    )
    return [(case, e, date.fromisoformat(said["due_on"]), at) for case, e, said, at in rows]


def is_whole() -> bool:
    db.session.rollback()
    return all(check.ok for check in verify() if check.name != "migrations")


def work_until_stopped(clock: SetClock) -> None:
    """Cases whose reminders are daily from the eighth day on: first due on different days."""
    late = diagram(*town.PARTS, *town.AT_ONCE).replace(b"working_days(1, ", b"working_days(8, ")
    elm.deploy(**{"complaint.bpmn": late, "forms/record.form": town.RECORD})
    grace = town.officer("grace")
    for n in range(CASES):  # those who came first are not those who are due first
        clock.move_to(STOPPED - timedelta(days=13 - n * 5 % 13, minutes=n))
        town.record(grace, f"case-{n}")
        sweep.run_due()
    clock.move_to(STOPPED)
    sweep.run_due()


def start_again(app: Flask, absence: timedelta) -> dict[str, datetime]:
    """A worker starts and fires what is due. Returns the cases that had waited, and since when."""
    app.extensions["clock"] = back = Running(STOPPED + absence)
    waits = waiting(back.at)
    began = time.monotonic()
    worker = create_app(app.extensions["settings"], back)
    sweep.heartbeat(worker)
    assert time.monotonic() - began < SOON
    with worker.app_context():
        db.engine.dispose()
    db.session.rollback()
    return waits


def are_in_order(fired: list[Line], waits: dict[str, datetime]) -> bool:
    """Whether those who had waited longest came first."""
    order = list(dict.fromkeys(case for case, *_ in fired))
    return order == sorted(order, key=lambda case: waits[case])


@pytest.mark.parametrize(
    "absence",
    [timedelta(hours=1), timedelta(days=1), timedelta(days=9), timedelta(days=60)],
    ids=str,
)
def test_after_an_absence_what_is_due_fires_once_and_in_order_and_reminders_are_one(
    app: Flask, clock: SetClock, absence: timedelta
) -> None:
    work_until_stopped(clock)
    before, alerted = due_lines(), Counter(db.session.scalars(select(Alert.element)))
    waits = start_again(app, absence)
    assert len({*waits.values()}) > 3 or absence <= timedelta(days=1)  # which has one midnight

    fired = due_lines()[len(before) :]
    assert {case: at for case, _, _, at in reversed(fired)} == waits  # each at its own instant
    assert are_in_order(fired, waits)
    assert max(Counter((case, element) for case, element, *_ in fired).values(), default=1) == 1
    late = {(case, due) for case, element, due, _ in [*before, *fired] if element == "answer_due"}
    rows = db.session.scalars(select(Deadline).where(Deadline.element == "answer_due"))
    limits = {(row.case_id, row.due_on) for row in rows if row.due_on}
    assert late == {(case, due) for case, due in limits if falls_due_at(due) <= STOPPED + absence}
    told = Counter(db.session.scalars(select(Alert.element))) - alerted
    assert told["nudge_alert"] == sum(element == "nudge" for _, element, *_ in fired)
    sweep.run_due()
    assert len(due_lines()) == len(before) + len(fired)
    assert is_whole()


def test_a_sweep_that_takes_the_newest_first_is_found_to_be_out_of_order(
    app: Flask, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_until_stopped(clock)
    before, oldest_first = due_lines(), sweep.due_instances
    monkeypatch.setattr(sweep, "due_instances", lambda after: oldest_first(after)[::-1])
    waits = start_again(app, timedelta(days=9))
    fired = due_lines()[len(before) :]
    assert {case for case, *_ in fired} == waits.keys()
    assert not are_in_order(fired, waits)


def waiting(now: datetime) -> dict[str, datetime]:
    """The cases with something due, and since when."""
    rows = db.session.execute(select(Instance.case_id, Instance.next_due_at))
    return {case: at for case, at in rows if at and at <= now}


@contextmanager
def begun(settings: Settings) -> Iterator[SetClock]:
    """A server of its own, the day before the first day. Its clock runs."""
    clock = Running(town.DAY[0] - timedelta(days=1))
    app = create_app(settings, clock)
    make_tables(settings)
    with app.app_context():
        try:
            yield clock
        finally:
            db.session.remove()
            db.engine.dispose()


def poisoned(viewer: Viewer, count: int) -> list[str]:
    """Cases that cannot go on: by their facts, and by a row that something else has damaged."""
    cases = [town.record(viewer, f"sick-{n}", more_days=town.TOO_MANY) for n in range(count)]
    rows = db.session.scalars(select(Instance).order_by(Instance.id)).all()
    with transaction():
        for row in rows[: count // 2]:
            row.facts = ["damaged"]  # type: ignore[assignment]
    return [case.reference for case in cases]


def record_well(viewer: Viewer, clock: SetClock) -> None:
    """Cases of five days, of which the first is the day after the sick."""
    for n in range(CASES):
        clock.move_to(town.DAY[0] + timedelta(days=n * 3 % 5, minutes=n))
        town.record(viewer, f"well-{n}", more_days=0)


def sweep_for_a_week(clock: SetClock) -> SweepResult:
    """Nobody has swept until late. Returns what came of the first sweep."""
    results = []
    for day in range(7):
        clock.move_to(town.DAY[1] + timedelta(days=day))
        results.append(sweep.run_due())
    assert sum(result.failed for result in results[1:]) == 0  # they are held
    return results[0]


def fired_well() -> list[tuple[datetime, datetime, str, str]]:
    """In the order of firing: in which sweep, the instant of the deadline, case and element."""
    rows = db.session.execute(
        select(Event.recorded_at, Event.at, Case.submission_key, Event.element)
        .join(
            Instance,
            (Instance.landlord_id == Event.landlord_id) & (Instance.id == Event.instance_id),
        )
        .join(Case, (Case.landlord_id == Instance.landlord_id) & (Case.id == Instance.case_id))
        .where(Event.action == "due", Case.submission_key.startswith("well"))
        .order_by(Event.recorded_at, Event.n)
    )
    return [(swept.replace(microsecond=0), *said) for swept, *said in rows]


def test_however_many_cases_are_broken_the_others_fire_and_each_broken_one_is_an_incident(
    new_settings: Callable[[], Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "BATCH", 3)
    with begun(new_settings()) as clock:
        record_well(town.deploy(*town.SORTED), clock)
        sweep_for_a_week(clock)
        expected = fired_well()
    with begun(new_settings()) as clock:
        grace = town.deploy(*town.SORTED)
        manager = make_user(elm.ELM, "helen", "manager", ("complaints",))
        sick = poisoned(grace, CASES)
        first = max(waiting(town.DAY[1]).values())
        record_well(grace, clock)
        assert sorted(waiting(town.DAY[1]).values())[CASES] > first  # the sick come first

        result = sweep_for_a_week(clock)
        assert (result.fired, result.failed) == (CASES, CASES)
        found = fired_well()
        assert sorted(found) == sorted(expected)  # no later than without the sick
        assert [line[:2] for line in found] == [line[:2] for line in expected]
        standing = incidents.open_incidents(manager)
        assert sorted(case.reference for _, case in standing) == sorted(sick)
        causes = Counter((each.element, each.cause.split()[0]) for each, _ in standing)
        assert causes == {
            ("nudge", "ValueError:"): CASES // 2,
            ("sort", "'working_days(more_days,"): CASES // 2,
        }

        with transaction() as session:
            for row in session.scalars(select(Instance).where(Instance.held)):
                row.facts = {"raised_on": "2026-11-23", "more_days": 0}
        for incident, _ in standing:
            incidents.retry(manager, incident.id, "The record was put right")
        assert sweep.run_due().fired == CASES
        limits = Counter(case for case, element, *_ in due_lines() if element == "answer_due")
        assert [*limits.values()] == [1] * 2 * CASES
        assert incidents.open_incidents(manager) == [] and is_whole()


@pytest.mark.made_up_rows
def test_what_breaks_without_saying_where_is_shown_at_what_would_have_come_next(
    app: Flask, clock: SetClock
) -> None:
    town.record(town.deploy(), "late")
    manager = make_user(elm.ELM, "helen", "manager", ("complaints",))
    clock.move_to(town.DAY[1])
    assert sweep.run_due().fired == 1  # the limit stays open: it was missed
    with transaction() as session:
        session.scalars(select(Instance)).one().facts = ["damaged"]  # type: ignore[assignment]
    clock.move_to(town.DAY[2])
    assert sweep.run_due().failed == 1
    assert [incident.element for incident, _ in incidents.open_incidents(manager)] == ["nudge"]


def test_a_deadline_that_cannot_be_taken_is_let_pass_and_the_case_goes_on(
    app: Flask, clock: SetClock
) -> None:
    grace = town.deploy(*town.SORTED)
    manager = make_user(elm.ELM, "helen", "manager", ("complaints",))
    town.record(grace, "sick", more_days=town.TOO_MANY)
    clock.move_to(town.DAY[1])
    assert sweep.run_due().failed == 1
    [(incident, case)] = incidents.open_incidents(manager)

    assert incidents.to_skip(manager, incident.id).deadline.element == "answer_due"
    with pytest.raises(BadInput, match="Say why"):
        incidents.skip(manager, incident.id, " ")
    incidents.skip(manager, incident.id, "The diagram is wrong; I have rung the resident")
    fired = [(element, due) for _, element, due, _ in due_lines()]
    assert fired == [("nudge", date(2026, 11, 25)), ("answer_due", date(2026, 12, 8))]
    assert db.session.scalars(select(Alert.element)).all() == ["nudge_alert"]
    instance = instance_of(case)
    lines = history.lines_of(case, instance, deployments.of_instance(instance))
    assert any("let pass" in line.title and "rung" in line.text for line in lines)
    assert sweep.run_due().failed == 0 and is_whole()

    town.answer(grace, town.task_of("sick"))
    clock.move_to(town.DAY[3])
    assert sweep.run_due().fired == 1
    db.session.refresh(case)
    assert (case.status, is_whole()) == ("closed", True)
    with pytest.raises(NotFound):
        incidents.skip(manager, incident.id, "Once more")


def test_several_workers_fire_each_deadline_once(app: Flask, settings: Settings) -> None:
    grace = town.deploy()
    for n in range(CASES):
        town.record(grace, f"case-{n}")
    beat = Job("beat", town.DAY[1].isoformat())
    with mailboxes.opened() as box, fleet(settings, box) as processes:
        processes.run(*[beat] * 3)
        processes.run(beat)
    fired = Counter((case, element) for case, element, *_ in due_lines())
    assert len(fired) == 2 * CASES and set(fired.values()) == {1}
    assert len(box.received) == CASES
    assert is_whole()
