"""When a timer of a diagram falls due: a date worked out from facts, again after every step."""

from __future__ import annotations

from datetime import date, datetime

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimeDateEventDefinition
from SpiffWorkflow.task import Task

from app.engine.diagram import Element
from app.engine.problems import ExpressionRefused, standing_at
from timers.calendar import falls_due_at

FIRST_YEAR, LAST_YEAR = 1900, 2200  # no deadline lies outside


class DueDate(TimeDateEventDefinition):
    """The date of one timer, kept in its token as ISO text under the timer's name.

    Several timers share a token behind an event-based gateway. The date is None while a fact is
    missing or a pause is open. A timer whose `met_by` fact is known has nothing to say any more.
    """

    def __init__(self, timer: Element) -> None:
        super().__init__(timer.id, timer.expression)
        self.kind = timer.properties.get("kind") or ("duty" if timer.attached_to else "window")
        self.met_by = timer.properties.get("met_by")
        self.repeats = timer.properties.get("repeat") == "working_day"

    def work_out(self, task: Task) -> str | None:
        """The due date by the facts and calendar of now."""
        with standing_at(self.name):
            due_on = task.workflow.script_engine.evaluate(task, self.expression)
            if due_on is None:
                return None
            if type(due_on) is not date or not FIRST_YEAR <= due_on.year <= LAST_YEAR:
                said = f"gives {due_on!r}, which is no date to keep"
                raise ExpressionRefused(self.expression, said)
            return due_on.isoformat()

    def fires_at(self, task: Task) -> datetime | None:
        """The instant at which it next fires, None if by what is known it never will."""
        engine = task.workflow.script_engine
        if self.met_by and engine.facts.values.get(self.met_by) is not None:
            return None
        # `again` is set once a repeating alert has fired for its date
        due_on = task.internal_data.get("again") or self.due_on(task)
        return falls_due_at(date.fromisoformat(due_on), self.kind) if due_on else None

    def due_on(self, task: Task) -> str | None:
        """The due date that counts."""
        dates: dict[str, str | None] = task.internal_data.get("due", {})
        return dates.get(self.name)

    def work_out_again(self, task: Task) -> bool:
        """Let a date that differs from the last one worked out count; tell whether it differs."""
        new, due_on = self.work_out(task), self.due_on(task)
        if new == task.internal_data.get("seen", {}).get(self.name, due_on):
            return False
        task.internal_data.setdefault("due", {})[self.name] = new
        task.internal_data.get("seen", {}).pop(self.name, None)
        return True

    def keep(self, task: Task) -> None:
        """Let the date stand, though a new calendar gives another, until a fact changes."""
        if (new := self.work_out(task)) != self.due_on(task):
            task.internal_data.setdefault("seen", {})[self.name] = new

    def has_fired(self, task: Task) -> bool:
        """Called by Spiff whenever it looks at the waiting token."""
        due = task.internal_data.setdefault("due", {})
        if self.name not in due:
            due[self.name] = self.work_out(task)
        at = self.fires_at(task)
        return at is not None and at <= task.workflow.script_engine.now

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DueDate) and self.name == other.name
