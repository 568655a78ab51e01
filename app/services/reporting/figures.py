"""One number of a report, with the cases behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, false, or_
from sqlalchemy.orm import InstrumentedAttribute

from app.landlords import Landlord
from app.services.deployments import Deployed
from app.services.outcomes import in_words
from app.services.periods import Period

Number = int | float | Decimal | None


@dataclass(frozen=True)
class Scope:
    """Whose report, of which days. deployed: the live procedure, which gives things their names."""

    landlord_id: str
    period: Period
    deployed: Deployed
    landlord: Landlord


@dataclass(frozen=True)
class Figure:
    """key: its name in addresses. number: None where nothing can be said. cases: their ids.

    unit: count, days (working days) or pounds.
    """

    key: str
    words: str
    number: Number
    cases: tuple[str, ...] = ()
    unit: str = "count"


@dataclass(frozen=True)
class Group:
    """Figures that belong together. shares: each is a part of their sum."""

    title: str
    figures: Sequence[Figure]
    shares: bool = False

    @property
    def total(self) -> int:
        return sum(int(figure.number or 0) for figure in self.figures)


@dataclass(frozen=True)
class Section:
    """A part of the report. note: by which day things are counted in it."""

    id: str
    title: str
    note: str
    groups: Sequence[Group]


def counted(key: str, words: str, cases: Iterable[str]) -> Figure:
    """How many: one for each entry; a case that is there twice counts twice."""
    ids = tuple(cases)
    return Figure(key, words, len(ids), tuple(dict.fromkeys(ids)))


def names_one_of(values: InstrumentedAttribute[Any], *beginnings: str) -> ColumnElement[bool]:
    """Whether a name in JSON may begin like this: what cannot is not read, of many rows."""
    said = cast(values, Text)
    return or_(false(), *(said.contains(f'"{name}', autoescape=True) for name in beginnings))


def by_value(
    prefix: str, values: Iterable[tuple[str, str]], words: Mapping[str, str]
) -> list[Figure]:
    """A figure for each value: those with words first, in their order, zero or not.

    values: (case id, value) of each thing counted.
    """
    found: dict[str, list[str]] = {value: [] for value in words}
    for case_id, value in values:
        found.setdefault(value, []).append(case_id)
    return [
        counted(f"{prefix}.{value}", words.get(value) or in_words(value) or "Not said", cases)
        for value, cases in found.items()
    ]
