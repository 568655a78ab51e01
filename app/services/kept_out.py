"""People who are kept out of a case: complained about, or with a conflict of interest."""

from __future__ import annotations

from sqlalchemy import select, update

from app.db import db, transaction
from app.errors import BadInput
from app.models import Case, Conflict, Task, User
from app.services import steps
from app.services.access import get_case, instance_of
from app.viewer import Viewer


def kept_out(viewer: Viewer, reference: str) -> list[tuple[User, str]]:
    """Who may not see a case, and why."""
    case = get_case(viewer, reference)
    rows = db.session.execute(
        select(User, Conflict.reason)
        .join(Conflict, Conflict.user_id == User.id)
        .where(Conflict.landlord_id == case.landlord_id, Conflict.case_id == case.id)
        .order_by(User.name)
    )
    return [(user, reason) for user, reason in rows]


def keep_out(viewer: Viewer, reference: str, user_id: str, reason: str) -> Case:
    """From now on this person cannot find, open, be given or be told of the case.

    One may name oneself. Tasks that the person had claimed go back to the team. Raises BadInput.
    """
    errors = {}
    user = db.session.get(User, user_id)
    if user is None or user.landlord_id != viewer.landlord_id:
        errors["user_id"] = "Choose a person from the list."
    if not reason.strip():
        errors["reason"] = "Say why, in a few words: complained about, a relative, a neighbour …"
    if len(reason) > 300:
        errors["reason"] = "Keep the reason to 300 characters."
    if errors:
        raise BadInput(errors)
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        session.merge(
            Conflict(
                landlord_id=case.landlord_id,
                case_id=case.id,
                user_id=user_id,
                reason=reason.strip(),
            )
        )
        session.execute(
            update(Task)
            .where(
                Task.landlord_id == case.landlord_id,
                Task.case_id == case.id,
                Task.status == "open",
                Task.claimed_by == user_id,
            )
            .values(claimed_by=None, claimed_at=None)
        )
        step = steps.open_step(session, instance_of(case), viewer)
        step.write("kept_out", to=user_id, reason=reason.strip())
        return case
