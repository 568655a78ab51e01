"""landlord.toml and facts.toml of a draft as forms: teams, contacts, targets; the facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.errors import BadInput, ChangedMeanwhile, NotFound
from app.services.workshop import drafts, facts_file, landlord_file, naming
from app.services.workshop.drafts import Sketch
from app.services.workshop.landlord_file import NEW, field_name
from app.services.workshop.landlord_sections import SECTIONS, Section
from app.services.workshop.letter_fields import facts_of
from app.web.policy import allow, viewer
from app.web.workshop.saving import mark, may_change, save

bp = Blueprint("landlord_editor", __name__)
LANDLORD, FACTS = "landlord.toml", "facts.toml"


@bp.get("/procedures/drafts/<draft_id>/landlord")
@allow("approve_procedures")
def landlord(draft_id: str) -> ResponseReturnValue:
    """The first page of landlord.toml."""
    return redirect(url(".section", draft_id=draft_id, name=next(iter(SECTIONS))))


@bp.get("/procedures/drafts/<draft_id>/landlord/<name>")
@allow("approve_procedures")
def section(draft_id: str, name: str) -> ResponseReturnValue:
    """One page of landlord.toml."""
    sketch = drafts.get(viewer(), draft_id)
    return _page(sketch, name, _section(name), None, {}, mark(sketch, LANDLORD))


@bp.post("/procedures/drafts/<draft_id>/landlord/<name>")
@allow("own_procedures")
def save_section(draft_id: str, name: str) -> ResponseReturnValue:
    """Save one page. Nothing is saved that could not be read again."""
    sketch, shown, seen = drafts.get(viewer(), draft_id), _section(name), request.form["seen"]
    try:
        known = landlord_file.choices(sketch.contents)
        body = landlord_file.changed(sketch.files.get(LANDLORD, b""), shown, request.form, known)
        save(viewer(), draft_id, LANDLORD, body, seen)
    except BadInput as bad:
        return _page(sketch, name, shown, request.form, bad.errors, seen), 422
    except ChangedMeanwhile as changed:
        errors = {"file": changed.message}
        return _page(sketch, name, shown, request.form, errors, mark(sketch, LANDLORD)), 409
    flash("Saved in the draft. The overview says whether everything still fits.")
    return redirect(url(".section", draft_id=draft_id, name=name), 303)


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise NotFound
    return SECTIONS[name]


def _page(
    sketch: Sketch,
    name: str,
    shown: Section,
    typed: Mapping[str, str] | None,
    errors: Mapping[str, str],
    seen: str,
) -> str:
    body = sketch.files.get(LANDLORD, b"")
    try:
        parts = [(part, landlord_file.entries(body, part, typed)) for part in shown.parts]
    except BadInput as bad:
        parts, errors = [], bad.errors
    return render_template(
        "workshop/landlord.html",
        sketch=sketch,
        here="landlord",
        name=name,
        section=shown,
        sections=SECTIONS,
        parts=parts,
        choices=landlord_file.choices(sketch.contents),
        field_name=field_name,
        typed=typed or {},
        new=NEW,
        errors=errors,
        seen=seen,
        may_change=may_change(viewer(), sketch),
    )


@bp.route("/procedures/drafts/<draft_id>/facts", methods=["GET", "POST"])
@allow("approve_procedures")
def facts(draft_id: str) -> ResponseReturnValue:
    """The facts that a case of this draft knows; a post declares one more."""
    sketch, errors = drafts.get(viewer(), draft_id), {}
    if request.method == "POST":
        named = request.form.get("name", "").strip()
        of_label = naming.code_of(request.form.get("label", ""), facts_of(sketch.contents))
        errors = _saved(sketch, named or of_label, new=True)
        if not errors:
            flash("The fact is declared. Forms, tables, letters and diagrams can name it.")
            return redirect(url(".facts", draft_id=draft_id), 303)
    known, users = facts_of(sketch.contents), facts_file.users(sketch.files)
    page = render_template(
        "workshop/facts.html",
        sketch=sketch,
        here="facts",
        facts=[(fact, len(users[fact.name])) for fact in known.values()],
        own=_own(sketch),
        types=facts_file.TYPES,
        typed=request.form,
        errors=errors,
        seen=mark(sketch, FACTS),
        may_change=may_change(viewer(), sketch),
    )
    return page, 422 if errors else 200


@bp.route("/procedures/drafts/<draft_id>/facts/<name>", methods=["GET", "POST"])
@allow("approve_procedures")
def fact(draft_id: str, name: str) -> ResponseReturnValue:
    """One fact: its words, and who uses it."""
    sketch = drafts.get(viewer(), draft_id)
    known = facts_of(sketch.contents)
    if name not in known or name not in _own(sketch):
        raise NotFound
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = _saved(sketch, name, new=False)
        if not errors:
            flash("Saved in the draft.")
            return redirect(url(".facts", draft_id=draft_id), 303)
    page = render_template(
        "workshop/fact.html",
        sketch=sketch,
        here="facts",
        fact=known[name],
        types=facts_file.TYPES,
        users=facts_file.users(sketch.files)[name],
        typed=request.form if errors else _as_typed(known[name]),
        errors=errors,
        seen=mark(sketch, FACTS),
        may_change=may_change(viewer(), sketch),
    )
    return page, 422 if errors else 200


def _own(sketch: Sketch) -> frozenset[str]:
    """The facts that this landlord declares itself; the others are those of shared diagrams."""
    alone = type(sketch.contents)({FACTS: sketch.files.get(FACTS, b"")})
    return frozenset(facts_of(alone))


def _as_typed(fact: Any) -> dict[str, str]:
    default = {"bool": "yes" if fact.default else "", "list": ""}.get(fact.type, fact.default)
    return {
        "label": fact.label,
        "choices": "\n".join(fact.choices),
        "default": "" if default is None else str(default),
        "policy": fact.policy,
    }


def _saved(sketch: Sketch, name: str, new: bool) -> dict[str, str]:
    """Save, or take out, one fact; returns what is wrong, by field."""
    try:
        if request.form.get("step") == "remove" and not new:
            body = facts_file.without(sketch.files, name)
        else:
            body = facts_file.saved(sketch.files.get(FACTS, b""), name, request.form, new)
        save(viewer(), sketch.row.id, FACTS, body, request.form.get("seen", ""))
    except BadInput as bad:
        return bad.errors
    except ChangedMeanwhile as changed:
        return {"file": changed.message}
    return {}
