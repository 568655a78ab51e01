"""The page after a lost race: who was faster, both texts, the ways on. Nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import TaskIsOver
from app.models import Draft, Task
from app.services import tasks
from app.services.letters import full_date
from app.services.references import spaced
from app.web.kept import compared

KEPT_FOR = timedelta(days=7)


def conflict_page(error: TaskIsOver) -> ResponseReturnValue:
    """Status 409. The text was kept as a draft before the error came here."""
    task, counted, kept = tasks.lost_texts(g.viewer, error.task_id or "")
    page = render_template(
        "tasks/conflict.html",
        message=error.message,
        task=task,
        case=task.case,
        reference=spaced(task.case.reference),
        who=tasks.name_of(task.closed_by),
        done_by_viewer=task.status == "done" and task.closed_by == g.viewer.user_id,
        counted=counted,
        kept=kept,
        both=compared(task, counted, kept) if kept else None,
        before_you=_before_you(task, kept),
        until=full_date((kept.saved_at + KEPT_FOR).astimezone(clock.LONDON).date()) if kept else "",
    )
    return page, 409


def _before_you(task: Task, kept: Draft | None) -> str:
    """“, 3 minutes before you”, where it was minutes."""
    if kept is None or task.closed_at is None:
        return ""
    minutes = round((kept.saved_at - task.closed_at).total_seconds() / 60)
    if not 0 <= minutes < 120:
        return ""
    return {0: ", just before you", 1: ", a minute before you"}.get(
        minutes, f", {minutes} minutes before you"
    )
