"""A procedure as it is being checked: its elements, its arrows, and what is known around it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from app.engine.decisions import Table
from app.engine.diagram import Diagram, Element
from app.engine.facts import FactSpec
from app.engine.problems import Problem
from app.engine.procedure import reached_elements

ACTIVITIES = frozenset({"userTask", "sendTask", "businessRuleTask", "callActivity", "subProcess"})
WAITS = frozenset({"userTask", "timer", "message", "eventBasedGateway"})


@dataclass(frozen=True)
class Known:
    """What else the deployment holds, for diagrams to name.

    forms and letters: their ids. teams: id -> name; also: their other names. form_keys: form id
    -> the keys of its fields,
    person_keys: form id -> those of its fields that choose who does a task; a form that is not
    listed there is taken to have whatever is asked of it. names_colleagues: the forms that list
    colleagues by name. promise_forms: those that promise something. kept: the facts that come by
    themselves.
    """

    forms: Collection[str] = frozenset()
    letters: Collection[str] = frozenset()
    teams: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[str] = frozenset()
    form_keys: Mapping[str, Collection[str]] = field(default_factory=dict)
    person_keys: Mapping[str, Collection[str]] = field(default_factory=dict)
    promise_forms: Collection[str] = frozenset()
    kept: frozenset[str] = frozenset()
    names_colleagues: Collection[str] = frozenset()


@dataclass(frozen=True)
class Draft:
    """What every rule looks at. elements: those the root process reaches, by id."""

    diagrams: tuple[Diagram, ...]
    tables: Mapping[str, Table]
    facts: Mapping[str, FactSpec]
    known: Known
    root: str

    @cached_property
    def elements(self) -> dict[str, Element]:
        return reached_elements(self.diagrams, self.root)

    @cached_property
    def processes(self) -> dict[str, str]:
        """Every process there is, reached or not, and its file."""
        return {process: d.file for d in self.diagrams for process in d.processes}

    def of_kind(self, *kinds: str) -> Iterator[Element]:
        """The elements of some kinds."""
        return (e for e in self.elements.values() if e.kind in kinds)

    @cached_property
    def scopes(self) -> dict[tuple[str, str | None], list[Element]]:
        """The elements of each process and of each subprocess in it."""
        scopes: dict[tuple[str, str | None], list[Element]] = {}
        for element in self.elements.values():
            scopes.setdefault((element.process, element.parent), []).append(element)
        return scopes

    @cached_property
    def boundary(self) -> dict[str, list[Element]]:
        """The events on the edge of each activity that there is."""
        events: dict[str, list[Element]] = {}
        for element in self.elements.values():
            if element.attached_to in self.elements:
                events.setdefault(element.attached_to, []).append(element)
        return events

    def next_of(self, element: Element, *, side_ways: bool = True) -> list[Element]:
        """Where a token goes from here; side_ways: also by events that do not interrupt."""
        edge = [e for e in self.boundary.get(element.id, ()) if side_ways or e.interrupting]
        targets = (self.elements.get(flow.target) for flow in element.outgoing)
        return [*edge, *(target for target in targets if target is not None)]

    def after(
        self,
        begin: Iterable[Element],
        *,
        stop: Callable[[Element], bool] = lambda element: False,
        side_ways: bool = True,
    ) -> dict[str, Element]:
        """The elements reached from some, themselves included; not beyond those that `stop`."""
        reached: dict[str, Element] = {}
        stack = list(begin)
        while stack:
            element = stack.pop()
            if element.id not in reached:
                reached[element.id] = element
                if not stop(element):
                    stack.extend(self.next_of(element, side_ways=side_ways))
        return reached

    def inside(self, activity: Element) -> list[Element]:
        """Everything within a subprocess or a called process, at any depth; else nothing."""
        if activity.kind not in ("callActivity", "subProcess"):
            return []
        found: list[Element] = []
        keys: list[tuple[str, str | None]] = [_inner(activity)]
        for key in keys:
            for element in self.scopes.get(key, ()):
                found.append(element)
                inner = _inner(element)
                if element.kind in ("callActivity", "subProcess") and inner not in keys:
                    keys.append(inner)
        return found

    def names_at(self, element: Element) -> dict[str, FactSpec | None]:
        """What an expression may name here: the facts, and the entry of each panel around it."""
        names: dict[str, FactSpec | None] = dict(self.facts)
        at: Element | None = element
        while at is not None:
            if at.collection and at.item_name:
                names[at.item_name] = None
            at = self.elements.get(at.parent or "")
        return names

    def facts_written(self, element: Element) -> frozenset[str]:
        """The facts that an element may change, with all that lies within it."""
        written: set[str] = set()
        for part in (element, *self.inside(element)):
            table = self.tables.get(part.decision or "")
            written.update(self.known.form_keys.get(part.form or "", ()))
            written.update(*map(part.listed, ("sets", "pauses", "resumes")))
            written.update(table.outputs if table else ())
        return frozenset(written & self.facts.keys())


def _inner(activity: Element) -> tuple[str, str | None]:
    if activity.kind == "callActivity":
        return activity.calls or "", None
    return activity.process, activity.id


def at(element: Element, message: str, severity: Literal["error", "warning"] = "error") -> Problem:
    """A problem with an element."""
    return Problem(element.file, element.id, message, severity)
