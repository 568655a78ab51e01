"""Open cases and the versions of the procedure: rehearse a move, make it, undo it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput
from app.models import Job
from app.services.moving import moves, rehearsing
from app.services.moving.rehearsing import Rehearsal, Shown
from app.services.operations import jobs
from app.services.references import spaced
from app.services.workshop import versions
from app.web import casepage
from app.web.policy import allow, viewer

bp = Blueprint("moving", __name__)
LISTS: tuple[Shown, ...] = get_args(Shown)
ON_A_PAGE = 100
NEWS = timedelta(hours=1)


@bp.get("/procedures/moving")
@allow("move_cases")
def plan() -> str:
    """What moving each open case to a version would do: totals, and one list of cases at a time."""
    return _page({})


@bp.post("/procedures/moving")
@allow("move_cases")
def move() -> ResponseReturnValue:
    """Move the cases that were ticked, or all of the list that was shown."""
    reason = request.form.get("reason", "")
    errors: dict[str, str] = {}
    if request.form.get("which") == "asking" and not reason.strip():
        errors["reason"] = "Say why these dates may move. Auditors read it."
    else:
        try:
            moves.ask(viewer(), request.form.get("to", 0, int), _chosen(), reason)
        except BadInput as bad:
            errors = bad.errors
    if errors:
        return _page(errors), 422
    return redirect(url_for(".plan", to=request.form.get("to")), 303)


def _chosen() -> list[str]:
    """The cases to be moved. Raises BadInput if all are, and there are not as many as were seen."""
    seen = request.form.get("all", None, int)
    if seen is None:
        return request.form.getlist("cases")
    asked = _asked()
    rehearsal = rehearsing.rehearse(viewer(), request.form.get("to", 0, int), asked["after"])
    listed = rehearsal.shown(_list_of(rehearsal, asked), asked["q"])
    if len(listed) != seen:
        said = f"There were {seen} cases, and now there are {len(listed)}. Look at them again."
        raise BadInput({"cases": said})
    return [one.instance_id for one in listed]


def _asked() -> dict[str, str]:
    """Which cases are looked at: "show", a list; "q", part of a reference; "after", a reference."""
    return {name: request.values.get(name, "").strip()[:100] for name in ("show", "q", "after")}


def _list_of(rehearsal: Rehearsal, asked: Mapping[str, str]) -> Shown:
    """The list that is asked for; without one, or if a search finds nothing there, the first."""
    names = [name for name in LISTS if rehearsal.shown(name, asked["q"])]
    wanted = next((name for name in LISTS if name == asked["show"]), None)
    if wanted and (wanted in names or not asked["q"]):
        return wanted
    return names[0] if names else "plain"


def _page(errors: dict[str, str]) -> str:
    number, asked = request.values.get("to", None, int), _asked()
    job = jobs.newest(viewer().landlord_id, moves.JOB)
    running = job is not None and job.status in jobs.OPEN
    shown: dict[str, Any] = {}
    if not running:
        rehearsal = rehearsing.rehearse(viewer(), number, asked["after"])
        name = _list_of(rehearsal, asked)
        listed = rehearsal.shown(name, asked["q"])
        page = casepage.pages(request.values.get("page", 1, int), len(listed), ON_A_PAGE)
        here: dict[str, Any] = {"to": rehearsal.target.number, **asked, "show": name}
        shown = {
            "rehearsal": rehearsal,
            "counts": {name: len(rehearsal.shown(name)) for name in LISTS},
            "asked": here,
            "listed": listed,
            "cases": listed[page.first - 1 : page.last] if listed else [],
            "pages": page,
            "href": lambda n: url_for(".plan", **here, page=n),
            "link": lambda **other: url_for(".plan", **{**here, "q": None, **other}),
        }
    return render_template(
        "workshop/moving.html",
        **shown,
        on=rehearsing.open_by_version(viewer()),
        versions=versions.versions(viewer()),
        job=job,
        running=running,
        news=_is_news(job),
        made=moves.made(viewer()),
        chosen=request.form.getlist("cases"),
        reason=request.form.get("reason", ""),
        errors=errors,
    )


def _is_news(job: Job | None) -> bool:
    """Whether a move that the viewer asked for has just ended; else it is told with its day."""
    if job is None or job.ended_at is None:
        return False
    return job.asked_by == viewer().user_id and clock.now() - job.ended_at < NEWS


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
    flash(f"{spaced(case.reference)} is back on the version it was on.")
    return redirect(url_for(".plan"), 303)
