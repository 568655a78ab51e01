"""Do what is due: one instance, one transaction, and no instance holds up another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

logger = logging.getLogger(__name__)

Key = TypeVar("Key")


@dataclass(frozen=True)
class SweepResult:
    """How many instances one sweep fired, found busy, and failed to fire."""

    fired: int
    busy: int
    failed: int


def sweep(
    due: Iterable[Key],
    fire: Callable[[Key], object],
    busy: type[Exception] | tuple[type[Exception], ...],
    stopping: Callable[[], bool] = lambda: False,
) -> SweepResult:
    """Fire every due instance, in the order given (oldest first), each in its own transaction.

    fire: must be safe to call twice for the same instance. What it raises is logged and counted,
    and the instance stays due. busy: what `fire` raises when somebody moved the instance at the
    same moment; the next sweep looks again. stopping: asked before each; the rest then stays due.
    """
    fired = moved = failed = 0
    for key in due:
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
