"""Tables to take away: CSV that spreadsheets open rightly, and run nothing of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV."""
    table = io.StringIO()
    write_csv(table, columns, rows)
    return table.getvalue()


def rows_text(rows: Iterable[Sequence[Any]]) -> str:
    """More rows of such a text."""
    table = io.StringIO()
    write_rows(table, rows)
    return table.getvalue()


def write_csv(table: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The rows as CSV, marked as UTF-8 for spreadsheets. table: opened with newline=""."""
    table.write("\ufeff")
    write_rows(table, [columns])
    write_rows(table, rows)


def write_rows(table: TextIO, rows: Iterable[Sequence[Any]]) -> None:
    """More rows of such a table."""
    csv.writer(table).writerows([safe_cell(str(cell)) for cell in row] for row in rows)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
