"""For auditors: find a case, read all that happened, take it away as a table. Read-only."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.services import audit as auditing
from app.services import cases
from app.services.outline import pictures
from app.web.policy import allow, viewer
from app.web.spreadsheet import csv_file

bp = Blueprint("audit", __name__)
STATUSES = (("", "Open and closed"), ("open", "Open"), ("closed", "Closed"))
COLUMNS = (
    "n", "happened_at", "recorded_at", "who", "action", "what", "detail", "element", "revision",
    "procedure_version",
)  # fmt: skip


@bp.get("/histories")
@allow("audit")
def histories() -> ResponseReturnValue:
    """Find a case."""
    q, status = request.args.get("q", ""), request.args.get("status", "")
    first, last = _day("first"), _day("last")
    page = max(request.args.get("page", 1, int), 1)
    found, total = cases.search(
        viewer(), q, status or "all", page_number=page, received=(first, last)
    )
    return render_template(
        "audit/histories.html",
        found=found,
        total=total,
        page=page,
        size=cases.PAGE,
        statuses=STATUSES,
        q=q,
        status=status,
        first=first,
        last=last,
        searched=bool(q or status or first or last),
    )


def _day(name: str) -> date | None:
    """A date of the address; None for none, and for what is no date."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


@bp.get("/histories/<reference>")
@allow("audit")
def history(reference: str) -> ResponseReturnValue:
    """Every event of a case, what was submitted, and what was sent."""
    whole = auditing.whole(viewer(), reference)
    return render_template("audit/history.html", whole=whole, pictures=pictures(whole.deployed))


@bp.get("/histories/<reference>/history.csv")
@allow("audit")
def export(reference: str) -> ResponseReturnValue:
    """The events as a table."""
    whole = auditing.whole(viewer(), reference)
    rows = (
        (
            e.n, e.at.isoformat(), e.recorded_at.isoformat(), e.who, e.action, e.title, e.text,
            e.element, e.revision, e.version,
        )
        for e in whole.entries
    )  # fmt: skip
    return csv_file(f"history-{whole.case.reference}.csv", COLUMNS, rows)
