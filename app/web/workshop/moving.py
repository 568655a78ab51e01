"""Open cases and the versions of the procedure: rehearse a move, make it, undo it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services.moving import moves, rehearsing
from app.services.operations import jobs
from app.services.workshop import versions
from app.web.policy import allow, viewer

bp = Blueprint("moving", __name__)


@bp.route("/procedures/moving", methods=["GET", "POST"])
@allow("move_cases")
def plan() -> ResponseReturnValue:
    """What moving each open case to a version would do; a post moves those that were chosen."""
    number = request.values.get("to", None, int)
    errors: dict[str, str] = {}
    if request.method == "POST":
        chosen, reason = request.form.getlist("cases"), request.form.get("reason", "")
        if request.form.get("which") == "asking" and not reason.strip():
            errors["reason"] = "Say why these dates may move. Auditors read it."
        else:
            try:
                moves.ask(viewer(), number or 0, chosen, reason)
            except BadInput as bad:
                errors = bad.errors
            else:
                return redirect(url_for(".plan", to=number), 303)
    job = jobs.newest(viewer().landlord_id, moves.JOB)
    running = job is not None and job.status in jobs.OPEN
    rehearsal = None if running else rehearsing.rehearse(viewer(), number)
    page = render_template(
        "workshop/moving.html",
        rehearsal=rehearsal,
        on=rehearsing.open_by_version(viewer()),
        versions=versions.versions(viewer()),
        job=job,
        running=running,
        made=moves.made(viewer()),
        number=number,
        chosen=request.form.getlist("cases"),
        reason=request.form.get("reason", ""),
        errors=errors,
    )
    return page, 422 if errors else 200


@bp.post("/procedures/moving/<job_id>/cancel")
@allow("move_cases")
def cancel(job_id: str) -> ResponseReturnValue:
    """Call it off: cases that have moved stay so, the others stay where they are."""
    jobs.cancel(viewer(), moves.JOB, job_id)
    return redirect(url_for(".plan"), 303)


@bp.post("/procedures/moving/<move_id>/undo")
@allow("move_cases")
def undo(move_id: str) -> ResponseReturnValue:
    """Put one case back."""
    case = moves.undo(viewer(), move_id)
    flash(f"{case.reference} is back on the version it was on.")
    return redirect(url_for(".plan"), 303)
