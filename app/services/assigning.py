"""Who has a task from the beginning: whoever was chosen for it, or the member of a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.models import Case, Conflict, Task
from app.services import panels
from app.services.answers import newest_answer
from app.services.deployments import Deployed

if TYPE_CHECKING:
    from app.services.steps import Step


def assign(step: Step, task: Task) -> None:
    """`assigned_in`: the person chosen in an earlier task gets this one; a panel's are its own."""
    panels.give(step, task)
    from_task = step.deployed.elements[task.element].properties.get("assigned_in")
    if not from_task:
        return
    chosen = chosen_person(step.session, step.deployed, step.case, from_task)
    if chosen and not step.session.get(Conflict, (task.landlord_id, task.case_id, chosen)):
        task.claimed_by, task.claimed_at = chosen, step.now


def chosen_person(session: Session, deployed: Deployed, case: Case, element: str) -> str | None:
    """The user chosen in the newest answer to a task with a person field."""
    answer = newest_answer(session, case, element)
    if answer is None:
        return None
    form = deployed.forms.get(answer.form)
    fields = [field.key for field in form.fields if field.gives_work] if form else []
    return next((answer.values[key] for key in fields if answer.values.get(key)), None)
