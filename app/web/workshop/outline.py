"""A diagram of a draft as a table, to be changed by whoever cannot use a canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput, ChangedMeanwhile
from app.services.workshop import drafts, editing
from app.web.policy import allow, viewer

bp = Blueprint("outlining", __name__)
NOT_CHANGED = "Nothing was different."


@bp.route("/procedures/drafts/<draft_id>/outline/<process>", methods=["GET", "POST"])
@allow("approve_procedures")
def edit(draft_id: str, process: str) -> ResponseReturnValue:
    """Names, deadlines, lanes, forms and letters of a process; a post changes them."""
    if request.method == "GET":
        return _page(draft_id, process)

    def save(_: int) -> str:
        changed = editing.change(viewer(), draft_id, process, request.form)
        return f"Saved: {', '.join(f'“{name}”' for name in changed)}." if changed else NOT_CHANGED

    return _done(draft_id, process, save)


@bp.post("/procedures/drafts/<draft_id>/outline/<process>/tidy")
@allow("own_procedures")
def tidy(draft_id: str, process: str) -> ResponseReturnValue:
    """Draw the diagram anew, so that each step stands in its lane."""

    def draw(seen: int) -> str:
        left = editing.tidy(viewer(), draft_id, process, seen)
        said = "The drawing is tidied: every step stands in its lane."
        more = f" {left} {'thing is' if left == 1 else 'things are'} not good to look at yet:"
        return said + (f"{more} “Draw it”, “Defects of the drawing” says which." if left else "")

    return _done(draft_id, process, draw)


def _done(draft_id: str, process: str, act: Callable[[int], str]) -> ResponseReturnValue:
    """Do what was posted, of the revision that was seen, and say so; or show why it cannot be."""
    try:
        flash(act(request.form.get("seen", -1, int)))
    except BadInput as bad:
        return _page(draft_id, process, bad.errors), 422
    except ChangedMeanwhile:
        said = "Somebody else has saved this draft. Look at it, then save yours."
        return _page(draft_id, process, {"save": said}), 422
    return redirect(url_for(".edit", draft_id=draft_id, process=process), 303)


def _page(draft_id: str, process: str, errors: Mapping[str, str] = {}) -> str:
    sketch = drafts.get(viewer(), draft_id)
    return render_template(
        "workshop/outline_edit.html",
        sketch=sketch,
        outline=editing.outline_of(sketch, process),
        here="draw",
        typed=editing.typed_in(request.form),
        errors=errors,
        changes=viewer().can("own_procedures") and sketch.row.status == "open",
    )
