"""The modeller: a diagram of a draft drawn in the page, linted as it is drawn, saved by itself.

The page talks JSON to what stands here; whatever is refused comes back as {"error": a sentence}.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput, PutrightError
from app.services.workshop import comments, drafts, linting, vocabulary
from app.web.policy import allow, viewer
from app.web.workshop.saving import mark, may_change, saved_by_script

bp = Blueprint("modeller", __name__)


def in_json(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """What a view refuses is said in JSON, not with a page."""

    @wraps(view)
    def answer(**arguments: str) -> ResponseReturnValue:
        try:
            return view(**arguments)
        except BadInput as bad:
            return jsonify(error=" ".join(bad.errors.values())), bad.http_status
        except PutrightError as refused:
            return jsonify(error=refused.message), refused.http_status

    return answer


@bp.get("/procedures/drafts/<draft_id>/diagrams/<path:path>")
@allow("approve_procedures")
def draw(draft_id: str, path: str) -> ResponseReturnValue:
    """The modeller; for whoever may not change the draft, to look only."""
    sketch = drafts.get(viewer(), draft_id)
    linting.must_be_a_diagram(sketch, path)
    drawn = vocabulary.processes(sketch.contents)
    names = {process: name for file, process, name in drawn if file == path}
    here: dict[str, Any] = {"draft_id": draft_id, "path": path}
    mine = may_change(viewer(), sketch)
    return render_template(
        "workshop/modeller.html",
        sketch=sketch,
        path=path,
        here="draw",
        names=names,
        changes=mine,
        page={
            "xml": url_for("drafting.file", **here),
            "save": url_for(".save", **here) if mine else None,
            "lint": url_for(".lint", **here),
            "tidy": url_for(".tidy", **here),
            "defects": url_for(".defects", **here),
            "evaluate": url_for(".evaluate", draft_id=draft_id),
            "known": url_for(".known", draft_id=draft_id),
            "ids": url_for("bringing.safe_ids", draft_id=draft_id),
            "seen": mark(sketch, path),
            "today": clock.today().isoformat(),
        },
    )


@bp.put("/procedures/drafts/<draft_id>/diagrams/<path:path>")
@allow("own_procedures")
@in_json
def save(draft_id: str, path: str) -> ResponseReturnValue:
    """Keep the diagram as it is drawn. X-Seen: what the page has seen of it."""
    sketch = drafts.get(viewer(), draft_id)
    linting.must_be_a_diagram(sketch, path)
    xml = request.get_data()
    linting.must_be_readable(path, xml)
    before = (files[path] for files in (sketch.files, sketch.base_files) if path in files)
    xml = comments.kept(xml, *before)
    return saved_by_script(viewer(), draft_id, path, xml, request.headers.get("X-Seen", ""))


@bp.post("/procedures/drafts/<draft_id>/lint/<path:path>")
@allow("approve_procedures")
@in_json
def lint(draft_id: str, path: str) -> ResponseReturnValue:
    """What is wrong with the draft with this diagram in it; ?walks=1 with a trial run too."""
    sketch = drafts.get(viewer(), draft_id)
    walks = bool(request.args.get("walks"))
    return jsonify(linting.lint(sketch, path, request.get_data(), walks=walks))


@bp.post("/procedures/drafts/<draft_id>/tidy/<path:path>")
@allow("own_procedures")
@in_json
def tidy(draft_id: str, path: str) -> ResponseReturnValue:
    """The same diagram drawn anew. Nothing is saved: the page shows it and asks."""
    drawn = linting.tidied(drafts.get(viewer(), draft_id), path, request.get_data())
    return Response(drawn, mimetype="application/xml")


@bp.post("/procedures/drafts/<draft_id>/defects/<path:path>")
@allow("approve_procedures")
@in_json
def defects(draft_id: str, path: str) -> ResponseReturnValue:
    """What is not good to look at in the drawing."""
    sketch = drafts.get(viewer(), draft_id)
    return jsonify(defects=linting.faults_of_drawing(sketch, path, request.get_data()))


@bp.get("/procedures/drafts/<draft_id>/known")
@allow("approve_procedures")
@in_json
def known(draft_id: str) -> ResponseReturnValue:
    """What the fields of an element may choose from."""
    return jsonify(vocabulary.known(drafts.get(viewer(), draft_id)))


@bp.post("/procedures/drafts/<draft_id>/evaluate")
@allow("approve_procedures")
@in_json
def evaluate(draft_id: str) -> ResponseReturnValue:
    """What an expression means, and the date that it gives for an example. Takes and gives JSON."""
    sketch = drafts.get(viewer(), draft_id)
    asked: Any = request.get_json(silent=True)
    if not isinstance(asked, dict) or not isinstance(asked.get("expression"), str):
        raise BadInput({"expression": "Send an expression."})
    try:
        on = date.fromisoformat(str(asked.get("on")))
    except ValueError:
        raise BadInput({"on": "Choose the day from which the example counts."}) from None
    worked = vocabulary.worked_out(sketch.contents, asked["expression"], on)
    day = worked.day.isoformat() if worked.day else None
    return jsonify(sentence=worked.sentence, day=day, error=worked.error)
