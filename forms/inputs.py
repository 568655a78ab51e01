"""Field -> WTForms field: reading what was typed, and saying what is wrong with it.

`data` is the JSON-safe answer, or the field's blank when what was typed cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import Field as WTField
from wtforms.fields.core import UnboundField
from wtforms.validators import StopValidation

from forms import patterns, words
from forms.components import DAY_PARTS, Field
from forms.posts import TICKED

MAX_POINTS, MAX_POINT = 30, 500  # lines; characters of one
MAX_FILES = 20
FILE_ID = re.compile(r"[0-9a-f]{32}")

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,9})(?:\.\d{1,6})?", re.ASCII)
_EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\".]+(?:\.[^\s@,;<>\".]+)+")
_PHONE = re.compile(r"\+?[0-9 ()-]{7,25}", re.ASCII)
_BULLET = re.compile(r"^(?:[-*•]|\d{1,2}[.)])\s+", re.ASCII)
_DAY, _YEAR = re.compile(r"\d{1,2}", re.ASCII), re.compile(r"[12]\d{3}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Input(WTField):
    """Common to all: the blank, the required answer, then the checks of the kind."""

    spec: Field
    today: date | None
    wrong: tuple[str, ...] = ()  # of a date: the parts that the error is about

    def __init__(self, spec: Field, today: date | None, **bound: Any) -> None:
        super().__init__(label=spec.label, default=spec.blank, **bound)
        self.spec = spec
        self.today = today

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = self.spec.blank
        if any(valuelist):
            self.data = self.read(valuelist)

    def pre_validate(self, form: Any) -> None:
        if self.errors:  # what was typed could not be read: to say "Enter …" would be wrong
            raise StopValidation()
        if self.data == self.spec.blank:
            raise StopValidation(words.missing(self.spec) if self.spec.required else "")
        problem = self.problem()
        if problem:
            raise StopValidation(problem)

    def read(self, typed: Sequence[str]) -> Any:
        """The answer. Raises ValueError with a sentence."""
        return typed[0]

    def problem(self) -> str | None:
        """What is wrong with an answer that could be read."""
        return None

    def for_condition(self) -> Any:
        """The answer as a condition sees it; conditions.js has the same rules."""
        return None if self.data == "" else self.data


class TextInput(Input):
    def problem(self) -> str | None:
        spec, text = self.spec, str(self.data)
        if len(text) > spec.max_length:
            over = len(text) - spec.max_length
            return (
                f"{words.subject(spec)} must be {spec.max_length:,} characters or fewer. "
                f"It is {over:,} over"
            )
        if len(text) < spec.min_length:
            return f"{words.subject(spec)} must be {spec.min_length:,} characters or more"
        if spec.input_type == "email" and not _EMAIL.fullmatch(text):
            return "Enter a whole e-mail address, like name@example.com"
        if spec.input_type == "tel" and not _PHONE.fullmatch(text):
            return "Enter a phone number, like 0161 496 0200"
        if spec.pattern and not patterns.compiled(spec.pattern).search(text):
            return spec.properties.get("error") or words.misshapen(spec)
        return None


class PointsInput(TextInput):
    """One point a line; numbers and bullets in front are taken off."""

    def read(self, typed: Sequence[str]) -> str:
        lines = (_BULLET.sub("", line.strip()) for line in typed[0].splitlines())
        return "\n".join(line for line in lines if line)

    def problem(self) -> str | None:
        lines = str(self.data).splitlines()
        if len(lines) > MAX_POINTS:
            return f"{words.subject(self.spec)} must be {MAX_POINTS} lines or fewer"
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_POINT:
                return f"Point {number} must be {MAX_POINT} characters or fewer"
        return super().problem()


class NumberInput(Input):
    example = "a number, like 12"

    def read(self, typed: Sequence[str]) -> Any:
        number = read_number(typed[0])
        if number is None:
            raise ValueError(f"{words.subject(self.spec)} must be {self.example}")
        return self.stored(number)

    def stored(self, number: Decimal) -> Any:
        if number != round(number, self.spec.decimals):
            places = self.spec.decimals
            said = "a whole number" if places == 0 else f"a number with {places} decimals or fewer"
            raise ValueError(f"{words.subject(self.spec)} must be {said}")
        return int(number) if self.spec.decimals == 0 else float(number)

    def problem(self) -> str | None:
        spec, number = self.spec, Decimal(str(self.data))
        if spec.minimum and number < Decimal(spec.minimum):
            return f"{words.subject(spec)} must be {self.said(spec.minimum)} or more"
        if spec.maximum and number > Decimal(spec.maximum):
            return f"{words.subject(spec)} must be {self.said(spec.maximum)} or less"
        return None

    def said(self, limit: str) -> str:
        return limit


class MoneyInput(NumberInput):
    """Pounds, with or without the sign. Stored with two decimals, as text."""

    example = "an amount, like 150 or 1,500.50"

    def stored(self, number: Decimal) -> str:
        if number < 0 or number != round(number, 2):
            raise ValueError(f"{words.subject(self.spec)} must be {self.example}")
        return f"{number:.2f}"

    def said(self, limit: str) -> str:
        return words.said_pounds(Decimal(limit))

    def for_condition(self) -> float | None:
        return None if self.data is None else float(self.data)


class DayInput(Input):
    """Three inputs under one key: day, month, year."""

    def read(self, typed: Sequence[str]) -> str:
        empty = tuple(part for part, text in zip(DAY_PARTS, typed, strict=True) if not text)
        subject = words.subject(self.spec)
        if empty:
            self.wrong = empty
            raise ValueError(f"{subject} must include {words.day_parts(empty)}")
        day = read_day(*typed)
        if day is None:
            self.wrong = _wrong_parts(*typed)
            raise ValueError(f"{subject} must be a real date, like 27 11 2026")
        return day.isoformat()

    def problem(self) -> str | None:
        spec, day = self.spec, date.fromisoformat(self.data)
        first, last = self.limit(spec.minimum), self.limit(spec.maximum)
        if last < day:
            said = "today" if spec.maximum == "today" else words.said_day(last)
            return f"{words.subject(spec)} must be {said} or earlier"
        if day < first:
            said = "today" if spec.minimum == "today" else words.said_day(first)
            return f"{words.subject(spec)} must be {said} or later"
        return None

    def limit(self, day: str) -> date:
        if day != "today":
            return date.fromisoformat(day)
        if self.today is None:
            raise TypeError(f"{self.spec.key} is compared with today: bind the form with today=…")
        return self.today


class ChoiceInput(Input):
    def read(self, typed: Sequence[str]) -> Any:
        offered = {option.value for option in self.spec.options}
        if any(value not in offered for value in typed if value):
            raise ValueError(f"Choose one of the answers to “{self.spec.label}”")
        return typed[0]


class ChoicesInput(ChoiceInput):
    def read(self, typed: Sequence[str]) -> list[str]:
        super().read(typed)
        return [option.value for option in self.spec.options if option.value in typed]


class TickInput(Input):
    def read(self, typed: Sequence[str]) -> bool:
        return typed[0] == TICKED


class FilesInput(Input):
    """Ids of attachments that were uploaded in a step of their own."""

    def read(self, typed: Sequence[str]) -> list[str]:
        if not all(FILE_ID.fullmatch(value) for value in typed):
            raise ValueError("Add the file again. We could not find it")
        return list(dict.fromkeys(typed))

    def problem(self) -> str | None:
        most = MAX_FILES if self.spec.multiple else 1
        return f"Add {most} or fewer files" if len(self.data) > most else None


_INPUTS: Mapping[str, type[Input]] = {
    "text": TextInput,
    "lines": TextInput,
    "points": PointsInput,
    "number": NumberInput,
    "money": MoneyInput,
    "date": DayInput,
    "choice": ChoiceInput,
    "choices": ChoicesInput,
    "tick": TickInput,
    "files": FilesInput,
}


def unbound(spec: Field, today: date | None) -> UnboundField[Any]:
    """The WTForms field of a question, to be bound by a form."""
    return UnboundField(_INPUTS[spec.kind], spec, today)


def read_number(text: str) -> Decimal | None:
    """A number as people write it: 1,500.50 or £1,500.50. "12,50" is none: it could be either."""
    bare = text.replace(" ", "").removeprefix("£")
    return Decimal(bare.replace(",", "")) + 0 if _NUMBER.fullmatch(bare) else None  # -0 is 0


def read_day(day: str, month: str, year: str) -> date | None:
    """A date as people write it, with the month in figures or by name."""
    figure = _month_figure(month)
    if not _YEAR.fullmatch(year) or not _DAY.fullmatch(day) or not _DAY.fullmatch(figure):
        return None
    try:
        return date(int(year), int(figure), int(day))
    except ValueError:
        return None


def _month_figure(month: str) -> str:
    start = month[:3].lower()
    return str(_MONTHS.index(start) + 1) if start in _MONTHS else month


def _wrong_parts(day: str, month: str, year: str) -> tuple[str, ...]:
    """The part that cannot be right in any date, or all three."""
    if read_day("1", "1", year) is None:
        return ("year",)
    if read_day("1", month, "2024") is None:
        return ("month",)
    return ("day",) if read_day(day, "1", "2024") is None else DAY_PARTS
