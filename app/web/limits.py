"""How often one visitor may do a thing: a flood guard, kept in memory by each process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from math import ceil
from threading import Lock

from flask import current_app, request

from app import clock

HOUR = timedelta(hours=1)
MOST_KEYS = 10_000  # beyond this, those who have been quiet for an hour are forgotten

_lock = Lock()
Taken = dict[tuple[str, str], deque[datetime]]


@dataclass(frozen=True)
class Limit:
    """So many in any hour."""

    name: str
    most: int


COMPLAINTS = Limit("complaints", 10)  # for each visitor
SAVED_FORMS = Limit("saved forms", 20)
UPLOADS = Limit("uploads", 60)
ADDITIONS = Limit("additions", 30)
SECOND_FACTS = Limit("second facts", 5)  # for each private link


def take(limit: Limit, key: str) -> int:
    """Count one more. Returns 0, or the seconds to wait when none is left; then nothing counts."""
    with _lock:
        wait, times = _look(limit, key)
        if wait == 0:
            times.append(clock.now())
        return wait


def wait(limit: Limit, key: str) -> int:
    """The seconds until one more is allowed; 0 for now."""
    with _lock:
        return _look(limit, key)[0]


def _look(limit: Limit, key: str) -> tuple[int, deque[datetime]]:
    now = clock.now()
    taken: Taken = current_app.extensions.setdefault("limits", {})
    if len(taken) > MOST_KEYS:
        for old in [k for k, times in taken.items() if not times or now - times[-1] > HOUR]:
            del taken[old]
    times = taken.setdefault((limit.name, key), deque(maxlen=limit.most))
    while times and now - times[0] >= HOUR:
        times.popleft()
    if len(times) < limit.most:
        return 0, times
    return max(1, ceil((times[0] + HOUR - now).total_seconds())), times


def visitor() -> str:
    """Who asks: the address, and of an IPv6 address the part that one household shares."""
    address = ip_address(request.remote_addr or "0.0.0.0")
    if address.version == 6:
        return str(int(address) >> 64)
    return str(address)


def minutes(seconds: int) -> str:
    """A wait as people say it."""
    rounded = max(1, ceil(seconds / 60))
    return "1 minute" if rounded == 1 else f"{rounded} minutes"
