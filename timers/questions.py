"""Answers "what date is n working days after …?", one question or a whole CSV file.

A row asks nation,base,n,kind: ENG,2026-12-18,10,working_days. The answer is the column `date`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import StringIO

from timers.calendar import NATIONS, WorkingCalendar, calendar_for

COLUMNS = ("nation", "base", "n", "kind")
ANSWER = "date"
KINDS = ("working_days", "calendar_days", "months")

CalendarFor = Callable[[str], WorkingCalendar]


class BadQuestion(ValueError):
    """A question that cannot be answered. Its text names the line and column, where there are any.

    line: of the file, the header being line 1; None for a question that was asked alone.
    """

    def __init__(self, message: str, column: str | None = None, line: int | None = None) -> None:
        self.message, self.column, self.line = message, column, line
        where = [f"line {line}"] if line is not None else []
        where += [f"column {column}"] if column is not None else []
        super().__init__(f"{', '.join(where)}: {message}" if where else message)


@dataclass(frozen=True)
class Question:
    nation: str
    base: date
    n: int
    kind: str


def read_question(nation: str, base: str, n: str, kind: str) -> Question:
    """Check the four texts of a question. Raise BadQuestion with the column that is wrong."""
    nation, base, n, kind = (text.strip() for text in (nation, base, n, kind))
    if nation not in NATIONS:
        raise BadQuestion(f"{nation!r} is no nation; use {_any_of(sorted(NATIONS))}", "nation")
    if not re.fullmatch(r"-?[0-9]{1,6}", n):
        raise BadQuestion(f"{n!r} is not a whole number", "n")
    if kind not in KINDS:
        raise BadQuestion(f"{kind!r} is no kind; use {_any_of(KINDS)}", "kind")
    return Question(nation, _read_date(base), int(n), kind)


def answer(question: Question, calendar_of: CalendarFor = calendar_for) -> date:
    """Return the date asked for. Raise BadQuestion for a date outside the calendar.

    calendar_of: gives a nation's calendar; by default the bank holidays alone.
    """
    calendar = calendar_of(question.nation)
    count = {
        "working_days": calendar.working_days,
        "calendar_days": calendar.calendar_days,
        "months": calendar.months,
    }[question.kind]
    try:
        return count(question.n, question.base)
    except ValueError as problem:  # CalendarRunsOut
        raise BadQuestion(str(problem), "base") from problem


def answer_csv(lines: Iterable[str], calendar_of: CalendarFor = calendar_for) -> Iterator[str]:
    """Yield the same CSV, line by line, with the column `date` added at the end.

    The header line is required; other columns than the four are kept, empty lines are not.
    Raises BadQuestion at the first row that cannot be answered; the lines before it were yielded.
    """
    rows = _read_rows(lines)
    _, first = next(rows, (1, []))
    header = _read_header(first)
    at = [header.index(column) for column in COLUMNS]
    yield _csv_line([*header, ANSWER])
    for line, row in rows:
        if not row:
            continue
        if len(row) != len(header):
            message = f"{len(row)} columns where the header has {len(header)}"
            raise BadQuestion(message, _first_odd_column(header, row), line)
        try:
            due = answer(read_question(*(row[n] for n in at)), calendar_of)
        except BadQuestion as problem:
            raise BadQuestion(problem.message, problem.column, line) from problem
        yield _csv_line([*row, due.isoformat()])


def _read_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(lines, strict=True)
    try:
        for row in rows:
            yield rows.line_num, row
    except csv.Error as problem:
        raise BadQuestion(f"this is not CSV: {problem}", line=rows.line_num) from problem


def _read_header(row: list[str]) -> list[str]:
    header = [name.strip().removeprefix("\ufeff") for name in row]
    for column in COLUMNS:
        if header.count(column) != 1:
            message = f"the first line must be a header with {', '.join(COLUMNS)}, each once"
            raise BadQuestion(message, column, 1)
    if ANSWER in header:
        raise BadQuestion("this column is the answer; leave it out of the question", ANSWER, 1)
    return header


def _first_odd_column(header: list[str], row: list[str]) -> str:
    return header[len(row)] if len(row) < len(header) else str(len(header) + 1)


def _read_date(text: str) -> date:
    try:
        # fromisoformat() alone would also take 20261218 and 2026-W51-5.
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadQuestion(f"{text!r} is not a date; write it as 2026-12-18", "base")


def _any_of(words: Iterable[str]) -> str:
    return ", ".join(words)


def _csv_line(cells: list[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
