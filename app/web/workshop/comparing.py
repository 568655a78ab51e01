"""What differs between two versions, or between a draft and what it goes out from."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.errors import NotFound
from app.services.workshop import comparing, drafts, versions
from app.web.policy import allow, viewer
from app.web.workshop.publishing import file_of, source

bp = Blueprint("comparing", __name__)


@bp.get("/procedures/compare")
@allow("see_procedures")
def two_versions() -> ResponseReturnValue:
    """Two versions: `from` and `to`; the newest and the one before it where none are named."""
    known = versions.versions(viewer())
    if not known:
        raise NotFound
    to = request.args.get("to", known[0].row.number, int)
    lower = [each.row.number for each in known if each.row.number < to]
    start = request.args.get("from", max(lower, default=to), int)
    before, after = (versions.version(viewer(), number) for number in (start, to))
    files = before[1].files, after[1].files
    return render_template(
        "workshop/compare.html",
        known=known,
        before=before[0],
        after=after[0],
        sentences=comparing.sentences(*files),
        differences=comparing.compare(*files),
        source_before=lambda path: source(start, path),
        source_after=lambda path: source(to, path),
    )


@bp.get("/procedures/drafts/<draft_id>/compare")
@allow("approve_procedures")
def draft(draft_id: str) -> ResponseReturnValue:
    """A draft and the version that it goes out from."""
    sketch = drafts.get(viewer(), draft_id)
    return render_template(
        "workshop/draft_compare.html",
        sketch=sketch,
        here="compare",
        sentences=comparing.sentences(sketch.base_files, sketch.files),
        differences=comparing.compare(sketch.base_files, sketch.files),
        source_before=lambda path: source(sketch.base.number, path),
        source_after=lambda path: file_of(sketch, path),
    )
