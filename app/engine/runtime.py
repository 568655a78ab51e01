"""The commands: each loads an instance, fires what is due, acts, runs on, returns a Snapshot.

Nothing is kept between two commands and nothing outside the Snapshot need be written, so one
command is one transaction. Whatever is raised, nothing of the step may be saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.engine.expressions import evaluate
from app.engine.facts import FactSpec, as_python
from app.engine.instance import Instance
from app.engine.interpreter import Interpreter
from app.engine.procedure import Procedure
from app.engine.skipping import skip
from app.engine.snapshot import HistoryEvent, Snapshot, Stored
from app.engine.state import dump, load
from timers.calendar import WorkingCalendar, expression_functions

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def start(
    procedure: Procedure,
    facts: Mapping[str, Any],
    now: datetime,
    calendar: WorkingCalendar,
    *,
    form: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Begin an instance. facts: those known beforehand; form: the facts of the first form.

    known: as in Stored.

    Raise FactRefused for an answer that is no declared fact or does not fit it.
    """
    engine = Interpreter(procedure.facts, facts, utc(now), calendar, known or {})
    instance = Instance(procedure, engine, deserializing=False)
    instance.begin(dict(form or {}))
    return snapshot_of(instance)


def over(
    procedure: Procedure, facts: Mapping[str, Any], now: datetime, calendar: WorkingCalendar
) -> Snapshot:
    """An instance that was begun and ended elsewhere: nothing is waited for."""
    engine = Interpreter(procedure.facts, facts, utc(now), calendar)
    instance = Instance(procedure, engine, deserializing=True)
    instance.completed = True
    return snapshot_of(instance)


def complete(
    procedure: Procedure,
    stored: Stored,
    task_id: str,
    form_facts: Mapping[str, Any],
    now: datetime,
    calendar: WorkingCalendar,
) -> Snapshot:
    """Complete an open task with the facts of its form.

    Raise Gone if the task is not open, also because a deadline that is due ends it first, and
    FactRefused for an answer that is no declared fact or does not fit it.
    """

    def act(instance: Instance) -> None:
        instance.submit(task_id, dict(form_facts))

    return _step(procedure, stored, now, calendar, act)


def receive(
    procedure: Procedure,
    stored: Stored,
    message_name: str,
    form_facts: Mapping[str, Any],
    now: datetime,
    calendar: WorkingCalendar,
) -> Snapshot:
    """Hand a message to the procedure, with the facts of its form and its `received_on`.

    Raise Gone if nothing waits for it or it is not offered now, and FactRefused as above.
    """

    def act(instance: Instance) -> None:
        instance.deliver(message_name, dict(form_facts))

    return _step(procedure, stored, now, calendar, act)


def fire_due(
    procedure: Procedure, stored: Stored, now: datetime, calendar: WorkingCalendar
) -> Snapshot:
    """Fire every deadline that is due, oldest first, each at its own instant. Safe to repeat."""
    return _step(procedure, stored, now, calendar, Instance.settle)


def pass_over(
    procedure: Procedure,
    stored: Stored,
    now: datetime,
    calendar: WorkingCalendar,
    deadline: tuple[str, str],
) -> Snapshot:
    """Let one deadline pass, by host and element, without what hangs on it; fire the others.

    Raise Gone unless it is due, stands on the edge of an activity and does not end it: the work
    goes on beside it.
    """
    instance = opened(procedure, stored, now, calendar)
    skip(instance, deadline, utc(now))
    instance.catch_up(utc(now))
    instance.engine.facts.record(stored.news)
    instance.settle()
    return snapshot_of(instance)


def recompute(
    procedure: Procedure, stored: Stored, now: datetime, calendar: WorkingCalendar
) -> Snapshot:
    """Work the armed deadlines out again under a calendar that has changed.

    It is a step like any other: what is due by the new dates fires. A deadline that has passed by
    the old calendar keeps its date. Any step under a new calendar does the same.
    """
    return fire_due(procedure, stored, now, calendar)


def look(procedure: Procedure, stored: Stored, calendar: WorkingCalendar) -> Snapshot:
    """An instance as it was saved. No time passes and nothing fires. Raise StateRefused."""
    engine = Interpreter(procedure.facts, stored.facts, LONG_AGO, calendar)
    instance = Instance(procedure, engine, deserializing=True)
    load(stored.state, instance)  # which has the instant
    return snapshot_of(instance)


def condition(
    text: str,
    facts: Mapping[str, Any],
    fact_specs: Mapping[str, FactSpec],
    calendar: WorkingCalendar,
) -> Any:
    """Return the value of one expression over stored facts, outside a step.

    A date is a datetime.date, money a Decimal. Raise ExpressionRefused.
    """
    values = {n: as_python(spec, facts.get(n, spec.default)) for n, spec in fact_specs.items()}
    return evaluate(text, values, expression_functions(calendar))


def _step(
    procedure: Procedure,
    stored: Stored,
    now: datetime,
    calendar: WorkingCalendar,
    act: Callable[[Instance], None],
) -> Snapshot:
    instance = opened(procedure, stored, now, calendar)
    instance.catch_up(utc(now))  # by the facts that held until now
    instance.engine.facts.record(stored.news)
    act(instance)
    return snapshot_of(instance)


def opened(
    procedure: Procedure, stored: Stored, now: datetime, calendar: WorkingCalendar
) -> Instance:
    """A saved instance at the beginning of a step."""
    engine = Interpreter(procedure.facts, stored.facts, utc(now), calendar, stored.known)
    instance = Instance(procedure, engine, deserializing=True)
    load(stored.state, instance)
    instance.observe(write=False)
    return instance


def snapshot_of(instance: Instance) -> Snapshot:
    """What a step hands back."""
    if instance.completed:
        instance.events += _ended(instance)
    return Snapshot(
        dump(instance),
        instance.engine.facts.stored,
        instance.open_tasks(),
        instance.deadlines(),
        instance.messages(),
        instance.stage(),
        tuple(instance.events),
        instance.completed,
    )


def _ended(instance: Instance) -> list[HistoryEvent]:
    """The last line of history names the end that the procedure came to, if it was in this step."""
    elements = instance.procedure.elements
    passed = [event for event in instance.events if event.action == "passed"]
    ends = [event for event in passed if elements[event.element].kind == "endEvent"]
    return [replace(event, action="ended") for event in ends[-1:]]


def utc(now: datetime) -> datetime:
    """An aware instant in UTC. Raise ValueError for a naive one."""
    if now.tzinfo is None:
        raise ValueError(f"a step needs an aware instant, got {now!r}")
    return now.astimezone(UTC)
