"""Every date that was worked out by hand for the acceptance stories."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from timers.calendar import calendar_for

ENGLAND = calendar_for("ENG")
ROWS = list(csv.DictReader((Path(__file__).parent / "assertions.csv").read_text().splitlines()))

COUNT: dict[str, Callable[[int, date], date]] = {
    "wd": ENGLAND.working_days,
    "wdroll": lambda n, base: ENGLAND.working_days(n, ENGLAND.roll(base)),
    "cd": ENGLAND.calendar_days,
    "months": ENGLAND.months,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']} {row['label']}")
def test_date_worked_out_by_hand(row: dict[str, str]) -> None:
    base, n = date.fromisoformat(row["base"]), int(row["n"])
    expected = date.fromisoformat(row["expected"])
    if row["kind"] == "wdbetween":
        assert ENGLAND.working_days_between(base, expected) == n
    else:
        assert COUNT[row["kind"]](n, base) == expected


def test_all_rows_are_there() -> None:
    assert len(ROWS) == 84
    assert {row["kind"] for row in ROWS} == {"wd", "wdroll", "cd", "months", "wdbetween"}


def test_wales_counts_these_rows_as_england_does() -> None:
    wales = calendar_for("WLS")
    for row in ROWS:
        if row["kind"] == "wd":
            due = wales.working_days(int(row["n"]), date.fromisoformat(row["base"]))
            assert due.isoformat() == row["expected"], row["label"]
