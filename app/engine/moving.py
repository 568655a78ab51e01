"""An open instance goes on under another version of its procedure.

Its tokens stand at elements, so it can move where the new version has the same elements to stand
at; what hangs on their edges is armed or taken away. Everything else says why it cannot. A token
keeps its id, and so do claim and draft of its task. Dates are worked out from facts, never from the
day of the move: a limit that is drawn as before falls due as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.util.task import TaskState

from app.engine.behaviour import Counting
from app.engine.diagram import Element
from app.engine.instance import Instance
from app.engine.interpreter import Interpreter
from app.engine.passed import keep_what_stays_passed
from app.engine.problems import CannotMove, FactRefused, StateRefused
from app.engine.procedure import Procedure
from app.engine.runtime import opened, snapshot_of
from app.engine.snapshot import Snapshot, Stored
from app.engine.state import Row, load
from timers.calendar import WorkingCalendar

SPLIT = ".BoundaryEventSplit"
ELEMENT, TOKEN, STATE, HOLDER, KEPT, DATA = range(6)  # of a row: see state.py
SPLITS = ("parallelGateway", "inclusiveGateway")
Names = Mapping[str, str]


def move(
    old: Procedure,
    new: Procedure,
    stored: Stored,
    now: datetime,
    calendar: WorkingCalendar,
    names: Names | None = None,
) -> Snapshot:
    """Go on under `new`, as a step: what is due by the new dates fires, automatic elements pass.

    names: elements and processes that have another id in the new version, old id -> new id.
    Raise CannotMove where the case stands at something that the new version has not, and what a
    step raises. What is due by the old version has to be fired first.
    """
    before = opened(old, stored, now, calendar)
    state = _Moved(old, new, names or {}).state(orjson.loads(stored.state))
    try:
        engine = Interpreter(new.facts, stored.facts, before.until, calendar, stored.known)
        instance = Instance(new, engine, deserializing=True)
        load(orjson.dumps(state), instance)
    except FactRefused as refused:
        raise CannotMove("", f"What is known of the case does not fit: {refused}") from None
    except StateRefused as refused:
        raise CannotMove("", f"The case does not fit the new version: {refused}.") from None
    instance.observe(write=False)
    instance.seen_deadlines = {  # so that what differs is written down
        (host, (names or {}).get(timer, timer)): armed
        for (host, timer), armed in before.seen_deadlines.items()
    }
    instance.until = instance.engine.now = before.until  # what differs, differs from now on
    keep_what_stays_passed(instance)
    instance.catch_up(before.until)
    instance.engine.facts.record(stored.news)
    instance.settle()
    return snapshot_of(instance)


class _Moved:
    """The saved state of one version, rewritten for another."""

    def __init__(self, old: Procedure, new: Procedure, names: Names) -> None:
        self.old, self.new, self.names = old, new, names

    def state(self, state: list[Any]) -> list[Any]:
        version, now, calendar, scopes = state
        owners = {row[TOKEN]: row[ELEMENT] for _, _, rows in scopes for row in rows}
        moved = [
            [self._scope(name, owners.get(owner)), owner, self._rows(name, rows)]
            for name, owner, rows in scopes
        ]
        return [version, now, calendar, moved]

    def _name(self, element: str) -> str:
        """The spec's name in the new version: Spiff puts words of its own behind an element's."""
        for end in (SPLIT, " [child]"):
            if element.endswith(end):
                return self._name(element.removesuffix(end)) + end
        return self.names.get(element, element)

    def _scope(self, name: str, owner: str | None) -> str:
        renamed = self._name(name)
        if owner is None:
            if renamed != self.new.root:
                raise CannotMove("", "The new version begins with another diagram.")
            return renamed
        if renamed not in self.new.parts:
            raise CannotMove(owner, f"{self._told(owner)} is not opened by the new version.")
        return renamed

    def _spec(self, name: str) -> BpmnProcessSpec:
        renamed = self._name(name)
        return self.new.spec if renamed == self.new.root else self.new.parts[renamed]

    def _rows(self, scope: str, rows: list[Row]) -> list[Row]:
        spec = self._spec(scope)
        self._check_ways(scope, rows)
        kept: list[Row] = []
        places: dict[int, int] = {}  # of a row before -> of the row after
        for number, row in enumerate(rows):
            if row[ELEMENT].endswith(SPLIT) or self._is_edge(row):
                continue  # made anew beside its activity
            split = self._split_of(rows, row)
            holder = rows[split][HOLDER] if split is not None else row[HOLDER]
            holder = places[holder] if holder >= 0 else -1
            element = self._kept_element(spec, row)
            if f"{element}{SPLIT}" in spec.task_specs:
                old_split = rows[split] if split is not None else None
                token = old_split[TOKEN] if old_split else uuid4().hex
                data = old_split[DATA] if old_split else row[DATA]
                kept.append([f"{element}{SPLIT}", token, TaskState.COMPLETED, holder, {}, data])
                holder = len(kept) - 1
            places[number] = len(kept)
            kept.append(
                [element, *row[TOKEN:HOLDER], holder, self._bookkeeping(spec, row), row[DATA]]
            )
            if f"{element}{SPLIT}" in spec.task_specs:
                kept += self._edge(spec, element, holder, rows, split, row)
        return kept

    def _is_edge(self, row: Row) -> bool:
        """Whether it is an event on the edge of an activity."""
        element = self.old.elements.get(row[ELEMENT])
        return element is not None and element.attached_to is not None

    def _split_of(self, rows: list[Row], row: Row) -> int | None:
        held = row[HOLDER]
        return held if held >= 0 and rows[held][ELEMENT].endswith(SPLIT) else None

    def _edge(
        self,
        spec: BpmnProcessSpec,
        element: str,
        holder: int,
        rows: list[Row],
        split: int | None,
        activity: Row,
    ) -> list[Row]:
        """The events on the edge of an open activity: as they were, or armed now."""
        before: dict[str, list[Row]] = {}
        for row in rows:
            if split is not None and row[HOLDER] == split and self._is_edge(row):
                before.setdefault(self._name(row[ELEMENT]), []).append(row)
        edge: list[Row] = []
        for event in spec.task_specs[f"{element}{SPLIT}"]._outputs:
            drawn = spec.task_specs[event]
            if not isinstance(drawn, BoundaryEvent):
                continue
            known = before.get(event, [])
            if known and self._kind(known[0][ELEMENT], self.old) != self._kind(event, self.new):
                raise CannotMove(event, f"{self._told(event)} waits for something else now.")
            if drawn.cancel_activity and any(r[STATE] == TaskState.COMPLETED for r in known):
                raise CannotMove(event, f"{self._told(event)} has passed, and would end the step.")
            fresh = [event, uuid4().hex, TaskState.WAITING, holder, {}, activity[DATA]]
            edge += [[event, *r[TOKEN:HOLDER], holder, *r[KEPT:]] for r in known] or [fresh]
        return edge

    def _kind(self, element: str, procedure: Procedure) -> str:
        return procedure.elements[element].kind

    def _kept_element(self, spec: BpmnProcessSpec, row: Row) -> str:
        """Where the token stands in the new version. Raise CannotMove if it cannot."""
        was, element = row[ELEMENT], self._name(row[ELEMENT])
        drawn = spec.task_specs.get(element)
        base = was.removesuffix(" [child]")
        if drawn is None:
            raise CannotMove(base, f"The case stands at {self._told(base)}, which is gone.")
        specs = (self.old.spec, *self.old.parts.values())
        before = next(s.task_specs[was] for s in specs if was in s.task_specs)
        if type(before) is not type(drawn):
            raise CannotMove(base, f"{self._told(base)} is another kind of step now.")
        self._check_same_work(base, self._name(base))
        return element

    def _check_same_work(self, was: str, element: str) -> None:
        old, new = self.old.elements.get(was), self.new.elements.get(element)
        if old is None or new is None:
            return  # Spiff's own
        if old.calls and self._name(old.calls) != new.calls:
            raise CannotMove(was, f"{self._told(was)} opens another diagram now.")
        if (old.collection, old.item_name) != (new.collection, new.item_name):
            raise CannotMove(was, f"{self._told(was)} is done by other people now, one by one.")

    def _bookkeeping(self, spec: BpmnProcessSpec, row: Row) -> dict[str, Any]:
        """Arrivals and dates by the new names; what is not drawn any more is left out."""
        kept = dict(row[KEPT])
        drawn = spec.task_specs[self._name(row[ELEMENT])]
        if isinstance(drawn, Counting):
            kept["arrived"] = sorted(self._name(entry) for entry in kept["arrived"])
        for dates in ("due", "seen"):
            if dates in kept:
                named = {self._name(timer): on for timer, on in kept[dates].items()}
                kept[dates] = {
                    timer: on for timer, on in named.items() if timer in self.new.elements
                }
        return kept

    def _check_ways(self, scope: str, rows: list[Row]) -> None:
        """Between a split and its join the ways must be those that the case has gone."""
        edges = [row for row in rows if row[ELEMENT].endswith(SPLIT) or self._is_edge(row)]
        members = [row for row in rows if row[ELEMENT].endswith(" [child]")]
        joins = [row for row in rows if "arrived" in row[KEPT]]
        if len(rows) - len(edges) - len(members) < 2 and not joins:
            return
        was = {self._name(e.id): self._drawn(e) for e in self._splits(self.old, scope)}
        new = {e.id: _ways(e) for e in self._splits(self.new, self._name(scope))}
        if was != new:
            changed = next(iter(sorted(was.items() ^ new.items())))[0]
            raise CannotMove(
                changed, f"The case is between ways that run side by side, and {changed!r} changed."
            )

    def _splits(self, procedure: Procedure, scope: str) -> list[Element]:
        inside = (e for e in procedure.elements.values() if scope in (e.parent, e.process))
        here = [e for e in inside if e.parent == scope or (e.process == scope and not e.parent)]
        return [e for e in here if e.kind in SPLITS]

    def _drawn(self, gateway: Element) -> tuple[frozenset[str], frozenset[str]]:
        came, goes = _ways(gateway)
        return frozenset(map(self._name, came)), frozenset(map(self._name, goes))

    def _told(self, element: str) -> str:
        drawn = self.old.elements.get(element) or self.new.elements.get(element)
        return f"“{drawn.name or drawn.id}”" if drawn else repr(element)


def _ways(gateway: Element) -> tuple[frozenset[str], frozenset[str]]:
    """Where a gateway's arrows come from and lead to."""
    return (
        frozenset(flow.source for flow in gateway.incoming),
        frozenset(flow.target for flow in gateway.outgoing),
    )
