"""Deadlines that have passed keep their date when the calendar or the version changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from SpiffWorkflow.task import Task

from app.engine.timing import DueDate

if TYPE_CHECKING:
    from app.engine.waiting import Waiting


def keep_what_has_passed(instance: Waiting) -> None:
    """A new calendar neither revives nor withdraws a deadline that has passed."""
    for task, timer in _passed(instance):
        timer.keep(task)


def keep_what_stays_passed(instance: Waiting) -> None:
    """A new version revives a deadline that has passed if its date is still to come there.

    Otherwise it stays as it was: what was missed was missed on that day.
    """
    for task, timer in _passed(instance):
        if not instance.is_to_come(timer.work_out(task), timer):
            timer.keep(task)


def _passed(instance: Waiting) -> Iterator[tuple[Task, DueDate]]:
    for task, timer in instance.awaited(DueDate):
        at = timer.fires_at(task)
        if "again" in task.internal_data or (at is not None and at <= instance.until):
            yield task, timer
    for task in instance.fired_alerts():
        yield task, task.task_spec.event_definition
