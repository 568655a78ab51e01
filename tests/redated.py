"""Dates worked out alone beside the step that they stand for."""

from __future__ import annotations

from datetime import datetime

import orjson

from app.engine import Procedure, Redated, Stored, look, recompute, redate
from timers.calendar import WorkingCalendar


def as_a_step(
    procedure: Procedure, stored: Stored, now: datetime, calendar: WorkingCalendar
) -> Redated | None:
    """What `redate` says, after it was compared with the step; None if it leaves it to that."""
    found = redate(procedure, stored, now, calendar)
    step = recompute(procedure, stored, now, calendar)
    if found is None:
        assert step.events or step.facts != stored.facts
        return None
    assert orjson.loads(found.state) == orjson.loads(step.state)
    assert list(found.deadlines.items()) == list(step.deadlines.items())
    assert found.events == step.events
    before = look(procedure, stored, calendar)
    assert (step.facts, step.messages, step.tasks) == (stored.facts, before.messages, before.tasks)
    return found
