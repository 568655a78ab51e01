"""What became of what was promised: done, moved for a reason, or still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from app.models import Promise
from app.services import accessible_copies, promises
from app.services.letters import full_date
from app.services.rows import copies_by_number

if TYPE_CHECKING:
    from app.services.steps import Step
    from forms import BoundForm


def follow_up(step: Step, form: BoundForm) -> None:
    """Take what a form says became of each open promise and of each copy that was to be made."""
    each = set(form.definition.repeated.values())
    if "promise" in each:
        for row in promises.open_of_case(step.session, step.case):
            _became(step, row, form.answers)
    if "copy" in each:
        _copies_sent(step, form.answers)


def _copies_sent(step: Step, answers: Mapping[str, Any]) -> None:
    for number, copy in copies_by_number(step.session, step.case).items():
        sent_on = answers.get(f"copy_sent_on__{number}")
        if sent_on and copy.sent_on is None:
            by = step.actor.user_id
            accessible_copies.sent(step.session, copy, date.fromisoformat(sent_on), by)
            label = accessible_copies.label(step.session, copy)
            step.write("copy_sent", text=label, now=sent_on)


def _became(step: Step, row: Promise, answers: Mapping[str, Any]) -> None:
    done_on = answers.get(f"promise_done_on__{row.n}")
    new_by = answers.get(f"promise_new_by__{row.n}")
    note = str(answers.get(f"promise_note__{row.n}") or "").strip()
    was = row.due_on.isoformat()
    if done_on:
        row.done_on, row.done_by = date.fromisoformat(done_on), step.actor.user_id
        row.note = "\n".join(filter(None, (row.note, note)))
        step.write("promise_kept", text=row.text, was=was, now=done_on, reason=note,
                   kind=row.kind)  # fmt: skip
    elif new_by:
        row.due_on = date.fromisoformat(new_by)
        moved = (
            f"Moved from {full_date(date.fromisoformat(was))} to {full_date(row.due_on)}: {note}"
        )
        row.note = "\n".join(filter(None, (row.note, moved)))
        step.write("promise_moved", text=row.text, was=was, now=new_by, reason=note)
