"""The same random walk through one procedure, by several engines, compared at every step.

SPIFF runs on SpiffWorkflow's own prediction and joins; LIVE is our engine with its tokens in
memory; SAVED is our engine, dumped and loaded at every step.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from playing import ENGLAND, at, parse
from random_diagrams import BEGINNING, EXTRAS, FACTS, TABLES, TRUTHS, RandomProcedure
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent

from app.engine import EngineRefused, Gone, Procedure
from app.engine.behaviour import LIVE
from app.engine.instance import Instance
from app.engine.interpreter import Interpreter
from app.engine.state import dump, load

NOW = at("2026-12-01")
Act = Callable[[Instance], None]


class SpiffInstance(Instance):
    """Runs automatic elements by SpiffWorkflow's own loop."""

    def run_automatic(self) -> None:
        self.do_engine_steps(will_complete_task=self.pass_element)


@dataclass
class Walker:
    """One engine on its walk."""

    procedure: Procedure
    kind: type[Instance] = Instance
    saves: bool = False
    blocks: dict[str, range] = field(default_factory=dict)

    def begin(self, facts: dict[str, Any]) -> None:
        self.now = NOW
        engine = Interpreter(FACTS, {}, self.now, ENGLAND)
        self.instance = self.kind(self.procedure, engine, deserializing=False)
        self.instance.begin(facts)
        self._save()

    def step(self, act: Act) -> str:
        """Act; return what was refused, if anything."""
        self.instance._passed = 0
        self.instance.events.clear()
        refused = ""
        try:
            self.instance.catch_up(self.now)
            act(self.instance)
        except (Gone, StopIteration):
            refused = "gone"
        except EngineRefused as error:
            refused = type(error).__name__
        self._check_joins()
        self._save()
        return refused

    def _save(self) -> None:
        if not self.saves or self.instance.completed:
            return
        state = dump(self.instance)
        stored = json.loads(json.dumps(self.instance.engine.facts.stored))
        before = self.look()
        loaded = Interpreter(FACTS, stored, self.now, ENGLAND)
        self.instance = Instance(self.procedure, loaded, deserializing=True)
        load(state, self.instance)
        assert self.look() == before
        assert dump(self.instance) == state

    def _check_joins(self) -> None:
        """No inclusive join goes on while something can still happen in its block."""
        waiting = {
            int((task.task_spec.bpmn_id or "_0").rsplit("_", 1)[1])
            for task in self.instance.tokens(LIVE)
            if not isinstance(task.task_spec, BoundaryEvent)
        }
        for event in self.instance.events:
            if event.action == "passed" and event.element in self.blocks:
                inside = waiting.intersection(self.blocks[event.element])
                assert not inside, f"{event.element} went on, but {inside} still wait"

    def look(self) -> dict[str, Any]:
        """What can be seen from outside, without tokens' ids."""
        instance = self.instance
        deadlines = instance.deadlines().values()
        return {
            "tasks": sorted((t.element, str(t.item)) for t in instance.open_tasks().values()),
            "deadlines": sorted((d.element, str(d.due_on), str(d.falls_due_at)) for d in deadlines),
            "messages": [offer.element for offer in instance.messages()],
            "facts": instance.engine.facts.stored,
            "completed": instance.completed,
        }


def walk(walkers: list[Walker], seed: int, steps: int) -> tuple[str, int, str]:
    """Return "same", "different" or "stuck", the steps taken, and what differed."""
    chance = Random(seed)
    beginning = BEGINNING | {name: chance.random() < 0.5 for name in TRUTHS}
    for walker in walkers:
        walker.begin(beginning)
    for step in range(steps):
        seen = walkers[0].look()
        for walker in walkers[1:]:
            if (look := walker.look()) != seen:
                parts = {key: (seen[key], look[key]) for key in seen if seen[key] != look[key]}
                return "different", step, str(parts)
        if seen["completed"]:
            return "same", step, ""
        days, act = _choose(seen, chance)
        if act is None:
            return "stuck", step, ""
        for walker in walkers:
            walker.now += timedelta(days=days)
        refused = [walker.step(act) for walker in walkers]
        if len(set(refused)) > 1:
            return "different", step, str(refused)
    return "same", steps, ""


@dataclass
class Comparison:
    """How many walks ended in which way, and where they differed."""

    ended: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    differences: list[str] = field(default_factory=list)

    def add(self, name: str, result: tuple[str, int, str]) -> None:
        ended, steps, difference = result
        self.ended[ended] += 1
        self.steps += steps
        if difference:
            self.differences.append(f"{name}, step {steps}: {difference}")


def _choose(seen: dict[str, Any], chance: Random) -> tuple[int, Act | None]:
    """Days to wait, and what to do then."""
    tasks, offers, deadlines = seen["tasks"], seen["messages"], seen["deadlines"]
    form: dict[str, Any] = {name: chance.random() < 0.5 for name in TRUTHS}
    if chance.random() < 0.3:
        form[chance.choice(EXTRAS)] = chance.randint(0, 8)
    kind = chance.random()
    pending = any(falls_due != "None" for _, _, falls_due in deadlines)
    if (kind < 0.15 and pending) or not (tasks or offers):
        return chance.randint(1, 6), Instance.settle if pending else None
    if offers and (kind < 0.35 or not tasks):
        name = chance.choice(offers)
        return 0, lambda i: i.deliver(_message_of(i, name), form)
    task = chance.choice(tasks)
    return 0, lambda i: i.submit(_token_of(i, task), form)


def _message_of(instance: Instance, element: str) -> str:
    return next(offer.name for offer in instance.messages() if offer.element == element)


def _token_of(instance: Instance, task: tuple[str, str]) -> str:
    tasks = instance.open_tasks().items()
    return next(token for token, t in tasks if (t.element, str(t.item)) == task)


def compare(seeds: range, walks: int = 3, steps: int = 40) -> Comparison:
    """Walk random procedures without inclusive gateways by all three engines."""
    comparison = Comparison()
    for seed in seeds:
        files = RandomProcedure(seed).draw()
        spiff = parse(*files, facts=FACTS, tables=TABLES, oracle=True)
        ours = parse(*files, facts=FACTS, tables=TABLES)
        for number in range(walks):
            walkers = [Walker(spiff, SpiffInstance), Walker(ours), Walker(ours, saves=True)]
            comparison.add(f"procedure {seed}, walk {number}", walk(walkers, seed + number, steps))
    return comparison


def compare_inclusive(seeds: range, walks: int = 2, steps: int = 40) -> Comparison:
    """Walk procedures full of inclusive gateways by ours alone: Spiff's join goes on too early."""
    comparison = Comparison()
    for seed in seeds:
        drawn = RandomProcedure(seed, inclusive=0.5)
        ours = parse(*drawn.draw(), facts=FACTS, tables=TABLES)
        for number in range(walks):
            walkers = [Walker(ours, blocks=drawn.blocks), Walker(ours, saves=True)]
            comparison.add(f"procedure {seed}, walk {number}", walk(walkers, seed + number, steps))
    return comparison
