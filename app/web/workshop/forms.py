"""Forms of a draft: their words and how they look for every browser, and form-js beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app import clock
from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile, NotFound
from app.services.checking import read_form
from app.services.workshop import drafts, form_file
from app.services.workshop.drafts import Sketch
from app.services.workshop.letter_fields import facts_of, readable
from app.web.policy import allow, viewer
from app.web.workshop.saving import autosaved, mark, may_change, save
from forms import BoundForm, FormDefinition

bp = Blueprint("form_editor", __name__)


@bp.route("/procedures/drafts/<draft_id>/forms", methods=["GET", "POST"])
@allow("approve_procedures")
def every(draft_id: str) -> ResponseReturnValue:
    """The forms of a draft; a post begins a new one."""
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            name = _begin(draft_id)
        except BadInput as bad:
            errors = bad.errors
        else:
            return redirect(url(".form", draft_id=draft_id, name=name), 303)
    sketch = drafts.get(viewer(), draft_id)
    page = render_template(
        "workshop/forms.html",
        sketch=sketch,
        here="forms",
        forms=[_line(sketch, path) for path in sorted(sketch.files) if path.endswith(".form")],
        typed=request.form,
        errors=errors,
        may_change=may_change(viewer(), sketch),
    )
    return page, 422 if errors else 200


def _line(sketch: Sketch, path: str) -> dict[str, Any]:
    form, problems = _read(sketch, path, sketch.files[path])
    name = Path(path).stem
    return {
        "name": name,
        "title": form.title if form else name,
        "questions": len(form.fields) if form else 0,
        "problems": len(problems),
        "how": sketch.changed.get(path, ""),
    }


def _begin(draft_id: str) -> str:
    """Put a new form into the draft; returns its name."""
    name, copy = request.form.get("name", "").strip(), request.form.get("copy", "")
    title = " ".join(request.form.get("title", "").split())
    path, sketch = f"forms/{name}.form", drafts.get(viewer(), draft_id)
    if not drafts.PATH.fullmatch(path):
        raise BadInput({"name": "Use small letters, digits and _ only, such as approve_payment."})
    if path in sketch.files:
        raise BadInput({"name": f"There is a form called {name} already. Open it instead."})
    if not title or not title.isprintable():
        raise BadInput({"title": "Give the form a title. People see it above the form."})
    body = form_file.new(name, title)
    if copied := sketch.files.get(f"forms/{copy}.form"):
        body = form_file.reworded(copied, {"title": title})
    drafts.put(viewer(), draft_id, path, body, sketch.row.revision)
    return name


@bp.get("/procedures/drafts/<draft_id>/forms/<name>")
@allow("approve_procedures")
def form(draft_id: str, name: str) -> ResponseReturnValue:
    """One form: its words to change, what is wrong, and how people will see it."""
    sketch, path = _found(draft_id, name)
    return _page(sketch, path, sketch.files[path], {}, mark(sketch, path))


@bp.post("/procedures/drafts/<draft_id>/forms/<name>")
@allow("own_procedures")
def save_form(draft_id: str, name: str) -> ResponseReturnValue:
    """Save other words of a form. Words that make it unreadable are refused."""
    sketch, path = _found(draft_id, name)
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
    sketch, path = _found(draft_id, name)
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
    sketch, path = _found(draft_id, name)

    def said(body: bytes) -> list[dict[str, Any]]:
        form_file.words_of(body)
        return [
            {"where": problem.element or "", "says": problem.message, "severity": problem.severity}
            for problem in _read(sketch, path, body)[1]
        ]

    return jsonify(autosaved(viewer(), draft_id, path, said))


@bp.post("/procedures/drafts/<draft_id>/forms/<name>/remove")
@allow("own_procedures")
def remove(draft_id: str, name: str) -> ResponseReturnValue:
    """Take a form out of the draft."""
    sketch, path = _found(draft_id, name)
    drafts.remove(viewer(), draft_id, path, sketch.row.revision)
    flash("The form is taken out of the draft. The overview can put it back.")
    return redirect(url(".every", draft_id=draft_id), 303)


def _found(draft_id: str, name: str) -> tuple[Sketch, str]:
    sketch, path = drafts.get(viewer(), draft_id), f"forms/{name}.form"
    if path not in sketch.files:
        raise NotFound
    return sketch, path


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
