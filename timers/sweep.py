"""Do what is due, a few instances in one transaction, and no instance holds up another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

logger = logging.getLogger(__name__)
TOGETHER = 10  # instances of one transaction: while it lasts, people wait for them

Key = TypeVar("Key")


@dataclass(frozen=True)
class SweepResult:
    """How many instances one sweep fired, found busy, and failed to fire."""

    fired: int
    busy: int
    failed: int


def sweep(
    due: Sequence[Key],
    fire: Callable[[Key], object],
    fire_together: Callable[[Sequence[Key]], int],
    busy: type[Exception] | tuple[type[Exception], ...],
    stopping: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Fire every due instance, in the order given (oldest first), a few in one transaction.

    fire_together: all of some or, if it raises anything, none; returns how many were not busy.
    They are then fired one by one: what `fire` raises is logged and counted, and the instance
    stays due. It must be safe to call twice for the same instance. busy: what it raises when
    somebody moved the instance at the same moment; the next sweep looks again. stopping: asked
    before each transaction; the rest then stays due.
    """
    fired = moved = failed = 0
    for first in range(0, len(due), TOGETHER):
        some = due[first : first + TOGETHER]
        if stopping():
            break
        try:
            free = fire_together(some)
            fired, moved = fired + free, moved + len(some) - free
            continue
        except Exception as cause:  # one of them is to blame
            logger.info("fired one by one", extra={"cause": type(cause).__name__})
        for key in some:
            if stopping():
                break
            try:
                fire(key)
                fired += 1
            except busy:
                moved += 1
            except Exception:
                failed += 1
                logger.exception("timer failed", extra={"instance": str(key)})
    return SweepResult(fired, moved, failed)
