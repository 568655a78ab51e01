"""Forms of a draft: their words and how they look for every browser, and form-js beside it."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app import clock
from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile
from app.services.checking import read_form
from app.services.workshop import form_file
from app.services.workshop.drafts import Sketch
from app.services.workshop.letter_fields import facts_of, readable
from app.web.policy import allow, viewer
from app.web.workshop.listing import Choice, Kind, Row, Typed, add_pages
from app.web.workshop.saving import autosaved, mark, may_change, save
from forms import BoundForm, FormDefinition

bp = Blueprint("form_editor", __name__)


def _row(sketch: Sketch, path: str) -> Row:
    form, problems = _read(sketch, path, sketch.files[path])
    name, many = Path(path).stem, len(form.fields) if form else 0
    about = f"{many} {'question' if many == 1 else 'questions'}"
    return Row(name, form.title if form else name, about, len(problems))


def _begin(sketch: Sketch, name: str, title: str, typed: Typed) -> bytes:
    copied = sketch.files.get(f"forms/{typed.get('copy', '')}.form")
    return form_file.reworded(copied, {"title": title}) if copied else form_file.new(name, title)


def _choices(_: Sketch, rows: list[Row]) -> list[Choice]:
    others = {row.name: f"{row.title} ({row.name})" for row in rows}
    return [Choice("copy", "Begin with the questions of", {"": "One question", **others})]


KIND = Kind(
    "form",
    "Forms",
    "forms/{}.form",
    column="Questions",
    purpose="What people fill in at a task stands here.",
    example="approve_payment",
    name_hint="Small letters, digits and _. The task has it as its form key.",
    row=_row,
    begin=_begin,
    choices=_choices,
)
add_pages(bp, KIND)


@bp.get("/procedures/drafts/<draft_id>/forms/<name>")
@allow("approve_procedures")
def form(draft_id: str, name: str) -> ResponseReturnValue:
    """One form: its words to change, what is wrong, and how people will see it."""
    sketch, path = KIND.found(draft_id, name)
    return _page(sketch, path, sketch.files[path], {}, mark(sketch, path))


@bp.post("/procedures/drafts/<draft_id>/forms/<name>")
@allow("own_procedures")
def save_form(draft_id: str, name: str) -> ResponseReturnValue:
    """Save other words of a form. Words that make it unreadable are refused."""
    sketch, path = KIND.found(draft_id, name)
    body, seen = sketch.files[path], request.form.get("seen", "")
    try:
        before = len(_read(sketch, path, body)[1])
        body = form_file.reworded(body, request.form)
        problems = _read(sketch, path, body)[1]
        if len(problems) > before:
            raise BadInput({"form": " ".join(problem.message for problem in problems)})
        save(viewer(), draft_id, path, body, seen)
    except BadInput as bad:
        return _page(sketch, path, body, bad.errors, seen), 422
    except ChangedMeanwhile as changed:
        return _page(sketch, path, body, {"form": changed.message}, mark(sketch, path)), 409
    flash("The form is saved in the draft.")
    return redirect(url(".form", draft_id=draft_id, name=name), 303)


@bp.get("/procedures/drafts/<draft_id>/forms/<name>/drawn")
@allow("approve_procedures")
def drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """The form in form-js, as in Camunda Modeler; saved as it is changed."""
    sketch, path = KIND.found(draft_id, name)
    return render_template(
        "workshop/form_drawn.html",
        sketch=sketch,
        here="forms",
        name=name,
        body=sketch.files[path].decode(errors="replace"),
        vocabulary=form_file.vocabulary(sketch.contents),
        seen=mark(sketch, path),
        may_change=may_change(viewer(), sketch),
    )


@bp.post("/procedures/drafts/<draft_id>/forms/<name>/drawn")
@allow("own_procedures")
def save_drawn(draft_id: str, name: str) -> ResponseReturnValue:
    """What form-js sends after each change; the answer says what is wrong with it."""
    sketch, path = KIND.found(draft_id, name)

    def found(body: bytes) -> list[Problem]:
        form_file.words_of(body)
        return _read(sketch, path, body)[1]

    return autosaved(viewer(), draft_id, path, found)


def _read(sketch: Sketch, path: str, body: bytes) -> tuple[FormDefinition | None, list[Problem]]:
    """The form, if it can be read, and what is wrong with it."""
    landlord = readable(lambda: sketch.contents.landlord)
    if landlord is None:
        said = "landlord.toml cannot be read. Put it right first: forms offer its teams."
        return None, [Problem(path, None, said)]
    return read_form(path, body, facts_of(sketch.contents), landlord)


def _page(sketch: Sketch, path: str, body: bytes, errors: dict[str, str], seen: str) -> str:
    read, problems = _read(sketch, path, body)
    bound: BoundForm | None = None
    if read is not None:
        bound = form_file.looked_at(read, sketch.contents, clock.today())
    try:
        words, title = form_file.words_of(body), form_file.title_of(body)
    except BadInput as bad:
        words, title, errors = [], "", errors | bad.errors
    return render_template(
        "workshop/form_edit.html",
        sketch=sketch,
        here="forms",
        name=Path(path).stem,
        title=title or Path(path).stem,
        words=words,
        problems_found=problems,
        bound=bound,
        typed=request.form if errors else {},
        errors=errors,
        seen=seen,
        may_change=may_change(viewer(), sketch),
    )
