"""What a letter says is promised when it goes: what we will do, and what we will pay."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.db import db
from app.letters import FilledLetter, to_plain
from app.models import Letter, User
from app.services import deployments
from tests.cases import london, told
from tests.putting_right import CALL, GATE, answered, files, promised, put_right, staff, timeline

PAYMENT = {
    "award": "150.00",
    "payment_for": ["time_and_trouble", "loss"],
    "payment_reason": "Three visits at £50.",
    "payment_by": "2026-12-08",
}
APPROVES = b'<camunda:property name="approves" value="answer"/>'


@pytest.fixture(autouse=True)
def small_procedure(landlord: str) -> None:
    put_right(landlord)


def test_nothing_is_promised_before_the_letter_goes(landlord: str) -> None:
    case = told(landlord, answered(landlord, **GATE)[:2])

    assert promised(case) == []


def test_what_the_letter_says_is_promised_once_when_it_goes(landlord: str) -> None:
    case = told(landlord, answered(landlord, **GATE, **CALL))

    gate, call = promised(case)
    assert (gate.n, gate.kind, gate.text, gate.who) == (1, "action", "Repair the gate", "Repairs")
    assert gate.first_due_on == gate.due_on == date(2026, 12, 4)
    assert gate.made_at == london("2026-11-25 10:00") and gate.element == "answer"
    assert db.session.get_one(User, gate.made_by).name == "Grace"
    assert (call.n, call.text, call.due_on) == (2, "Ring you about the key", date(2026, 11, 30))
    assert timeline(case) == [
        "Promised: Repair the gate. By Friday 4 December 2026.",
        "Promised: Ring you about the key. By Monday 30 November 2026.",
    ]


def test_the_letter_lists_what_is_promised(landlord: str) -> None:
    case = told(landlord, answered(landlord, **GATE, **CALL))

    letter = db.session.scalars(select(Letter).where(Letter.case_id == case.id)).one()
    text = to_plain(FilledLetter.from_json(letter.blocks))
    assert "Repair the gate — Repairs, by Friday 4 December 2026" in text
    assert "Ring you about the key — Ms Holt, by Monday 30 November 2026" in text


def test_a_letter_that_is_written_again_before_it_goes_promises_what_it_says_last(
    landlord: str,
) -> None:
    steps = answered(landlord, **GATE, **CALL)
    steps[2]["answers"] = {"answer_fits": False}
    again = {"answer": "Better."} | GATE | {"promise_by__1": "2026-12-11"}
    steps += [
        staff(landlord, "grace", "2026-11-25 14:00", "answer", answers=again),
        staff(landlord, "head", "2026-11-26 10:00", "approve", answers={"answer_fits": True}),
    ]

    assert [row.due_on for row in promised(told(landlord, steps))] == [date(2026, 12, 11)]


def test_a_second_letter_adds_its_own_promises_and_repeats_none(landlord: str) -> None:
    steps = answered(landlord, **GATE)
    again = {"answer": "Once more."} | {k.replace("2", "1"): v for k, v in CALL.items()}
    steps += [
        {"at": "2026-11-26 09:00", "who": "resident", "does": "asks_again", "answers": {}},
        staff(landlord, "grace", "2026-11-26 10:00", "answer", answers=again),
        staff(landlord, "head", "2026-11-26 11:00", "approve", answers={"answer_fits": True}),
    ]

    case = told(landlord, steps)
    assert [(row.n, row.text) for row in promised(case)] == [
        (1, "Repair the gate"),
        (2, "Ring you about the key"),
    ]


def test_a_payment_is_kept_with_its_reason_and_who_approved_it(landlord: str) -> None:
    case = told(landlord, answered(landlord, **GATE, **PAYMENT))

    _, payment = promised(case)
    assert (payment.kind, payment.text) == ("payment", "Pay £150.00: loss, time and trouble")
    assert (payment.amount, payment.reason) == ("150.00", "Three visits at £50.")
    assert payment.due_on == date(2026, 12, 8)
    assert db.session.get_one(User, payment.approved_by).name == "Head"
    assert promised(case)[0].approved_by is None


def test_where_nobody_approves_nobody_is_named(landlord: str) -> None:
    own = files(landlord)
    stage = own["stage.bpmn"].replace(APPROVES, b"")
    assert stage != own["stage.bpmn"]
    deployments.deploy(landlord, own | {"stage.bpmn": stage})

    (payment,) = promised(told(landlord, answered(landlord, **PAYMENT)))
    assert payment.approved_by is None


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("payment_reason", "Say how the amount was worked out"),
        ("payment_by", "Say by when it is paid"),
    ],
)
def test_a_payment_needs_its_reason_and_its_date(landlord: str, missing: str, said: str) -> None:
    steps = answered(landlord, **{k: v for k, v in PAYMENT.items() if k != missing})[:2]
    steps[1]["expect"] = {"refused": f"form: {missing} ({said})"}

    told(landlord, steps)


def test_no_payment_is_no_promise(landlord: str) -> None:
    assert promised(told(landlord, answered(landlord, award="0"))) == []
