"""Files come into a draft from Camunda Modeler or another editor, and go out to it."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services.workshop import bringing, drafts, ids
from app.web.policy import allow, viewer
from app.web.workshop.saving import may_change

bp = Blueprint("bringing", __name__)
HOW = {"added": "is new", "changed": "takes the place of the one that was there"}


@bp.route("/procedures/drafts/<draft_id>/bring-in", methods=["GET", "POST"])
@allow("approve_procedures")
def bring_in(draft_id: str) -> ResponseReturnValue:
    """Choose files; a post puts them into the draft, each by its name, and says what each did."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            done = bringing.bring_in(viewer(), draft_id, _sent())
        except BadInput as bad:
            errors = {"files": " ".join(bad.errors.values())}
        else:
            said = [f"{path} {HOW[how]}" for path, how in done.items()]
            flash("; ".join(said) + "." if said else "Every file is as it was already.")
            unsafe = done.keys() & ids.unsafe(drafts.get(viewer(), draft_id).files).keys()
            then = ".safe_ids" if unsafe else "drafting.draft"
            return redirect(url(then, draft_id=draft_id), 303)
    sketch = drafts.get(viewer(), draft_id)
    page = render_template(
        "workshop/bring_in.html",
        sketch=sketch,
        here="bring_in",
        paths=sorted(sketch.files),
        errors=errors,
        may_change=may_change(viewer(), sketch),
    )
    return page, 422 if errors else 200


@bp.get("/procedures/drafts/<draft_id>/ids")
@allow("approve_procedures")
def safe_ids(draft_id: str) -> str:
    """The ids that the engine cannot use, each with the one that it would get."""
    sketch = drafts.get(viewer(), draft_id)
    return render_template(
        "workshop/ids.html",
        sketch=sketch,
        here="bring_in",
        found=ids.unsafe(sketch.files),
        may_change=may_change(viewer(), sketch),
    )


@bp.post("/procedures/drafts/<draft_id>/ids")
@allow("own_procedures")
def rename_ids(draft_id: str) -> ResponseReturnValue:
    """Give them their new ids, as shown."""
    count = ids.rename(viewer(), draft_id, request.form.get("seen", 0, int))
    flash(f"{count} {'id is' if count == 1 else 'ids are'} renamed.")
    return redirect(url("drafting.draft", draft_id=draft_id), 303)


def _sent() -> Iterator[tuple[str, bytes]]:
    """The files, each with its name; of one that is too large only what shows that it is."""
    for file in request.files.getlist("files"):
        with file.stream as stream:
            if file.filename:
                yield file.filename, stream.read(drafts.LARGEST + 1)
