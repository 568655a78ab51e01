"""For managers: days off have changed. Which dates that moves, approving it, and how far it is."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import NotOffered
from app.services import calendar_changes
from app.services.operations import jobs
from app.web.policy import allow, viewer
from app.web.spreadsheet import csv_stream

bp = Blueprint("calendar", __name__)


@bp.get("/running/calendar")
@allow("watch")
def show() -> ResponseReturnValue:
    """Every date that moves, old and new, a page at a time."""
    return _page(request.args.get("after", ""), request.args.get("calendar", ""))


def _page(after: str = "", seen: str = "", refused: str = "") -> str:
    """seen: the calendar of the page before. When it is in force no more, the list begins anew."""
    job = jobs.newest(viewer().landlord_id, calendar_changes.JOB)
    running = job is not None and job.status in jobs.OPEN
    preview = None if running else calendar_changes.preview(viewer(), after)
    if preview and seen and seen != preview.calendar:
        return _page(refused=calendar_changes.CHANGED_AGAIN)
    return render_template(
        "monitor/calendar.html",
        preview=preview,
        refused=refused,
        job=job,
        running=running,
    )


@bp.post("/running/calendar")
@allow("watch")
def approve() -> ResponseReturnValue:
    """Move the dates, if they are still those that were shown."""
    try:
        calendar_changes.approve(viewer(), request.form.get("calendar", ""))
    except NotOffered as changed:
        return _page(refused=changed.message), changed.http_status
    return redirect(url_for(".show"), 303)


@bp.get("/running/calendar/dates.csv")
@allow("watch")
def table() -> ResponseReturnValue:
    """All of them, to take away."""
    name = f"dates-that-move-{clock.today().isoformat()}.csv"
    return csv_stream(name, calendar_changes.COLUMNS, calendar_changes.table(viewer()))


@bp.post("/running/calendar/<job_id>/cancel")
@allow("watch")
def cancel(job_id: str) -> ResponseReturnValue:
    """Call it off: cases that have moved stay so, the others keep their dates."""
    jobs.cancel(viewer(), calendar_changes.JOB, job_id)
    return redirect(url_for(".show"), 303)
