"""Wherever a case of a shipped procedure stands, it can move to the same procedure drawn anew.

Each walk is stopped at every step: panels half done, stages within stages, windows armed, alerts
told. Nothing may change by the move but what holds the tokens together. `./check` takes two.
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import pytest

from app.engine import Procedure, Snapshot, move
from app.engine.checks.trial import MadeUp, Walk
from app.services.contents import Contents, known_of
from app.services.deployments import slugs
from app.settings import ROOT
from tests.shipped import contents_of

LONG = bool(os.environ.get("PUTRIGHT_LONG"))
WALKS = 100 if LONG else 1
ALL = slugs(ROOT / "processes")


def seen(snapshot: Snapshot) -> Snapshot:
    """What people see of a case."""
    return replace(snapshot, state=b"", events=())


@pytest.mark.parametrize("landlord_id", ALL if LONG else ALL[::3])
def test_a_case_moves_from_anywhere(landlord_id: str) -> None:
    contents = contents_of(landlord_id)
    stops = 0
    for kind, procedure in contents.procedures.items():
        anew = Contents(contents.files).procedures[kind]
        answers = MadeUp(procedure, known_of(contents))
        for seed in range(WALKS):
            walk = Walk(procedure, answers, Random(seed))
            for snapshot in walk.steps():
                if not snapshot.completed and not _due(snapshot, walk):
                    _moves_unseen(procedure, anew, snapshot, walk)
                    stops += 1
    assert stops > WALKS * 5


def _due(snapshot: Snapshot, walk: Walk) -> bool:
    """Whether something falls due at this very instant; it is fired before a case moves."""
    instants = [d.falls_due_at for d in snapshot.deadlines.values() if d.falls_due_at]
    return any(instant <= walk.now for instant in instants)


def _moves_unseen(old: Procedure, new: Procedure, snapshot: Snapshot, walk: Walk) -> None:
    after = move(old, new, snapshot.stored, walk.now, walk.calendar)
    assert after.events == (), walk.last
    assert seen(after) == seen(snapshot), walk.last
