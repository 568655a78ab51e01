"""Our engine does what SpiffWorkflow does, and does not notice being saved; broken, it is caught.

PUTRIGHT_LONG=1 walks 350 random procedures instead of a few.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from walking import Comparison, SpiffInstance, compare, compare_inclusive

from app.engine import behaviour, instance, state

SEEDS = 350 if os.environ.get("PUTRIGHT_LONG") else 15


def test_random_procedures_run_as_in_spiff_and_as_when_saved_at_every_step() -> None:
    comparison = compare(range(SEEDS))
    assert comparison.differences == []
    assert comparison.steps > SEEDS * 20
    assert comparison.ended["stuck"] < comparison.ended["same"] / 5


def test_inclusive_joins_wait_for_their_block_and_survive_saving() -> None:
    comparison = compare_inclusive(range(SEEDS))
    assert comparison.differences == []
    assert comparison.steps > SEEDS * 10


class _Never:
    """A class that nothing is an instance of."""


def _never_rearmed(self: instance.Instance) -> None:
    pass


def _always(self: Any, my_task: Any, arrived: set[str]) -> bool:
    return True


def _without(kept: str) -> tuple[str, ...]:
    return tuple(key for key in state.KEPT if key != kept)


MUTATIONS: dict[str, tuple[Any, str, Any]] = {
    "arrivals at a join are not saved": (state, "KEPT", _without("arrived")),
    "due dates are not saved": (state, "KEPT", _without("due")),
    "the members still to come are not saved": (state, "KEPT", _without("remaining")),
    "the holder of boundary events is not saved": (state, "BoundaryEventSplit", _Never),
    "the holder of a panel is not saved": (state, "LoopTask", _Never),
    "a parallel join never waits": (behaviour.ParallelJoin, "satisfied", _always),
    "a message comes only once": (behaviour, "still_open", lambda event: False),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_engine_is_noticed(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*MUTATIONS[mutation])
    assert _noticed(compare)


def test_a_deadline_that_is_not_worked_out_again_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SpiffInstance, "rearm", instance.Instance.rearm, raising=False)
    monkeypatch.setattr(instance.Instance, "rearm", _never_rearmed)
    assert _noticed(compare)


def test_an_inclusive_join_that_never_waits_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour.InclusiveJoin, "satisfied", _always)
    assert _noticed(compare_inclusive)


def _noticed(walks: Callable[[range], Comparison]) -> bool:
    """Walk one procedure after another until something differs or breaks."""
    for seed in range(60):
        try:
            if walks(range(seed, seed + 1)).differences:
                return True
        except Exception:
            return True
    return False
