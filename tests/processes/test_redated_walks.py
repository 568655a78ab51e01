"""Wherever a case may stand, a new calendar moves its dates as a whole step would."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from functools import cache
from itertools import islice
from random import Random

import pytest

from app.engine import Stored
from app.engine.checks.trial import BEGIN, MadeUp
from app.services.contents import known_of
from tests.processes.test_walks import KEPT, LongWalk, kinds
from tests.redated import as_a_step
from tests.shipped import contents_of
from timers.calendar import DayOff, WorkingCalendar, calendar_for

WALKS = 1_000 if os.environ.get("PUTRIGHT_LONG") else 3
DAYS = (0, 0, 1, 3, 10, 30)  # after a step, the calendar changes


@cache
def calendars() -> list[WorkingCalendar]:
    """Each with days off of its own, so many that nearly every date moves."""
    chance, begin = Random(0), BEGIN.date()
    days = [begin + timedelta(days=number) for number in range(1_000)]
    royal = (
        [DayOff(day, "A royal day") for day in days if not chance.randrange(9)] for _ in "12345"
    )
    return [calendar_for("ENG"), *(calendar_for("ENG", each) for each in royal)]


@pytest.mark.parametrize(("landlord", "kind"), list(kinds()))
def test_dates_alone_move_as_in_a_step(landlord: str, kind: str) -> None:
    contents = contents_of(landlord)
    procedure = contents.procedures[kind]
    answers = MadeUp(procedure, known_of(contents))
    rules = (element.expression or "" for element in procedure.elements.values())
    timers = any("working_days" in rule for rule in rules)
    kept = json.loads(KEPT.read_text())[f"{landlord} {kind}"]
    moved = 0
    for seed, longest in islice([*kept, *((seed, 60) for seed in range(WALKS))], WALKS):
        chance = Random(seed)
        walk = LongWalk(
            procedure, answers, Random(seed), longest=longest, is_new=lambda visited: False
        )
        for snapshot in walk.steps():
            stored, now = snapshot.stored, walk.now
            while True:  # some calendars, one after another
                now += timedelta(days=chance.choice(DAYS))
                found = as_a_step(procedure, stored, now, chance.choice(calendars()))
                if found is None:
                    break
                moved += bool(found.events)
                stored = Stored(found.state, stored.facts)
                if chance.random() < 0.5:
                    break
    assert moved or not timers
