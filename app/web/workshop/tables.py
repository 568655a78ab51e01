"""Decision tables of a draft: a grid of texts for every browser, and dmn-js beside it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile
from app.services.plain_rules import cell
from app.services.workshop import table_file
from app.services.workshop.drafts import Sketch
from app.services.workshop.letter_fields import facts_of
from app.services.workshop.table_file import Grid
from app.web.policy import allow, viewer
from app.web.workshop.listing import Choice, Kind, Row, Typed, add_pages
from app.web.workshop.saving import autosaved, mark, may_change, save

bp = Blueprint("table_editor", __name__)


def _row(sketch: Sketch, path: str) -> Row:
    name = path.removesuffix(".dmn")
    try:
        grid = table_file.opened(sketch.files[path])
    except BadInput:
        return Row(name, name, "0 rows", 1)
    found = _problems(sketch, path, sketch.files[path])
    about = f"{len(grid.lines)} {'row' if len(grid.lines) == 1 else 'rows'}"
    if len(grid.tables) > 1:
        about = f"{len(grid.tables)} tables"
    return Row(name, grid.name, about, sum(problem.severity == "error" for problem in found))


def _begin(sketch: Sketch, name: str, title: str, typed: Typed) -> bytes:
    facts = facts_of(sketch.contents)
    for field, said in (("asks", "what it asks for"), ("answers", "what it answers")):
        if typed.get(field, "") not in facts:
            raise BadInput({field: f"Choose {said}: a declared fact."})
    return table_file.new(name, title, facts[typed["asks"]], facts[typed["answers"]])


def _choices(sketch: Sketch, _: list[Row]) -> list[Choice]:
    facts = {fact.name: fact.label for fact in facts_of(sketch.contents).values()}
    labels = {"asks": "What it asks for first", "answers": "The fact that it answers"}
    chosen = {"": "Choose a fact", **facts}
    return [Choice(field, label, chosen) for field, label in labels.items()]


KIND = Kind(
    "table",
    "Decision tables",
    "{}.dmn",
    column="Rows",
    purpose="A rule task of a diagram looks into one.",
    example="award_band",
    name_hint="Small letters, digits and _. The rule task names it as its decision reference.",
    row=_row,
    begin=_begin,
    choices=_choices,
)
add_pages(bp, KIND)


@bp.get("/procedures/drafts/<draft_id>/tables/<name>")
@allow("approve_procedures")
def table(draft_id: str, name: str) -> ResponseReturnValue:
    """One table as a grid of texts, with what is wrong beside each row."""
    sketch, path = KIND.found(draft_id, name)
    return _page(sketch, path, sketch.files[path], {}, mark(sketch, path))


@bp.post("/procedures/drafts/<draft_id>/tables/<name>")
@allow("own_procedures")
def save_table(draft_id: str, name: str) -> ResponseReturnValue:
    """Save what was typed, and take one step: a row or a column more or less, a row moved."""
    sketch, path = KIND.found(draft_id, name)
    body, seen = sketch.files[path], request.form.get("seen", "")
    step = request.form.get("step", "")
    if step in ("ask", "answer"):
        step = f"{step}.{request.form.get(step, '')}"
    try:
        facts = facts_of(sketch.contents)
        body = table_file.changed(body, request.form, step, facts, _decision())
        saved = save(viewer(), draft_id, path, body, seen)
    except BadInput as bad:
        return _page(sketch, path, body, bad.errors, seen), 422
    except ChangedMeanwhile as changed:
        return _page(sketch, path, body, {"table": changed.message}, mark(sketch, path)), 409
    if not step:
        _say_saved(_row(saved, path).problems)
    here = url(".table", draft_id=draft_id, name=name, decision=_decision() or None, _anchor="grid")
    return redirect(here, 303)


def _say_saved(errors: int) -> None:
    """A table with errors is saved, too, but nobody is told that all is well."""
    if errors:
        things = "one thing is" if errors == 1 else f"{errors} things are"
        flash(f"The table is saved, but {things} to be put right in it: see below.", "error")
    else:
        flash("The table is saved in the draft.")


def _decision() -> str:
    """The id of the table that is looked at, of the several in its file; "" for the first."""
    return request.values.get("decision", "")


@bp.get("/procedures/drafts/<draft_id>/tables/<name>/drawn")
@allow("approve_procedures")
def drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """The table in dmn-js, as in Camunda Modeler; saved as it is changed."""
    sketch, path = KIND.found(draft_id, name)
    return render_template(
        "workshop/table_drawn.html",
        sketch=sketch,
        here="tables",
        name=name,
        grid=_opened(sketch.files[path]),
        xml=sketch.files[path].decode(errors="replace"),
        seen=mark(sketch, path),
        may_change=may_change(viewer(), sketch),
    )


@bp.post("/procedures/drafts/<draft_id>/tables/<name>/drawn")
@allow("own_procedures")
def save_drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """What dmn-js sends after each change; the answer says what is wrong with it, row by row."""
    sketch, path = KIND.found(draft_id, name)

    def found(body: bytes) -> list[Problem]:
        table_file.opened(body)
        return _problems(sketch, path, body)

    return autosaved(viewer(), draft_id, path, found)


def _opened(body: bytes) -> Grid | None:
    try:
        return table_file.opened(body, _decision())
    except BadInput:
        return None


def _problems(sketch: Sketch, path: str, body: bytes) -> list[Problem]:
    return table_file.problems(path, body, facts_of(sketch.contents))


def _page(sketch: Sketch, path: str, body: bytes, errors: dict[str, str], seen: str) -> str:
    try:
        grid = table_file.opened(body, _decision())
        found = [p for p in _problems(sketch, path, body) if p.element not in grid.elsewhere]
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
