"""A landlord's folder as a zip: taken away, and brought into a draft after a look at it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import BadInput
from app.services.contents import Files
from app.services.workshop import comparing, drafts, folders, versions
from app.web.policy import allow, viewer

bp = Blueprint("folders", __name__)


@bp.get("/procedures/folder/<int:number>.zip")
@allow("approve_procedures")
def version(number: int) -> Response:
    """The folder of a version."""
    found, deployed = versions.version(viewer(), number)
    return _zip(deployed.files, f"version-{found.row.number}")


@bp.get("/procedures/drafts/<draft_id>/folder.zip")
@allow("approve_procedures")
def taken_away(draft_id: str) -> Response:
    """The folder of a draft."""
    return _zip(drafts.get(viewer(), draft_id).files, "draft")


def _zip(files: Files, what: str) -> Response:
    slug = viewer().landlord_id
    return Response(
        folders.packed(slug, files),
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{slug}-{what}.zip"'},
    )


@bp.route("/procedures/drafts/<draft_id>/folder", methods=["GET", "POST"])
@allow("approve_procedures")
def draft(draft_id: str) -> ResponseReturnValue:
    """Take the folder away; a post shows what a zip would change."""
    sketch = drafts.get(viewer(), draft_id)
    errors: dict[str, str] = {}
    raw, found = b"", None
    if request.method == "POST":
        given = request.files.get("zip")
        raw = given.read(folders.LARGEST_ZIP + 1) if given else b""
        try:
            incoming = folders.incoming(viewer(), draft_id, raw)
            after = {**sketch.files, **incoming}
            found = comparing.compare(
                sketch.files, {path: body for path, body in after.items() if body is not None}
            )
        except BadInput as bad:
            errors = bad.errors
    page = render_template(
        "workshop/folder.html",
        sketch=sketch,
        here="folder",
        errors=errors,
        found=found,
        raw=b64encode(raw).decode() if found else "",
    )
    return page, 422 if errors else 200


@bp.post("/procedures/drafts/<draft_id>/folder/take")
@allow("own_procedures")
def take(draft_id: str) -> ResponseReturnValue:
    """Let the draft be as the zip that was just shown."""
    try:
        raw = b64decode(request.form.get("raw", ""), validate=True)
    except (NotBase64, ValueError):
        raise BadInput({"zip": "Choose the zip once more."}) from None
    count = folders.take(viewer(), draft_id, raw, request.form.get("seen", 0, int))
    flash(f"{count} {'file is' if count == 1 else 'files are'} taken over from the zip.")
    return redirect(url_for("comparing.draft", draft_id=draft_id), 303)
