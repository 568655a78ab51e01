"""Letters of a draft: the words, the fields that may stand in them, and how they look."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask import url_for as url
from flask.typing import ResponseReturnValue

from app import clock
from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile
from app.letters import LetterHead, LetterTemplate, parse_letter, to_html, to_pdf
from app.services.checking import letter_problems
from app.services.contents import Contents, choices_of
from app.services.letters import full_date
from app.services.workshop import drafts
from app.services.workshop import letter_fields as fields
from app.services.workshop.drafts import Sketch
from app.services.workshop.letter_fields import Sheet
from app.web.policy import allow, viewer
from app.web.workshop.listing import Choice, Kind, Row, Typed, add_pages
from app.web.workshop.saving import mark, may_change, save

bp = Blueprint("letter_editor", __name__)

LINE = re.compile(r"\bLine (\d+)\b")
OF_HEAD = (  # how a problem begins, and the field that it is about
    ("A letter needs a title", "title"),
    ("A title", "title"),
    ("to =", "to"),
    ("There is nobody called", "to"),
    ("requires", "requires"),
    ("valid_from", "valid_from"),
    ("The file’s name", "valid_from"),
    ("The file's name", "valid_from"),
    ("This letter decides", "decides"),
    ("policy", "policy"),
)


def _row(sketch: Sketch, path: str) -> Row:
    sheet = fields.opened(sketch.files[path].decode(errors="replace"))
    to = dict(fields.audience(sketch.contents)).get(sheet.to, sheet.to)
    problems = len(_problems(sketch, path, sketch.files[path]))
    return Row(Path(path).stem, sheet.title or Path(path).stem, to, problems)


def _begin(sketch: Sketch, name: str, title: str, typed: Typed) -> bytes:
    copied = sketch.files.get(f"letters/{typed.get('copy', '')}.md", b"").decode(errors="replace")
    sheet = fields.opened(copied) if copied else Sheet(body="Dear {{recipient_salutation}}\n\n")
    since = name.partition("@")[2]
    return fields.written(replace(sheet, title=title, valid_from=since))[0].encode()


def _choices(_: Sketch, rows: list[Row]) -> list[Choice]:
    others = {row.name: f"{row.title} ({row.name})" for row in rows}
    since = "For new words of a letter that there is: the old ones stay until the day before."
    return [
        Choice("copy", "Begin with the words of", {"": "Nothing: an empty letter", **others}),
        Choice("valid_from", "In force from (optional)", None, since),
    ]


KIND = Kind(
    "letter",
    "Letters",
    "letters/{}.md",
    column="To",
    purpose="Letters that the procedure sends stand here.",
    example="notice_of_delay",
    title_hint="People see it above the letter, such as: We need more time",
    name_hint="Small letters, digits and _, such as more_time. The task that sends the letter "
    "names it so.",
    row=_row,
    begin=_begin,
    choices=_choices,
)
add_pages(bp, KIND)


@bp.get("/procedures/drafts/<draft_id>/letters/<name>")
@allow("approve_procedures")
def letter(draft_id: str, name: str) -> ResponseReturnValue:
    """One letter: its words, and beside them what may stand in it and how it looks."""
    sketch, path = KIND.found(draft_id, name)
    text = sketch.files[path].decode(errors="replace")
    sheet = fields.opened(text)
    problems = [one.message for one in _problems(sketch, path, sketch.files[path])]
    return _page(sketch, path, sheet, _errors(problems, sheet.body_from), mark(sketch, path))


@bp.post("/procedures/drafts/<draft_id>/letters/<name>")
@allow("own_procedures")
def save_letter(draft_id: str, name: str) -> ResponseReturnValue:
    """Save a letter that can be read. One that cannot is shown again, with what is wrong where."""
    sketch, path = KIND.found(draft_id, name)
    sheet, body = _typed(sketch, path)
    errors = _errors_of(sketch, path, body)
    if errors:
        return _page(sketch, path, sheet, errors, request.form.get("seen", "")), 422
    try:
        save(viewer(), draft_id, path, body, request.form.get("seen", ""))
    except BadInput as bad:
        return _page(sketch, path, sheet, bad.errors, request.form.get("seen", "")), 422
    except ChangedMeanwhile as changed:
        sketch = drafts.get(viewer(), draft_id)
        return _page(sketch, path, sheet, {"body": changed.message}, mark(sketch, path)), 409
    flash("The letter is saved in the draft.")
    return redirect(url(".letter", draft_id=draft_id, name=name), 303)


@bp.post("/procedures/drafts/<draft_id>/letters/<name>/preview")
@allow("approve_procedures")
def preview(draft_id: str, name: str) -> ResponseReturnValue:
    """How the letter looks as it is typed, or what is wrong with it; for letter_live.js."""
    sketch, path = KIND.found(draft_id, name)
    _, body = _typed(sketch, path)
    return _piece(sketch, path, body, _errors_of(sketch, path, body))


@bp.post("/procedures/drafts/<draft_id>/letters/<name>/pdf")
@allow("approve_procedures")
def pdf(draft_id: str, name: str) -> ResponseReturnValue:
    """The letter as typed, on paper, with made-up words where a case would say something."""
    sketch, path = KIND.found(draft_id, name)
    sheet, body = _typed(sketch, path)
    if errors := _errors_of(sketch, path, body):
        return _page(sketch, path, sheet, errors, request.form.get("seen", "")), 422
    filled = _looked_at(sketch, path, body)
    landlord = fields.readable(lambda: sketch.contents.landlord)
    head = LetterHead(
        landlord=landlord.name if landlord else "",
        landlord_address=landlord.address if landlord else "",
        reference=fields.MADE_UP["case_reference"],
        date=full_date(clock.today()),
        address=f"{fields.MADE_UP['resident_name']}\n{fields.MADE_UP['resident_address']}",
        footer=f"{landlord.name} · {landlord.phone} · {landlord.email}" if landlord else "",
    )
    fonts = Path(current_app.static_folder or "") / "build" / "letter-fonts"
    return Response(
        to_pdf(filled, head, clock.now(), fonts_dir=fonts),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


def _typed(sketch: Sketch, path: str) -> tuple[Sheet, bytes]:
    """The letter as the form says, and its file."""
    form = request.form
    sheet = Sheet(
        title=form.get("title", "").strip(),
        to=form.get("to", ""),
        requires=form.get("requires", ""),
        decides=form.get("decides") == "yes",
        valid_from=form.get("valid_from", "").strip(),
        policy=form.get("policy", "").strip(),
        body=form.get("body", "").replace("\r\n", "\n"),
        head=fields.opened(sketch.files[path].decode(errors="replace")).head,
    )
    text, line = fields.written(sheet)
    return replace(sheet, body_from=line), text.encode(errors="replace")


def _problems(sketch: Sketch, path: str, body: bytes) -> list[Problem]:
    """What is wrong with a letter, as far as facts.toml and landlord.toml can be read."""
    landlord = fields.readable(lambda: sketch.contents.landlord)
    if landlord is None:
        said = "landlord.toml cannot be read. Put it right first: letters depend on it."
        return [Problem(path, None, said)]
    return letter_problems(path, body, fields.facts_of(sketch.contents), landlord)


def _errors_of(sketch: Sketch, path: str, body: bytes) -> dict[str, str]:
    problems = [one.message for one in _problems(sketch, path, body)]
    first = fields.opened(body.decode()).body_from
    return _errors(problems, first)


def _errors(problems: list[str], body_from: int) -> dict[str, str]:
    """Problems at the field that each is about; lines are those of the letter's own words."""
    found: dict[str, list[str]] = {}
    for said in problems:
        field = next((field for begins, field in OF_HEAD if said.startswith(begins)), "body")
        words = LINE.sub(lambda at: f"Line {max(int(at[1]) - body_from + 1, 1)}", said)
        found.setdefault(field, []).append(words)
    return {field: " ".join(said) for field, said in found.items()}


def _template(contents: Contents, path: str, body: bytes) -> LetterTemplate:
    facts = fields.facts_of(contents)
    return parse_letter(body.decode(), Path(path).stem, frozenset(facts), choices_of(facts))


def _looked_at(sketch: Sketch, path: str, body: bytes) -> Any:
    template = _template(sketch.contents, path, body)
    facts = fields.facts_of(sketch.contents)
    chosen = {
        name.removeprefix("if_"): value
        for name, value in request.form.items()
        if name.startswith("if_") and value in getattr(facts.get(name[3:]), "choices", ())
    }
    full = request.form.get("known", "full") == "full"
    return fields.looked_at(template, sketch.contents, clock.today(), full, chosen)


def _sheet_of(sketch: Sketch, path: str, body: bytes) -> dict[str, Any]:
    landlord = fields.readable(lambda: sketch.contents.landlord)
    return {
        "landlord": landlord.name if landlord else "",
        "reference": fields.MADE_UP["case_reference"],
        "date_words": full_date(clock.today()),
        "body": to_html(_looked_at(sketch, path, body), level=3),
        "note": "Names, dates and what is shaded are made up.",
    }


def _piece(sketch: Sketch, path: str, body: bytes, errors: dict[str, str]) -> str:
    sheet_of = None if errors else _sheet_of(sketch, path, body)
    return render_template("workshop/letter_piece.html", sheet_of=sheet_of, errors=errors)


def _page(sketch: Sketch, path: str, sheet: Sheet, errors: dict[str, str], seen: str) -> str:
    body = fields.written(sheet)[0].encode(errors="replace")
    facts = fields.facts_of(sketch.contents)
    asked = {name for name, fact in facts.items() if fact.type == "choice" and name in sheet.body}
    return render_template(
        "workshop/letter_edit.html",
        sketch=sketch,
        here="letters",
        name=Path(path).stem,
        sheet=sheet,
        errors=errors,
        seen=seen,
        dated=_dated(Path(path).stem),
        groups=fields.choices(sketch.contents),
        audience=fields.audience(sketch.contents),
        asked=[facts[name] for name in sorted(asked)],
        typed=request.form,
        sheet_of=None if errors else _sheet_of(sketch, path, body),
        may_change=may_change(viewer(), sketch),
    )


def _dated(name: str) -> str:
    """The day in a letter's name, in words."""
    since = name.partition("@")[2]
    try:
        return full_date(date.fromisoformat(since)) if since else ""
    except ValueError:
        return since
