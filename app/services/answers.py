"""Submitted forms, kept whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models import Answer, Case
from app.models.base import new_id
from app.pipeline import append
from app.viewer import Viewer


def keep_answer(
    session: Session,
    case: Case,
    *,
    element: str,
    form: str,
    values: dict[str, Any],
    by: Viewer,
    at: datetime,
    task_id: str | None = None,
) -> None:
    """Store a checked form whole."""
    append(
        session,
        Answer,
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        element=element,
        task_id=task_id,
        form=form,
        by=by.user_id,
        at=at,
        values=values,
    )


def answers_of(session: Session, case: Case) -> list[Answer]:
    """Every answer of a case, oldest first."""
    return list(
        session.scalars(
            select(Answer)
            .where(Answer.landlord_id == case.landlord_id, Answer.case_id == case.id)
            .order_by(Answer.at, Answer.id)
        )
    )


NEWEST = (  # asked for each task that opens: built once
    select(Answer)
    .where(
        Answer.landlord_id == bindparam("landlord"),
        Answer.case_id == bindparam("case"),
        Answer.element == bindparam("element"),
    )
    .order_by(Answer.at.desc(), Answer.id.desc())
    .limit(1)
)


def newest_answer(session: Session, case: Case, element: str) -> Answer | None:
    """The newest answer to an element, or None."""
    key = {"landlord": case.landlord_id, "case": case.id, "element": element}
    return session.scalar(NEWEST, key)
