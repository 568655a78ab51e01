"""Made-up cases walk through every shipped procedure: each step and each arrow is reached.

No walk may end in an incident, and whoever we tell that something is over is told where to turn
next. walks.json has the walks that led somewhere new when they were looked for, and how many steps
of each: they are taken first, and where a diagram has changed since, others are looked for.
`./check --long` takes many more walks. PUTRIGHT_KEEP_WALKS=1 looks for all of them anew, and keeps
them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest
from SpiffWorkflow.task import Task as Token

from app.engine import Element, Offer, OpenTask, Procedure, Snapshot, Stored, roots_of
from app.engine.checks.trial import MadeUp, Walk
from app.engine.problems import Gone
from app.engine.runtime import fire_due
from app.letters import LetterTemplate
from app.services.contents import KEPT_TYPES, Contents, known_of
from app.services.deployments import slugs
from app.settings import ROOT
from tests.shipped import contents_of
from timers.calendar import london_date

LANDLORDS = slugs(ROOT / "processes")
LONG = bool(os.environ.get("PUTRIGHT_LONG"))
KEEP = bool(os.environ.get("PUTRIGHT_KEEP_WALKS"))
KEPT = Path(__file__).with_name("walks.json")  # seeds and steps by landlord and kind
WALKS = 20_000 if LONG else 6_000
ENOUGH = 200 if LONG else 2  # whole walks, whatever was kept
STEPS = 200  # of a whole walk
Arrows = set[tuple[str, str]]


def kinds() -> Iterator[tuple[str, str]]:
    """Every landlord with each kind of case."""
    for landlord in LANDLORDS:
        for kind in contents_of(landlord).procedures:
            yield landlord, kind


class LongWalk(Walk):
    """A walk in which letters need copies, promises are made, and people wait for permission.

    told: the letters that went since the last time the case was closed or the walk began.
    closings: for each closing, the letters that had gone to the resident by then, newest last;
    nobody can write to somebody who gave no name.
    """

    def __init__(self, *given: Any, longest: int, is_new: Callable[[list[str]], bool]) -> None:
        super().__init__(*given)
        self.longest, self.is_new = longest, is_new
        self.led_somewhere = 0  # the number of steps after which no other led somewhere new
        self.letters: list[str] = []
        self.closings: list[tuple[str, list[str]]] = []

    def steps(self) -> Iterator[Snapshot]:
        """The same, while it is looked which of them leads somewhere new."""
        for number, snapshot in enumerate(super().steps(), 1):
            if self.is_new(self.visited):
                self.led_somewhere = number
            yield snapshot

    def _first_answers(self) -> dict[str, Any]:
        """As staff or the public begin it: Putright tells the procedure which."""
        told = {"recorded_by_staff": self.chance.random() < 0.5}
        return super()._first_answers() | {
            k: v for k, v in told.items() if k in self.procedure.facts
        }

    def _choose(self, tasks: list[OpenTask], messages: Iterable[Offer]) -> OpenTask | Offer:
        """Mostly tasks: what ends a case early is offered all the time."""
        offers = list(messages)
        if tasks and (not offers or self.chance.random() < 0.9):
            return self.chance.choice(tasks)
        return self.chance.choice(offers)

    def _step(self, snapshot: Snapshot) -> Snapshot:
        """One step, after Putright's own facts have changed as they like."""
        kept = {
            name: self._kept(kind)
            for name, kind in KEPT_TYPES.items()
            if name in self.procedure.facts and self.chance.random() < 0.3
        }
        stored = Stored(snapshot.state, {**snapshot.facts, **kept})
        snapshot = replace(snapshot, facts=stored.facts)
        try:
            after = super()._step(snapshot)
        except Gone:  # a date among those facts has come, and ended what was to be done
            after = fire_due(self.procedure, snapshot.stored, self.now, self.calendar)
        self._note(after)
        return after

    def _kept(self, kind: str) -> Any:
        if kind == "date":
            day = london_date(self.now) - timedelta(days=self.chance.choice((0, 0, 3, 40)))
            return self.chance.choice((None, day.isoformat()))
        return [] if kind == "list" else self.chance.random() < 0.4

    def _note(self, after: Snapshot) -> None:
        for event in after.events:
            element = self.procedure.elements.get(event.element)
            if element is None:
                continue
            if event.action == "sent" and (letter := element.properties.get("letter")):
                self.letters.append(letter)
            if (code := closes(element, event.action)) and not after.facts.get("anonymous"):
                self.closings.append((code, list(self.letters)))


def closes(element: Element, action: str) -> str | None:
    """The code with which a step closes the case, if it does."""
    if action in {"due", "sent"}:
        return element.properties.get("closes")
    return element.properties.get("outcome") if action == "passed" else None


Kept = list[tuple[int, int]]


def walked(
    procedure: Procedure, known: Any, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> tuple[set[str], Arrows, list[LongWalk], Kept]:
    """Walk until all was seen: elements, arrows, the walks, and which of them led somewhere new."""
    arrows: Arrows = set()
    add_child = Token._add_child

    def noticed(parent: Token, spec: Any, *given: Any, **more: Any) -> Any:
        arrows.add((drawn_as(parent.task_spec), drawn_as(spec)))
        return add_child(parent, spec, *given, **more)

    monkeypatch.setattr(Token, "_add_child", noticed)
    answers, seen, walks, new = MadeUp(procedure, known), set[str](), list[LongWalk](), Kept()
    wanted = arrows_of(procedure)
    steps = {e.id for e in procedure.elements.values() if not is_frame(e)}
    so_far = 0

    def is_new(visited: list[str]) -> bool:
        nonlocal so_far
        before, _ = so_far, seen.update(visited)
        so_far = len(seen & steps) + len(arrows & wanted)
        return so_far > before

    whole = ((seed, STEPS) for seed in range(WALKS))
    for seed, longest in chain(kept, whole):
        walk = LongWalk(procedure, answers, Random(seed), longest=longest, is_new=is_new)
        trouble = walk.trouble()
        assert trouble is None, walk.problem(trouble or "")
        walks.append(walk)
        if walk.led_somewhere:
            new.append((seed, walk.led_somewhere))
        if seen >= steps and arrows >= wanted and len(walks) >= len(kept) + ENOUGH:
            break
    return seen, arrows & wanted, walks, new


@pytest.mark.slow
@pytest.mark.parametrize(("landlord", "kind"), list(kinds()))
def test_every_step_and_arrow_is_reached_without_an_incident(
    landlord: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = contents_of(landlord)
    procedure = contents.procedures[kind]

    kept = [] if KEEP else json.loads(KEPT.read_text()).get(f"{landlord} {kind}", [])

    seen, arrows, walks, new = walked(procedure, known_of(contents), kept, monkeypatch)

    elements = procedure.elements.values()
    left = (e for e in elements if e.id not in seen and not is_frame(e))
    assert sorted(element.id for element in left) == []
    assert sorted(arrows_of(procedure) - arrows) == []
    assert_signposted(contents, kind, walks)
    if KEEP:
        keep(f"{landlord} {kind}", new)


def keep(name: str, walks: Kept) -> None:
    """Keep the walks of a kind of case."""
    found = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    found[name] = walks
    lines = [f"  {json.dumps(key)}: {json.dumps(found[key])}" for key in sorted(found)]
    KEPT.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def drawn_as(spec: Any) -> str:
    """The drawn element of a part of the engine; a split stands before edges with events."""
    return spec.bpmn_id or spec.name.removesuffix(".BoundaryEventSplit")


def arrows_of(procedure: Procedure) -> Arrows:
    """All arrows, but those out of what may end with the case."""
    elements = [e for e in procedure.elements.values() if not is_frame(e)]
    return {(element.id, flow.target) for element in elements for flow in element.outgoing}


def is_frame(element: Element) -> bool:
    """It holds other steps, and need not be passed itself: it may end with the case."""
    return element.kind == "subProcess" or element.properties.get("keeps_open") == "no"


def assert_signposted(contents: Contents, kind: str, walks: Iterable[LongWalk]) -> None:
    """Whatever ends a complaint, the letter before it named where to turn next."""
    if kind != roots_of([])[0]:
        return
    letters = {name: versions[0] for name, versions in contents.letters.items()}
    lost = {
        (code, told[-1] if told else "no letter")
        for walk in walks
        for code, told in walk.closings
        if not any(signposts(letters[letter]) for letter in told[-2:])
    }
    assert lost == set()


def signposts(letter: LetterTemplate) -> bool:
    """Does the letter name an ombudsman, or where else to turn?"""
    return "ombudsman_name" in letter.fields
