"""What is typed into a field of landlord.toml, read as what the file holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from app import clock
from app.services.workshop.landlord_sections import Kind

SHORT_NUMBERS, WHOLE_NUMBER = (3, 6), 8  # digits: of 999, of 116 123, of 0800 1111


def value_of(kind: Kind, said: str) -> Any:
    """What is written into the file; None: nothing. Raises ValueError in words."""
    if not said:
        return None
    if not said.isprintable():
        raise ValueError("There is a sign in it that cannot be printed.")
    return _READ.get(kind, str)(said)


def _list(said: str) -> list[str] | None:
    return [item for item in re.split(r"\s*,\s*", said) if item] or None


def _months(said: str) -> list[int]:
    items = _list(said) or []
    if not all(re.fullmatch(r"\d{1,4}", item, re.ASCII) for item in items):
        raise ValueError("Use whole numbers, such as 4.")
    return [*map(int, items)]


def _whole(said: str) -> int | list[int]:
    numbers = _months(said)
    return numbers[0] if len(numbers) == 1 else numbers


def _percent(said: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?%?", said, re.ASCII):
        raise ValueError("Give a number in percent, such as 95.")
    number = float(said.rstrip("%"))
    return int(number) if number == int(number) else number


def _day(said: str) -> date:
    """A day as the field of a browser sends it, or as people write it where it has none."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        with suppress(ValueError):
            return datetime.strptime(said, pattern).replace(tzinfo=clock.LONDON).date()
    raise ValueError("Choose a day, such as 31/03/2027.")


def _email(said: str) -> str:
    if not re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>.]+", said):
        raise ValueError("Give an address such as name@example.org.")
    return said


def _phone(said: str) -> str:
    digits = len(re.findall(r"\d", said))
    if digits not in SHORT_NUMBERS and digits < WHOLE_NUMBER:
        raise ValueError("Give the whole number, such as 01632 960 001.")
    return said


_READ: Mapping[Kind, Callable[[str], Any]] = {
    "list": _list,
    "kinds": _list,
    "whole": _whole,
    "months": _months,
    "percent": _percent,
    "date": _day,
    "email": _email,
    "phone": _phone,
}
