"""When a report is due, and that it was presented."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from app.clock import SetClock
from app.errors import BadInput, DeploymentRefused, NotAllowed
from app.landlords import read_landlord
from app.services import presentations
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

APRIL, OCTOBER = date(2027, 4, 30), date(2027, 10, 31)


@pytest.fixture
def manager(app: Flask) -> Viewer:
    return make_user(elm.deploy(), "helen", "manager", ("complaints",))  # on 24 November 2026


def next_due(viewer: Viewer) -> presentations.Due:
    (one,) = presentations.due(viewer)
    return one


def test_the_first_one_is_due_after_the_landlord_came(manager: Viewer) -> None:
    assert next_due(manager).due_on == APRIL
    assert not next_due(manager).soon


@pytest.mark.parametrize(
    ("day", "days", "soon", "late"),
    [
        ("2027-04-01", 21, False, False),
        ("2027-04-02", 20, True, False),
        ("2027-04-30", 0, True, False),
        ("2027-05-04", 1, True, True),  # the 3rd is a bank holiday
    ],
)
def test_twenty_working_days_before_it_is_time_to_look(
    manager: Viewer, clock: SetClock, day: str, days: int, soon: bool, late: bool
) -> None:
    clock.move_to(london(f"{day} 09:00"))
    one = next_due(manager)
    assert (one.days, one.soon, one.late) == (days, soon, late)


def test_once_presented_the_next_one_is_due(manager: Viewer, clock: SetClock) -> None:
    clock.move_to(london("2027-04-20 09:00"))
    presentations.record(manager, "Board report", APRIL.isoformat(), date(2027, 4, 15))
    assert next_due(manager).due_on == OCTOBER
    ((row, by),) = presentations.presented(manager)
    assert (row.presented_on, row.due_on, by) == (date(2027, 4, 15), APRIL, "Helen")


def test_what_cannot_be_recorded_is_refused(manager: Viewer, clock: SetClock) -> None:
    clock.move_to(london("2027-04-20 09:00"))
    for name, due_on, day in (
        ("Board report", APRIL, date(2027, 4, 21)),  # tomorrow
        ("Board report", APRIL, None),
        ("Board report", OCTOBER, date(2027, 4, 20)),  # not the next one
        ("Another report", APRIL, date(2027, 4, 20)),
    ):
        with pytest.raises(BadInput):
            presentations.record(manager, name, due_on.isoformat(), day)
    assert presentations.presented(manager) == []


def test_auditors_read_and_only_managers_record(manager: Viewer) -> None:
    auditor = make_user(elm.ELM, "ruth", "auditor")
    assert next_due(auditor).due_on == APRIL
    with pytest.raises(NotAllowed):
        presentations.record(auditor, "Board report", APRIL.isoformat(), date(2026, 11, 24))
    with pytest.raises(NotAllowed):
        presentations.due(make_user(elm.ELM, "tom", "staff"))


@pytest.mark.parametrize(
    "wrong",
    ["months = []", "months = [0]", "months = [13]", "months = [4]\n[report]\nyear_begins = 2"],
)
def test_a_report_without_real_months_is_refused(wrong: str) -> None:
    body = elm.LANDLORD.replace("months = [4, 10]", wrong)
    with pytest.raises(DeploymentRefused):
        read_landlord(body.encode())


def test_two_reports_of_one_name_are_refused() -> None:
    body = elm.LANDLORD + '[[reports]]\nname = "Board report"\nto = "Others"\nmonths = [1]\n'
    with pytest.raises(DeploymentRefused, match="same name"):
        read_landlord(body.encode())
