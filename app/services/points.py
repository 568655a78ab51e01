"""The points of a complaint: each is answered before a response can go."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import BadInput
from app.models import Case, Point
from app.services import steps
from app.services.access import get_case, instance_of
from app.services.complaints import add_point_row
from app.viewer import Viewer


def of_case(session: Session, case: Case) -> list[Point]:
    """The points of a case, in order."""
    return list(
        session.scalars(
            select(Point)
            .where(Point.landlord_id == case.landlord_id, Point.case_id == case.id)
            .order_by(Point.n)
        )
    )


def add(viewer: Viewer, reference: str, text: str) -> Point:
    """Add a point that the resident has raised."""
    if not text.strip():
        raise BadInput({"text": "Write the point in one sentence."})
    if len(text) > 500:
        raise BadInput({"text": "Keep the point to 500 characters."})
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        point = add_point_row(session, case, text.strip(), viewer)
        step = steps.open_step(session, instance_of(case), viewer)
        step.write("point_added", point=point.text)
        return point


def answered(session: Session, case: Case, answers: dict[str, Any]) -> None:
    """Keep the outcome that an answer gives to each point."""
    for point in of_case(session, case):
        if outcome := answers.get(f"outcome__{point.n}"):
            point.outcome = str(outcome)
