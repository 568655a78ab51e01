"""Sweeps: after a long absence, among broken cases, and by several workers at once."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.errors import BadInput, NotFound
from app.models import Alert, Deadline, Event, Instance, Payload
from app.services import deployments, history, incidents, sweep
from app.services.access import instance_of
from app.services.operations.verifying import verify
from app.settings import Settings
from app.viewer import Viewer
from tests import mailbox as mailboxes
from tests.cases import london
from tests.conftest import make_user
from tests.proofs import town
from tests.proofs.fleet import LONG, fleet
from tests.proofs.victim import Job
from tests.services import elm_homes as elm
from timers.calendar import falls_due_at

CASES = 400 if LONG else 12
SOON = 60  # seconds after the start within which everything due has fired


class Running(SetClock):
    """A clock that goes on by a moment whenever somebody looks: what came first has less of it."""

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


def due_lines() -> list[tuple[str, str, date, datetime]]:
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


@pytest.mark.parametrize(
    "absence",
    [timedelta(hours=1), timedelta(days=1), timedelta(days=9), timedelta(days=60)],
    ids=str,
)
def test_after_an_absence_what_is_due_fires_once_and_in_order_and_reminders_are_one(
    app: Flask, clock: SetClock, absence: timedelta
) -> None:
    grace = town.deploy()
    stopped = london("2026-12-07 23:30")
    for n in range(CASES):  # those who came first are not those who are due first
        clock.move_to(stopped - timedelta(days=13 - n * 5 % 13, minutes=n))
        town.record(grace, f"case-{n}")
        sweep.run_due()
    clock.move_to(stopped)
    sweep.run_due()
    before, alerted = due_lines(), Counter(db.session.scalars(select(Alert.element)))

    back = Running(stopped + absence)
    app.extensions["clock"] = back
    waits = waiting(back.at)
    began = time.monotonic()
    sweep.run_due()
    assert time.monotonic() - began < SOON

    fired = due_lines()[len(before) :]
    assert {case: at for case, _, _, at in reversed(fired)} == waits  # each at its own instant
    order = list(dict.fromkeys(case for case, *_ in fired))
    assert order == sorted(order, key=lambda case: waits[case])
    assert max(Counter((case, element) for case, element, *_ in fired).values(), default=1) == 1
    late = {(case, due) for case, element, due, _ in [*before, *fired] if element == "answer_due"}
    rows = db.session.scalars(select(Deadline).where(Deadline.element == "answer_due"))
    limits = {(row.case_id, row.due_on) for row in rows if row.due_on}
    assert late == {(case, due) for case, due in limits if falls_due_at(due) <= back.at}
    told = Counter(db.session.scalars(select(Alert.element))) - alerted
    assert told["nudge_alert"] == sum(element == "nudge" for _, element, *_ in fired)
    sweep.run_due()
    assert len(due_lines()) == len(before) + len(fired)
    assert is_whole()


def waiting(now: datetime) -> dict[str, datetime]:
    """The cases with something due, and since when."""
    rows = db.session.execute(select(Instance.case_id, Instance.next_due_at))
    return {case: at for case, at in rows if at and at <= now}


def poisoned(viewer: Viewer, count: int) -> list[str]:
    """Cases that cannot go on: by their facts, and by a row that something else has damaged."""
    cases = [town.record(viewer, f"sick-{n}", more_days=town.TOO_MANY) for n in range(count)]
    rows = db.session.scalars(select(Instance).order_by(Instance.id)).all()
    with transaction():
        for row in rows[: count // 2]:
            row.facts = ["damaged"]  # type: ignore[assignment]
    return [case.reference for case in cases]


def test_however_many_cases_are_broken_the_others_fire_and_each_broken_one_is_an_incident(
    app: Flask, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = town.deploy(*town.SORTED)
    manager = make_user(elm.ELM, "helen", "manager", ("complaints",))
    monkeypatch.setattr(sweep, "BATCH", 3)
    sick = poisoned(grace, CASES)  # who are due first, and more than a batch
    clock.move_to(clock() + timedelta(minutes=1))
    for n in range(CASES):
        town.record(grace, f"well-{n}", more_days=0)

    clock.move_to(town.DAY[1])
    result = sweep.run_due()
    assert (result.fired, result.failed) == (CASES, CASES)
    assert len(due_lines()) == 2 * CASES  # a reminder and a limit
    found = incidents.open_incidents(manager)
    assert sorted(case.reference for _, case in found) == sorted(sick)
    causes = Counter((incident.element, incident.cause.split()[0]) for incident, _ in found)
    assert causes == {
        ("", "ValueError:"): CASES // 2,
        ("sort", "'working_days(more_days,"): CASES // 2,
    }
    assert sweep.run_due().failed == 0  # they are held

    with transaction() as session:
        for row in session.scalars(select(Instance).where(Instance.held)):
            row.facts = {"raised_on": "2026-11-24", "more_days": 0}
    for incident, _ in found:
        incidents.retry(manager, incident.id, "The record was put right")
    assert sweep.run_due().fired == CASES
    assert len(due_lines()) == 4 * CASES
    assert incidents.open_incidents(manager) == [] and is_whole()


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
