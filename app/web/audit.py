"""For auditors: find a case, read all that happened, take it away as a table. Read-only."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.services import audit as auditing
from app.services import cases, packs
from app.services.kinds import kind_of, kinds_of
from app.services.outcomes import how_ended
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
    kind = request.args.get("kind", "")
    found, total = cases.search(
        viewer(), q, status or "all", page_number=page, received=(first, last), kind=kind
    )
    kinds = [(each.id, each.title) for each in kinds_of(viewer().landlord_id)]
    return render_template(
        "audit/histories.html",
        found=found,
        ended=how_ended(item.case for item in found),
        total=total,
        page=page,
        size=cases.PAGE,
        statuses=STATUSES,
        q=q,
        status=status,
        first=first,
        last=last,
        kind=kind,
        kinds=kinds,
        kind_titles=dict(kinds),
        searched=bool(q or status or first or last or kind),
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
    rows = (
        (
            e.n, e.at.isoformat(), e.recorded_at.isoformat(), e.who, e.action, e.title, e.text,
            e.element, e.revision, e.version,
        )
        for e in whole.entries
    )  # fmt: skip
    return csv_file(f"history-{whole.case.reference}.csv", COLUMNS, rows)
