"""What came in: by kind, channel and month; dangers that were reported; what people need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from app.db import db
from app.models import Answer, Case, Event, Instance, Note, Party, Person
from app.services.complaints import DANGER
from app.services.outcomes import in_words
from app.services.periods import Period, added
from app.services.reporting.figures import Figure, Group, Scope, Section, by_value, counted

TREND = 12  # months at least, so that a season can be seen
LONGEST_TREND = 24  # months


@dataclass(frozen=True)
class Month:
    """A month of the trend: how many came, of each kind and in all. width: percent of the most."""

    period: Period
    kinds: tuple[int, ...]
    total: int
    width: int


@dataclass(frozen=True)
class Trend:
    """kinds: the names of the columns; one alone needs none. period: all the months together."""

    period: Period
    kinds: tuple[str, ...]
    months: tuple[Month, ...]


def section(scope: Scope) -> Section:
    """The cases that came, by kind, channel and month."""
    asked = _in_period(scope, Case.id, Case.kind, Case.channel, Case.received_on)
    rows = list(db.session.execute(asked))
    channels = {channel.id: channel.name for channel in scope.landlord.channels}
    months = {month.code: month.name for month in scope.period.months()}
    by_month = [
        (row.id, next(m.code for m in scope.period.months() if row.received_on in m))
        for row in rows
    ]
    groups = [
        Group("In all", [counted("received", "Received", (row.id for row in rows))]),
        Group("Kind", by_value("kind", ((row.id, row.kind) for row in rows), kinds(scope)), True),
        Group("Channel", by_value("channel", ((r.id, r.channel) for r in rows), channels), True),
        Group("Month", by_value("month", by_month, months)),
    ]
    return Section("received", "Received", "By the day on which it reached us.", groups)


def _in_period(scope: Scope, *columns: Any) -> Select[Any]:
    return select(*columns).where(
        Case.landlord_id == scope.landlord_id,
        Case.received_on.between(scope.period.first, scope.period.last),
    )


def kinds(scope: Scope) -> dict[str, str]:
    """The kinds of case that can come now, with their names."""
    procedures = scope.deployed.contents.procedures
    return {kind: procedure.name for kind, procedure in procedures.items()}


def trend(scope: Scope) -> Trend:
    """The months of the period; of a short one the twelve months up to its end."""
    ends = scope.period.last
    whole = list(scope.period.months())
    months = whole[-LONGEST_TREND:]
    if len(months) < TREND:
        months = list(Period(added(ends.replace(day=1), 1 - TREND), ends).months())
    period = Period(months[0].first, months[-1].last)
    came = select(Case.kind, Case.received_on).where(
        Case.landlord_id == scope.landlord_id,
        Case.received_on.between(period.first, period.last),
    )
    rows = [(kind, received_on) for kind, received_on in db.session.execute(came)]
    names = kinds(scope)
    names |= {kind: in_words(kind) for kind, _ in rows if kind not in names}
    counts = [_counts(month, rows, list(names)) for month in months]
    most = max(map(sum, counts)) or 1
    return Trend(
        period,
        tuple(names.values()),
        tuple(
            Month(month, tuple(each), sum(each), round(100 * sum(each) / most))
            for month, each in zip(months, counts, strict=True)
        ),
    )


def _counts(month: Period, rows: list[tuple[str, date]], names: list[str]) -> list[int]:
    here = [kind for kind, received_on in rows if received_on in month]
    return [here.count(kind) for kind in names]


def dangers(scope: Scope) -> Section:
    """Hazards and worries about somebody's safety, and what residents need from us."""
    groups = [
        Group(
            "Dangers",
            [
                counted("danger.hazard", "Cases with a hazard reported", _hazards(scope)),
                counted(
                    "danger.safeguarding",
                    "Cases with a worry about somebody’s safety",
                    _reported(scope, "triage_safeguarding"),
                ),
            ],
        ),
        Group("Adjustments", _adjustments(scope)),
    ]
    note = "Dangers by the day of the report, and “not sure” counts; adjustments of cases received."
    return Section("needs", "Dangers and adjustments", note, groups)


def _hazards(scope: Scope) -> list[str]:
    begins, ends = scope.period.instants
    reported = db.session.scalars(
        select(Instance.case_id)
        .join(
            Event,
            (Event.landlord_id == Instance.landlord_id) & (Event.instance_id == Instance.id),
        )
        .where(
            Event.landlord_id == scope.landlord_id,
            Event.action == "hazard_reported",
            Event.at >= begins,
            Event.at < ends,
        )
    )
    return list(dict.fromkeys(chain(_reported(scope, "triage_hazard"), reported)))


def _reported(scope: Scope, key: str) -> list[str]:
    """The cases in which a question about danger was answered yes or not sure in the period."""
    said = chain(
        db.session.scalars(_in_period(scope, Case.id).where(_is_danger(Case.triage, key))),
        _said_later(scope, Note, _is_danger(Note.triage, key)),
        _said_later(scope, Answer, _is_danger(Answer.values, key)),
    )
    return list(dict.fromkeys(said))


def _is_danger(values: InstrumentedAttribute[Any], key: str) -> ColumnElement[bool]:
    danger: ColumnElement[bool] = values[key].as_string().in_(DANGER)
    return danger


def _said_later(
    scope: Scope, table: type[Note] | type[Answer], which: ColumnElement[bool]
) -> Iterator[str]:
    """Where it was said after the beginning; the first form is dated by the day the case came."""
    begins, ends = scope.period.instants
    query = select(table.case_id).where(
        table.landlord_id == scope.landlord_id, table.at >= begins, table.at < ends, which
    )
    if table is Answer:
        starts = [p.start.id for p in scope.deployed.contents.procedures.values()]
        query = query.where(Answer.element.not_in(starts))
    yield from db.session.scalars(query)


def _adjustments(scope: Scope) -> list[Figure]:
    """By the ticks that the forms offer; what people wrote themselves is never printed."""
    rows = db.session.execute(
        _in_period(scope, Case.id, Person.adjustments, Person.language)
        .join(Party, (Party.landlord_id == Case.landlord_id) & (Party.case_id == Case.id))
        .join(Person, (Person.landlord_id == Party.landlord_id) & (Person.id == Party.person_id))
        .where(Party.role == "resident")
    )
    fields = (f for form in scope.deployed.forms.values() for f in form.fields)
    words = {o.value: o.label for f in fields if f.key == "adjustments" for o in f.options}
    needs: dict[str, list[str]] = {value: [] for value in [*words, "other", "language"]}
    anything = []
    for case_id, adjustments, language in rows:
        found = {value if value in words else "other" for value in adjustments}
        found |= {"language"} if language and language.casefold() != "english" else set()
        anything += [case_id] if found else []
        for value in found:
            needs[value].append(case_id)
    words |= {"other": "Something else, in their own words", "language": "Another language"}
    return [
        counted("adjusted", "Cases with any adjustment on record", anything),
        *(counted(f"adjusted.{value}", words[value], cases) for value, cases in needs.items()),
    ]
