"""The numbers of the report: cases with known results, and a count made in another way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import NotAllowed, NotFound
from app.models import Case, Conflict, Deadline, Lesson, Promise
from app.models.base import new_id
from app.services import checking, learning
from app.services.periods import Period, latest
from app.services.reporting.duties import Duty
from app.services.reporting.report import Report, cases_behind, report
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

SUMMER = Period(date(2026, 7, 1), date(2026, 9, 30))
AUTUMN = Period(date(2026, 10, 1), date(2026, 12, 31))
END = "2026-12-01"

Cases = dict[str, Case]


@pytest.fixture
def manager(app: Flask) -> Viewer:
    return make_user(elm.deploy(), "helen", "manager", ("complaints",))


@pytest.fixture
def cases(manager: Viewer, clock: SetClock) -> Cases:
    """Eight complaints around the summer of 2026. Their limit is 10 working days."""
    needs = {"adjustments": ["large_print"], "adjustments_other": "Speak slowly, please"}
    learned = {"urgent": True, "lesson": "We rang nobody.", "lesson_public": "We ring people now."}
    met = elm.answer("2026-07-10", **learned)
    said = elm.satisfied("2026-07-20", "very_satisfied", "not_said")
    found = {
        "in_time": elm.recorded("2026-07-01", met, said, triage_hazard="not_sure", **needs),
        "late": elm.recorded(
            "2026-07-06", elm.answer("2026-07-24", "not_upheld"), until=END, channel="email"
        ),
        "next_quarter": elm.recorded("2026-09-21", elm.answer("2026-10-01"), until=END),
        "withdrawn": elm.recorded(
            "2026-09-14", elm.withdrawn("2026-09-16"), until=END, triage_safeguarding="yes"
        ),
        "open": elm.recorded("2026-09-10", elm.answer("2026-10-08"), until=END),
        "longer": elm.recorded(
            "2026-08-03", elm.more_time("2026-08-10", 10), elm.answer("2026-08-28"), until=END
        ),
        "spring": elm.recorded("2026-06-22", elm.answer("2026-06-30"), until=END),
        "late_from_spring": elm.recorded(
            "2026-06-24", elm.answer("2026-07-09", "not_upheld"), until=END
        ),
    }
    clock.move_to(london(f"{END} 09:00"))
    return found


def names(found: Cases, counted: Report, key: str) -> set[str]:
    """Which of the cases are behind a number; the number must be as many."""
    figure = counted.figures[key]
    here = {name for name, case in found.items() if case.id in figure.cases}
    assert figure.number == len(here) == len(figure.cases)
    return here


def limit(counted: Report) -> Duty:
    (duty,) = counted.duties
    return duty


def test_what_came_in_is_counted_by_kind_channel_and_month(manager: Viewer, cases: Cases) -> None:
    counted = report(manager, SUMMER)
    came = {"in_time", "late", "next_quarter", "withdrawn", "open", "longer"}
    assert names(cases, counted, "received") == came
    assert names(cases, counted, "kind.complaint") == came
    assert names(cases, counted, "channel.email") == {"late"}
    assert names(cases, counted, "month.2026-08-01..2026-08-31") == {"longer"}
    trend = {month.period.name: (month.total, month.width) for month in counted.trend.months}
    assert len(trend) == 12
    assert trend["June 2026"] == (2, 67) and trend["September 2026"] == (3, 100)


def test_a_limit_is_in_time_or_late_and_counts_once(manager: Viewer, cases: Cases) -> None:
    summer, autumn = report(manager, SUMMER), report(manager, AUTUMN)
    assert names(cases, summer, "duty.answer_due.in_time") == {"in_time", "longer"}
    assert names(cases, summer, "duty.answer_due.late") == {"late", "open", "late_from_spring"}
    assert names(cases, summer, "duty.answer_due.not_done") == {"open"}
    assert names(cases, autumn, "duty.answer_due.in_time") == {"next_quarter"}
    assert names(cases, autumn, "duty.answer_due.late") == set()
    assert (limit(summer).name, limit(summer).stage) == ("Answer", "stage_one")


def test_days_are_working_days_from_the_first_day_to_the_answer(
    manager: Viewer, cases: Cases
) -> None:
    duty = limit(report(manager, SUMMER))  # 7, 11, 14 and 19 days; 31 August was a bank holiday
    assert (duty.median.number, duty.longest.number) == (12.5, 19)
    assert duty.longest.cases == (cases["longer"].id,)
    nothing = limit(report(manager, Period(date(2025, 1, 1), date(2025, 3, 31))))
    assert (nothing.decided, nothing.median.number, nothing.longest.number) == (0, None, None)


def test_each_limit_that_was_kept_or_missed_stands_in_one_quarter(
    manager: Viewer, cases: Cases
) -> None:
    """Counted in another way: every row of the register, one by one."""
    quarters = [*latest(date(2027, 4, 1), "quarter", 5)]
    by_report = sum(limit(report(manager, quarter)).decided for quarter in quarters)
    rows = db.session.scalars(select(Deadline).where(Deadline.kind == "duty")).all()
    kept = [row for row in rows if row.met_on and row.due_on and row.met_on <= row.due_on]
    missed = [row for row in rows if row.met_on and row.due_on and row.met_on > row.due_on]
    assert (len(rows), len(kept), len(missed)) == (8, 4, 3)
    assert by_report == 7
    received = sum(report(manager, quarter).number("received") or 0 for quarter in quarters)
    assert received == len(db.session.scalars(select(Case)).all()) == 8


def test_a_limit_that_runs_out_today_is_not_late_and_tomorrow_it_is(
    manager: Viewer, clock: SetClock
) -> None:
    case = elm.recorded("2026-08-03")
    for day, late in (("2026-08-17", 0), ("2026-08-18", 1)):
        clock.move_to(london(f"{day} 09:00"))  # no sweep has come by
        assert limit(report(manager, SUMMER)).late.number == late
    assert limit(report(manager, SUMMER)).late.cases == (case.id,)


def test_decisions_count_by_the_day_on_which_they_were_made(manager: Viewer, cases: Cases) -> None:
    summer, autumn = report(manager, SUMMER), report(manager, AUTUMN)
    assert names(cases, summer, "fact.result.upheld") == {"in_time", "longer"}
    assert names(cases, summer, "fact.result.not_upheld") == {"late", "late_from_spring"}
    assert names(cases, autumn, "fact.result.upheld") == {"next_quarter", "open"}
    assert names(cases, summer, "fact.urgent") == {"in_time"}
    assert names(cases, summer, "fact.more_days") == {"longer"}
    assert names(cases, autumn, "fact.more_days") == set()


def test_stages_and_closed_cases_count_by_what_happened_in_the_period(
    manager: Viewer, cases: Cases
) -> None:
    summer, autumn = report(manager, SUMMER), report(manager, AUTUMN)
    through = {"in_time", "late", "longer", "late_from_spring"}
    assert names(cases, summer, "stage.stage_1") == through
    assert names(cases, summer, "closed.answered") == through | {"spring"}
    assert names(cases, summer, "closed.withdrawn") == {"withdrawn"}
    assert names(cases, summer, "closed") == through | {"spring", "withdrawn"}
    assert names(cases, autumn, "closed.answered") == {"next_quarter", "open"}


def test_dangers_and_adjustments_never_print_what_people_wrote(
    manager: Viewer, cases: Cases
) -> None:
    summer = report(manager, SUMMER)
    assert names(cases, summer, "danger.hazard") == {"in_time"}  # “not sure” counts
    assert names(cases, summer, "danger.safeguarding") == {"withdrawn"}
    assert names(cases, summer, "adjusted.large_print") == {"in_time"}
    assert names(cases, summer, "adjusted.braille") == set()
    assert names(cases, summer, "adjusted.other") == {"in_time"}
    assert "slowly" not in str(summer.figures)


def test_learning_and_satisfaction(manager: Viewer, cases: Cases, clock: SetClock) -> None:
    clock.move_to(london("2026-09-30 23:00"))
    lesson = db.session.scalars(select(Lesson)).one()
    learning.publish(manager, lesson.id)
    summer = report(manager, SUMMER)
    assert names(cases, summer, "lessons.recorded") == {"in_time"}
    assert names(cases, summer, "lessons.published") == {"in_time"}
    assert names(cases, summer, "satisfaction.answered") == {"in_time"}
    handling, outcome = "satisfaction.satisfied_handling", "satisfaction.satisfied_outcome"
    assert names(cases, summer, f"{handling}.very_satisfied") == {"in_time"}
    assert names(cases, summer, f"{outcome}.not_said") == {"in_time"}
    assert names(cases, summer, f"{outcome}.very_satisfied") == set()
    assert report(manager, AUTUMN).number("lessons.published") == 0


def promise(case: Case, n: int, due: str, done: str = "", **more: Any) -> Promise:
    day = date.fromisoformat(due)
    row = Promise(
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        n=n,
        text="Mend it",
        element="answer",
        made_at=datetime(2026, 7, 10, 9, tzinfo=UTC),
        first_due_on=day,
        due_on=day,
        done_on=date.fromisoformat(done) if done else None,
    )
    for name, value in more.items():
        setattr(row, name, value)
    return row


def test_promises_are_kept_or_late_and_payments_are_summed(manager: Viewer, cases: Cases) -> None:
    case = cases["in_time"]
    paid = {"kind": "payment", "amount": "150.00"}
    moved = {"first_due_on": date(2026, 7, 1)}
    db.session.add_all(
        (
            promise(case, 1, "2026-07-20", "2026-07-20", **moved),
            promise(case, 2, "2026-09-30", "2026-10-02"),
            promise(case, 3, "2026-10-01"),
            promise(case, 4, "2026-08-01", "2026-07-31", **paid),
            promise(case, 5, "2026-10-10", "2026-10-05", **paid | {"amount": "20.50"}),
        )
    )
    db.session.commit()
    summer, autumn = report(manager, SUMMER), report(manager, AUTUMN)
    keys = ("in_time", "late", "not_done", "moved")
    assert [summer.number(f"promise.{key}") for key in keys] == [1, 1, 1, 1]
    assert [autumn.number(f"promise.{key}") for key in keys] == [0, 1, 1, 0]
    payments = ("made", "made_sum", "paid", "paid_sum")
    assert [summer.number(f"payment.{key}") for key in payments] == [
        2, Decimal("170.50"), 1, Decimal("150.00"),
    ]  # fmt: skip
    assert autumn.number("payment.paid_sum") == Decimal("20.50")


def test_somebody_kept_out_sees_the_number_and_not_the_case(manager: Viewer, cases: Cases) -> None:
    kept = cases["late"]
    db.session.add(Conflict(landlord_id=elm.ELM, case_id=kept.id, user_id=manager.user_id))
    db.session.commit()
    figure, found = cases_behind(manager, SUMMER, "duty.answer_due.late")
    assert figure.number == 3
    assert {case.id for case in found} == {cases["open"].id, cases["late_from_spring"].id}
    with pytest.raises(NotFound):
        cases_behind(manager, SUMMER, "duty.unknown.late")


def test_only_managers_and_auditors_get_it(manager: Viewer) -> None:
    for role in ("staff", "process_owner", "administrator"):
        with pytest.raises(NotAllowed):
            report(make_user(elm.ELM, role, role), SUMMER)
    assert report(make_user(elm.ELM, "ruth", "auditor"), SUMMER).number("received") == 0


def test_a_report_counts_only_declared_facts_with_few_values() -> None:
    wrong = elm.LANDLORD.replace('["result", "urgent"]', '["result", "raised_on", "nothing"]')
    problems = checking.check(elm.files() | {"landlord.toml": wrong.encode()})
    errors = {p.element: p.message for p in problems if p.severity == "error"}
    assert errors.keys() == {"raised_on", "nothing"}
