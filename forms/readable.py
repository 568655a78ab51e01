"""Stored answers, as people read them in a history or check them before they send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from forms import words
from forms.components import Field, Point

if TYPE_CHECKING:
    from forms.definition import FormDefinition

People = Mapping[str, Sequence[tuple[str, str]]]


def readable_answers(
    definition: FormDefinition,
    answers: Mapping[str, Any],
    *,
    points: Sequence[Point] = (),
    people: People | None = None,
) -> list[tuple[str, str]]:
    """Label and answer of each question that is in `answers`, in the form's order.

    Pass the case's points and the teams' people, or points are numbered and people shown by id.
    """
    asked = list(points) or _points_in(answers)
    return said_answers(definition.bind(points=asked, people=people).fields, answers)


def said_answers(fields: Iterable[Field], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and answer of each field that is in `answers`."""
    return [
        (_label(field), said_answer(field, answers[field.key]))
        for field in fields
        if field.key in answers
    ]


def _points_in(answers: Mapping[str, Any]) -> list[Point]:
    ids = dict.fromkeys(key.split("__", 1)[1] for key in answers if "__" in key)
    return [Point(id, f"Point {number}") for number, id in enumerate(ids, 1)]


def _label(field: Field) -> str:
    return f"{field.number}. {field.point.label}: {field.label}" if field.point else field.label


def said_answer(field: Field, answer: Any) -> str:
    """One answer in words; several of a checklist, each on its line."""
    if answer is None or answer == "" or answer == []:
        return words.NOT_ANSWERED
    if field.kind == "tick":
        return "Yes" if answer is True else "No"
    if field.kind == "date":
        return words.said_day(date.fromisoformat(answer))
    if field.kind == "money":
        return words.said_pounds(Decimal(answer))
    if field.kind == "files":
        return "1 file" if len(answer) == 1 else f"{len(answer)} files"
    offered = {option.value: option.label for option in field.options}
    several = answer if isinstance(answer, (list, tuple)) else [answer]
    return "\n".join(offered.get(str(item), str(item)) for item in several)
