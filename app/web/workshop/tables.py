"""Decision tables of a draft: a grid of texts for every browser, and dmn-js beside it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile, NotFound
from app.services.plain_rules import cell
from app.services.workshop import drafts, table_file
from app.services.workshop.drafts import Sketch
from app.services.workshop.letter_fields import facts_of
from app.web.policy import allow, viewer
from app.web.workshop.saving import autosaved, mark, may_change, save

bp = Blueprint("table_editor", __name__)


@bp.route("/procedures/drafts/<draft_id>/tables", methods=["GET", "POST"])
@allow("approve_procedures")
def every(draft_id: str) -> ResponseReturnValue:
    """The decision tables of a draft; a post begins a new one."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            name = _begin(draft_id)
        except BadInput as bad:
            errors = bad.errors
        else:
            return redirect(url(".table", draft_id=draft_id, name=name), 303)
    sketch = drafts.get(viewer(), draft_id)
    page = render_template(
        "workshop/tables.html",
        sketch=sketch,
        here="tables",
        tables=[_line(sketch, path) for path in sorted(sketch.files) if path.endswith(".dmn")],
        facts=facts_of(sketch.contents),
        typed=request.form,
        errors=errors,
        may_change=may_change(viewer(), sketch),
    )
    return page, 422 if errors else 200


def _line(sketch: Sketch, path: str) -> dict[str, Any]:
    name = path.removesuffix(".dmn")
    try:
        grid = table_file.opened(sketch.files[path])
    except BadInput:
        return {"name": name, "title": name, "rows": 0, "problems": 1, "how": ""}
    found = _problems(sketch, path, sketch.files[path])
    return {
        "name": name,
        "title": grid.name,
        "rows": len(grid.lines),
        "problems": sum(problem.severity == "error" for problem in found),
        "how": sketch.changed.get(path, ""),
    }


def _begin(draft_id: str) -> str:
    """Put a new table into the draft; returns its name."""
    sketch, form = drafts.get(viewer(), draft_id), request.form
    facts = facts_of(sketch.contents)
    name, title = form.get("name", "").strip(), " ".join(form.get("title", "").split())
    if not drafts.PATH.fullmatch(f"{name}.dmn"):
        said = "Use small letters, digits and _ only, such as award_band."
        raise BadInput({"name": said})
    if f"{name}.dmn" in sketch.files:
        raise BadInput({"name": f"There is a table called {name} already. Open it instead."})
    if not title or not title.isprintable():
        raise BadInput({"title": "Give the table a title in words."})
    for field, said in (("asks", "what it asks for"), ("answers", "what it answers")):
        if form.get(field, "") not in facts:
            raise BadInput({field: f"Choose {said}: a declared fact."})
    body = table_file.new(name, title, facts[form["asks"]], facts[form["answers"]])
    drafts.put(viewer(), draft_id, f"{name}.dmn", body, sketch.row.revision)
    return name


@bp.get("/procedures/drafts/<draft_id>/tables/<name>")
@allow("approve_procedures")
def table(draft_id: str, name: str) -> ResponseReturnValue:
    """One table as a grid of texts, with what is wrong beside each row."""
    sketch, path = _found(draft_id, name)
    return _page(sketch, path, sketch.files[path], {}, mark(sketch, path))


@bp.post("/procedures/drafts/<draft_id>/tables/<name>")
@allow("own_procedures")
def save_table(draft_id: str, name: str) -> ResponseReturnValue:
    """Save what was typed, and take one step: a row or a column more or less, a row moved."""
    sketch, path = _found(draft_id, name)
    body, seen = sketch.files[path], request.form.get("seen", "")
    step = request.form.get("step", "")
    if step in ("ask", "answer"):
        step = f"{step}.{request.form.get(step, '')}"
    try:
        body = table_file.changed(body, request.form, step, facts_of(sketch.contents))
        save(viewer(), draft_id, path, body, seen)
    except BadInput as bad:
        return _page(sketch, path, body, bad.errors, seen), 422
    except ChangedMeanwhile as changed:
        return _page(sketch, path, body, {"table": changed.message}, mark(sketch, path)), 409
    if not step:
        flash("The table is saved in the draft.")
    return redirect(url(".table", draft_id=draft_id, name=name, _anchor="grid"), 303)


@bp.get("/procedures/drafts/<draft_id>/tables/<name>/drawn")
@allow("approve_procedures")
def drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """The table in dmn-js, as in Camunda Modeler; saved as it is changed."""
    sketch, path = _found(draft_id, name)
    return render_template(
        "workshop/table_drawn.html",
        sketch=sketch,
        here="tables",
        name=name,
        xml=sketch.files[path].decode(errors="replace"),
        seen=mark(sketch, path),
        may_change=may_change(viewer(), sketch),
    )


@bp.post("/procedures/drafts/<draft_id>/tables/<name>/drawn")
@allow("own_procedures")
def save_drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """What dmn-js sends after each change; the answer says what is wrong with it, row by row."""
    sketch, path = _found(draft_id, name)

    def said(body: bytes) -> list[dict[str, Any]]:
        table_file.opened(body)
        return [
            {"where": problem.element or "", "says": problem.message, "severity": problem.severity}
            for problem in _problems(sketch, path, body)
        ]

    return jsonify(autosaved(viewer(), draft_id, path, said))


@bp.post("/procedures/drafts/<draft_id>/tables/<name>/remove")
@allow("own_procedures")
def remove(draft_id: str, name: str) -> ResponseReturnValue:
    """Take a table out of the draft."""
    sketch, path = _found(draft_id, name)
    drafts.remove(viewer(), draft_id, path, sketch.row.revision)
    flash("The table is taken out of the draft. The overview can put it back.")
    return redirect(url(".every", draft_id=draft_id), 303)


def _found(draft_id: str, name: str) -> tuple[Sketch, str]:
    sketch, path = drafts.get(viewer(), draft_id), f"{name}.dmn"
    if path not in sketch.files:
        raise NotFound
    return sketch, path


def _problems(sketch: Sketch, path: str, body: bytes) -> list[Problem]:
    return table_file.problems(path, body, facts_of(sketch.contents))


def _page(sketch: Sketch, path: str, body: bytes, errors: dict[str, str], seen: str) -> str:
    try:
        grid = table_file.opened(body)
        found = _problems(sketch, path, body)
    except BadInput as bad:
        grid, found, errors = None, [], errors | bad.errors
    of_rows: dict[int | None, list[Problem]] = {}
    for problem in found:
        of_rows.setdefault(table_file.row_of(problem, grid) if grid else None, []).append(problem)
    facts = facts_of(sketch.contents)
    return render_template(
        "workshop/table_edit.html",
        sketch=sketch,
        here="tables",
        name=path.removesuffix(".dmn"),
        grid=grid,
        typed=request.form if errors else {},
        of_rows=of_rows,
        facts=facts,
        policies=table_file.POLICIES,
        in_words=cell,
        errors=errors,
        seen=seen,
        may_change=may_change(viewer(), sketch),
    )
