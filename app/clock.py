"""What time it is. The only module that reads the machine's clock.

The app holds one clock; a story, a test or a demo hands in its own and can live in 2007 or 2027.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

LONDON = ZoneInfo("Europe/London")  # all four nations keep this time

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The machine's time: aware, UTC."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move_to(self, at: datetime) -> None:
        """Move to an aware instant. Raises ValueError for a naive one."""
        if at.tzinfo is None:
            raise ValueError(f"a clock needs a time zone: {at!r}")
        self.at = at.astimezone(UTC)


def now() -> datetime:
    """The current instant by the app's clock: aware, UTC."""
    clock: Clock = current_app.extensions["clock"]
    return clock().astimezone(UTC)


def today() -> date:
    """The current date in London."""
    return now().astimezone(LONDON).date()


def time_words(at: datetime) -> str:
    """10:41am, in London."""
    local = at.astimezone(LONDON)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"
