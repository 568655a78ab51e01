"""What must be said because of another answer. Each rule names the field, and says what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from forms import payments
from forms.components import Field

RECORDED_LATE = "Say why this is recorded later than the day it came"
WHY_MOVED = "Say why the date moves"
DONE_OR_MOVED = "Leave this date empty: it is done"


def problems_in(
    fields: Sequence[Field], answers: Mapping[str, Any], today: date | None
) -> Iterator[tuple[str, str]]:
    """Key and message of each answer that others ask for, of a form's fields that apply."""
    received_on = answers.get("received_on")
    late = today and received_on and received_on < today.isoformat()
    if late and not answers.get("received_reason", "reason not asked"):
        yield "received_reason", RECORDED_LATE  # clocks count from received_on
    yield from payments.missing(fields, answers)
    for row in {str(field.row.id) for field in fields if field.row and field.each == "promise"}:
        yield from _followed_up(row, answers)


def _followed_up(row: str, answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A promise is done, or its date moves for a reason, or nothing has changed."""
    if not answers.get(f"promise_new_by__{row}"):
        return
    if answers.get(f"promise_done_on__{row}"):
        yield f"promise_new_by__{row}", DONE_OR_MOVED
    elif not answers.get(f"promise_note__{row}"):
        yield f"promise_note__{row}", WHY_MOVED
