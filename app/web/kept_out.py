"""Keeping somebody out of a case."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services import accounts
from app.services import kept_out as conflicts
from app.services.access import get_case, may_know
from app.web.policy import allow, viewer

bp = Blueprint("kept_out", __name__)


@bp.get("/cases/<reference>/kept-out")
@allow("work")
def people(reference: str) -> ResponseReturnValue:
    """Who may not see the case, and a form to name one more."""
    return _page(reference, {}, "", "")


@bp.post("/cases/<reference>/kept-out")
@allow("work")
def add(reference: str) -> ResponseReturnValue:
    """Keep somebody out; who names oneself leaves the case by it."""
    user_id, reason = request.form.get("user_id", ""), request.form.get("reason", "")
    try:
        conflicts.keep_out(viewer(), reference, user_id, reason)
    except BadInput as bad:
        return _page(reference, bad.errors, user_id, reason), 422
    if gone := out_of(reference):
        return gone
    flash("From now on this person cannot find, open or be given the case.")
    return redirect(url_for("cases.case", reference=reference, tab="people"), 303)


def out_of(reference: str) -> ResponseReturnValue | None:
    """Who has just named oneself: no page of the case any more, but the inbox, which says so."""
    if may_know(viewer(), reference):
        return None
    flash("You are kept out of that case from now on. Your tasks went back to the team.")
    return redirect(url_for("inbox.inbox"), 303)


def _page(reference: str, errors: dict[str, str], user_id: str, reason: str) -> str:
    return render_template(
        "cases/kept_out.html",
        case=get_case(viewer(), reference, "work"),
        named=conflicts.kept_out(viewer(), reference),
        colleagues=accounts.people_of(viewer().landlord_id),
        errors=errors,
        user_id=user_id,
        reason=reason,
    )
