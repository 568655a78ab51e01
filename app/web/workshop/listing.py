"""The forms, letters or tables of a draft: the list in which one is begun, and taking one out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app.errors import BadInput, NotFound
from app.services.workshop import drafts, naming
from app.services.workshop.drafts import Sketch
from app.web.policy import allow, viewer
from app.web.workshop.saving import may_change

Typed = Mapping[str, str]


@dataclass(frozen=True)
class Row:
    """A file in the list. about: the second column; problems: how many errors it has."""

    name: str
    title: str
    about: str
    problems: int = 0


@dataclass(frozen=True)
class Choice:
    """A field of a new file. options: value -> words; none for a date."""

    field: str
    label: str
    options: Mapping[str, str] | None
    hint: str = ""


@dataclass(frozen=True)
class Kind:
    """What the list is of. word: form; place: "forms/{}.form"; column: what it says of each.

    begin: the first words of a file, from the draft, its name and title and all that was typed;
    raises BadInput. title_hint, name_hint, choices: what is asked for, given the list as it is.
    """

    word: str
    title: str
    place: str
    column: str
    purpose: str
    example: str
    name_hint: str
    row: Callable[[Sketch, str], Row]
    begin: Callable[[Sketch, str, str, Typed], bytes]
    choices: Callable[[Sketch, list[Row]], list[Choice]]
    title_hint: str = ""

    def found(self, draft_id: str, name: str) -> tuple[Sketch, str]:
        """The draft and the path of this file of it. Raises NotFound."""
        sketch, path = drafts.get(viewer(), draft_id), self.place.format(name)
        if path not in sketch.files:
            raise NotFound
        return sketch, path

    def of(self, sketch: Sketch) -> dict[str, Row]:
        """Every file of this kind, by its path."""
        front, end = self.place.split("{}")
        paths = [p for p in sorted(sketch.files) if p.startswith(front) and p.endswith(end)]
        return {path: self.row(sketch, path) for path in paths}


def add_pages(bp: Blueprint, kind: Kind) -> None:
    """The pages of a kind. The page of one file is the endpoint that has the kind's word."""
    here = f"{kind.word}s"
    list_at = f"/procedures/drafts/<draft_id>/{here}"

    @bp.route(list_at, methods=["GET", "POST"])
    @allow("approve_procedures")
    def every(draft_id: str) -> ResponseReturnValue:
        """The files of this kind; a post begins a new one."""
        sketch = drafts.get(viewer(), draft_id)
        rows, errors = kind.of(sketch), {}
        if request.method == "POST":
            try:
                name = _begun(kind, sketch, rows, request.form)
            except BadInput as bad:
                errors = bad.errors
            else:
                return redirect(url(f".{kind.word}", draft_id=draft_id, name=name), 303)
        page = render_template(
            "workshop/files.html",
            sketch=sketch,
            here=here,
            kind=kind,
            rows=rows,
            choices=kind.choices(sketch, [*rows.values()]),
            typed=request.form,
            errors=errors,
            may_change=may_change(viewer(), sketch),
        )
        return page, 422 if errors else 200

    @bp.post(f"{list_at}/<name>/remove")
    @allow("own_procedures")
    def remove(draft_id: str, name: str) -> ResponseReturnValue:
        """Take a file out of the draft. Whether anything still names it, the overview says."""
        sketch, path = kind.found(draft_id, name)
        drafts.remove(viewer(), draft_id, path, sketch.row.revision)
        flash(f"The {kind.word} is taken out of the draft. The overview can put it back.")
        return redirect(url(".every", draft_id=draft_id), 303)


def _begun(kind: Kind, sketch: Sketch, rows: Mapping[str, Row], typed: Typed) -> str:
    """Put a new file into the draft; returns its name. Raises BadInput.

    Without a name it gets one of its title, or with a day that of the letter whose words it takes.
    """
    copied = rows.get(kind.place.format(typed.get("copy", "")))
    title = " ".join(typed.get("title", "").split()) or (copied.title if copied else "")
    if not title or not title.isprintable():
        raise BadInput({"title": f"Give the {kind.word} a title. People see it above it."})
    name, since = typed.get("name", "").strip(), typed.get("valid_from", "").strip()
    if not name and since and copied:
        name = copied.name.partition("@")[0]
    name = name or naming.code_of(title, {row.name for row in rows.values()})
    name = f"{name}@{since}" if since else name
    path = kind.place.format(name)
    if not drafts.PATH.fullmatch(path):
        said = f"Name in the diagram: use small letters, digits and _ only, as in {kind.example}."
        raise BadInput({"name": said})
    if path in sketch.files:
        raise BadInput({"name": f"There is a {kind.word} called {name} already. Open it instead."})
    body = kind.begin(sketch, name, title, typed)
    drafts.put(viewer(), sketch.row.id, path, body, sketch.row.revision)
    return name
