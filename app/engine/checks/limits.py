"""Names that say a limit, such as “10 working days, 20 if agreed”, and the rule beneath them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.engine.checks.draft import Draft
from app.engine.problems import Problem

SAID = re.compile(
    r"(?P<n>\d+) (?P<unit>working day|calendar day|day|week|month|hour)s?\b(?! before)"
)
COUNTED = re.compile(r"\b(?P<unit>working_day|calendar_day|month)s\(\s*(?P<n>\d+)")
AS_DAYS = {"week": (7, 1), "hour": (1, 24)}  # so many calendar days are so many of them


def names_say_the_limit(draft: Draft) -> Iterator[Problem]:
    """Whoever changes a number must not leave the old one in what people read."""
    for timer in draft.of_kind("timer"):
        if new := renamed(timer.name, timer.expression or ""):
            message = (
                f"its name says “{timer.name}”, but its rule counts otherwise; call it “{new}”"
            )
            yield Problem(timer.file, timer.id, message, "warning")


def renamed(name: str, rule: str) -> str:
    """A name with the limit at its front as its rule has it; empty if it is, or says none."""
    said = SAID.match(name)
    counted = [
        (int(found["n"]), found["unit"].replace("_", " ")) for found in COUNTED.finditer(rule)
    ]
    if not said or not counted:
        return ""
    unit = said["unit"]
    if any(_in(unit, *each) == int(said["n"]) for each in counted):
        return ""
    n, unit = (_in(unit, *counted[0]), unit) if _in(unit, *counted[0]) else counted[0]
    return f"{n} {unit}{'' if n == 1 else 's'}{name[said.end() :]}"


def _in(unit: str, n: int, counts: str) -> int | None:
    """So many of what the rule counts, as the name's unit has it; None where that does not go."""
    days, parts = AS_DAYS.get(unit, (1, 1))
    if counts == unit or (counts != "month" and unit == "day"):
        return n
    whole, left = divmod(n * parts, days)
    return whole if unit in AS_DAYS and counts == "calendar day" and not left else None
