"""A payment that a letter promises: a money field with payment = true, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from forms.components import Field

NEEDS = {
    "payment_reason": "Say how the amount was worked out",
    "payment_by": "Say by when it is paid",
}


def payment_field(fields: Sequence[Field]) -> Field | None:
    """The field that holds the amount, if the form has one."""
    return next((field for field in fields if field.properties.get("payment")), None)


def problems_in(fields: Sequence[Field]) -> Iterator[str]:
    """What a form with a payment lacks."""
    found = [field for field in fields if field.properties.get("payment")]
    if len(found) > 1:
        yield "A form has one payment only."
    kinds = {field.key: field.kind for field in fields}
    for key in NEEDS if found else ():
        if key not in kinds:
            yield f"“{found[0].label}” is a payment, so the form asks for {key}, too."
    if found and kinds.get("payment_by", "date") != "date":
        yield "payment_by must be a date."


def amount_of(fields: Sequence[Field], answers: Mapping[str, Any]) -> Decimal:
    """What is to be paid; 0 for nothing."""
    field = payment_field(fields)
    return Decimal(answers.get(field.key) or 0) if field else Decimal(0)


def missing(fields: Sequence[Field], answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Of a payment above 0: what is not said, by key. What is not asked need not be said."""
    if amount_of(fields, answers) > 0:
        yield from ((key, said) for key, said in NEEDS.items() if not answers.get(key, "not asked"))
