"""What a step hands back: all that one transaction writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Stored:
    """What the database keeps of an instance: the engine's state and the facts as JSON.

    news: facts that have changed outside the procedure. They hold from the instant of the step on:
    what was due before is judged by the facts that held then.
    known: dates of what was done elsewhere (placing.py); no other step has any.
    """

    state: bytes
    facts: Mapping[str, Any]
    news: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenTask:
    """Work for a person. id: the token, which stays the same as long as the task is open.

    item: a panel member's entry by its name, else empty. stage: the code of the innermost stage.
    """

    id: str
    element: str
    name: str
    lane: str | None
    form: str | None
    item: Mapping[str, Any]
    stage: str | None


@dataclass(frozen=True)
class ArmedDeadline:
    """A timer whose host is open. host: the token of the activity or gateway that it hangs over.

    due_on: the London date, None while a fact is missing or a pause is open.
    falls_due_at: the instant (UTC) at which it next fires; None if nothing more will come: no
    date, met already, or fired. fired: it has fired, and fires again only if its date moves.
    rule: the expression. kind: duty, window or reminder. met_by: the fact that meets it.
    """

    host: str
    element: str
    due_on: date | None
    falls_due_at: datetime | None
    fired: bool = False
    rule: str = ""
    kind: str = "duty"
    met_by: str | None = None


@dataclass(frozen=True)
class Offer:
    """A message that is waited for and offered now. offered_to: staff, resident."""

    name: str
    element: str
    form: str | None
    label: str
    offered_to: frozenset[str]


@dataclass(frozen=True)
class HistoryEvent:
    """One thing that happened. at: when by the procedure (UTC), not when it was worked out.

    action: started, submitted, received, passed, sent, decided, due, opened, closed, armed, moved,
    passed_over, disarmed, ended. detail: JSON; `facts` in it are the facts that this wrote.
    """

    action: str
    element: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """An instance after a step. `state` and `facts` are the truth, the rest is their index.

    stage: the codes of the stages that are open, outermost first. events: what happened, in order.
    """

    state: bytes
    facts: dict[str, Any]
    tasks: dict[str, OpenTask]
    deadlines: dict[tuple[str, str], ArmedDeadline]
    messages: tuple[Offer, ...]
    stage: tuple[str, ...]
    events: tuple[HistoryEvent, ...]
    completed: bool = False

    @property
    def stored(self) -> Stored:
        return Stored(self.state, self.facts)

    @property
    def stuck(self) -> bool:
        """Nobody and nothing can move it, as when a branch ended before its join: an incident.

        A timer whose date is not known yet waits: the fact that it needs may come by itself.
        """
        waits = any(
            deadline.falls_due_at or (deadline.due_on is None and not deadline.fired)
            for deadline in self.deadlines.values()
        )
        return not (self.completed or self.tasks or self.messages or waits)
