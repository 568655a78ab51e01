"""A trial run: a drawn procedure walked at random, to meet what no look at the drawing shows.

Every walk begins a case, answers tasks and messages with values that the procedure's own
conditions ask about, lets days pass, and stops at an end or after some steps. The walks are the
same each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.engine.checks.draft import Known
from app.engine.facts import FactSpec
from app.engine.problems import EngineRefused, Problem
from app.engine.procedure import Procedure
from app.engine.runtime import complete, fire_due, receive, start
from app.engine.snapshot import Offer, OpenTask, Snapshot
from app.engine.typecheck import constants_in, names_in
from timers.calendar import calendar_for, london_date

WALKS = 40
STEPS = 60
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
MEMBERS = ["first_member", "second_member"]


def trial_run(procedure: Procedure, known: Known, walks: int = WALKS) -> list[Problem]:
    """Return what went wrong on the way, once for each kind and place, as warnings."""
    problems: dict[tuple[str, str], Problem] = {}
    answers = MadeUp(procedure, known)
    for seed in range(walks):
        walk = Walk(procedure, answers, Random(seed))
        if trouble := walk.trouble():
            problems.setdefault((trouble[:40], walk.last), walk.problem(trouble))
    return list(problems.values())


class Walk:
    """One made-up case. visited: the elements that it came to, in order."""

    longest = STEPS

    def __init__(self, procedure: Procedure, answers: MadeUp, chance: Random) -> None:
        self.procedure, self.answers, self.chance = procedure, answers, chance
        self.calendar = calendar_for("ENG")
        self.now = BEGIN
        self.visited = [procedure.start.id]

    @property
    def last(self) -> str:
        """The element that the walk stands at."""
        return self.visited[-1]

    def trouble(self) -> str | None:
        """Take the walk; return what went wrong, None if nothing did."""
        try:
            for snapshot in self.steps():
                if snapshot.stuck or self._waits_for_nothing(snapshot):
                    return "nothing and nobody could move the case any more"
        except EngineRefused as refused:
            return str(refused)
        return None

    def steps(self) -> Iterator[Snapshot]:
        """Take a step at a time, until the case ends or is stuck, or the walk is long enough."""
        form = self._first_answers()
        snapshot = start(self.procedure, {}, self.now, self.calendar, form=form)
        for _ in range(self.longest):
            self.visited += [e.element for e in snapshot.events if e.action != "disarmed"]
            yield snapshot
            if snapshot.completed or snapshot.stuck:
                return
            snapshot = self._step(snapshot)

    def _first_answers(self) -> dict[str, Any]:
        """The facts with which the case begins."""
        return self.answers.to(self.last, self.now, self.chance)

    def _waits_for_nothing(self, snapshot: Snapshot) -> bool:
        """Only clocks are left whose date hangs on facts that nothing sets any more."""
        clocks = snapshot.deadlines.values()
        if snapshot.completed or snapshot.tasks or snapshot.messages:
            return False
        return not any(c.falls_due_at or names_in(c.rule) & self.answers.known.kept for c in clocks)

    def problem(self, trouble: str) -> Problem:
        """A warning about the element that the walk stands at."""
        element = self.procedure.elements[self.last]
        trail = " → ".join(self.visited[-6:])
        message = f"in a trial run: {trouble} (the way there: {trail})"
        return Problem(element.file, element.id, message, "warning")

    def _step(self, snapshot: Snapshot) -> Snapshot:
        instants = [d.falls_due_at for d in snapshot.deadlines.values() if d.falls_due_at]
        acts: list[OpenTask | Offer] = [*snapshot.tasks.values(), *snapshot.messages]
        if not acts or (instants and self.chance.random() < 0.3):
            self.now = max(self.now, min(instants)) if instants else self.now + timedelta(days=30)
            return fire_due(self.procedure, snapshot.stored, self.now, self.calendar)
        if not instants or min(instants) > self.now + timedelta(hours=30):
            self.now += timedelta(hours=self.chance.randrange(30))
        act = self._choose(list(snapshot.tasks.values()), snapshot.messages)
        form = self.answers.to(act.element, self.now, self.chance)
        if isinstance(act, OpenTask):
            return complete(self.procedure, snapshot.stored, act.id, form, self.now, self.calendar)
        return receive(self.procedure, snapshot.stored, act.name, form, self.now, self.calendar)

    def _choose(self, tasks: list[OpenTask], messages: Iterable[Offer]) -> OpenTask | Offer:
        """What is done next; tasks more often: a case that only gets messages goes nowhere."""
        choices: list[OpenTask | Offer] = [*tasks, *tasks, *messages]
        return self.chance.choice(choices)


class MadeUp:
    """Answers to a procedure's forms, chosen near what its conditions ask about."""

    def __init__(self, procedure: Procedure, known: Known) -> None:
        self.procedure, self.known = procedure, known
        self._numbers: dict[str, list[int]] = {}
        for text in _expressions(procedure):
            numbers = [n for n in constants_in(text) if type(n) is int]
            for fact in names_in(text):
                self._numbers.setdefault(fact, [0]).extend(numbers)
        members = (e.collection for e in procedure.elements.values() if e.collection)
        self._panels = {fact for text in members for fact in names_in(text)}

    def to(self, element: str, now: datetime, chance: Random) -> dict[str, Any]:
        """The facts of an element's form; some of all facts, if its fields are not known."""
        specs: Mapping[str, FactSpec] = self.procedure.facts
        keys = self.known.form_keys.get(self.procedure.elements[element].form or "")
        if keys is None:
            names = [name for name in specs if chance.random() < 0.7]
        else:
            names = sorted(key for key in keys if key in specs)
        return {name: self._value(specs[name], now, chance) for name in names}

    def _value(self, spec: FactSpec, now: datetime, chance: Random) -> Any:
        match spec.type:
            case "date":
                day = london_date(now) - timedelta(days=chance.choice((0, 0, 0, 1, 5, -40)))
                return day.isoformat()
            case "bool":
                return chance.random() < 0.5
            case "choice":
                return chance.choice(spec.choices)
            case "list":
                return MEMBERS if spec.name in self._panels else []
        return chance.choice(self._numbers.get(spec.name, [0])) + chance.choice((0, 0, 1))


def _expressions(procedure: Procedure) -> Iterator[str]:
    """Every expression that chooses a way or a date."""
    for element in procedure.elements.values():
        texts = (element.expression, element.properties.get("offered_when"))
        yield from filter(None, texts)
        yield from filter(None, (flow.condition for flow in element.outgoing))
    for table in procedure.tables.values():
        for rule in table.rules:
            yield from filter(None, rule.tests)
