"""A procedure that lint finds nothing wrong with, and what it says of others."""

from __future__ import annotations

from drawing import TEAM, diagram, end, flows, start, user
from playing import declare

from app.engine import Known, Problem, lint

FACTS = declare(
    received_on="date",
    answered_on="date",
    weeks="int",
    amount="money",
    accepted="bool",
    outcome="choice: upheld, refused",
    panel="list",
)
KNOWN = Known(
    forms={"record_complaint", "complain", "ask", "answer", "news", "view", "promising"},
    letters={"notice"},
    teams={"complaints": TEAM},
    promise_forms={"promising"},
)


def found(
    *parts: str, extra: dict[str, bytes] | None = None, known: Known = KNOWN
) -> list[Problem]:
    """The problems of a process drawn from these parts."""
    return lint({"complaint.bpmn": diagram(*parts), **(extra or {})}, FACTS, known)


def after_a_task(*parts: str) -> list[Problem]:
    """The problems of parts that an ordinary task leads to: they begin at `next`."""
    return found(start(), user("ask"), *parts, flows("begun > ask > next"))


def says(problems: list[Problem], element: str | None, message: str) -> bool:
    """Is there a problem with this element, in these words?"""
    return any(p.element == element and message in p.message for p in problems)


def plain(*on_the_way: str, way: str = "begun > ask > done") -> list[Problem]:
    """The problems of start, task and end, with something more."""
    return found(start(), user("ask"), *on_the_way, end(), flows(way))
