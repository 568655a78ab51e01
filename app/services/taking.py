"""A checked form is taken: kept whole as an answer, and each thing in it put where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.services import (
    kept_out,
    lessons,
    points,
    progress,
    representatives,
)
from app.services.answers import keep_answer
from app.services.complaints import add_points, claim_blobs, update_person

if TYPE_CHECKING:
    from app.services.steps import Step
    from forms import BoundForm


def take(step: Step, form: BoundForm, element: str, task_id: str | None = None) -> dict[str, Any]:
    """Keep a form's answers: points, files, contact details and lessons; return them.

    Facts are the engine's matter, and the letter's texts the step's.
    """
    answers = form.answers
    keep_answer(
        step.session,
        step.case,
        element=element,
        form=form.definition.name,
        values=answers,
        by=step.actor,
        at=step.now,
        task_id=task_id,
    )
    points.answered(step.session, step.case, answers)
    add_points(step.session, step.case, form, step.actor)
    progress.follow_up(step, form)
    claim_blobs(step.session, step.case, form)
    lessons.keep(step, answers, element)
    if step.actor.user_id:  # what a resident writes in a message changes no record of ours
        update_person(step.case.resident, answers)
        representatives.take(step, answers)
        kept_out.take_named(step, form)
    return answers
