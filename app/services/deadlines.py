"""The deadline register: what people see of limits, and what the sweep looks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from app import clock
from app.engine import ArmedDeadline, Element, Procedure, Redated, Snapshot, condition
from app.models import Deadline
from app.paragraphs import whole_paragraphs
from app.services import code_clocks, plain_rules
from app.services.answers import answers_of
from app.services.deployments import Deployed
from timers.calendar import WorkingCalendar, london_date
from timers.deadlines import (
    DeadlineState,
    Rule,
    explain,
    long_date,
    read_rule,
    rule_in_force,
    state_of,
)

if TYPE_CHECKING:
    from app.services.steps import Step


def register(step: Step, snapshot: Snapshot) -> None:
    """Bring the register in line with a snapshot."""
    own = (row for row in step.file.deadlines if not code_clocks.of_code(row))
    rows = {(row.host, row.element): row for row in own}
    specs = step.deployed.facts
    labels = step.deployed.contents.labels
    values = {name: _as_value(specs[name].type, v) for name, v in step.instance.facts.items()}
    for key, armed in snapshot.deadlines.items():
        row = rows.get(key) or _new(step, armed)
        rows[key] = row
        if not row.met_on:
            _work_out(step, row, armed, values, labels)
    submitted, interrupted = _submitted(snapshot), _interrupted(step, snapshot)
    for key, row in rows.items():
        if row.met_on or row.ended_at:
            continue
        if met_on := _met_on(step, row, snapshot, submitted, interrupted):
            row.met_on = met_on
        elif key not in snapshot.deadlines:
            row.ended_at = step.now
        if row.kind == "duty" and row.due_on and row.missed_on is None:
            over = row.met_on or step.today
            row.missed_on = row.due_on if over > row.due_on else None


def next_due(snapshot: Snapshot | Redated) -> datetime | None:
    """When the next deadline of a case falls due."""
    return min(
        (
            armed.falls_due_at.astimezone(UTC)
            for armed in snapshot.deadlines.values()
            if armed.falls_due_at and not armed.fired
        ),
        default=None,
    )


def _new(step: Step, armed: ArmedDeadline) -> Deadline:
    element = step.deployed.elements[armed.element]
    row = Deadline(
        landlord_id=step.case.landlord_id,
        instance_id=step.instance.id,
        host=armed.host,
        element=armed.element,
        case_id=step.case.id,
        kind=kind_of(element),
        name=element.properties.get("label") or element.name,
        stage=step.case.stage,
        rule=element.expression or "",
        met_by=element.properties.get("met_by", ""),
        policy=whole_paragraphs(element.properties.get("policy", "")),
        calendar_version=step.calendar.version,
        armed_at=step.now,
    )
    step.session.add(row)
    step.file.deadlines.append(row)
    return row


def kind_of(timer: Element) -> str:
    """duty for a limit on work, window for a resident's, unless the diagram says otherwise."""
    return timer.properties.get("kind") or ("duty" if timer.attached_to else "window")


def _work_out(
    step: Step,
    row: Deadline,
    armed: ArmedDeadline,
    values: Mapping[str, object],
    labels: Mapping[str, str],
) -> None:
    """The dates of an armed deadline, and why. values and labels: those of the facts."""
    facts, specs = step.instance.facts, step.deployed.facts
    row.due_on = armed.due_on
    row.calendar_version = step.calendar.version
    prints = step.deployed.elements[row.element].properties.get("prints")
    row.prints_on = condition(prints, facts, specs, step.calendar) if prints else armed.due_on
    rule = read_rule(
        rule_in_force(row.rule, lambda test: bool(condition(test, facts, specs, step.calendar))),
        values,
        labels,
    )
    if rule is not None:
        row.base_on = rule.base_on
        row.why = explain(rule, _agreed(step, rule))
    elif row.rule in specs:  # a date that somebody has set
        row.why = f"on the date “{specs[row.rule].label}”"
    else:
        row.why = plain_rules.day(row.rule, specs)


def _agreed(step: Step, rule: Rule) -> dict[str, str]:
    """For each extension in force: how and when it was agreed, by the newest answer that says so.

    How: the words from "with" on in the fact's label, such as "with the resident's agreement".
    """
    notes: dict[str, str] = {}
    labels = {extension.fact: extension.label for extension in rule.extensions}
    facts = [extension.fact for extension in rule.extensions if extension.n]
    for answer in answers_of(step.session, step.case) if facts else ():
        agreed_on = answer.values.get("received_on") or london_date(answer.at).isoformat()
        day = long_date(date.fromisoformat(agreed_on))
        for fact in (fact for fact in facts if answer.values.get(fact)):
            _, how, whose = labels[fact].partition("with ")
            notes[fact] = f"{how}{whose} on {day}" if whose else f"as recorded on {day}"
    return notes


def _as_value(kind: str, value: object) -> object:
    return date.fromisoformat(str(value)) if kind == "date" and value else value


def _submitted(snapshot: Snapshot) -> dict[str, date]:
    """The tasks that were finished in this step, with the London date."""
    return {
        event.element: london_date(event.at)
        for event in snapshot.events
        if event.action == "submitted"
    }


def _interrupted(step: Step, snapshot: Snapshot) -> set[str]:
    """The activities that an event cut short in this step."""
    elements = step.deployed.elements
    events = (elements[e.element] for e in snapshot.events if e.action in {"due", "received"})
    return {e.attached_to for e in events if e.attached_to and e.interrupting}


def _met_on(
    step: Step,
    row: Deadline,
    snapshot: Snapshot,
    submitted: dict[str, date],
    interrupted: set[str],
) -> date | None:
    """When a deadline was met: its fact's date, else the day on which its host was finished."""
    if row.met_by:
        met = snapshot.facts.get(row.met_by)
        return date.fromisoformat(met) if met else None
    if row.kind != "duty" or (row.host, row.element) in snapshot.deadlines:
        return None
    host = step.deployed.elements[row.element].attached_to or ""
    if host in submitted:
        return submitted[host]
    if step.deployed.elements[host].kind == "userTask":
        return None  # called off
    return None if interrupted & hosts_over(step.deployed.procedure, host) else step.today


def hosts_over(procedure: Procedure, element_id: str) -> set[str]:
    """An element with the subprocesses and calls that it runs in."""
    hosts: set[str] = set()
    todo = [element_id]
    while todo:
        host = todo.pop()
        if host in hosts:
            continue
        hosts.add(host)
        element = procedure.elements[host]
        if element.parent:
            todo.append(element.parent)
        else:
            todo += [e.id for e in procedure.elements.values() if e.calls == element.process]
    return hosts


def covered_by(procedure: Procedure, element_id: str) -> frozenset[str]:
    """The timers that hang over a task: on itself, on its subprocesses, on the calls above it."""
    hosts = hosts_over(procedure, element_id)
    return frozenset(
        e.id for e in procedure.elements.values() if e.kind == "timer" and e.attached_to in hosts
    )


def over_task(deployed: Deployed, element_id: str) -> frozenset[str]:
    """All clocks that hang over a task, the Code's among them."""
    policy = covered_by(deployed.procedure, element_id)
    return policy | code_clocks.beside(deployed, policy)


def hang_over_tasks(step: Step) -> None:
    """Each open task carries the earliest open duty over it, the policy's or the Code's.

    Lists are ordered by that date.
    """
    rows = step.file.deadlines
    of_policy = [row for row in rows if not code_clocks.of_code(row)]
    counting = [
        row
        for row in of_policy + code_clocks.register(step, rows)
        if row.kind == "duty" and row.due_on and not row.met_on and not row.ended_at
    ]
    for task in step.file.tasks.values():
        over = over_task(step.deployed, task.element)
        first = min(
            (row for row in counting if row.element in over),
            key=lambda row: row.due_on or date.max,
            default=None,
        )
        task.due_on = first.due_on if first else None
        task.due_name = first.name if first else ""


def state(row: Deadline, today: date, calendar: WorkingCalendar) -> DeadlineState:
    """How a deadline stands: words, shape and days for a tag."""
    ended_on = london_date(row.ended_at) if row.ended_at else None
    paused = row.due_on is None and row.base_on is not None and not row.met_on
    return state_of(row.kind, row.due_on, row.met_on, ended_on, today, calendar, paused)


def days_left(due_on: date | None, calendar: WorkingCalendar) -> DeadlineState:
    """How an open task's date stands today."""
    return state_of("duty", due_on, None, None, clock.today(), calendar, False)
