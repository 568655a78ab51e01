"""A deadline that is due and cannot be taken is let pass: what hangs on it is not done."""

from __future__ import annotations

from datetime import datetime, timedelta

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.task import Task

from app.engine.behaviour import host_of
from app.engine.instance import Instance
from app.engine.problems import Gone
from app.engine.snapshot import HistoryEvent
from app.engine.timing import DueDate

MOMENT = timedelta(microseconds=1)


def skip(instance: Instance, deadline: tuple[str, str], now: datetime) -> None:
    """Fire what was due before, then this one alone, and call off what follows from it."""
    token, at = _due(instance, deadline, now)
    instance.catch_up(now, stop=max(at - MOMENT, instance.engine.now))
    instance.engine.now = max(instance.engine.now, at)
    token.task_spec._update(token)
    instance.pass_element(token)
    token.run()
    for follows in token.children:
        follows.cancel()
    instance.events.append(HistoryEvent("passed_over", deadline[1], instance.engine.now))
    instance.observe()


def _due(instance: Instance, deadline: tuple[str, str], now: datetime) -> tuple[Task, datetime]:
    """The token of a deadline and its instant. Raise Gone if it cannot be passed over."""
    for token, timer in instance.awaited(DueDate):
        beside = isinstance(token.task_spec, BoundaryEvent) and not token.task_spec.cancel_activity
        if beside and (host_of(token).id.hex, timer.name) == deadline:
            at = timer.fires_at(token)
            if at is not None and at <= now:
                return token, at
    raise Gone(f"{deadline[1]!r} is not due, or the case does not go on beside it")
