"""What was promised is followed up until it is done, though the case is closed meanwhile."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import AccessibleCopy, Deadline, Letter, User
from app.services import deployments, rows, tasks, watch
from tests.cases import first_team, london, open_task, told
from tests.forms.form_kit import component, group, schema
from tests.putting_right import (
    CALL,
    FOLLOW_UP,
    GATE,
    answered,
    files,
    promised,
    put_right,
    staff,
    timeline,
)


@pytest.fixture(autouse=True)
def small_procedure(landlord: str) -> None:
    put_right(landlord)


def followed(landlord: str, at: str, **answers: Any) -> dict[str, Any]:
    return staff(landlord, "grace", at, "follow_up", answers=answers)


def test_the_work_begins_when_something_is_promised_and_ends_when_all_is_done(
    landlord: str,
) -> None:
    steps = answered(landlord, **GATE, **CALL)
    steps[2] |= {
        "expect": {
            "open": {"follow_up": first_team(landlord)},
            "deadlines": {"promise_due": "2026-11-30"},
            "facts": {"promises_made_on": "2026-11-25", "promise_due_on": "2026-11-30"},
        },
    }
    rung = followed(landlord, "2026-11-30 12:00", promise_done_on__2="2026-11-30",
                    promise_note__2="She is glad.")  # fmt: skip
    rung["expect"] = {
        "open": {"follow_up": first_team(landlord)},
        "deadlines": {"promise_due": "2026-12-04"},
        "late": [],
    }
    repaired = followed(landlord, "2026-12-04 16:00", promise_done_on__1="2026-12-03")
    repaired["expect"] = {"open": {}, "late": [], "facts": {"promises_made_on": None}}

    case = told(landlord, [*steps, rung, repaired])

    gate, call = promised(case)
    assert (call.done_on, call.note) == (date(2026, 11, 30), "She is glad.")
    assert gate.done_on == date(2026, 12, 3)
    assert db.session.get_one(User, gate.done_by).name == "Grace"
    assert timeline(case)[2:] == [
        "Promise kept: Ring you about the key. On Monday 30 November 2026. She is glad.",
        "Promise kept: Repair the gate. On Thursday 3 December 2026.",
    ]


def test_a_form_in_which_nothing_is_said_changes_nothing(landlord: str) -> None:
    steps = answered(landlord, **GATE)
    nothing = followed(landlord, "2026-11-27 09:00")
    nothing["expect"] = {
        "open": {"follow_up": first_team(landlord)},
        "deadlines": {"promise_due": "2026-12-04"},
    }

    (gate,) = promised(told(landlord, [*steps, nothing]))
    assert (gate.done_on, gate.due_on, gate.note) == (None, date(2026, 12, 4), "")


def test_a_date_moves_with_its_reason_and_the_first_one_is_kept(landlord: str) -> None:
    steps = answered(landlord, **GATE)
    moved = followed(landlord, "2026-12-03 09:00", promise_new_by__1="2026-12-11",
                     promise_note__1="The hinge has to be made.")  # fmt: skip
    moved["expect"] = {"deadlines": {"promise_due": "2026-12-11"}, "late": []}

    case = told(landlord, [*steps, moved])

    (gate,) = promised(case)
    assert (gate.first_due_on, gate.due_on) == (date(2026, 12, 4), date(2026, 12, 11))
    assert gate.note == (
        "Moved from Friday 4 December 2026 to Friday 11 December 2026: The hinge has to be made."
    )
    assert timeline(case)[-1] == (
        "Promise moved: Repair the gate. From Friday 4 December 2026 to Friday 11 December 2026: "
        "The hinge has to be made."
    )


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({"promise_new_by__1": "2026-12-11"}, "form: promise_note__1 (Say why the date moves)"),
        (
            {"promise_done_on__1": "2026-11-24"},
            "form: promise_done_on__1 (Done on must be Wednesday 25 November 2026 or later)",
        ),
        (
            {"promise_new_by__1": "2026-11-24", "promise_note__1": "x"},
            "form: promise_new_by__1 (New date must be Wednesday 25 November 2026 or later)",
        ),
        (
            {"promise_done_on__1": "2026-12-02"},
            "form: promise_done_on__1 (Done on must be today or earlier)",
        ),
        (
            {"promise_done_on__1": "2026-11-30", "promise_new_by__1": "2026-12-11"},
            "form: promise_new_by__1 (Leave this date empty: it is done)",
        ),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    landlord: str, answers: dict[str, str], refused: str
) -> None:
    wrong = followed(landlord, "2026-12-01 09:00", **answers)
    wrong["expect"] = {"refused": refused}

    (gate,) = promised(told(landlord, [*answered(landlord, **GATE), wrong]))
    assert (gate.done_on, gate.due_on) == (None, date(2026, 12, 4))


def test_a_late_promise_is_a_missed_duty_and_alerts(landlord: str) -> None:
    late = {
        "at": "2026-12-05 00:01",
        "expect": {"late": ["promise_due"], "alerts": ["promise_alert"]},
    }
    case = told(landlord, [*answered(landlord, **GATE), late])

    duty = db.session.scalars(
        select(Deadline).where(Deadline.case_id == case.id, Deadline.element == "promise_due")
    ).one()
    assert (duty.kind, duty.missed_on) == ("duty", date(2026, 12, 4))
    done = followed(landlord, "2026-12-09 09:00", promise_done_on__1="2026-12-08")
    case = told(landlord, [*answered(landlord, **GATE), done])
    assert timeline(case)[-1] == (
        "Promise kept: Repair the gate. On Tuesday 8 December 2026, after its date."
    )


def test_a_closed_case_stays_closed_while_its_promises_are_followed_up(landlord: str) -> None:
    far = GATE | {"promise_by__1": "2027-01-29"}
    closed = {
        "at": "2026-12-16 00:01",  # the resident's window is over
        "expect": {
            "status": "closed",
            "outcome": "answered",
            "open": {"follow_up": first_team(landlord)},
        },
    }
    late = {
        "at": "2027-01-30 00:01",
        "expect": {"status": "closed", "alerts": ["promise_alert"]},
    }
    done = followed(landlord, "2027-02-01 09:00", promise_done_on__1="2027-02-01")
    done["expect"] = {"status": "closed", "open": {}}

    (gate,) = promised(told(landlord, [*answered(landlord, **far), closed, late, done]))
    assert gate.done_on == date(2027, 2, 1)


def test_the_next_promise_is_followed_up_after_all_was_done(landlord: str) -> None:
    again = {"answer": "Once more."} | GATE | {"promise_by__1": "2026-12-18"}
    steps = [
        *answered(landlord, **GATE),
        followed(landlord, "2026-12-01 09:00", promise_done_on__1="2026-12-01"),
        {"at": "2026-12-02 09:00", "who": "resident", "does": "asks_again", "answers": {}},
        staff(landlord, "grace", "2026-12-02 10:00", "answer", answers=again),
        staff(landlord, "head", "2026-12-02 11:00", "approve", answers={"answer_fits": True})
        | {
            "expect": {
                "open": {"follow_up": first_team(landlord)},
                "deadlines": {"promise_due": "2026-12-18"},
            }
        },
        # the second promise of the case is the first on the page
        followed(landlord, "2026-12-03 09:00", promise_done_on__1="2026-12-03")
        | {"expect": {"open": {}}},
    ]

    assert [row.done_on for row in promised(told(landlord, steps))] == [
        date(2026, 12, 1),
        date(2026, 12, 3),
    ]


def test_promises_of_two_letters_are_followed_up_in_one_task(landlord: str) -> None:
    again = {"answer": "Once more."} | GATE | {"promise_by__1": "2026-12-18"}
    one_task = {"open": {"follow_up": first_team(landlord)}}
    steps = [
        *answered(landlord, **GATE),
        {"at": "2026-11-26 09:00", "who": "resident", "does": "asks_again", "answers": {}},
        staff(landlord, "grace", "2026-11-26 10:00", "answer", answers=again),
        staff(landlord, "head", "2026-11-26 11:00", "approve", answers={"answer_fits": True})
        | {"expect": one_task},
        followed(landlord, "2026-12-03 09:00", promise_done_on__1="2026-12-03")
        | {"expect": one_task | {"deadlines": {"promise_due": "2026-12-18"}}},
    ]

    case = told(landlord, steps)
    assert open_task(case).element == "follow_up"  # one, not two


def test_what_was_late_stays_late_though_nobody_looked_in_time(
    landlord: str, clock: SetClock, person: Any
) -> None:
    """The server stood still when the promise fell due, and the next thing is that it was kept."""
    case = told(landlord, answered(landlord, **GATE))
    clock.move_to(london("2026-12-09 09:00"))
    viewer = person("idris", teams=(first_team(landlord),))
    task = open_task(case)
    done = {"day": "8", "month": "12", "year": "2026"}
    typed = tasks.Typed({f"promise_done_on__1-{part}": text for part, text in done.items()})
    form = tasks.get_open(viewer, task.id, typed).form
    assert form.check()
    tasks.submit(viewer, task.id, form)

    duty = db.session.scalars(
        select(Deadline).where(Deadline.case_id == case.id, Deadline.element == "promise_due")
    ).one()
    assert (duty.due_on, duty.missed_on) == (date(2026, 12, 4), date(2026, 12, 4))


def test_the_page_heads_each_promise_with_what_who_and_how_late(
    landlord: str, clock: SetClock
) -> None:
    case = told(landlord, answered(landlord, **GATE))
    clock.move_to(london("2026-12-09 09:00"))
    definition = deployments.live(landlord).forms["follow_up"]

    (row,) = rows.asked(db.session(), case, definition, {})["promise"]
    assert row.label == "Repair the gate — Repairs, by Friday 4 December 2026 (3 days late)"


def test_the_manager_finds_a_late_promise_of_a_closed_case(
    landlord: str, clock: SetClock, person: Any
) -> None:
    manager = person("ivy", "manager")
    told(landlord, [*answered(landlord, **GATE), {"at": "2026-12-17 09:00"}])

    room = watch.control_room(manager, "promises")
    assert (room.numbers["open"], room.numbers["promises"]) == (0, 1)
    assert [row.case.status for row in room.rows] == ["closed"]
    assert watch.control_room(manager, "").rows == []


def test_a_copy_that_was_sent_is_taken_by_its_number(landlord: str, person: Any) -> None:
    copies = group("Copies", component("datetime", "copy_sent_on", "Sent on"),
                   properties={"for_each": "copy"})  # fmt: skip
    form = schema(FOLLOW_UP, copies, id="follow_up")
    own = files(landlord) | {"forms/follow_up.form": form}
    deployments.deploy(landlord, own)
    case = told(landlord, answered(landlord, **GATE))
    letter = db.session.scalars(select(Letter).where(Letter.case_id == case.id)).one()
    for n, kind in enumerate(("braille", "audio"), 1):
        db.session.add(
            AccessibleCopy(
                landlord_id=landlord, id=f"{n}" * 32, case_id=case.id, letter_id=letter.id,
                person_id=case.resident.id, kind=kind, asked_at=london(f"2026-11-25 1{n}:00"),
            )
        )  # fmt: skip
    db.session.commit()
    viewer = person("idris", teams=(first_team(landlord),))

    def page(typed: dict[str, str] | None = None) -> tasks.OpenTask:
        posted = tasks.Typed(typed) if typed is not None else None
        return tasks.get_open(viewer, open_task(case).id, posted)

    day = {
        "copy_sent_on__2-day": "25",
        "copy_sent_on__2-month": "11",
        "copy_sent_on__2-year": "2026",
    }
    filled = page(day)
    assert filled.form.check()
    tasks.submit(viewer, filled.task.id, filled.form)

    db.session.expire_all()
    assert db.session.get_one(AccessibleCopy, (landlord, "2" * 32)).sent_on == date(2026, 11, 25)
    left = [field.key for field in page().form.fields if field.each == "copy"]
    assert left == ["copy_sent_on__1"]
    assert timeline(case)[-1] == (
        "Copy sent: Audio copy of “Our answer” for Kezia Boateng. On Wednesday 25 November 2026."
    )
