"""What an instance waits for: timers with their dates, and messages that are offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.task import Task

from app.engine.diagram import Element
from app.engine.interpreter import Interpreter
from app.engine.procedure import Procedure
from app.engine.snapshot import ArmedDeadline, HistoryEvent, Offer
from app.engine.timing import DueDate
from timers.calendar import COUNTING, falls_due_at

Armed = tuple[str | None, bool]  # the date that counts, and whether the timer has fired
Dates = dict[tuple[str, str], Armed]  # by host and element


class Waiting:
    """The events for which an instance waits, whatever its tokens are kept in."""

    procedure: Procedure
    engine: Interpreter
    until: datetime  # the real instant, which `engine.now` catches up with

    def catching(self) -> Iterable[Task]:
        """The tokens of armed events, always in the same order."""
        raise NotImplementedError

    def fired_alerts(self) -> list[Task]:
        """The tokens of timers that have fired over a host that is open still."""
        raise NotImplementedError

    def host(self, event: Task) -> str:
        """The id of the token that an event hangs over."""
        raise NotImplementedError

    def arm_again(self, alert: Task) -> None:
        """Wait once more for an alert that has fired and whose date is to come again."""
        raise NotImplementedError

    def awaited(self, kind: type) -> Iterator[tuple[Task, Any]]:
        """Armed events of a kind with their tokens, also those behind an event-based gateway."""
        for task in self.catching():
            definition = task.task_spec.event_definition
            for event in getattr(definition, "event_definitions", [definition]):
                if isinstance(event, kind):
                    yield task, event

    # --- timers

    def deadlines(self) -> dict[tuple[str, str], ArmedDeadline]:
        """Every timer whose host is open, by host and element, also those that have fired."""
        return {
            (host, timer.name): _deadline(host, task, timer, fired)
            for host, task, timer, fired in self._timers()
        }

    def dates(self) -> Dates:
        """The date of each of them."""
        return {(h, t.name): (t.due_on(task), fired) for h, task, t, fired in self._timers()}

    def _timers(self) -> Iterator[tuple[str, Task, DueDate, bool]]:
        """Host, token, timer and whether it has fired, of every timer whose host is open."""
        for task, timer in self.awaited(DueDate):
            yield self.host(task), task, timer, False
        for task in self.fired_alerts():
            yield self.host(task), task, task.task_spec.event_definition, True

    def next_due(self) -> datetime | None:
        """When the next timer fires."""
        instants = (timer.fires_at(task) for task, timer in self.awaited(DueDate))
        return min((at for at in instants if at is not None), default=None)

    def rearm(self) -> bool:
        """Let each date that differs by the facts and calendar of now count; tell if one does."""
        armed = [each for each in self.awaited(DueDate) if each[1].work_out_again(each[0])]
        for task, timer in armed:
            if self.is_to_come(timer.due_on(task), timer):
                task.internal_data.pop("again", None)
        alerts = [(task, task.task_spec.event_definition) for task in self.fired_alerts()]
        fired = [each for each in alerts if each[1].work_out_again(each[0])]
        for task, timer in fired:
            if self.is_to_come(timer.due_on(task), timer):
                self.arm_again(task)  # it fired, then it was extended
        return bool(armed or fired)

    def is_to_come(self, due_on: str | None, timer: DueDate) -> bool:
        """Whether a timer with this date has not struck by now."""
        return (
            due_on is None or falls_due_at(date.fromisoformat(due_on), timer.kind) > self.engine.now
        )

    def moved(self, host: str, element: str, was: str | None, now: str | None) -> HistoryEvent:
        """The line of history of a date that has moved."""
        return HistoryEvent(
            "moved", element, self.engine.now, {"host": host, "was": was, "now": now}
        )

    # --- messages

    def messages(self) -> tuple[Offer, ...]:
        """The messages that are waited for and offered by the facts of now."""
        offers = {element.id: element for _, element in self.catchers()}
        return tuple(_offer(offers[key]) for key in sorted(offers))

    def catchers(self) -> Iterator[tuple[Task, Element]]:
        """The tokens that wait for a message that is offered, with its element."""
        for task, message in self.awaited(MessageEventDefinition):
            element = self._message_element(task, message)
            when = element.properties.get("offered_when")
            if not when or self.engine.evaluate(task, when) is True:
                yield task, element

    def offers_by_calendar(self) -> bool:
        """Whether days off may decide on what is offered."""
        conditions = (
            self._message_element(task, message).properties.get("offered_when", "")
            for task, message in self.awaited(MessageEventDefinition)
        )
        return any(name in condition for condition in conditions for name in COUNTING)

    def _message_element(self, task: Task, message: MessageEventDefinition) -> Element:
        """A gateway waits for its catching events: find the one that names this message."""
        elements = self.procedure.elements
        element = elements[task.task_spec.bpmn_id]
        if element.message:
            return element
        events = (elements[flow.target] for flow in element.outgoing)
        return next(event for event in events if event.message == message.name)


def _deadline(host: str, task: Task, timer: DueDate, fired: bool) -> ArmedDeadline:
    due_on = timer.due_on(task)
    return ArmedDeadline(
        host,
        timer.name,
        date.fromisoformat(due_on) if due_on else None,
        None if fired else timer.fires_at(task),
        fired,
        timer.expression,
        timer.kind,
        timer.met_by,
    )


def _offer(element: Element) -> Offer:
    offered_to = element.properties.get("offered_to", "staff")
    return Offer(
        element.message or "",
        element.id,
        element.form,
        element.properties.get("label") or element.name,
        frozenset(word.strip() for word in offered_to.split(",") if word.strip()),
    )
