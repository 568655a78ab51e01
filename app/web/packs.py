"""The hearing packs of a case: the list, a new one, and each as it was made."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.services import packs as making
from app.services.access import get_case
from app.web.policy import allow, viewer
from app.web.strips import safety_in

bp = Blueprint("packs", __name__)


@bp.get("/cases/<reference>/packs")
@allow("read_cases")
def packs(reference: str) -> ResponseReturnValue:
    """What a pack is, the button, and the packs made so far."""
    case = get_case(viewer(), reference)
    return render_template(
        "cases/packs.html",
        found=making.offered(viewer(), reference),
        case=case,
        safety=safety_in(case),
    )


@bp.post("/cases/<reference>/packs")
@allow("work")
def make(reference: str) -> ResponseReturnValue:
    """Ask for a pack; the page shows how far it is."""
    making.ask(viewer(), reference)
    return redirect(url_for("packs.packs", reference=reference), code=303)


@bp.post("/cases/<reference>/packs/<job_id>/cancel")
@allow("work")
def cancel(reference: str, job_id: str) -> ResponseReturnValue:
    """Call the making off."""
    making.cancel(viewer(), reference, job_id)
    return redirect(url_for("packs.packs", reference=reference), code=303)


@bp.get("/cases/<reference>/packs/<pack_id>.pdf")
@allow("read_cases")
def pack(reference: str, pack_id: str) -> ResponseReturnValue:
    """A pack as it was made."""
    blob = making.get(viewer(), reference, pack_id)
    response = Response(blob.data, content_type=blob.media_type)
    response.headers.set("Content-Disposition", "inline", filename=blob.name)
    response.headers["Cache-Control"] = "no-store"
    return response
