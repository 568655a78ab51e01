"""A case that is read in stands as one that was run here: made-up cases are placed again.

Each walk through a landlord's procedure is stopped somewhere; its facts alone must lead back to the
same step, with the same dates. `./check --long` stops many more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random

import pytest

from app.engine import ROOT as COMPLAINT
from app.engine import Begun, NoWay, Offer, OpenTask, Snapshot, place
from app.engine.checks.trial import BEGIN, MadeUp, Walk
from app.services.contents import Contents, known_of
from app.services.deployments import read_folders, slugs
from app.settings import ROOT

WALKS = 200 if os.environ.get("PUTRIGHT_LONG") else 12
STOPS = 3  # on each walk
FOUND = 0.85  # of all stops: a case that went round in circles may have no way that its facts tell


class Workday(Walk):
    """A walk in which people mostly do what there is to do."""

    longest = 120

    def _choose(self, tasks: list[OpenTask], messages: Iterable[Offer]) -> OpenTask | Offer:
        offers = list(messages)
        if tasks and (not offers or self.chance.random() < 0.93):
            return self.chance.choice(tasks)
        return self.chance.choice(offers)


def stops(walk: Workday, chance: Random) -> Iterator[tuple[Snapshot, datetime, str]]:
    """Some moments of a walk at which somebody had a task: the snapshot, when, and the task."""
    open_ = [(snapshot, walk.now) for snapshot in walk.steps() if snapshot.tasks]
    for snapshot, now in chance.sample(open_, min(STOPS, len(open_))):
        yield snapshot, now, chance.choice(sorted(t.element for t in snapshot.tasks.values()))


@pytest.mark.slow
@pytest.mark.parametrize("landlord", slugs(ROOT / "processes"))
def test_the_facts_of_a_case_lead_back_to_its_step_with_its_dates(landlord: str) -> None:
    contents = Contents(read_folders(landlord, ROOT / "processes", ROOT / "forms" / "definitions"))
    procedure = contents.procedures[COMPLAINT]
    asked = {
        name: [field.key for field in form.fields if field.key in contents.facts]
        for name, form in contents.forms.items()
    }
    answers = MadeUp(procedure, known_of(contents))
    found, lost = 0, []
    for seed in range(WALKS):
        walk = Workday(procedure, answers, Random(seed))
        for stopped, now, task in stops(walk, Random(seed)):
            specs = procedure.facts
            facts = {n: v for n, v in stopped.facts.items() if v != specs[n].default}
            try:
                way = place(procedure, Begun(BEGIN, facts, {}, asked), task, now, walk.calendar)
            except NoWay as none:
                lost.append((seed, task, str(none)))
                continue
            found += 1
            placed = way[-1].snapshot
            assert task in {open_.element for open_ in placed.tasks.values()}
            assert dates(placed).items() & dates(stopped).items() == {
                (clock, due) for clock, due in dates(stopped).items() if clock in dates(placed)
            }, (seed, task)
    assert found >= FOUND * (found + len(lost)), lost
    assert found > WALKS / 3


def dates(snapshot: Snapshot) -> dict[str, object]:
    """When each clock that hangs over the case falls due."""
    return {armed.element: armed.due_on for armed in snapshot.deadlines.values()}
