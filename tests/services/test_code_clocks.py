"""The Code's dates beside the policy's: from the same facts, and the earlier of two counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import LONDON, SetClock
from app.db import db, transaction
from app.models import Alert, Case, Deadline, Task
from app.services import checking, complaints, deployments, steps, sweep
from app.services.access import instance_of
from app.services.deployments import in_words
from app.services.steps import PROCEDURE
from app.settings import ROOT
from app.viewer import Viewer
from tests import small
from tests.conftest import filled, new_key
from tests.engine.drawing import diagram, end, flows, send, start, timer, user

FACTS = """
[received_on]
type = "date"
[acknowledged_on]
type = "date"
[stage_1_extension]
type = "int"
[stage_1_responded_on]
type = "date"
[code_applies]
type = "bool"
"""
CODE = (ROOT / "processes" / "shared" / "code.toml").read_bytes()
BESIDE = '\n[code.beside]\ncode_stage_1_due = "our_due"\ncode_acknowledge_due = "ack_due"\n'
PROCEDURE_DRAWN = (
    start(sets="received_on"),
    user("acknowledge", form="look", sets="acknowledged_on"),
    timer("ack_due", "working_days(3, received_on)", on="acknowledge"),
    user("answer", writes="answer", form="answer"),
    timer("our_due", "working_days(30 + stage_1_extension, acknowledged_on)", on="answer"),
    send("send_answer", letter="answer", sets="stage_1_responded_on"),
    end("ack_late"),
    end("late"),
    end("over", outcome="over"),
    flows(
        "begun > acknowledge > answer > send_answer > over", "ack_due > ack_late", "our_due > late"
    ),
)
EXTEND = {"key": "stage_1_extension", "type": "number"}


def files(landlord: str = small.LANDLORD + BESIDE) -> dict[str, bytes]:
    return small.files() | {
        "landlord.toml": landlord.encode(),
        "facts.toml": (small.FACTS + FACTS).encode(),
        "complaint.bpmn": diagram(*PROCEDURE_DRAWN),
        "code.toml": CODE,
        "forms/look.form": small.form("look", EXTEND),
    }


@pytest.fixture
def grace(app: Flask) -> Viewer:
    deployments.deploy(small.SMALL, files())
    return small.officer()


def rows(case: Case) -> dict[str, Deadline]:
    db.session.expire_all()
    found = db.session.scalars(select(Deadline).where(Deadline.case_id == case.id))
    return {row.element: row for row in found}


def begun(grace: Viewer, clock: SetClock, day: str = "2026-11-02") -> Case:
    clock.move_to(datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=LONDON))
    return small.complaint(grace)


def does(grace: Viewer, case: Case, clock: SetClock, day: str, **answers: Any) -> None:
    clock.move_to(datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=LONDON))
    small.does(grace, case, **answers)


def due_of_task(case: Case) -> tuple[date | None, str]:
    db.session.expire_all()
    task = db.session.scalars(
        select(Task).where(Task.case_id == case.id, Task.status == "open")
    ).one()
    return task.due_on, task.due_name


def test_the_codes_date_stands_beside_the_policys_and_the_earlier_counts(
    grace: Viewer, clock: SetClock
) -> None:
    case = begun(grace, clock)
    assert rows(case)["code_acknowledge_due"].due_on == date(2026, 11, 9)
    assert due_of_task(case) == (date(2026, 11, 5), "ack_due")  # the policy's is the earlier

    does(grace, case, clock, "2026-11-04")
    code = rows(case)["code_stage_1_due"]
    assert code.due_on == date(2026, 11, 18) and code.policy == "Code 6.3, 6.4"
    assert due_of_task(case) == (date(2026, 11, 18), "Answer at Stage 1, by the Code")
    met = rows(case)["code_acknowledge_due"]
    assert (met.met_on, met.missed_on) == (date(2026, 11, 4), None)


def test_a_late_answer_breaks_the_code_though_the_policy_is_kept(
    grace: Viewer, clock: SetClock
) -> None:
    case = begun(grace, clock)
    does(grace, case, clock, "2026-11-04")
    does(grace, case, clock, "2026-11-20", answer="Sorry.")
    here = rows(case)
    assert here["code_stage_1_due"].missed_on == date(2026, 11, 18)
    assert here["our_due"].missed_on is None


def alerts(case: Case) -> list[tuple[str, str]]:
    found = db.session.scalars(select(Alert).where(Alert.case_id == case.id).order_by(Alert.at))
    return [(alert.team, alert.text) for alert in found if "Code" in alert.text]


def test_a_limit_of_the_code_that_passes_tells_the_team_once_at_midnight(
    grace: Viewer, clock: SetClock
) -> None:
    case = begun(grace, clock)
    does(grace, case, clock, "2026-11-04")
    clock.move_to(datetime(2026, 11, 18, 23, 59, tzinfo=LONDON))
    sweep.run_due()
    assert alerts(case) == []
    for minute in (0, 1):
        clock.move_to(datetime(2026, 11, 19, 0, minute, tzinfo=LONDON))
        sweep.run_due()
    (team,) = grace.teams
    assert alerts(case) == [
        (team, "Answer at Stage 1, by the Code: it was due on Wednesday 18 November 2026.")
    ]
    assert rows(case)["code_stage_1_due"].missed_on == date(2026, 11, 18)


def test_where_the_policys_own_limit_passed_before_the_code_says_no_more(
    grace: Viewer, clock: SetClock
) -> None:
    case = begun(grace, clock)
    clock.move_to(datetime(2026, 11, 10, 9, tzinfo=LONDON))  # ours ended on the 5th, theirs the 9th
    sweep.run_due()
    assert rows(case)["code_acknowledge_due"].missed_on == date(2026, 11, 9)
    assert alerts(case) == []


def test_more_time_counts_up_to_what_the_code_allows(grace: Viewer, clock: SetClock) -> None:
    case = begun(grace, clock)
    does(grace, case, clock, "2026-11-04", stage_1_extension=15)
    assert rows(case)["code_stage_1_due"].due_on == date(2026, 12, 2)  # ten, not fifteen


@pytest.mark.parametrize(("day", "stands"), [("2024-03-28", False), ("2024-04-02", True)])
def test_the_code_is_about_complaints_since_april_2024(
    grace: Viewer, clock: SetClock, day: str, stands: bool
) -> None:
    case = begun(grace, clock, day)
    assert ("code_acknowledge_due" in rows(case)) is stands
    assert instance_of(case).facts["code_applies"] is stands


def test_it_holds_in_england_only(app: Flask, clock: SetClock) -> None:
    welsh = (small.LANDLORD + BESIDE).replace('nation = "ENG"', 'nation = "WLS"')
    deployments.deploy(small.SMALL, files(welsh))
    assert "code_acknowledge_due" not in rows(begun(small.officer(), clock))


def test_a_fact_that_a_landlord_does_not_keep_leaves_its_clock_out(
    app: Flask, clock: SetClock
) -> None:
    without = small.LANDLORD + '\n[code.facts]\nacknowledged_on = ""\n'
    deployments.deploy(small.SMALL, files(without))
    grace = small.officer()
    case = begun(grace, clock)
    does(grace, case, clock, "2026-11-04")
    assert not any(element.startswith("code_") for element in rows(case))


def test_the_limits_of_a_case_that_is_closed_without_an_answer_end(
    grace: Viewer, clock: SetClock
) -> None:
    case = begun(grace, clock)
    with transaction() as session:
        step = steps.open_step(session, instance_of(case), PROCEDURE)
        step.case.status = "closed"
        steps.deadlines.hang_over_tasks(step)
    assert rows(case)["code_acknowledge_due"].ended_at is not None


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('[code.facts]\nnever_heard_of = "received_on"', "the Code knows no never_heard_of"),
        ('[code.facts]\nreceived_on = "nowhere_on"', "nowhere_on is no declared fact"),
        ('[code.beside]\ncode_stage_1_due = "no_clock"', "there is no clock no_clock"),
    ],
)
def test_what_the_settings_name_is_there(app: Flask, said: str, wrong: str) -> None:
    found = checking.check(files(f"{small.LANDLORD}\n{said}\n"))
    assert any(wrong in in_words(problem) for problem in found)


def test_nobody_is_late_to_write_to_somebody_who_gave_no_name(app: Flask, clock: SetClock) -> None:
    changed = files()
    changed["facts.toml"] += b'[anonymous]\ntype = "bool"\n'
    nameless = {"key": "anonymous", "type": "checkbox"}
    changed["forms/record_complaint.form"] = small.form("record_complaint", nameless)
    deployments.deploy(small.SMALL, changed)
    form = filled(small.SMALL, "record_complaint", {"anonymous": True})
    receipt = complaints.record(small.officer(), form, new_key())
    case = db.session.scalars(select(Case).where(Case.reference == receipt.reference)).one()
    assert set(rows(case)) == {"ack_due"}
