"""Which things a visitor may do how often, and who a visitor is: a flood guard."""

from __future__ import annotations

from ipaddress import ip_address
from math import ceil

from flask import request

from app.services.floods import Limit, take, wait

__all__ = ["Limit", "minutes", "take", "visitor", "wait"]

COMPLAINTS = Limit("complaints", 10)  # for each visitor
SAVED_FORMS = Limit("saved forms", 20)
UPLOADS = Limit("uploads", 60)
ADDITIONS = Limit("additions", 30)
SECOND_FACTS = Limit("second facts", 5)  # for each private link


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
