"""What came after the answers: promises, payments, learning, and what residents say of us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db
from app.models import Answer, Lesson, Letter, Promise
from app.services.reporting.figures import (
    Figure,
    Group,
    Scope,
    Section,
    by_value,
    counted,
    names_one_of,
)
from forms import Field
from timers.calendar import london_date

ASKS = "satisfaction"  # the letter that asks
ANSWERS = "satisfied_"  # the keys of a form that answer begin with it


def promises(scope: Scope) -> Section:
    """What we promised, and whether it was done when we said."""
    rows = list(db.session.scalars(select(Promise).where(Promise.landlord_id == scope.landlord_id)))
    actions = [row for row in rows if row.kind != "payment"]
    payments = [row for row in rows if row.kind == "payment"]
    made = [row for row in payments if london_date(row.made_at) in scope.period]
    paid = [row for row in payments if row.done_on in scope.period]
    groups = [
        Group("Promises", _kept("promise", actions, scope)),
        Group(
            "Payments",
            [
                _number("payment.made", "Payments promised", made),
                _sum("payment.made_sum", "Sum promised", made),
                _number("payment.paid", "Payments made", paid),
                _sum("payment.paid_sum", "Sum paid", paid),
                *_kept("payment", payments, scope),
            ],
        ),
    ]
    note = "Done in time by the day it was done; late by the day on which it was due."
    return Section("promises", "Promises and payments", note, groups)


def _kept(key: str, rows: list[Promise], scope: Scope) -> list[Figure]:
    """As for our limits: each belongs to one period only. The last date that was agreed counts."""
    late = [row for row in rows if _is_late(row) and row.due_on in scope.period]
    in_time = [row for row in rows if not _is_late(row) and row.done_on in scope.period]
    open_ = [row for row in late if row.done_on is None or row.done_on > scope.period.last]
    moved = [row for row in late + in_time if row.due_on != row.first_due_on]
    return [
        _number(f"{key}.in_time", "Done in time", in_time),
        _number(f"{key}.late", "Late", late),
        _number(f"{key}.not_done", "Late, and not done by the end", open_),
        _number(f"{key}.moved", "Of all these: the date was moved", moved),
    ]


def _is_late(row: Promise) -> bool:
    return (row.done_on or clock.today()) > row.due_on


def _number(key: str, words: str, rows: Iterable[Promise]) -> Figure:
    return counted(key, words, (row.case_id for row in rows))


def _sum(key: str, words: str, rows: list[Promise]) -> Figure:
    total = sum((Decimal(row.amount or "0") for row in rows), Decimal("0.00"))
    return Figure(key, words, total, tuple(dict.fromkeys(r.case_id for r in rows)), "pounds")


def learning(scope: Scope) -> Section:
    """Lessons recorded and published."""
    rows = list(db.session.scalars(select(Lesson).where(Lesson.landlord_id == scope.landlord_id)))
    recorded = (row.case_id for row in rows if london_date(row.at) in scope.period)
    published = (row.case_id for row in rows if row.published_on in scope.period)
    figures = [
        counted("lessons.recorded", "Lessons recorded", recorded),
        counted("lessons.published", "Lessons published on the website", published),
    ]
    note = "By the day on which it was recorded, and published."
    return Section("learning", "Learning", note, [Group("Lessons", figures)])


def satisfaction(scope: Scope) -> Section:
    """Who was asked, and what they said; of one case the last answer of the period counts."""
    begins, ends = scope.period.instants
    asked = db.session.scalars(
        select(Letter.case_id).where(
            Letter.landlord_id == scope.landlord_id,
            Letter.template == ASKS,
            Letter.written_at >= begins,
            Letter.written_at < ends,
        )
    )
    said = {
        case_id: values
        for case_id, values in db.session.execute(
            select(Answer.case_id, Answer.values)
            .where(Answer.landlord_id == scope.landlord_id, Answer.at >= begins, Answer.at < ends)
            .where(names_one_of(Answer.values, ANSWERS))
            .order_by(Answer.at, Answer.id)
        )
        if any(key.startswith(ANSWERS) for key in values)
    }
    groups = [
        Group(
            "In all",
            [
                counted("satisfaction.asked", "Asked by letter or e-mail", asked),
                counted("satisfaction.answered", "Answered", said),
            ],
        ),
        *(_answers(field, said) for field in _questions(scope)),
    ]
    note = "By the day on which the answer was recorded."
    return Section("satisfaction", "Satisfaction", note, groups)


def _answers(field: Field, said: Mapping[str, Mapping[str, Any]]) -> Group:
    values = ((case_id, str(each.get(field.key) or "")) for case_id, each in said.items())
    words = {option.value: option.label for option in field.options}
    key = f"satisfaction.{field.key}"
    return Group(field.label, by_value(key, filter(itemgetter(1), values), words), True)


def _questions(scope: Scope) -> list[Field]:
    """What the live forms ask, each question once."""
    fields = (field for form in scope.deployed.forms.values() for field in form.fields)
    return list({f.key: f for f in fields if f.key.startswith(ANSWERS) and f.options}.values())
