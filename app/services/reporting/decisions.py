"""How cases ended, and what was decided: the facts that a landlord counts, and time added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.db import db
from app.engine import FactSpec
from app.models import Event, Instance, Payload
from app.services.outcomes import in_words, outcome_names
from app.services.reporting.figures import (
    Group,
    Scope,
    Section,
    by_value,
    counted,
    names_one_of,
)
from timers.deadlines import read_rule

WRITES_FACTS = ("started", "submitted", "received", "decided")


@dataclass(frozen=True)
class Told:
    """One event of a case with what it says."""

    case_id: str
    at: datetime
    action: str
    detail: dict[str, Any]


def closed(scope: Scope) -> Section:
    """How the cases that were closed ended; one that was opened again is not closed."""
    ended: dict[str, str] = {}
    changes = Event.action.in_(("closed", "reopened")) & (Event.element == "")
    for told in _told(scope, changes & (Event.at >= scope.period.instants[0])):
        ended.pop(told.case_id, None)
        if told.action == "closed":
            ended[told.case_id] = str(told.detail.get("outcome") or "")
    words = outcome_names(scope.deployed)
    groups = [
        Group("In all", [counted("closed", "Closed", ended)]),
        Group("Outcome", by_value("closed", ended.items(), words), True),
    ]
    return Section("closed", "Closed", "As the cases stood at the end of the period.", groups)


def facts(scope: Scope) -> Section:
    """What landlord.toml names under [report] counts, and the time that was added."""
    specs = scope.deployed.facts
    wanted = [specs[name] for name in scope.landlord.report.counts if name in specs]
    longer = _extensions(scope)
    found = _set_in_period(scope, {spec.name for spec in wanted} | longer.keys())
    groups = [_group(spec, found[spec.name]) for spec in wanted]
    added = [
        counted(f"fact.{name}", label, (case for case, n in found[name].items() if n))
        for name, label in longer.items()
    ]
    groups += [Group("More time", added)] if added else []
    note = "By the day on which it was decided."
    return Section("decisions", "Decisions", note, groups)


def _group(spec: FactSpec, found: dict[str, Any]) -> Group:
    if spec.type == "bool":
        yes = [case_id for case_id, value in found.items() if value is True]
        return Group(spec.label, [counted(f"fact.{spec.name}", "Yes", yes)])
    words = {choice: in_words(choice) for choice in spec.choices if choice != spec.default}
    return Group(spec.label, by_value(f"fact.{spec.name}", found.items(), words), True)


def _extensions(scope: Scope) -> dict[str, str]:
    """The facts that make a limit longer, with their labels."""
    labels = {name: spec.label for name, spec in scope.deployed.facts.items()}
    rules = (
        read_rule(e.expression, {}, labels)
        for e in scope.deployed.elements.values()
        if e.expression
    )
    return {e.fact: e.label for rule in rules if rule for e in rule.extensions}


def _set_in_period(scope: Scope, names: set[str]) -> dict[str, dict[str, Any]]:
    """By fact and case: the values at the end of the period that were not so before it began."""
    begins, ends = scope.period.instants
    event, payload = aliased(Event), aliased(Payload)
    touched = (
        select(event.instance_id)
        .join(
            payload,
            (payload.landlord_id == event.landlord_id) & (payload.id == event.payload_id),
        )
        .where(event.landlord_id == scope.landlord_id, event.at >= begins, event.at < ends)
        .where(event.action.in_(WRITES_FACTS), names_one_of(payload.values, *names))
    )
    written = Event.action.in_(WRITES_FACTS) & names_one_of(Payload.values, *names)
    before: dict[tuple[str, str], Any] = {}
    now: dict[tuple[str, str], Any] = {}
    for told in _told(scope, written & Event.instance_id.in_(touched)):
        for name in names & _facts(told).keys():
            (before if told.at < begins else now)[name, told.case_id] = _facts(told)[name]
    found: dict[str, dict[str, Any]] = {name: {} for name in names}
    for (name, case_id), value in now.items():
        default = scope.deployed.facts[name].default
        if value not in (default, None, "") and value != before.get((name, case_id)):
            found[name][case_id] = value
    return found


def _facts(told: Told) -> dict[str, Any]:
    return told.detail.get("facts") or {}


def _told(scope: Scope, which: ColumnElement[bool]) -> Iterator[Told]:
    """These events of the landlord's cases up to the end of the period, in order."""
    rows = db.session.execute(
        select(Instance.case_id, Event.at, Event.action, Payload.values)
        .join(
            Instance,
            (Instance.landlord_id == Event.landlord_id) & (Instance.id == Event.instance_id),
        )
        .outerjoin(
            Payload,
            (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
        )
        .where(Event.landlord_id == scope.landlord_id, Event.at < scope.period.instants[1], which)
        .order_by(Event.instance_id, Event.n)
    )
    for case_id, at, action, detail in rows:
        yield Told(case_id, at, action, detail or {})
