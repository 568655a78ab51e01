"""Playing a drawn procedure in a test: facts, a calendar, and steps by element id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.engine import (
    ArmedDeadline,
    FactSpec,
    Procedure,
    Snapshot,
    complete,
    fire_due,
    parse_facts,
    receive,
    recompute,
    start,
)
from timers.calendar import LONDON, WorkingCalendar, calendar_for

ENGLAND = calendar_for("ENG")


def declare(**types: str) -> dict[str, FactSpec]:
    """Facts by name: "date", "int", or the choices of a choice: "choice: upheld, refused"."""
    lines = []
    for name, kind in types.items():
        kind, _, choices = kind.partition(":")
        lines += [f"[{name}]", f'type = "{kind}"']
        if choices:
            lines.append(f"choices = {[choice.strip() for choice in choices.split(',')]}")
    return parse_facts("\n".join(lines).encode())


def at(text: str) -> datetime:
    """An instant in London: "2026-03-02 09:00", or the day alone for nine o'clock."""
    return datetime.fromisoformat(text if " " in text else f"{text} 09:00").replace(tzinfo=LONDON)


@dataclass
class Played:
    """A case being played. Each step replaces the snapshot."""

    procedure: Procedure
    snapshot: Snapshot
    now: datetime
    calendar: WorkingCalendar = ENGLAND

    @property
    def facts(self) -> dict[str, Any]:
        return self.snapshot.facts

    @property
    def open(self) -> list[str]:
        """The elements of the open tasks."""
        return sorted(task.element for task in self.snapshot.tasks.values())

    def task(self, element: str) -> str:
        """The token of an open task."""
        tasks = self.snapshot.tasks.items()
        return next(token for token, task in tasks if task.element == element)

    def deadline(self, element: str) -> ArmedDeadline:
        return next(d for d in self.snapshot.deadlines.values() if d.element == element)

    def due_on(self, element: str) -> date | None:
        return self.deadline(element).due_on

    def offers(self) -> list[str]:
        return [offer.name for offer in self.snapshot.messages]

    def happened(self, *actions: str) -> list[str]:
        """The elements of the last step's events of some kinds, in order."""
        return [event.element for event in self.snapshot.events if event.action in actions]

    def do(self, element: str, on: str = "", **facts: Any) -> Played:
        """Complete an open task."""
        token = self.task(element)
        return self._take(complete, on, token, facts)

    def hear(self, message: str, on: str = "", **facts: Any) -> Played:
        """Receive a message."""
        return self._take(receive, on, message, facts)

    def wait(self, until: str) -> Played:
        """Let time pass."""
        return self._take(fire_due, until)

    def recompute(self, calendar: WorkingCalendar) -> Played:
        """Change the calendar."""
        self.calendar = calendar
        return self._take(recompute, "")

    def _take(self, command: Any, on: str, *arguments: Any) -> Played:
        self.now = at(on) if on else self.now
        self.snapshot = command(
            self.procedure, self.snapshot.stored, *arguments, self.now, self.calendar
        )
        return self


def parse(
    *diagrams: bytes,
    facts: Mapping[str, FactSpec] | None = None,
    tables: tuple[bytes, ...] = (),
    oracle: bool = False,
) -> Procedure:
    """A procedure from drawn files."""
    files = {f"diagram_{n}.bpmn": body for n, body in enumerate(diagrams)}
    files |= {f"table_{n}.dmn": body for n, body in enumerate(tables)}
    return Procedure.parse(files, facts or {}, oracle=oracle)


def begin(procedure: Procedure, on: str = "2026-03-02", **form: Any) -> Played:
    """Start a case with the facts of its first form."""
    now = at(on)
    return Played(procedure, start(procedure, {}, now, ENGLAND, form=form), now)
