"""Equality data: each answer raises one count of its month, and is kept nowhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case as either
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import Case, EqualityCount
from forms import BoundForm, Field

INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def count(session: Session, case: Case, form: BoundForm) -> None:
    """Count what the form that begins a case says about equality. Nothing leads back from it."""
    for field in form.definition.fields:
        if answers := form.equality.get(field.key):
            _count(session, case, field, answers)


def _count(session: Session, case: Case, field: Field, answers: list[str]) -> None:
    """Every answer that there is gets a row, and all rows are written at once.

    So neither the order of the rows nor the newest of them tells what was answered.
    """
    of = {
        "landlord_id": case.landlord_id,
        "month": f"{case.received_on:%Y-%m}",
        "kind": case.kind,
        "field": field.key,
    }
    possible = sorted({option.value for option in field.options} | set(answers))
    insert = INSERT[session.get_bind().dialect.name](EqualityCount)
    rows = [of | {"answer": answer, "times": 0} for answer in possible]
    session.execute(insert.values(rows).on_conflict_do_nothing())
    given = either((EqualityCount.answer.in_(answers), 1), else_=0)
    session.execute(
        update(EqualityCount)
        .filter_by(**of)
        .values(times=EqualityCount.times + given)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
