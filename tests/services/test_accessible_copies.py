"""Braille, audio and other languages: a copy is asked for, and the resident's time waits for it."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.letters import FilledLetter, to_plain
from app.models import AccessibleCopy, Case, Conflict, Deadline, Event, Task
from app.services import accessible_copies, cases, outbox, steps, tasks
from app.services.access import instance_of
from app.services.steps import PROCEDURE
from app.viewer import Viewer
from tests import small
from tests.cases import london


@pytest.fixture
def grace(app: Flask) -> Viewer:
    small.deploy()
    return small.officer()


def answered(viewer: Viewer, **person: object) -> Case:
    """A case whose answer was sent on Tuesday 24 November 2026."""
    case = small.complaint(viewer, **person)
    small.does(viewer, case, answer="We agree.")
    return case


def goes(case: Case, copy: AccessibleCopy, on: date, viewer: Viewer) -> None:
    """A copy has gone; the case is looked at once more, as when a task is finished."""
    with transaction() as session:
        accessible_copies.sent(session, copy, on, viewer.user_id)
        steps.fire(steps.open_step(session, instance_of(case), PROCEDURE))
    db.session.expire_all()


def window(case: Case) -> tuple[date | None, str]:
    """Until when the resident may ask, and in words how that stands."""
    rows = cases.deadlines_of(case, steps.deployments.of_instance(instance_of(case)))
    row, state = next(pair for pair in rows if pair[0].element == "window")
    return row.due_on, state.words


@pytest.mark.parametrize(
    ("person", "kinds"),
    [
        ({"adjustments": ["Braille"]}, ["Braille copy"]),
        ({"adjustments": ["audio", "braille", "Large print"]}, ["Audio copy", "Braille copy"]),
        ({"language": "Polish"}, ["Copy in Polish"]),
        ({"language": "English"}, []),
        ({"language": " en "}, []),
        ({"adjustments": ["More time"]}, []),
    ],
)
def test_a_copy_is_asked_for_as_the_person_needs_it(
    grace: Viewer, person: dict[str, object], kinds: list[str]
) -> None:
    case = answered(grace, **person)
    found = accessible_copies.open_of_case(db.session(), case)
    assert sorted(map(accessible_copies.kind_of, found)) == kinds
    asked = db.session.scalars(select(Event).where(Event.action == "copy_asked")).all()
    assert len(asked) == len(kinds)


def test_a_copy_is_named_by_its_kind_its_letter_and_its_reader(grace: Viewer) -> None:
    case = answered(grace, adjustments=["Braille"])
    (copy,) = accessible_copies.open_of_case(db.session(), case)
    assert accessible_copies.label(db.session(), copy) == (
        "Braille copy of “Our answer” for Ms Boateng"
    )


def test_without_a_copy_the_window_counts_from_the_answer(grace: Viewer) -> None:
    assert window(answered(grace)) == (date(2026, 12, 22), "With resident")


def test_while_a_copy_is_to_be_made_the_window_is_paused(grace: Viewer) -> None:
    assert window(answered(grace, adjustments=["Braille"])) == (None, "Paused")


@pytest.mark.parametrize(
    ("went_on", "last_day"),
    [
        (date(2026, 11, 24), date(2026, 12, 22)),  # on the same day: nothing is lost
        (date(2026, 11, 30), date(2026, 12, 30)),  # a Monday: day 1 is Tuesday; two holidays
        (date(2026, 12, 4), date(2027, 1, 6)),  # a Friday: day 1 is Monday
        (date(2026, 12, 5), date(2027, 1, 6)),  # a Saturday, as if on the Friday
    ],
)
def test_the_window_counts_from_the_day_on_which_the_copy_went(
    grace: Viewer, clock: SetClock, went_on: date, last_day: date
) -> None:
    case = answered(grace, adjustments=["Braille"])
    clock.move_to(london(f"{went_on} 17:00"))
    (copy,) = accessible_copies.open_of_case(db.session(), case)

    goes(case, copy, went_on, grace)

    calendar = steps.open_step(db.session(), instance_of(case), PROCEDURE).calendar
    assert window(case) == (last_day, "With resident")
    assert last_day == calendar.working_days(20, went_on)
    assert accessible_copies.open_of_case(db.session(), case) == []


def test_the_window_waits_for_the_last_of_several_copies(grace: Viewer, clock: SetClock) -> None:
    case = answered(grace, adjustments=["Braille", "Audio"])
    clock.move_to(london("2026-11-30 17:00"))
    first, second = accessible_copies.open_of_case(db.session(), case)

    goes(case, first, date(2026, 11, 25), grace)
    assert window(case) == (None, "Paused")
    goes(case, second, date(2026, 11, 30), grace)
    assert window(case) == (date(2026, 12, 30), "With resident")


def test_somebody_elses_copy_does_not_hold_up_the_contacts_window(grace: Viewer) -> None:
    case = small.complaint(grace)
    small.joins(case, "other_resident", "Ama Osei", email="a@example.org", adjustments=["Braille"])

    small.does(grace, case, answer="We agree.")

    (copy,) = accessible_copies.open_of_case(db.session(), case)
    assert accessible_copies.label(db.session(), copy).endswith("for Ama Osei")
    assert window(case) == (date(2026, 12, 22), "With resident")


def test_the_why_of_the_window_tells_the_pause(grace: Viewer) -> None:
    case = answered(grace, adjustments=["Braille"])
    row = db.session.scalars(select(Deadline).where(Deadline.element == "window")).one()
    assert row.why.endswith("paused from Tuesday 24 November 2026 and still paused")
    (copy,) = accessible_copies.open_of_case(db.session(), case)
    goes(case, copy, date(2026, 11, 24), grace)
    db.session.refresh(row)
    assert row.why.endswith("until Wednesday 25 November 2026")


@pytest.mark.parametrize(("person", "dated"), [({}, True), ({"language": "Polish"}, False)])
def test_a_letter_prints_no_last_day_while_that_waits_for_a_copy(
    grace: Viewer, person: dict[str, object], dated: bool
) -> None:
    case = small.complaint(grace, **person)
    task = db.session.scalars(select(Task).where(Task.case_id == case.id)).one()
    typed = tasks.get_open(grace, task.id).form.definition.as_typed({"answer": "We agree."})
    shown = tasks.preview(grace, tasks.get_open(grace, task.id, typed))

    small.does(grace, case, answer="We agree.")

    sent = FilledLetter.from_json(small.letters_of(case)[case.resident.id].blocks)
    assert shown is not None
    for letter in (shown, sent):
        assert ("Ask again by Tuesday 22 December 2026" in to_plain(letter)) is dated


def test_the_post_room_sees_what_is_to_be_made_but_not_of_cases_kept_from_it(
    grace: Viewer,
) -> None:
    case = answered(grace, language="Polish")
    (row,) = outbox.page(grace).copies
    assert (row.kind, row.to, row.case.reference) == (
        "Copy in Polish",
        "Ms Boateng",
        case.reference,
    )

    with transaction() as session:
        session.add(
            Conflict(landlord_id=small.SMALL, case_id=case.id, user_id=grace.user_id, reason="")
        )
    assert outbox.page(grace).copies == []
