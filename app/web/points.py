"""A point that was raised later: it joins the case, or becomes one of its own."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput
from app.models import Case
from app.services import new_points
from app.services.access import get_case
from app.services.references import spaced
from app.web.again import shows_again
from app.web.days import typed_day
from app.web.policy import allow, viewer
from app.web.strips import safety_in

bp = Blueprint("points", __name__)


def _again(reference: str) -> str:
    return _add_page(get_case(viewer(), reference, "work"), {})


@bp.route("/cases/<reference>/points", methods=["GET", "POST"])
@shows_again(_again)
@allow("work")
def add(reference: str) -> ResponseReturnValue:
    """A point that the resident has raised: with this complaint, or by itself."""
    case = get_case(viewer(), reference, "work")
    if request.method == "GET":
        return _add_page(case, {})
    own = {"yes": True, "no": False}.get(request.form.get("own", ""))
    text = request.form.get("text", "")
    try:
        raised_on = typed_day("raised_on") if own else None
        new = new_points.add(viewer(), reference, text, own, raised_on)
    except BadInput as refused:
        return _add_page(get_case(viewer(), reference, "work"), refused.errors), 422
    if new is not None:
        return _begun(new)
    flash("The point is added. It must be answered like the others.")
    return redirect(url_for("cases.case", reference=reference), code=303)


def _begun(new: Case) -> ResponseReturnValue:
    flash(f"The point is a case of its own now: {spaced(new.reference)}. Tell the resident.")
    return redirect(url_for("cases.case", reference=new.reference), code=303)


def _add_page(case: Case, errors: dict[str, str]) -> str:
    can = new_points.joining(case)
    return render_template(
        "cases/point.html",
        case=case,
        point=None,
        can=can,
        errors=errors,
        typed={"raised_on": clock.today().isoformat(), **request.form.to_dict()},
        safety=safety_in(case),
    )


@bp.route("/cases/<reference>/points/<int:n>/own", methods=["GET", "POST"])
@allow("work")
def make_own(reference: str, n: int) -> ResponseReturnValue:
    """Make a point of this case a case of its own."""
    case, point = new_points.point_of(viewer(), reference, n)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            return _begun(new_points.make_own(viewer(), reference, n, typed_day("raised_on")))
        except BadInput as refused:
            errors = refused.errors
            case, point = new_points.point_of(viewer(), reference, n)
    page = render_template(
        "cases/point.html",
        case=case,
        point=point,
        why_not=new_points.why_not_own(case, point),
        errors=errors,
        typed={"raised_on": clock.today().isoformat(), **request.form.to_dict()},
        safety=safety_in(case),
    )
    return page, 422 if errors else 200
