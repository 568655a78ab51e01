from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

import pytest

from timers.scheduler import start_heartbeat
from timers.sweep import TOGETHER, SweepResult, sweep


class Moved(Exception):
    """Somebody else had the instance."""


def none_together(keys: Sequence[int]) -> int:
    raise RuntimeError("one of them is broken")


def test_every_due_instance_is_fired_in_order_whatever_happens_to_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fired: list[int] = []

    def fire(instance_id: int) -> None:
        if instance_id == 2:
            raise Moved
        if instance_id == 3:
            raise RuntimeError("broken diagram")
        fired.append(instance_id)

    with caplog.at_level(logging.ERROR):
        result = sweep([5, 2, 3, 1], fire, none_together, Moved)

    assert result == SweepResult(fired=2, busy=1, failed=1)
    assert fired == [5, 1]
    assert [record.message for record in caplog.records] == ["timer failed"]
    assert caplog.records[0].__dict__["instance"] == "3"
    assert "broken diagram" in caplog.text


def test_a_few_are_fired_together_and_alone_only_where_one_of_them_is_broken() -> None:
    together: list[Sequence[int]] = []
    alone: list[int] = []

    def fire_together(keys: Sequence[int]) -> int:
        together.append(keys)
        if 17 in keys:
            raise RuntimeError("one of them is broken")
        return len(keys) - 1  # somebody else has one

    result = sweep(range(TOGETHER + 13), alone.append, fire_together, Moved)
    assert [*map(len, together)] == [TOGETHER, TOGETHER, 3]
    assert alone == [*range(TOGETHER, 2 * TOGETHER)]
    assert result == SweepResult(fired=TOGETHER + 11, busy=2, failed=0)


def test_nothing_due_is_nothing_done() -> None:
    assert sweep([], lambda key: None, len, Moved) == SweepResult(0, 0, 0)


def test_being_told_to_stop_stops_the_sweep() -> None:
    def stop(key: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep([1, 2], stop, none_together, Moved)


def test_heart_beats_on_after_a_failure_and_never_twice_at_once() -> None:
    beats: list[int] = []
    at_once = [0, 0]  # now, most
    enough = threading.Event()

    def job() -> None:
        at_once[0] += 1
        at_once[1] = max(at_once)
        time.sleep(0.06)  # longer than the interval
        at_once[0] -= 1
        beats.append(len(beats))
        if len(beats) == 1:
            raise RuntimeError("first sweep failed")
        if len(beats) == 3:
            enough.set()

    heartbeat = start_heartbeat(0.02, nightly=job, heartbeat=job)
    try:
        assert enough.wait(timeout=10)
    finally:
        heartbeat.shutdown()
    assert at_once[1] == 1
