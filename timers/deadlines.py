"""A deadline for people: why this date, where today stands, and what to call its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from timers.calendar import ONE_DAY, DayOff, WorkingCalendar
from timers.happened import happened
from timers.rules import Extension, Rule, Unit, read_rule, rule_in_force

__all__ = [
    "DeadlineState",
    "Explained",
    "Extension",
    "Rule",
    "RulerDay",
    "Unit",
    "days_off_between",
    "explain",
    "explained",
    "long_date",
    "read_rule",
    "rule_in_force",
    "ruler",
    "state_of",
]

RULER_LIMIT = 60  # days and gaps; a longer ruler could not be counted with a finger
UNIT_WORDS: dict[Unit, tuple[str, str]] = {
    "working_days": ("working day", "working days"),
    "calendar_days": ("day", "days"),
    "months": ("month", "months"),
}

StateCode = Literal["ok", "due", "late", "met", "met_late", "paused", "window", "ended", "waiting"]


def long_date(day: date) -> str:
    """Write a date for residents: "Tuesday 2 January 2024"."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


@dataclass(frozen=True)
class Explained:
    """A deadline with its reason: all that a page needs to say why this date."""

    words: str
    rule: Rule | None  # None: the expression has a shape of its own; `words` quote it
    due_on: date | None
    calendar_version: str
    days_off: tuple[DayOff, ...]  # bank holidays and closures that were not counted


def explained(
    expression: str,
    facts: Mapping[str, Any],
    labels: Mapping[str, str],
    calendar: WorkingCalendar,
    due_on: date | None,
    notes: Mapping[str, str] | None = None,
) -> Explained:
    """Explain the date that the engine worked out. `notes` are as for explain().

    due_on: the date in the deadline's row; it is shown, never worked out again here.
    """
    rule = read_rule(expression, facts, labels)
    if rule is None:
        return Explained(f"By the rule {expression.strip()}", None, due_on, calendar.version, ())
    days_off: tuple[DayOff, ...] = ()
    if rule.unit == "working_days" and rule.base_on is not None and due_on is not None:
        days_off = days_off_between(calendar, rule.base_on, due_on)
    return Explained(explain(rule, notes), rule, due_on, calendar.version, days_off)


def explain(rule: Rule, notes: Mapping[str, str] | None = None) -> str:
    """Say how a deadline is counted.

    "10 working days after Tuesday 2 January 2024, when it was acknowledged; extended by 10 with
    the resident's agreement on 12 January"
    notes: extension fact -> the words after the number, here "with the resident's …".
    """
    own = rule.total if rule.n is None else rule.n
    one, many = UNIT_WORDS[rule.unit]
    side = "before" if own < 0 else "after"
    words = f"{abs(own)} {one if abs(own) == 1 else many} {side} {_base_words(rule)}"
    for extension in rule.extensions:
        if rule.n is not None and extension.n:
            note = (notes or {}).get(extension.fact)
            words += f"; extended by {extension.n}" + (f" {note}" if note else "")
    for begin, end in sorted(rule.pauses, key=lambda pause: pause[0]):
        words += f"; paused from {long_date(begin)}"
        words += " and still paused" if end is None else f" until {long_date(end)}"
    return words


def _base_words(rule: Rule) -> str:
    """ "Tuesday 2 January 2024, when it was acknowledged"; a label that tells of nothing that
    happened stands in brackets."""
    label = rule.base_label
    clause = happened(label, yet=rule.base_on is not None)
    if rule.base_on is None:
        return clause or f"the date of “{label}”"
    day = long_date(rule.base_on)
    if label.casefold().startswith("when "):
        clause = label[5:]
    return f"{day}, when {clause}" if clause else f"{day} ({label[:1].lower()}{label[1:]})"


def days_off_between(calendar: WorkingCalendar, a: date, b: date) -> tuple[DayOff, ...]:
    """Return the weekdays off strictly after `a` up to `b`, with their names."""
    first, last = min(a, b), max(a, b)
    days = (first + ONE_DAY * n for n in range(1, (last - first).days + 1))
    named = ((day, calendar.day_off_name(day)) for day in days if day.weekday() < 5)
    return tuple(DayOff(day, name) for day, name in named if name)


RulerKind = Literal["base", "off", "gone", "today", "due", "left"]


@dataclass(frozen=True)
class RulerDay:
    """One stroke of the day ruler. A run of days off is one stroke, at its first day."""

    day: date
    kind: RulerKind
    label: str  # "start", "day 3", "today", "due", "due today", "1 day late", "weekend", a holiday


def ruler(calendar: WorkingCalendar, base: date, due: date, today: date) -> list[RulerDay]:
    """Return the days from `base` to `due`, or to `today` if it is later.

    Working days are counted, other days are gaps. Empty if there would be more than 60 strokes:
    such a deadline is told in words alone.
    """
    strokes: list[RulerDay] = []
    for day in (base + ONE_DAY * n for n in range((max(due, today) - base).days + 1)):
        stroke = _stroke(calendar, day, base, due, today)
        before = strokes[-1] if strokes else None
        if stroke.kind == "off" and before and before.kind == "off":
            if stroke.label not in before.label:
                strokes[-1] = RulerDay(before.day, "off", f"{before.label}, {stroke.label}")
            continue
        strokes.append(stroke)
        if len(strokes) > RULER_LIMIT:
            return []
    return strokes


def _stroke(calendar: WorkingCalendar, day: date, base: date, due: date, today: date) -> RulerDay:
    if day == today:
        also = "due " if day == due else "start, " if day == base else ""
        return RulerDay(day, "today", f"{also}today")
    if day == base:
        return RulerDay(day, "base", "start")
    if day == due:
        return RulerDay(day, "due", "due")
    if not calendar.is_working_day(day):
        return RulerDay(day, "off", calendar.day_off_name(day) or "weekend")
    late = calendar.working_days_between(due, day)
    if late > 0:
        return RulerDay(day, "gone", f"{_days(late)} late")
    number = calendar.working_days_between(base, day)
    return RulerDay(day, "gone" if day < today else "left", f"day {number}")


@dataclass(frozen=True)
class DeadlineState:
    """What to call a deadline. `days` are working days left or late; None where none count."""

    code: StateCode
    words: str
    days: int | None = None


def state_of(
    kind: str,
    due_on: date | None,
    met_on: date | None,
    ended_on: date | None,
    today: date,
    calendar: WorkingCalendar,
    paused: bool = False,
) -> DeadlineState:
    """Name the state of a deadline of kind duty, window or reminder on a London date.

    A duty met after its date stays "Met late" for ever, and a window of the resident is never
    late (pages.md). Days are working days; a date that passed over a weekend is late by 0.
    """
    if met_on is not None:
        return _met(kind, due_on, met_on, calendar)
    if ended_on is not None:
        return DeadlineState("ended", "Ended")
    if paused:
        return DeadlineState("paused", "Paused")
    if due_on is None:
        return DeadlineState("waiting", "Not counting yet")
    if kind == "window":
        if today > due_on:
            return DeadlineState("ended", "Ended")
        left = calendar.working_days_between(today, due_on)
        return DeadlineState("window", "With resident", left)
    if kind == "reminder" and today >= due_on:
        return DeadlineState("ended", "Reminded")
    return _open(due_on, today, calendar)


def _open(due_on: date, today: date, calendar: WorkingCalendar) -> DeadlineState:
    if today > due_on:
        late = calendar.working_days_between(due_on, today)
        return DeadlineState("late", f"{_days(late)} late" if late else "Late", late)
    if today == due_on:
        return DeadlineState("due", "Due today", 0)
    left = calendar.working_days_between(today, due_on)
    if left == 0:  # due at a weekend that no working day comes before
        return DeadlineState("due", f"Due {due_on:%A}", 0)
    return DeadlineState("ok", f"{_days(left)} left", left)


def _met(kind: str, due_on: date | None, met_on: date, calendar: WorkingCalendar) -> DeadlineState:
    if kind != "duty" or due_on is None or met_on <= due_on:
        return DeadlineState("met", "Met")
    late = calendar.working_days_between(due_on, met_on)
    return DeadlineState("met_late", f"Met {_days(late)} late" if late else "Met late", late)


def _days(n: int) -> str:
    return f"{n} day" if n == 1 else f"{n} days"
