"""Drafts of a new version: the list, one with all that it changes, a file brought in."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from app.engine import EngineRefused
from app.errors import BadInput, NotFound, PutrightError
from app.services import tasks
from app.services.deployments import Deployed
from app.services.outline import Picture, by_kind
from app.services.workshop import drafts, ids, publishing, versions
from app.services.workshop.drafts import Sketch
from app.web.policy import allow, viewer
from app.web.thumbnail import thumbnail
from app.web.workshop.found import places

bp = Blueprint("drafting", __name__)


def must_be_own() -> None:
    """Whatever is asked of a draft: it is one of the viewer's landlord. Raises NotFound."""
    draft_id = (request.view_args or {}).get("draft_id")
    if draft_id is not None:
        drafts.get(viewer(), draft_id)


@bp.route("/procedures/drafts", methods=["GET", "POST"])
@allow("approve_procedures")
def every() -> ResponseReturnValue:
    """The drafts that are worked on, and those that were given up; a post begins one."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            number = request.form.get("version", None, int)
            begun = drafts.begin(viewer(), request.form.get("title", ""), number)
        except BadInput as bad:
            errors = bad.errors
        else:
            return redirect(url_for(".draft", draft_id=begun), 303)
    page = render_template(
        "workshop/drafts.html",
        drafts=drafts.every(viewer()),
        over=drafts.every(viewer(), ("dropped", "published")),
        versions=versions.versions(viewer()),
        names=tasks.name_of,
        waits=publishing.waits_for(viewer()),
        title=request.form.get("title", ""),
        errors=errors,
    )
    return page, 422 if errors else 200


@bp.get("/procedures/drafts/<draft_id>")
@allow("approve_procedures")
def draft(draft_id: str) -> ResponseReturnValue:
    """One draft: what it changes, what is wrong with it, and the way to each of its parts."""
    sketch = drafts.get(viewer(), draft_id)
    folders = Counter(path.split("/")[0] for path in sketch.files)
    tables = sum(path.endswith(".dmn") for path in sketch.files)
    return render_template(
        "workshop/draft.html",
        sketch=sketch,
        here="overview",
        place=places(sketch),
        names=tasks.name_of,
        groups=[(name, [_card(sketch, p) for p in group]) for name, group in _diagrams(sketch)],
        unsafe_ids=bool(ids.unsafe(sketch.files)),
        counts=folders | {"tables": tables},
    )


def _diagrams(sketch: Sketch) -> list[tuple[str, list[Picture]]]:
    """The diagrams by kind of case; while something cannot be read, file by file."""
    try:
        return by_kind(Deployed(sketch.row.landlord_id, "", sketch.contents))
    except (EngineRefused, PutrightError, LookupError):
        paths = sorted(path for path in sketch.files if path.endswith(".bpmn"))
        return [("Diagrams", [Picture("", path, path) for path in paths])]


def _card(sketch: Sketch, picture: Picture) -> tuple[Picture, Markup]:
    """A diagram with a small picture of it."""
    try:
        return picture, thumbnail(sketch.files[picture.file])
    except (EngineRefused, ValueError):
        return picture, Markup("")


@bp.get("/procedures/drafts/<draft_id>/file/<path:path>")
@allow("approve_procedures")
def file(draft_id: str, path: str) -> ResponseReturnValue:
    """A file of a draft, as it is, for Camunda Modeler or another editor."""
    sketch = drafts.get(viewer(), draft_id)
    if path not in sketch.files:
        raise NotFound
    return Response(
        sketch.files[path],
        mimetype="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{path.rsplit("/", 1)[-1]}"'},
    )


@bp.post("/procedures/drafts/<draft_id>/drop")
@allow("own_procedures")
def drop(draft_id: str) -> ResponseReturnValue:
    """Give a draft up; it can be taken up again."""
    drafts.drop(viewer(), draft_id)
    title = drafts.get(viewer(), draft_id).row.title
    flash(f"“{title}” was given up. It stands below under “Published or given up”.")
    return redirect(url_for(".every"), 303)


@bp.post("/procedures/drafts/<draft_id>/take-up")
@allow("own_procedures")
def take_up(draft_id: str) -> ResponseReturnValue:
    """Go on with a draft that was given up."""
    drafts.take_up(viewer(), draft_id)
    flash("The draft was taken up again, with all that was changed in it.")
    return redirect(url_for(".draft", draft_id=draft_id), 303)


@bp.post("/procedures/drafts/<draft_id>/put-back")
@allow("own_procedures")
def put_back(draft_id: str) -> ResponseReturnValue:
    """Let one file be as it was."""
    drafts.put_back(viewer(), draft_id, request.form.get("path", ""))
    flash(f"{request.form['path']} is again as in the version that the draft goes out from.")
    return redirect(url_for(".draft", draft_id=draft_id), 303)
