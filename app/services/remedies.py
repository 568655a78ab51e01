"""Promises are made when the letter goes that says them: what we will do, and what we will pay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from app.models import Answer, Letter, Promise
from app.models.base import new_id
from app.services import promises
from app.services.answers import newest_answer
from forms import FormDefinition, amount_of, said_answer

if TYPE_CHECKING:
    from app.services.steps import Step

LONGEST = 500  # characters of a promise


@dataclass(frozen=True)
class _Said:
    """One promise as a form says it."""

    text: str
    due_on: date
    who: str = ""
    amount: str = ""
    reason: str = ""


def promise(step: Step, letter: str, at: datetime) -> None:
    """A letter goes, so what was typed for it since it last went is promised now: once.

    To be called before the letter is queued. at: the instant of sending.
    """
    gone_at = _went_last(step, letter)
    answer = _newest(step, "writes", letter, gone_at)
    if answer is None or answer.form not in step.deployed.forms:
        return
    said = list(_said(step.deployed.forms[answer.form], answer.values, step.today))
    approval = _newest(step, "approves", letter, gone_at) if said else None
    known = len(promises.of_case(step.session, step.case))
    for n, one in enumerate(said, known + 1):
        row = Promise(
            landlord_id=step.case.landlord_id,
            id=new_id(),
            case_id=step.case.id,
            n=n,
            kind="payment" if one.amount else "action",
            text=one.text,
            who=one.who,
            amount=one.amount,
            reason=one.reason,
            approved_by=approval.by if approval and one.amount else None,
            element=answer.element,
            made_at=at,
            made_by=answer.by,
            first_due_on=one.due_on,
            due_on=one.due_on,
        )
        step.session.add(row)
        step.write("promise_made", answer.element, at, text=row.text, now=row.due_on.isoformat())
    step.session.flush()


def _went_last(step: Step, letter: str) -> datetime | None:
    """When the text was written that this letter was last sent with."""
    return step.session.scalar(
        select(func.max(Letter.written_at)).where(
            Letter.landlord_id == step.case.landlord_id,
            Letter.case_id == step.case.id,
            Letter.template == letter,
            Letter.status != "written",
        )
    )


def _newest(step: Step, name: str, letter: str, since: datetime | None) -> Answer | None:
    """The newest answer to a task that writes or approves a letter, given since it last went."""
    elements = (e.id for e in step.deployed.elements.values() if e.properties.get(name) == letter)
    found = filter(None, (newest_answer(step.session, step.case, e) for e in elements))
    fresh = (answer for answer in found if since is None or answer.at > since)
    return max(fresh, key=lambda answer: answer.at, default=None)


def _said(form: FormDefinition, values: Mapping[str, Any], today: date) -> Iterator[_Said]:
    """What a form promises: its rows, then its payment."""
    for row in sorted(_rows(values, "promise_text"), key=int):
        yield _Said(
            text=_short(values[f"promise_text__{row}"], LONGEST),
            due_on=date.fromisoformat(values[f"promise_by__{row}"]),
            who=_short(values.get(f"promise_who__{row}") or "", 200),
        )
    amount = amount_of(form.fields, values)
    if amount > 0:
        by = values.get("payment_by")
        yield _Said(
            text=_short(_payment_text(form, amount, values), LONGEST),
            due_on=date.fromisoformat(by) if by else today,  # a form may not ask for small sums
            amount=f"{amount:.2f}",
            reason=values.get("payment_reason") or "",
        )


def _rows(values: Iterable[str], key: str) -> list[str]:
    """The ids of the rows that were answered."""
    keys = (name.partition("__") for name in values)
    return [row for name, _, row in keys if name == key and row]


def _short(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest]


def _payment_text(form: FormDefinition, amount: Decimal, values: Mapping[str, Any]) -> str:
    """Pay £150.00: time and trouble"""
    pounds = f"Pay £{amount:,.2f}"
    asked = next((field for field in form.fields if field.key == "payment_for"), None)
    if asked is None or not values.get("payment_for"):
        return pounds
    kinds = said_answer(asked, values["payment_for"]).splitlines()
    return f"{pounds}: {', '.join(kind[:1].lower() + kind[1:] for kind in kinds)}"
