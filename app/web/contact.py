"""How the resident of a case is reached."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.models import Case
from app.services import contacts
from app.services.access import get_case
from app.services.complaints import lines
from app.web.again import shows_again
from app.web.policy import allow, viewer

bp = Blueprint("contact", __name__)
NEVER = {**contacts.CHANNELS, "in_person": "Visits"}


@bp.get("/cases/<reference>/contact")
@allow("work")
def details(reference: str) -> ResponseReturnValue:
    """The details as they are known."""
    case = get_case(viewer(), reference, "work")
    person = case.resident
    known = {column: getattr(person, column) for column in contacts.LIMITS}
    known |= {"contact_use": person.contact_use, "contact_never": person.contact_never}
    return _page(case, known | {"adjustments": "\n".join(person.adjustments)}, {})


def _typed() -> dict[str, Any]:
    columns = (*contacts.LIMITS, "contact_use")
    typed: dict[str, Any] = {name: request.form.get(name, "").strip() for name in columns}
    return typed | {"contact_never": request.form.getlist("contact_never")}


def _again(reference: str) -> str:
    case = get_case(viewer(), reference, "work")
    return _page(case, _typed() | {"adjustments": request.form.get("adjustments", "")}, {})


@bp.post("/cases/<reference>/contact")
@shows_again(_again)
@allow("work")
def change(reference: str) -> ResponseReturnValue:
    """Put them right; letters that wait go to the new address."""
    typed, wishes = _typed(), request.form.get("adjustments", "")
    try:
        case = contacts.change(viewer(), reference, typed | {"adjustments": lines(wishes)})
    except BadInput as bad:
        case = get_case(viewer(), reference, "work")
        return _page(case, typed | {"adjustments": wishes}, bad.errors), 422
    flash("The contact details are changed. They count for every letter from now on.")
    return redirect(url_for("cases.case", reference=case.reference, tab="people"), 303)


def _page(case: Case, typed: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "cases/contact.html",
        case=case,
        typed=typed,
        errors=errors,
        channels=contacts.CHANNELS,
        never=NEVER,
    )
