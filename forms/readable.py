"""Stored answers, as people read them in a history or check them before they send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from forms import repeats, words
from forms.components import Field, Row, Rows

if TYPE_CHECKING:
    from forms.definition import FormDefinition

People = Mapping[str, Sequence[tuple[str, str]]]


def readable_answers(
    definition: FormDefinition,
    answers: Mapping[str, Any],
    *,
    rows: Rows | None = None,
    people: People | None = None,
) -> list[tuple[str, str]]:
    """Label and answer of each question that is in `answers`, in the form's order.

    Pass the case's rows and the teams' people, or rows are numbered and people shown by id.
    """
    known = {each: here for each, here in (rows or {}).items() if here}
    asked = dict(_rows_in(definition, answers)) | known
    return said_answers(definition.bind(rows=asked, people=people).fields, answers)


def said_answers(fields: Iterable[Field], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and answer of each field that is in `answers`."""
    return [
        (_label(field), said_answer(field, answers[field.key]))
        for field in fields
        if field.key in answers
    ]


def _rows_in(
    definition: FormDefinition, answers: Mapping[str, Any]
) -> Iterator[tuple[str, list[Row]]]:
    for each in set(definition.repeated.values()):
        keys = (key.split("__", 1) for key in answers if "__" in key)
        ids = dict.fromkeys(id for key, id in keys if definition.repeated.get(key) == each)
        word = repeats.REPEATS[each].word.capitalize()
        yield each, [Row(id, f"{word} {number}") for number, id in enumerate(ids, 1)]


def _label(field: Field) -> str:
    return f"{repeats.heading(field)}: {field.label}" if field.row else field.label


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
