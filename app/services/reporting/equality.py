"""Equality data of a period: how often each answer was given, and never so that one is found.

Fewer than five are not told apart. Of several quarters nothing is shown where one of them alone is
hidden: it could be worked out from the others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import func, select

from app.db import db
from app.models import EqualityCount
from app.services.outcomes import in_words
from app.services.periods import MONTHS, Period, around
from app.services.reporting.figures import Scope
from forms import Field

FEWEST = 5
FEW = f"fewer than {FEWEST}"
NOT_SHOWN = "not shown"

Counts = Counter[tuple[str, str]]  # by field and answer


@dataclass(frozen=True)
class Table:
    """The answers to one question, each with how often it was given, in words."""

    title: str
    rows: list[tuple[str, str]]


def tables(scope: Scope) -> list[Table] | None:
    """A table for each question that is or was asked; None for a period that is not counted.

    Counted are the quarters, half-years and years of the landlord: of other stretches of days the
    difference would say who it was.
    """
    asked = _asked(scope)
    quarters = _quarters(scope)
    if not quarters:
        return None if asked else []
    counts = [_counts(scope.landlord_id, quarter) for quarter in quarters]
    found = {key: dict.fromkeys(o.value for o in field.options) for key, field in asked.items()}
    for key, answer in chain.from_iterable(counts):
        found.setdefault(key, {})[answer] = None
    return [_table(key, list(answers), asked.get(key), counts) for key, answers in found.items()]


def _asked(scope: Scope) -> dict[str, Field]:
    forms = scope.deployed.forms.values()
    return {field.key: field for form in forms for field in form.fields if field.equality}


def _quarters(scope: Scope) -> list[Period]:
    """The quarters of a quarter, half-year or year; none of any other period."""
    first, begins = scope.period.first, scope.landlord.report.year_begins
    if not any(around(first, kind, begins) == scope.period for kind in MONTHS):
        return []
    found = (around(month.first, "quarter", begins) for month in scope.period.months())
    return list(dict.fromkeys(found))


def _counts(landlord_id: str, quarter: Period) -> Counts:
    query = (
        select(EqualityCount.field, EqualityCount.answer, func.sum(EqualityCount.times))
        .where(
            EqualityCount.landlord_id == landlord_id,
            EqualityCount.month.between(f"{quarter.first:%Y-%m}", f"{quarter.last:%Y-%m}"),
        )
        .group_by(EqualityCount.field, EqualityCount.answer)
    )
    return Counter({(field, answer): times for field, answer, times in db.session.execute(query)})


def _table(key: str, answers: list[str], field: Field | None, counts: list[Counts]) -> Table:
    words = {option.value: option.label for option in field.options} if field else {}
    rows = [
        (words.get(answer) or in_words(answer), shown([each[key, answer] for each in counts]))
        for answer in answers
    ]
    return Table(field.label if field else in_words(key), rows)


def shown(quarters: list[int]) -> str:
    """How often, in words: 12, fewer than 5, or not shown."""
    total = sum(quarters)
    if total < FEWEST:
        return FEW
    few = [times for times in quarters if times < FEWEST]
    return NOT_SHOWN if len(quarters) > 1 and len(few) == 1 else f"{total:,}"
