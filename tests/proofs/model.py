"""A small plain model of the town's procedure: what must be open, due, sent and written, and when.

It knows no engine, database or calendar of ours: it counts days by walking over them. The procedure
that it describes is drawn below.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.engine.drawing import (
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    send,
    start,
    timer,
)
from tests.services import elm_homes as elm

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
SATURDAY = 5
BANK_HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        "2026-12-25",
        "2026-12-28",
        "2027-01-01",
        "2027-03-26",
        "2027-03-29",
        "2027-05-03",
        "2027-05-31",
        "2027-08-30",
        "2027-12-27",
        "2027-12-28",
        "2028-01-03",
    )
)
LAST = date(2028, 3, 31)  # until which they are known

FACTS = elm.FACTS + '[stops]\ntype = "list"\n'


def procedure(answer_in: int) -> bytes:
    """A reminder, a limit of so many working days, an end of it all; then a window."""
    return diagram(
        start("begun", "record", sets="raised_on"),
        call("stage_one", "answering", stage="stage_1"),
        timer("nudge", "working_days(5, raised_on, stops)", on="stage_one", kind="reminder"),
        send("nudge_alert", alert="complaints", says="Answer this."),
        end("nudged"),
        timer(
            "answer_due",
            f"working_days({answer_in} + more_days, raised_on, stops)",
            on="stage_one",
            met_by="answered_on",
        ),
        send("late_alert", alert="complaints", says="The answer is late."),
        send("late_letter", letter="notice"),
        end("alerted"),
        timer("given_up", "working_days(40, raised_on)", on="stage_one", ends=True),
        end("nobody_answered", outcome="lapsed"),
        message("more_time", on="stage_one", form="more_time", offered_when="more_days == 0"),
        end("extended"),
        message("stop", on="stage_one", form="moment", pauses="stops"),
        end("stopped"),
        message("go_on", on="stage_one", form="moment", resumes="stops"),
        end("going_on"),
        first_of("survey"),
        message("satisfaction", offered_to="resident, staff"),
        timer("survey_over", "working_days(20, answered_on)", kind="window", closes="answered"),
        end("heard", outcome="answered"),
        end("not_heard", outcome="answered"),
        flows(
            "begun > stage_one > survey > satisfaction > heard",
            "survey > survey_over > not_heard",
            "nudge > nudge_alert > nudged",
            "answer_due > late_alert > late_letter > alerted",
            "given_up > nobody_answered",
            "more_time > extended",
            "stop > stopped",
            "go_on > going_on",
        ),
    )


def is_counted(day: date) -> bool:
    """Whether everybody works on a day by whom it is not off."""
    return day.weekday() < SATURDAY and day not in BANK_HOLIDAYS


def count(n: int, base: date, pauses: list[list[date | None]], off: frozenset[date]) -> date | None:
    """The n-th working day after `base`; None while a pause without an end holds it up."""
    day = base
    while n:
        day += DAY
        assert day <= LAST
        holds = [end for begin, end in pauses if begin and begin <= day and (not end or day < end)]
        works = is_counted(day) and day not in off
        if works and None in holds:
            return None
        n -= works and not holds
    return day


@dataclass
class Timer:
    """worked_out: the date by the last look, where an older one stands because it had passed."""

    days: int
    base: str
    stops: bool = True
    kind: str = "duty"
    due_on: date | None = None
    worked_out: date | str | None = "due_on"
    fired: bool = False

    def at(self, due_on: date | None) -> datetime | None:
        """The instant of a date: midnight in London, after it or, of a reminder, before it."""
        if due_on is None:
            return None
        midnight = due_on if self.kind == "reminder" else due_on + DAY
        return datetime.combine(midnight, time.min, LONDON).astimezone(UTC)


@dataclass
class ModelCase:
    """One case. off: the days off that it counts by. did: how often each line is in its history."""

    answer_in: int
    off: frozenset[date]
    now: datetime
    raised_on: date
    answered_on: date | None = None
    more_days: int = 0
    stops: list[list[date | None]] = field(default_factory=list)
    timers: dict[str, Timer] = field(default_factory=dict)
    tasks: set[str] = field(default_factory=lambda: {"answer"})
    claimed_by: str | None = None
    offers: set[str] = field(default_factory=lambda: {"more_time", "stop", "go_on"})
    outcome: str = ""
    did: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    letters: int = 0

    def __post_init__(self) -> None:
        self.timers = {
            "nudge": Timer(5, "raised_on", kind="reminder"),
            "answer_due": Timer(self.answer_in, "raised_on"),
            "given_up": Timer(40, "raised_on", stops=False),
        }
        self.wrote("started", "begun")
        self._settle()

    def wrote(self, action: str, element: str, due_on: date | None = None) -> None:
        self.did[action, element, due_on.isoformat() if due_on else ""] += 1

    def after(self, now: datetime, act: str = "", **said: Any) -> ModelCase | None:
        """The case after a step; None if what is done is not open or offered any more."""
        then = deepcopy(self)
        then._catch_up(now)
        if act not in then.can_do() | {""}:
            return None
        if act == "answer" and not then._is_free_for(said["who"]):
            return None
        if act:
            getattr(then, f"_{act}")(**said)
        then._settle()
        return then

    def can_do(self) -> set[str]:
        """The tasks that are open, and what is offered."""
        return self.tasks | self.offers - ({"more_time"} if self.more_days else set())

    def _is_free_for(self, who: str) -> bool:
        return self.claimed_by in (None, who)

    def claimed(self, who: str) -> ModelCase | None:
        """Taken by somebody: no step of the procedure."""
        if "answer" not in self.tasks or not self._is_free_for(who):
            return None
        then = deepcopy(self)
        if then.claimed_by is None:
            then.claimed_by = who
            then.wrote("claimed", "answer")
        return then

    @property
    def today(self) -> date:
        return self.now.astimezone(LONDON).date()

    def _answer(self, who: str) -> None:
        self.wrote("submitted", "answer")
        self.answered_on, self.tasks, self.letters = self.today, set(), self.letters + 1
        self.timers = {"survey_over": Timer(20, "answered_on", stops=False, kind="window")}
        self.offers = {"satisfaction"}

    def _more_time(self, days: int) -> None:
        self.wrote("received", "more_time")
        self.more_days = days

    def _stop(self) -> None:
        self.wrote("received", "stop")
        if not any(end is None for _, end in self.stops):
            self.stops.append([self.today, None])

    def _go_on(self) -> None:
        self.wrote("received", "go_on")
        self.stops = [[begin, end or self.today] for begin, end in self.stops]
        self.stops = [pause for pause in self.stops if pause[0] != pause[1]]

    def _satisfaction(self) -> None:
        self.wrote("received", "satisfaction")
        self._end("answered")

    def _end(self, outcome: str) -> None:
        self.outcome = outcome
        self.tasks, self.timers, self.offers = set(), {}, set()
        self.wrote("closed", "")

    def moved(self, now: datetime, off: frozenset[date]) -> ModelCase:
        """The case counts by another calendar; what has passed by the old one keeps its date."""
        then = deepcopy(self)
        then.wrote("calendar_changed", "")
        then.off = off
        for one in then.timers.values():
            at = one.at(one.due_on)
            if one.fired or (at and at <= now):
                new = then._work_out(one)
                one.worked_out = new if new != one.due_on else one.worked_out
        then._catch_up(now)
        then._settle()
        return then

    def _work_out(self, timer: Timer) -> date | None:
        base = getattr(self, timer.base)
        more = self.more_days if timer is self.timers.get("answer_due") else 0
        return count(timer.days + more, base, self.stops if timer.stops else [], self.off)

    def _catch_up(self, now: datetime) -> None:
        """Fire what is due until now, oldest first, each at its own instant."""
        self._rearm()
        while (at := self.next_due()) is not None and at <= now:
            self.now = max(self.now, at)
            self._settle()
        self.now = now

    def _rearm(self) -> None:
        """A date that differs from the last one worked out counts; one that is to come fires."""
        for one in self.timers.values():
            new = self._work_out(one)
            if new == (one.due_on if one.worked_out == "due_on" else one.worked_out):
                continue
            one.due_on, one.worked_out = new, "due_on"
            at = one.at(new)
            one.fired = one.fired and at is not None and at <= self.now

    def _settle(self) -> None:
        self._rearm()
        while due := [name for name in self.timers if self._is_due(name)]:
            self._fire(due[0])

    def _is_due(self, name: str) -> bool:
        at = self.timers[name].at(self.timers[name].due_on)
        return not self.timers[name].fired and at is not None and at <= self.now

    def _fire(self, name: str) -> None:
        timer = self.timers[name]
        timer.fired = True
        self.wrote("due", name, timer.due_on)
        if name == "answer_due":
            self.letters += 1
        if name == "given_up":
            self._end("lapsed")
        if name == "survey_over":
            self._end("answered")

    def next_due(self) -> datetime | None:
        """When something of it next falls due."""
        waiting = (timer.at(timer.due_on) for timer in self.timers.values() if not timer.fired)
        return min(filter(None, waiting), default=None)

    def seen(self) -> dict[str, Any]:
        """What the application must show of it."""
        return {
            "status": "closed" if self.outcome else "open",
            "outcome": self.outcome,
            "tasks": {name: self.claimed_by for name in self.tasks},
            "offers": self.can_do() - self.tasks,
            "deadlines": {name: timer.due_on for name, timer in self.timers.items()},
            "next_due": self.next_due(),
            "did": self.did,
            "letters": self.letters,
        }
