"""People who are kept out of a case: complained about, or with a conflict of interest.

Cases that are linked show each other's words, so whoever is kept out of one is kept out of all.
"""

from __future__ import annotations

from sqlalchemy import select, update

from app.db import db, transaction
from app.errors import BadInput
from app.models import Case, Conflict, Task, User
from app.services import standing, steps
from app.services.access import get_case, instance_of
from app.services.links import linked_with
from app.services.steps import Step
from app.viewer import Viewer
from forms import BoundForm


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
        _keep_out(steps.open_step(session, instance_of(case), viewer), user_id, reason.strip())
        return case


def take_named(step: Step, form: BoundForm) -> None:
    """Keep out whoever a checked form names in a field with `keeps_out`."""
    for field in form.applicable:
        if field.keeps_out:
            answer = form.answers[field.key]
            for user_id in answer if isinstance(answer, list) else [answer]:
                if user_id:
                    _keep_out(step, user_id, f"Named in “{field.label}”"[:300])


def _keep_out(step: Step, user_id: str, reason: str) -> None:
    """Write the conflict, give claimed tasks back and tell it in the history of each case."""
    session, case = step.session, step.case
    for one in (case, *linked_with(session, case)):
        if session.get(Conflict, (one.landlord_id, one.id, user_id)) is not None:
            continue
        session.add(
            Conflict(landlord_id=one.landlord_id, case_id=one.id, user_id=user_id, reason=reason)
        )
        session.execute(
            update(Task)
            .where(
                Task.landlord_id == one.landlord_id,
                Task.case_id == one.id,
                Task.status == "open",
                Task.claimed_by == user_id,
            )
            .values(claimed_by=None, claimed_at=None)
        )
        told = step if one is case else steps.open_step(session, instance_of(one), step.actor)
        told.write("kept_out", to=user_id, reason=reason)
        standing.note(told.file, told.deployed)
    session.flush()
