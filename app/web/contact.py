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
from app.web.strips import safety_of

bp = Blueprint("contact", __name__)
NEVER = {**contacts.CHANNELS, "in_person": "Visits"}


@bp.get("/cases/<reference>/contact")
@allow("work")
def details(reference: str) -> ResponseReturnValue:
    """The details as they are known."""
    case = get_case(viewer(), reference, "work")
    person = contacts.person_in(case, _person_id())
    known = {column: getattr(person, column) for column in contacts.LIMITS}
    known |= {"contact_use": person.contact_use, "contact_never": person.contact_never}
    return _page(case, known | {"adjustments": "\n".join(person.adjustments)}, {})


def _again(reference: str) -> str:
    case = get_case(viewer(), reference, "work")
    return _page(case, typed_details() | {"adjustments": request.form.get("adjustments", "")}, {})


@bp.post("/cases/<reference>/contact")
@shows_again(_again)
@allow("work")
def change(reference: str) -> ResponseReturnValue:
    """Put them right; letters that wait go to the new address."""
    typed = typed_details()
    wishes = request.form.get("adjustments", "")
    try:
        details = typed | {"adjustments": lines(wishes)}
        case = contacts.change(viewer(), reference, details, _person_id())
    except BadInput as bad:
        case = get_case(viewer(), reference, "work")
        return _page(case, typed | {"adjustments": wishes}, bad.errors), 422
    flash("The contact details are changed. They count for every letter from now on.")
    return redirect(url_for("cases.case", reference=case.reference, tab="people"), 303)


def _person_id() -> str | None:
    """Whom the page is about: the contact, unless the address names somebody else."""
    return request.args.get("person")


def typed_details() -> dict[str, Any]:
    """What was typed about a person, but for the adjustments."""
    typed: dict[str, Any] = {
        column: request.form.get(column, "").strip() for column in (*contacts.LIMITS, "contact_use")
    }
    return typed | {"contact_never": request.form.getlist("contact_never")}


def _page(case: Case, typed: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "cases/contact.html",
        case=case,
        person=contacts.person_in(case, _person_id()),
        safety=safety_of(contacts.person_in(case, _person_id())),
        typed=typed,
        errors=errors,
        channels=contacts.CHANNELS,
        never=NEVER,
    )
