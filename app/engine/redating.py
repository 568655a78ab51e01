"""A new calendar where nothing happens but that dates differ: no token moves, so none is made.

What is said of timers in waiting.py, timing.py and passed.py holds for the rows of a saved state
as it does for SpiffWorkflow's tokens. tests/redated.py compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEvent

from app.engine.behaviour import LIVE
from app.engine.interpreter import Interpreter
from app.engine.passed import keep_what_has_passed
from app.engine.problems import StateRefused
from app.engine.procedure import Procedure
from app.engine.runtime import utc
from app.engine.snapshot import ArmedDeadline, HistoryEvent, Stored
from app.engine.state import (
    is_armed,
    is_fired_alert,
    parse,
    refusing_damage,
    spec_of,
    specs_of,
    written,
)
from app.engine.waiting import Waiting
from timers.calendar import WorkingCalendar


@dataclass(frozen=True)
class Redated:
    """An instance under another calendar: of a Snapshot, what can differ from the one before."""

    state: bytes
    deadlines: Mapping[tuple[str, str], ArmedDeadline]
    events: tuple[HistoryEvent, ...]


def redate(
    procedure: Procedure, stored: Stored, now: datetime, calendar: WorkingCalendar
) -> Redated | None:
    """What `recompute` does, where dates alone differ; None where more happens, or may.

    Raise StateRefused if the state is damaged or does not fit, and what the rule of a timer raises.
    """
    engine = Interpreter(procedure.facts, stored.facts, utc(now), calendar)
    engine.now, version, scopes = parse(stored.state)
    rows = _Rows(procedure, engine, scopes, max(engine.now, utc(now)))
    if stored.news or engine.facts.stored != stored.facts:
        return None  # facts differ, too
    before = rows.dates()
    if version != calendar.version:
        keep_what_has_passed(rows)
    try:
        rows.rearm()
    except _MoreThanDates:
        return None
    at = rows.next_due()
    if (at is not None and at <= rows.until) or rows.offers_by_calendar():
        return None  # something is due, or may be offered no longer
    engine.now = rows.until
    after = rows.deadlines()
    events = [
        rows.moved(*key, before[key][0], now)
        for key, armed in after.items()
        for now in [armed.due_on.isoformat() if armed.due_on else None]
        if now != before[key][0]
    ]
    return Redated(written(engine.now, calendar.version, scopes), after, tuple(events))


class _MoreThanDates(Exception):
    """A token has to be made."""


class _Token:
    """A row of a state, by the names that SpiffWorkflow's tokens have."""

    __slots__ = ("data", "host", "internal_data", "state", "task_spec", "workflow")

    def __init__(self, workflow: _Rows, spec: Any, row: list[Any], host: str) -> None:
        self.workflow, self.task_spec, self.host = workflow, spec, host
        _, _, self.state, _, self.internal_data, self.data = row


class _Rows(Waiting):
    """The events among the rows of a state. What changes of them changes in these rows."""

    def __init__(
        self, procedure: Procedure, engine: Interpreter, scopes: list[Any], until: datetime
    ) -> None:
        self.procedure, self.engine, self.until = procedure, engine, until
        self.script_engine = engine  # as SpiffWorkflow calls it
        self._armed: list[_Token] = []
        self._fired: list[tuple[int, _Token]] = []  # with the depth of the scope
        owners: dict[str, tuple[Any, int]] = {}  # what each token stands at, and its scope's depth
        with refusing_damage():
            for name, owner, rows in scopes:
                at, depth = owners[owner] if owner else (None, -1)
                drawn = spec_of(name, owner, at, procedure).task_specs
                owners |= {row[1]: (drawn[row[0]], depth + 1) for row in rows if row[0] in drawn}
                self._read(name, drawn, rows, depth + 1)
        self._fired.sort(key=lambda each: -each[0])

    def _read(self, name: str, drawn: Mapping[str, Any], rows: list[Any], depth: int) -> None:
        if not rows:
            raise StateRefused(f"nothing is left to do in {name!r}, but it has not ended")
        specs = specs_of(rows, drawn)
        activities = {  # by the row that holds one together with its boundary events
            holder: token
            for spec, (_, token, state, holder, _, _) in zip(specs, rows, strict=True)
            if state & LIVE and not isinstance(spec, BoundaryEvent)
        }
        for spec, row in zip(specs, rows, strict=True):
            on_edge = isinstance(spec, BoundaryEvent)
            token = _Token(self, spec, row, activities[row[3]] if on_edge else row[1])
            if is_armed(token):
                self._armed.append(token)
            elif is_fired_alert(token):
                self._fired.append((depth, token))

    def catching(self) -> list[_Token]:
        return self._armed

    def fired_alerts(self) -> list[_Token]:
        return [token for _, token in self._fired]

    def host(self, event: _Token) -> str:
        return event.host

    def arm_again(self, alert: _Token) -> None:
        raise _MoreThanDates
