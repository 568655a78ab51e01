"""A diagram of a draft as a table, to be changed by whoever cannot use a canvas."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput, ChangedMeanwhile
from app.services.workshop import drafts, editing
from app.web.policy import allow, viewer

bp = Blueprint("outlining", __name__)


@bp.route("/procedures/drafts/<draft_id>/outline/<process>", methods=["GET", "POST"])
@allow("approve_procedures")
def edit(draft_id: str, process: str) -> ResponseReturnValue:
    """Names, deadlines, lanes, forms and letters of a process; a post changes them."""
    errors: dict[str, str] = {}
    sketch = drafts.get(viewer(), draft_id)
    outline = editing.outline_of(sketch, process)
    if request.method == "POST":
        try:
            seen = request.form.get("seen", -1, int)
            changed = editing.change(viewer(), draft_id, process, request.form, seen)
        except BadInput as bad:
            errors = bad.errors
        except ChangedMeanwhile:
            errors = {"save": "Somebody else has saved this draft. Look at it, then save yours."}
        else:
            steps = f"{len(changed)} {'step' if len(changed) == 1 else 'steps'}"
            flash(f"Saved: {steps} changed." if changed else "Nothing was different.")
            return redirect(url_for(".edit", draft_id=draft_id, process=process), 303)
    page = render_template(
        "workshop/outline_edit.html",
        sketch=sketch,
        outline=outline,
        here="draw",
        typed=request.form,
        errors=errors,
        changes=viewer().can("own_procedures") and sketch.row.status == "open",
    )
    return page, 422 if errors else 200
