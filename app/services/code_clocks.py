"""The Code's limits in the register of a complaint, beside those of the landlord's own policy.

They are worked out from the same facts, without a token in the diagram: the policy is what runs,
and whoever works on a case sees the earlier of the two dates. A limit of the Code that is missed
before the policy's own tells the team that has the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from app.code import FACT, Clock
from app.engine import ROOT, HistoryEvent
from app.models import Deadline
from app.services.deployments import Deployed
from timers.calendar import falls_due_at
from timers.deadlines import explain, long_date
from timers.rules import Rule, read_rule

if TYPE_CHECKING:
    from app.services.steps import Step

HOST = "code"  # of its rows in the register: no element of a diagram


class Kept(Protocol):
    """What is asked here of a row of the register."""

    @property
    def host(self) -> str: ...
    @property
    def element(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def why(self) -> str: ...


def of_code(row: Kept) -> bool:
    """Whether a row of the register is the Code's and not the policy's."""
    return row.host == HOST


def name_of(deployed: Deployed, clock_id: str) -> str:
    """What people call one of the Code's limits; empty for what is none."""
    code = deployed.contents.code
    return next((clock.name for clock in code.clocks if clock.id == clock_id), "") if code else ""


def applies(deployed: Deployed, kind: str, received_on: date) -> bool:
    """Whether the Code is about this case."""
    code = deployed.contents.code
    return code is not None and kind == ROOT and code.applies(deployed.landlord.nation, received_on)


def register(step: Step, rows: Sequence[Deadline]) -> list[Deadline]:
    """Bring the Code's rows in line with the facts of a step; return those there are.

    The case is looked at again when the next of them has passed.
    """
    code = step.deployed.contents.code
    if code is None or not applies(step.deployed, step.case.kind, step.case.received_on):
        return []
    if step.instance.facts.get("anonymous"):
        return []  # nobody can be written to
    here = {row.element: row for row in rows if of_code(row)}
    for clock in code.clocks:
        rule = _rule(step, clock)
        if rule is None or rule.base_on is None:
            continue
        known = here.get(clock.id)
        row = here[clock.id] = known or _new(step, clock)
        missed, was = row.missed_on, row.due_on
        _work_out(step, row, rule)
        if known and row.due_on != was:
            step.record(moved(step, clock.id, was, row.due_on))
        if row.missed_on and not missed and _tells(step, clock, row, rows):
            step.alert(
                _team(step), row.element, f"{row.name}: it was due on {long_date(row.missed_on)}."
            )
    step.instance.next_due_at = next_look(here.values(), step.instance.next_due_at)
    return list(here.values())


def _tells(step: Step, clock: Clock, row: Deadline, rows: Iterable[Deadline]) -> bool:
    """Whether a missed limit is news: not once it is met, nor where the policy's own told already.

    That did if it is over the same work and passed no later.
    """
    if row.met_on or step.past:
        return False
    ours = step.deployed.landlord.code.beside.get(clock.id, clock.beside)
    same = (other.due_on for other in rows if other.element == ours and not other.met_on)
    return not any(due and row.due_on and due <= row.due_on for due in same)


def _team(step: Step) -> str:
    """The team that has the work of the case."""
    newest = max(step.file.tasks.values(), key=lambda task: task.opened_at, default=None)
    return newest.team if newest else step.deployed.landlord.alert_team_hazard


def next_look(rows: Iterable[Deadline], timer: datetime | None) -> datetime | None:
    """When a case is looked at next: at its next timer, or when a limit of the Code passes before.

    rows: of a register, whosever limits they are.
    """
    waits = (row for row in rows if not (row.met_on or row.missed_on or row.ended_at))
    due = [
        falls_due_at(row.due_on, "duty").astimezone(UTC)
        for row in waits
        if row.due_on and of_code(row)
    ]
    return min([*due, *([timer] if timer else [])], default=None)


def moved(step: Step, element: str, was: date | None, now: date | None) -> HistoryEvent:
    """A line of history as the engine writes it of the policy's limits."""
    days = {"was": was and was.isoformat(), "now": now and now.isoformat()}
    return HistoryEvent("moved", element, step.now, {"host": HOST, **days})


def dates(step: Step, rows: Iterable[Kept]) -> dict[str, date | None]:
    """When these limits of the Code fall due by the calendar of a step, by id, as it lists them."""
    code = step.deployed.contents.code
    if code is None or not applies(step.deployed, step.case.kind, step.case.received_on):
        return {}
    here = {row.element: row for row in rows}
    rules = {clock.id: _rule(step, clock) for clock in code.clocks if clock.id in here}
    return {
        id: _due_on(step, here[id], rule) for id, rule in rules.items() if rule and rule.base_on
    }


def _due_on(step: Step, row: Kept, rule: Rule) -> date | None:
    """By the facts and the calendar; what has passed keeps its date as long as the facts do."""
    if row.due_on and step.today > row.due_on and row.why == explain(rule):
        return row.due_on
    return rule.due_on(step.calendar)


def _rule(step: Step, clock: Clock) -> Rule | None:
    """The rule with the facts of now; None where the landlord keeps no such facts."""
    ours, specs = step.deployed.landlord.code, step.deployed.facts
    met_by, text = ours.fact(clock.met_by), ours.rule(clock)
    facts = {
        name: date.fromisoformat(value) if specs[name].type == "date" and value else value
        for name, value in step.instance.facts.items()
        if name in text and name in specs
    }
    for name in FACT.findall(text):
        if name in facts and specs[name].type == "int":
            facts[name] = min(facts[name] or 0, clock.longest_extension)
    rule = read_rule(text, facts, step.deployed.contents.labels)
    if rule is None or met_by not in specs or rule.base_fact in {"", met_by}:
        return None
    return rule if rule.base_fact in specs else None


def _new(step: Step, clock: Clock) -> Deadline:
    row = Deadline(
        landlord_id=step.case.landlord_id,
        instance_id=step.instance.id,
        host=HOST,
        element=clock.id,
        case_id=step.case.id,
        kind="duty",
        name=clock.name,
        stage=clock.stage,
        rule=clock.rule,
        met_by=step.deployed.landlord.code.fact(clock.met_by),
        policy=f"Code {clock.paragraph}",
        calendar_version=step.calendar.version,
        armed_at=step.now,
    )
    step.session.add(row)
    step.file.deadlines.append(row)
    return row


def _work_out(step: Step, row: Deadline, rule: Rule) -> None:
    """The date, and how it stands. A case that is closed without an answer has no limit left."""
    met, closed = step.instance.facts.get(row.met_by), step.case.status == "closed"
    if row.ended_at and closed and not met:
        return
    if row.met_on is None:
        row.due_on = row.prints_on = _due_on(step, row, rule)
        row.rule, row.base_on, row.why = rule.text, rule.base_on, explain(rule)
        row.calendar_version = step.calendar.version
        row.met_on = date.fromisoformat(met) if met else None
    row.ended_at = (row.ended_at or step.now) if closed and not row.met_on else None
    if row.due_on and row.missed_on is None and not row.ended_at:
        row.missed_on = row.due_on if (row.met_on or step.today) > row.due_on else None


def beside(deployed: Deployed, over: frozenset[str]) -> frozenset[str]:
    """The Code's clocks over the same work as these clocks of the policy."""
    code, ours = deployed.contents.code, deployed.landlord.code
    if code is None:
        return frozenset()
    return frozenset(c.id for c in code.clocks if ours.beside.get(c.id, c.beside) in over)
