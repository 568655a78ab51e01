"""Where a case stands that was begun elsewhere: the way to its step, by the facts that are known.

The procedure itself is run up to the step, at the dates that are known, so that what hangs beside
it is there, too: clocks, windows, whatever follows a case up. Nothing is saved here.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any

from app.engine.diagram import Element
from app.engine.problems import EngineRefused, NoWay
from app.engine.procedure import Procedure
from app.engine.runtime import complete, fire_due, receive, start
from app.engine.snapshot import Snapshot, Stored
from app.engine.typecheck import names_in
from timers.calendar import LONDON, WorkingCalendar, london_date

MOST_TRIES = 600  # steps of the engine for one case
A_GUESS = 6  # how many elements of a detour are better than one supposition
# What is supposed of a fact that nobody knows, by its type; of a choice, each there is.
GUESSED: dict[str, tuple[bool, ...]] = {"bool": (True,), "choice": ()}


@dataclass(frozen=True)
class Passed:
    """One step on the way. at: when it was taken, by the dates that are known.

    element: the task or message that was done, "" where only time passed; task: a task's token.
    supposed: answers that nobody gave, without which no way was found.
    """

    at: datetime
    snapshot: Snapshot
    element: str = ""
    task: str = ""
    supposed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Begun:
    """What is known of a case that was begun elsewhere.

    at: when it came. facts: as JSON, by name. kept: those that the system keeps by itself. asked:
    the facts that each form asks, by the form's id.
    """

    at: datetime
    facts: Mapping[str, Any]
    kept: Mapping[str, Any]
    asked: Mapping[str, Collection[str]]


def place(
    procedure: Procedure, begun: Begun, step: str, now: datetime, calendar: WorkingCalendar
) -> list[Passed]:
    """The steps by which the case came to wait at an element, up to now.

    Raise NoWay, which says what is missing, or what ended the step before now.
    """
    return _Search(procedure, begun, step, now.astimezone(UTC), calendar).run()


Way = tuple[Passed, ...]


class _Search:
    """Best first: the fewest elements still to pass, then the fewest suppositions."""

    def __init__(
        self,
        procedure: Procedure,
        begun: Begun,
        step: str,
        now: datetime,
        calendar: WorkingCalendar,
    ) -> None:
        self.procedure, self.begun, self.step = procedure, begun, step
        self.now, self.calendar = now, calendar
        self.far = _elements_to_pass(procedure, step)
        self.decisive = _decisive(procedure)
        self.missing: dict[str, None] = {}
        self.ended_by = ""
        self.nearest: tuple[int, tuple[str, ...]] = (len(procedure.elements), ())

    def run(self) -> list[Passed]:
        first = self._begin()
        queue: list[tuple[int, int, Way]] = [(0, 0, (first,))]
        seen, serial, tries = set(), count(1), 0
        while queue and tries < MOST_TRIES:
            *_, way = heapq.heappop(queue)
            if self._waits_there(way[-1].snapshot):
                if ended := self._up_to_now(way):
                    return ended
                continue
            for passed in self._next(way[-1]):
                tries += 1
                here = _where(passed.snapshot)
                if here not in seen:
                    seen.add(here)
                    longer = (*way, passed)
                    heapq.heappush(queue, (self._rank(longer), next(serial), longer))
        raise NoWay(self.step, tuple(self.missing), self.nearest[1], self.ended_by)

    def _begin(self) -> Passed:
        begun, known = self.begun, self.begun.facts
        asked = begun.asked.get(self.procedure.start_form or "", ())
        form = {name: known[name] for name in asked if name in known}
        day = {"received_on": london_date(begun.at).isoformat()}
        snapshot = start(
            self.procedure, begun.kept, begun.at, self.calendar, form=form | day, known=known
        )
        return Passed(begun.at, snapshot, self.procedure.start.id)

    def _waits_there(self, snapshot: Snapshot) -> bool:
        return self.step in _waits(snapshot)

    def _rank(self, way: Way) -> int:
        waits = _waits(way[-1].snapshot)
        far = min((self.far[at] for at in waits if at in self.far), default=len(self.far))
        if far < self.nearest[0]:
            self.nearest = (far, tuple(sorted(at for at in waits if at in self.far)))
        return far + A_GUESS * sum(len(passed.supposed) for passed in way)

    def _next(self, last: Passed) -> Iterator[Passed]:
        """What could have come next: a task done, a message received, or time that passed."""
        for task in last.snapshot.tasks.values():
            for supposed in self._answers(task.element, task.form):
                yield from self._try(last, task.element, task.id, supposed)
        for offer in last.snapshot.messages:
            for supposed in self._answers(offer.element, offer.form):
                yield from self._try(last, offer.element, "", supposed)
        yield from self._time_passes(last)

    def _answers(self, element: str, form: str | None) -> Iterator[dict[str, Any]]:
        """What the form was answered with beside the facts that are known: nothing, or one fact."""
        if element not in self.far:
            return
        yield {}
        for name in sorted(self._open_questions(form)):
            spec = self.procedure.facts[name]
            for value in GUESSED[spec.type] or spec.choices:
                yield {name: value}

    def _open_questions(self, form: str | None) -> set[str]:
        """The facts that the form asks and a way hangs on, if nobody knows them."""
        asked = set(self.begun.asked.get(form or "", ())) - self.begun.facts.keys()
        specs = self.procedure.facts
        return {n for n in asked & self.decisive if specs[n].type in GUESSED}

    def _try(
        self, last: Passed, element: str, task: str, supposed: Mapping[str, Any]
    ) -> Iterator[Passed]:
        drawn, known = self.procedure.elements[element], self.begun.facts
        names = {*self.begun.asked.get(drawn.form or "", ()), *drawn.listed("sets")}
        form = {name: known[name] for name in names if name in known} | dict(supposed)
        at = self._day_of(drawn.listed("sets"), last.at)
        for _ in range(2):  # again where a letter that follows bears a later date
            try:
                snapshot = self._act(last.snapshot, element, task, form, at)
            except EngineRefused:
                return
            dated = _dated(self.procedure, snapshot)
            if unknown := [name for name in dated if known.get(name) is None]:
                if not supposed:
                    self.missing.update(dict.fromkeys(unknown))
                return
            later = self._day_of(dated, at)
            if later == at:
                yield Passed(at, snapshot, element, task, supposed)
                return
            at = later

    def _act(
        self, before: Snapshot, element: str, task: str, form: dict[str, Any], at: datetime
    ) -> Snapshot:
        stored = Stored(before.state, before.facts, known=self.begun.facts)
        if task:
            return complete(self.procedure, stored, task, form, at, self.calendar)
        message = self.procedure.elements[element].message or ""
        return receive(self.procedure, stored, message, form, at, self.calendar)

    def _day_of(self, names: Collection[str], at: datetime) -> datetime:
        """Noon of the latest of these dates, if that is after `at`; never later than now."""
        known = [self.begun.facts.get(name) for name in names]
        day = max((date.fromisoformat(on) for on in known if on), default=date.min)
        if day <= london_date(at):
            return at
        return min(datetime.combine(day, time(12), LONDON).astimezone(UTC), self.now)

    def _time_passes(self, last: Passed) -> Iterator[Passed]:
        """Up to the next timer that falls due."""
        armed = last.snapshot.deadlines.values()
        due = [d.falls_due_at for d in armed if d.falls_due_at and not d.fired]
        at = min(due, default=None)
        if at is None or at > self.now or not any(d.element in self.far for d in armed):
            return
        stored = Stored(last.snapshot.state, last.snapshot.facts, known=self.begun.facts)
        try:
            snapshot = fire_due(self.procedure, stored, at, self.calendar)
        except EngineRefused:
            return
        yield Passed(at, snapshot)

    def _up_to_now(self, way: Way) -> list[Passed] | None:
        """The rest of what is known, then time up to now. None if the case would have gone on."""
        last = way[-1]
        facts = last.snapshot.facts
        news = {n: v for n, v in self.begun.facts.items() if v is not None and facts.get(n) != v}
        ended = [*way]
        for at, late in ((last.at, news), (self.now, {})):
            before = ended[-1].snapshot
            stored = Stored(before.state, before.facts, late, self.begun.facts)
            snapshot = fire_due(self.procedure, stored, at, self.calendar)
            if not self._waits_there(snapshot):
                due = [event.element for event in snapshot.events if event.action == "due"]
                self.ended_by = due[-1] if due else ""
                return None
            ended.append(Passed(at, snapshot))
        return ended


def _waits(snapshot: Snapshot) -> set[str]:
    """The elements at which somebody or something is waited for."""
    tasks = {task.element for task in snapshot.tasks.values()}
    timers = {armed.element for armed in snapshot.deadlines.values() if not armed.fired}
    return tasks | timers | {offer.element for offer in snapshot.messages}


def _where(snapshot: Snapshot) -> tuple[Any, ...]:
    """Two steps that lead to the same place with the same facts are one."""
    members = sum(1 for task in snapshot.tasks.values() if task.item)  # of a panel, still to act
    return (frozenset(_waits(snapshot)), members, str(sorted(snapshot.facts.items())))


def _dated(procedure: Procedure, snapshot: Snapshot) -> list[str]:
    """The dates that were set in a step by what people did or sent."""
    acts = (event for event in snapshot.events if event.action in {"submitted", "received", "sent"})
    return [name for event in acts for name in procedure.elements[event.element].listed("sets")]


def _decisive(procedure: Procedure) -> frozenset[str]:
    """The facts on which a way hangs: named in a condition, or asked by a decision table."""
    texts = [flow.condition or "" for e in procedure.elements.values() for flow in e.outgoing]
    texts += [e.properties.get("offered_when", "") for e in procedure.elements.values()]
    texts += [asked for table in procedure.tables.values() for asked in table.inputs]
    return frozenset(name for text in texts if text for name in names_in(text))


def _elements_to_pass(procedure: Procedure, step: str) -> dict[str, int]:
    """How many elements lie between each element and the step; those that never lead there: none.

    Drawn ways only, conditions are not looked at.
    """
    comes_from: dict[str, set[str]] = {}
    for source, target in _drawn_ways(procedure):
        comes_from.setdefault(target, set()).add(source)
    far, at = {step: 0}, [step]
    for element in at:
        for before in sorted(comes_from.get(element, ())):
            if before not in far:
                far[before] = far[element] + 1
                at.append(before)
    return far


def _drawn_ways(procedure: Procedure) -> Iterator[tuple[str, str]]:
    """Arrows, events on edges, ways into what is called or contained and out of it again."""
    elements = procedure.elements.values()
    for element in elements:
        yield from ((element.id, flow.target) for flow in element.outgoing)
        if element.attached_to:
            yield element.attached_to, element.id
        inside = [e for e in elements if _is_inside(e, element.id, element.calls)]
        for inner in inside:
            if inner.kind == "startEvent":
                yield element.id, inner.id
            if inner.kind == "endEvent":
                yield from ((inner.id, flow.target) for flow in element.outgoing)


def _is_inside(inner: Element, host: str, called: str | None) -> bool:
    """Directly inside a subprocess, or inside the process that a call calls."""
    return inner.parent == host or bool(called and inner.process == called and not inner.parent)
