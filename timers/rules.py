"""Reads the rule of a deadline out of its expression, so that it can be put into words.

Nothing is evaluated: the expression is parsed and only the common shapes are recognised.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import NoneType
from typing import Any, Literal

from timers.calendar import Pause, StillPaused, WorkingCalendar, read_pauses

Unit = Literal["working_days", "calendar_days", "months"]


@dataclass(frozen=True)
class Extension:
    """Days or months added by a fact, such as stage_1_extension; 0 or None: not extended."""

    fact: str
    n: int | None
    label: str


@dataclass(frozen=True)
class Rule:
    """One rule of the shape unit(n + extensions, base[, pauses])."""

    text: str  # the expression as drawn
    unit: Unit
    n: int | None  # None: n comes from facts alone
    base_fact: str
    base_on: date | None  # None: has not happened yet
    base_label: str
    extensions: tuple[Extension, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def total(self) -> int:
        """n with its extensions, in the rule's unit."""
        return (self.n or 0) + sum(extension.n or 0 for extension in self.extensions)

    def due_on(self, calendar: WorkingCalendar) -> date | None:
        """Return the London due date; None while the base has not happened or a pause is open.

        Raise CalendarRunsOut outside the calendar's years.
        """
        if self.base_on is None or any(extension.n is None for extension in self.extensions):
            return None
        if self.unit == "calendar_days":
            return calendar.calendar_days(self.total, self.base_on)
        if self.unit == "months":
            return calendar.months(self.total, self.base_on)
        try:
            return calendar.working_days(self.total, self.base_on, self.pauses)
        except StillPaused:
            return None


def read_rule(expression: str, facts: Mapping[str, Any], labels: Mapping[str, str]) -> Rule | None:
    """Return the rule that an expression states, filled with the facts; None for other shapes.

    Recognised: working_days(10, x), working_days(10 + stage_1_extension, x),
    working_days(10, x, pauses), calendar_days(56, x), months(12, x). `labels` are those of the
    declared facts; a fact without one shows its name with spaces.
    """
    shape = _shape(expression)
    if shape is None:
        return None
    unit, terms, base, pauses_fact = shape
    base_on = facts.get(base)
    pauses = () if pauses_fact is None else _pauses(facts.get(pauses_fact))
    extensions = tuple(
        Extension(name, facts.get(name), _label(name, labels))
        for name in terms
        if isinstance(name, str)
    )
    numbers = [term for term in terms if isinstance(term, int)]
    if (
        pauses is None
        or type(base_on) not in (date, NoneType)
        or any(type(extension.n) not in (int, NoneType) for extension in extensions)
    ):
        return None
    return Rule(
        text=expression.strip(),
        unit=unit,
        n=sum(numbers) if numbers else None,
        base_fact=base,
        base_on=base_on,
        base_label=_label(base, labels),
        extensions=extensions,
        pauses=pauses,
    )


def rule_in_force(expression: str, holds: Callable[[str], bool]) -> str:
    """The rule that counts where a date hangs on conditions: A if c else B.

    holds: whether a condition of the expression is true. A branch without a date (None) leaves the
    other: it says how the date is counted when there is one. Raises SyntaxError.
    """
    way = _ways(expression)
    while not isinstance(way, str):
        test, taken, other = way
        if not holds(test):
            taken, other = other, taken
        way = _ways(other if taken == "None" else taken)
    return way


@lru_cache(maxsize=1024)
def _ways(expression: str) -> str | tuple[str, str, str]:
    """The condition, what counts if it is true and what if not; the rule itself without one."""
    node = ast.parse(expression.strip(), mode="eval").body
    if isinstance(node, ast.IfExp):
        return ast.unparse(node.test), ast.unparse(node.body), ast.unparse(node.orelse)
    return ast.unparse(node)


@lru_cache(maxsize=1024)
def _shape(expression: str) -> tuple[Unit, list[int | str], str, str | None] | None:
    """Split unit(sum, base[, pauses]); base and pauses must be the names of facts."""
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    match node:
        case ast.Call(
            func=ast.Name(id=("working_days" | "calendar_days" | "months") as unit),
            args=[total, ast.Name(id=base)],
            keywords=[],
        ):
            pauses = None
        case ast.Call(
            func=ast.Name(id="working_days" as unit),
            args=[total, ast.Name(id=base), ast.Name(id=pauses)],
            keywords=[],
        ):
            pass
        case _:
            return None
    terms = _terms(total)
    return None if terms is None else (unit, terms, base, pauses)


def _terms(node: ast.expr) -> list[int | str] | None:
    """Flatten a sum into whole numbers and names of facts; None if it is anything else."""
    match node:
        case ast.Constant(value=int(number)) if type(number) is int:
            return [number]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return [-number]
        case ast.Name(id=name):
            return [name]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = _terms(left), _terms(right)
            return None if before is None or after is None else before + after
    return None


def _pauses(value: object) -> tuple[Pause, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    try:
        return tuple(read_pauses(value))
    except (TypeError, ValueError):
        return None


def _label(fact: str, labels: Mapping[str, str]) -> str:
    return labels.get(fact) or fact.replace("_", " ").removesuffix(" on")
