"""For auditors: find a case, read all that happened, take it away as a table. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.services import audit as auditing
from app.services import cases, documents, packs, taking_away
from app.services.finding import Search
from app.services.kinds import kind_of, kinds_of
from app.services.outcomes import how_ended
from app.services.outline import pictures
from app.web.policy import allow, viewer
from app.web.spreadsheet import csv_file

bp = Blueprint("audit", __name__)
STATUSES = (("", "Open and closed"), ("open", "Open"), ("closed", "Closed"))


@bp.get("/histories")
@allow("audit")
def histories() -> ResponseReturnValue:
    """Find a case."""
    asked = _asked(request.args)
    page = max(request.args.get("page", 1, int), 1)
    found, total = cases.search(
        viewer(), asked.q, asked.status, "", page, (asked.first, asked.last), asked.kind
    )
    job, file = taking_away.newest(viewer())
    kinds = [(each.id, each.title) for each in kinds_of(viewer().landlord_id)]
    return render_template(
        "audit/histories.html",
        found=found,
        ended=how_ended(item.case for item in found),
        total=total,
        page=page,
        size=cases.PAGE,
        statuses=STATUSES,
        q=asked.q,
        status=asked.status if asked.status in {"open", "closed"} else "",
        first=asked.first,
        last=asked.last,
        kind=asked.kind,
        kinds=kinds,
        kind_titles=dict(kinds),
        searched=asked != Search(status="all"),
        job=job,
        file=file,
        kept_until=file.at + documents.UNCLAIMED if file else None,
    )


def _asked(typed: Mapping[str, str]) -> Search:
    """What is looked for, by an address or a form; what is no date is none."""
    return Search(
        q=typed.get("q", ""),
        status=typed.get("status", "") or "all",
        kind=typed.get("kind", ""),
        first=_day(typed.get("first", "")),
        last=_day(typed.get("last", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@bp.post("/histories/take-away")
@allow("audit")
def take_away() -> ResponseReturnValue:
    """Ask for the histories of all cases found; the page shows how far it is."""
    taking_away.ask(viewer(), _asked(request.form))
    return redirect(url_for(".histories", _anchor="take-away"), 303)


@bp.post("/histories/take-away/<job_id>/cancel")
@allow("audit")
def call_off(job_id: str) -> ResponseReturnValue:
    """Call it off."""
    taking_away.cancel(viewer(), job_id)
    return redirect(url_for(".histories", _anchor="take-away"), 303)


@bp.get("/histories/take-away/<job_id>.zip")
@allow("audit")
def taken(job_id: str) -> ResponseReturnValue:
    """The file that came of it."""
    blob = taking_away.get(viewer(), job_id)
    response = Response(blob.data, content_type=blob.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=blob.name)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/histories/<reference>")
@allow("audit")
def history(reference: str) -> ResponseReturnValue:
    """Every event of a case, what was submitted, and what was sent."""
    whole = auditing.whole(viewer(), reference)
    reached = {element.process for element in whole.deployed.procedure.elements.values()}
    return render_template(
        "audit/history.html",
        whole=whole,
        ended=how_ended([whole.case]).get(whole.case.id, ""),
        kind=kind_of(whole.case),
        has_packs=packs.is_offered(viewer(), whole.case),
        pictures=[drawn for drawn in pictures(whole.deployed) if drawn.process in reached],
    )


@bp.get("/histories/<reference>/history.csv")
@allow("audit")
def export(reference: str) -> ResponseReturnValue:
    """The events as a table."""
    whole = auditing.whole(viewer(), reference)
    rows = map(taking_away.line, whole.entries)
    return csv_file(f"history-{whole.case.reference}.csv", taking_away.HISTORY, rows)
