"""The points of a complaint: each that is ours is answered before a response can go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.models import Case, Point
from forms import FormDefinition

ABOUT = re.compile(r"(outcome|determination|ours|whose)__\d+$")  # keys of answers


OF_CASE = (  # each letter asks several times: built once
    select(Point)
    .where(Point.landlord_id == bindparam("landlord"), Point.case_id == bindparam("case"))
    .order_by(Point.n)
)


def of_case(session: Session, case: Case) -> list[Point]:
    """The points of a case, in order, also those that are not ours or went on elsewhere."""
    return list(session.scalars(OF_CASE, {"landlord": case.landlord_id, "case": case.id}))


def asked_in(session: Session, case: Case, form: FormDefinition) -> list[Point]:
    """The points that a form asks about: of those that are here, ours, unless it asks whose."""
    here = [point for point in of_case(session, case) if point.moved_to is None]
    decides = "ours" in form.point_keys
    return [point for point in here if decides or point.ours != "no"]


def whose_now(point: Point, answers: Mapping[str, Any]) -> tuple[str, str]:
    """Whether a point is ours and, if not, whose, by what was just answered or else is known."""
    ours = str(answers.get(f"ours__{point.n}") or point.ours)
    whose = str(answers.get(f"whose__{point.n}") or point.whose) if ours == "no" else ""
    return ours, whose


def answered(session: Session, case: Case, answers: dict[str, Any]) -> None:
    """Keep the outcome that an answer gives to each point, and whose it is.

    determination: the outcome that the Ombudsman gives to it.
    """
    if not any(ABOUT.match(key) for key in answers):
        return
    for point in of_case(session, case):
        for key in ("outcome", "determination"):
            if outcome := answers.get(f"{key}__{point.n}"):
                point.outcome = str(outcome)[:30]
        ours, whose = whose_now(point, answers)
        point.ours, point.whose = ours, whose[:200]
