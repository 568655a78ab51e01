"""Whatever happens in whatever order, and whoever is killed at it: the same as in a small model.

PUTRIGHT_LONG=1 plays sixty worlds of eighty steps and kills at every point, otherwise a part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.services import calendars, steps
from tests.proofs.fleet import LONG
from tests.proofs.model import DAY, is_counted
from tests.proofs.world import KILLED, World

EVERY = 4 if LONG else 11  # of the points of a rule; at each one more day is off, and some are left
WORLDS = settings(
    max_examples=60 if LONG else 8,
    stateful_step_count=80 if LONG else 25,
    phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
    deadline=None,
    database=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
HAPPENS = """started begun, claimed answer, submitted answer, received more_time, received stop,
received go_on, received satisfaction, due nudge, due answer_due, due given_up, due survey_over,
calendar_changed, closed, day off, deploy, restart, refused, killed"""


@pytest.fixture
def world(request: pytest.FixtureRequest, database_url: str) -> type[World]:
    """Worlds on databases of their own."""

    @contextmanager
    def sqlite() -> Iterator[str]:
        yield ""

    opened = request.getfixturevalue("postgres").database if database_url else sqlite
    said = {"open_database": staticmethod(opened), "acts": Counter[str]()}
    return type("World", (World,), said)


@contextmanager
def begun(world: type[World]) -> Iterator[World]:
    """A world that a test plays by itself."""
    played = world()
    try:
        played.begin()
        yield played
    finally:
        played.teardown()


def test_a_day_off_that_reaches_open_cases_by_itself_is_found(
    world: type[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The random search finds it, too, within some ten worlds; this is what it found."""
    monkeypatch.setattr(steps, "pinned_calendar", lambda nation, _: calendars.calendar_of(nation))
    with begun(world) as played:
        played.enter_a_day_off(ahead=1, approves=False, dies=None)
        played.everything_is_as_in_the_model()
        played.pause(at=Newest, what="go_on", dies=None)
        with pytest.raises(AssertionError, match="case-1"):
            played.everything_is_as_in_the_model()


def test_a_day_off_on_a_weekend_or_a_bank_holiday_moves_no_open_case(world: type[World]) -> None:
    """Its calendar is another one all the same: the case keeps its own."""
    with begun(world) as played:
        for ahead, moves in {4: 0, 31: 0, 6: 1}.items():  # a Saturday, Christmas Day, a Monday
            played.enter_a_day_off(ahead, approves=True, dies=None)
            played.everything_is_as_in_the_model()
            assert played.model["case-0"].did["calendar_changed", "", ""] == moves


class Newest:
    """Chooses the case that came last."""

    @staticmethod
    def choice(keys: list[str]) -> str:
        return keys[-1]


@pytest.mark.on_both_if_long
def test_whoever_dies_at_each_point_of_each_rule_leaves_what_the_model_says(
    world: type[World],
) -> None:
    with begun(world) as played:
        new = partial(played.submit, dies=None)
        answer = partial(played.answer, Newest, "grace")
        stop, go_on = (partial(played.pause, Newest, what) for what in ("stop", "go_on"))
        pass_fifteen_days = partial(played.move_the_clock, 15, 9, sweeps=False, dies=None)
        rules: dict[str, tuple[Callable[..., object], ...]] = {  # each, and what it needs before
            "submit": (played.submit,),
            "sweep": (partial(played.move_the_clock, 0, 9, True), new, pass_fifteen_days),
            "approve": (partial(take_a_day_off, played), new),
            "claim": (partial(played.claim, Newest, "grace"), new),
            "more_time": (partial(played.extend, Newest, 3), new),
            "stop": (stop, new),
            "go_on": (go_on, new, partial(stop, dies=None)),
            "answer": (answer, new),
            "satisfaction": (partial(played.hear, Newest), new, partial(answer, dies=None)),
        }
        for name, (rule, *before) in rules.items():
            die_at_each_point(played, name, rule, before)
        played.restart()
        played.deploy()
        for _ in range(6):
            played.move_the_clock(15, 9, sweeps=True, dies=None)
            hold(played)
    assert {*not_done(world)} <= {"refused"}
    assert [name for name in rules if world.acts[f"{KILLED} {name}"] < 2] == []


def take_a_day_off(played: World, dies: int) -> None:
    """The next day on which everybody would work."""
    today = played.clock().date()
    ahead = (n for n in count(1) if is_counted(today + n * DAY))
    played.enter_a_day_off(next(n for n in ahead if today + n * DAY not in played.off), True, dies)


def die_at_each_point(
    played: World, name: str, rule: Callable[..., object], before: list[Callable[..., object]]
) -> None:
    """The rule in one process after another, each killed a little later, until one lives."""
    was: dict[str, Any] = {}
    for point in count(1, EVERY):
        if was != played.model:  # it was done all the same: the next needs a case of its own
            for each in before:
                each()
        was, killed = dict(played.model), played.acts[f"{KILLED} {name}"]
        rule(dies=point)
        hold(played)
        if played.acts[f"{KILLED} {name}"] == killed:
            return


def hold(played: World) -> None:
    played.everything_is_as_in_the_model()
    played.the_database_is_whole()


def not_done(world: type[World]) -> list[str]:
    """What did not happen in any of these worlds."""
    return [what for what in HAPPENS.replace("\n", " ").split(", ") if not world.acts[what]]


@pytest.mark.on_both_if_long
def test_whatever_happens_is_what_a_small_model_says(world: type[World]) -> None:
    run_state_machine_as_test(world, settings=WORLDS)
    assert not_done(world) == []
