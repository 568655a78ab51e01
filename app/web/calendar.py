"""For managers: days off have changed. Which dates that moves, approving it, and how far it is."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.services import calendar_changes
from app.services.operations import jobs
from app.web.policy import allow, viewer

bp = Blueprint("calendar", __name__)


@bp.get("/running/calendar")
@allow("watch")
def show() -> ResponseReturnValue:
    """Every date that moves, old and new."""
    job = jobs.newest(viewer().landlord_id, calendar_changes.JOB)
    running = job is not None and job.status in jobs.OPEN
    return render_template(
        "monitor/calendar.html",
        preview=None if running else calendar_changes.preview(viewer()),
        job=job,
        running=running,
    )


@bp.post("/running/calendar")
@allow("watch")
def approve() -> ResponseReturnValue:
    """Move the dates."""
    calendar_changes.approve(viewer())
    return redirect(url_for(".show"), 303)


@bp.post("/running/calendar/<job_id>/cancel")
@allow("watch")
def cancel(job_id: str) -> ResponseReturnValue:
    """Call it off: cases that have moved stay so, the others keep their dates."""
    jobs.cancel(viewer(), calendar_changes.JOB, job_id)
    return redirect(url_for(".show"), 303)
