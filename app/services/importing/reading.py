"""CSV files as rows that are checked: what each column may hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app.errors import PutrightError

MOST_BYTES = 200_000_000  # of one file
BRITISH = re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})")


class FileRefused(PutrightError):
    """A whole file cannot be read in; nothing of the folder was."""


class RowRefused(PutrightError):
    """One row cannot be read in, and why."""


def read_day(text: Any) -> date | None:
    """A date as 2026-03-02 or 2/3/2026, day first. Raises ValueError."""
    text = str(text or "").strip()
    if not text:
        return None
    if british := BRITISH.fullmatch(text):
        return date(int(british["y"]), int(british["m"]), int(british["d"]))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date such as 2026-03-02 or 02/03/2026") from None


def _several(text: Any) -> list[str]:
    """Entries with ; or new lines between."""
    return [part.strip() for part in re.split(r"[;\n]", str(text or "")) if part.strip()]


Day = Annotated[date | None, BeforeValidator(read_day)]
Several = Annotated[list[str], BeforeValidator(_several)]
Never = Annotated[
    list[Literal["email", "post", "phone", "text", "in_person"]], BeforeValidator(_several)
]
Reference = Annotated[str, Field(min_length=1, max_length=60)]


def _text(most: int) -> Any:
    return Field(default="", max_length=most)


class Row(BaseModel):
    """One line of a file. Every value comes as text."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")


class HomeRow(Row):
    """A home. reference: of the housing system, such as the UPRN."""

    reference: Reference
    address: str = Field(min_length=1, max_length=500)
    postcode: str = _text(12)


class PersonRow(Row):
    """Somebody who may complain. home: the reference of a home, whose address is theirs."""

    reference: Reference
    name: str = Field(min_length=1, max_length=200)
    title: str = _text(40)
    email: str = _text(254)
    phone: str = _text(40)
    home: str = _text(60)
    address: str = _text(500)
    postcode: str = _text(12)
    language: str = _text(60)
    contact_use: Literal["", "email", "post", "phone", "text"] = ""
    contact_never: Never = []
    contact_times: str = _text(300)
    contact_place: str = _text(300)
    adjustments: Several = []


class CaseRow(Row):
    """A case. step: where an open one stands; officer: the e-mail of who has it there.

    facts and done_by are gathered from the other columns: facts by name, and for each step the
    e-mail of who did it.
    """

    reference: Reference
    person: Reference
    received_on: Day
    kind: str = _text(30)
    status: Literal["open", "closed"] = "open"
    step: str = _text(200)
    officer: str = _text(254)
    closed_on: Day = None
    outcome: str = _text(60)
    stage: str = _text(100)
    channel: str = _text(30)
    story: str = _text(20_000)
    points: Several = []
    desired_outcome: str = _text(20_000)
    since_when: str = _text(500)
    representative_name: str = _text(200)
    representative_relation: str = _text(100)
    representative_permission: Literal["", "given", "pending"] = ""
    facts: dict[str, str] = {}
    done_by: dict[str, str] = {}

    @model_validator(mode="after")
    def _enough(self) -> CaseRow:
        if self.received_on is None:
            raise ValueError("‘received_on’ is empty")
        if self.status == "closed" and self.closed_on is None:
            raise ValueError("‘closed_on’ is empty, but the case is closed")
        if self.status == "open" and not self.step:
            raise ValueError("‘step’ is empty: say where the case stands")
        return self


class HistoryRow(Row):
    """A line of a case's history, as it was kept before. case: the reference of the case."""

    case: Reference
    on: Day
    what: str = Field(min_length=1, max_length=5_000)
    who: str = _text(200)

    @model_validator(mode="after")
    def _dated(self) -> HistoryRow:
        if self.on is None:
            raise ValueError("‘on’ is empty")
        return self


FILES: dict[str, type[Row]] = {
    "homes.csv": HomeRow,
    "people.csv": PersonRow,
    "cases.csv": CaseRow,
    "history.csv": HistoryRow,
}


@dataclass(frozen=True)
class Line:
    """A row with the number of its line in the file, and as it was written."""

    number: int
    raw: dict[str, str]

    def read(self, kind: type[Row], facts: frozenset[str]) -> Any:
        """The checked row. Raises RowRefused with all that is wrong."""
        own = {k: v for k, v in self.raw.items() if k in kind.model_fields and (v or k == "on")}
        given: dict[str, Any] = dict(own)
        if kind is CaseRow:
            given["facts"] = {k: v for k, v in self.raw.items() if k in facts and v}
            given["done_by"] = {
                k.removeprefix("by ").strip(): v
                for k, v in self.raw.items()
                if k.startswith("by ") and v
            }
        try:
            return kind.model_validate(given)
        except ValidationError as wrong:
            raise RowRefused("; ".join(_in_words(error) for error in wrong.errors())) from None


def _in_words(error: Any) -> str:
    column = ".".join(str(part) for part in error["loc"][:1])
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"‘{column}’ is empty"
    return f"‘{column}’: {said}" if column else said


def read_file(path: Path, kind: type[Row], facts: frozenset[str]) -> Iterator[Line]:
    """The lines of a file. Raises FileRefused for columns that nobody knows, or for no CSV."""
    if path.stat().st_size > MOST_BYTES:
        raise FileRefused(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB: split it.")
    with path.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened, restval="", strict=True)
        try:
            columns = [name.strip() for name in reader.fieldnames or ()]
            _check_columns(path.name, columns, kind, facts)
            for values in reader:
                if None in values:
                    raise FileRefused(
                        f"{path.name}, line {reader.line_num} has more cells than the first line."
                    )
                named = zip(columns, values.values(), strict=True)
                raw = {name: (value or "").strip() for name, value in named}
                if any(raw.values()):
                    yield Line(reader.line_num, raw)
        except csv.Error as problem:
            raise FileRefused(f"{path.name}, line {reader.line_num}: {problem}.") from problem


def _check_columns(file: str, columns: list[str], kind: type[Row], facts: frozenset[str]) -> None:
    own = set(kind.model_fields) - {"facts", "done_by"}
    needed = {name for name, field in kind.model_fields.items() if field.is_required()}
    if missing := sorted(needed - set(columns)):
        raise FileRefused(f"{file} has no column {', '.join(missing)}.")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise FileRefused(f"{file} has a column twice: {', '.join(twice)}.")
    more = facts if kind is CaseRow else frozenset()
    unknown = [
        name
        for name in columns
        if name not in own | more and not (kind is CaseRow and name.startswith("by "))
    ]
    if unknown:
        hint = " nor a fact of the procedures" if kind is CaseRow else ""
        raise FileRefused(
            f"{file}: {', '.join(unknown)} is no column of ours{hint}. Its columns are: "
            f"{', '.join(sorted(own))}."
        )
