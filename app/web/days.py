"""A date typed into one box of a page, as browsers send it."""

from __future__ import annotations

from datetime import date

from flask import request

from app.errors import BadInput


def typed_day(name: str) -> date | None:
    """The date in a box, None where it is empty. Raises BadInput for what is no date."""
    typed = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise BadInput({name: "Enter a real date, like 2026-11-27."}) from None
