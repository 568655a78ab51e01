"""What the engine refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that the owner of a procedure should mend, in the owner's words.

    file: the name of the diagram or table; element: the id to look for in it, None for the whole
    file. An error stops a deployment, a warning does not.
    """

    file: str
    element: str | None
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}, {self.element}" if self.element else self.file
        return f"{where}: {self.message}"


class EngineRefused(Exception):
    """Base of all that the engine raises on purpose. Nothing of the step may be saved.

    element: the id of the place in the diagram, empty where it is none or none is known.
    """

    element: str = ""


@contextmanager
def standing_at(element: str | None) -> Iterator[None]:
    """What is refused inside is refused at this place of the diagram, unless it names its own."""
    try:
        yield
    except EngineRefused as refused:
        refused.element = refused.element or element or ""
        raise


class DiagramRefused(EngineRefused):
    """The files cannot be run; `problems` says what and where."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.file, p.element or "", p.message))
        super().__init__("; ".join(str(problem) for problem in self.problems))


class ExpressionRefused(EngineRefused):
    """An expression is outside the small language, or has no value for these facts."""

    def __init__(self, text: str, reason: str) -> None:
        self.text, self.reason = text, reason
        super().__init__(f"{text!r}: {reason}")


class UnknownFact(ExpressionRefused):
    """The expression names something that is no declared fact."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        super().__init__(text, f"'{name}' is not a declared fact")


class FactRefused(EngineRefused):
    """A value is not one that the declared fact can hold, or the fact is not declared."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"fact {name!r} {reason}")


class RowsOverlap(EngineRefused):
    """A decision table that promises one matching row (UNIQUE) found more."""

    def __init__(self, decision: str, rows: Iterable[int]) -> None:
        numbers = ", ".join(map(str, rows))
        super().__init__(f"table {decision!r}: rows {numbers} match together, but only one may")


class StateRefused(EngineRefused):
    """A stored state is damaged, or belongs to another diagram."""


class CannotMove(EngineRefused):
    """A case cannot go on under another version; the message says why, for people to read."""

    def __init__(self, element: str, why: str) -> None:
        self.element = element
        super().__init__(why)


class Gone(EngineRefused):
    """The task or message is no longer waited for."""


class TooManySteps(EngineRefused):
    """One step passed more automatic elements than a diagram can mean: an endless loop."""


class LostToken(EngineRefused):
    """Nothing is live and the instance has not ended: a fault of the engine or of the diagram."""


class NoWay(EngineRefused):
    """No way was found to the step where a case is said to stand.

    missing: the facts whose dates must be known for that; nearest: the elements at which the best
    try waited; ended_by: the timer that would have ended the step before now.
    """

    def __init__(
        self, step: str, missing: tuple[str, ...], nearest: tuple[str, ...], ended_by: str
    ) -> None:
        self.step, self.missing, self.nearest, self.ended_by = step, missing, nearest, ended_by
        super().__init__(f"no way leads to {step!r}")
