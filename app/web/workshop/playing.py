"""Playing a draft: a made-up case as any role, on a simulated clock, kept as a story."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import PurePath
from typing import Any, Literal

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput, NotFound, NotOffered
from app.services.example_files import BY_ID
from app.services.picture import Picture
from app.services.workshop import drafts, keeping, naming, playing
from app.services.workshop.acting import Asked, Sheet
from app.services.workshop.cast import RESIDENT
from app.services.workshop.playing import SheetRefused, Shown
from app.web.again import shows_again
from app.web.days import typed_day
from app.web.policy import allow, viewer
from app.web.tasks import posted

bp = Blueprint("playing", __name__)
FOLDER = "/procedures/drafts/<draft_id>/play"
LETTER_TYPES = {"pdf": "application/pdf", "txt": "text/plain; charset=utf-8"}


@bp.get(FOLDER)
@allow("approve_procedures")
def play(draft_id: str) -> ResponseReturnValue:
    """The played case as it stands, or how to begin one."""
    return _page(draft_id, {})


def _page(draft_id: str, errors: dict[str, str]) -> str:
    sketch = drafts.get(viewer(), draft_id)
    page = {"sketch": sketch, "here": "play", "errors": errors, "typed": request.form}
    if found := playing.problems(sketch):
        return render_template("workshop/play_not_yet.html", problems=found, **page)
    shown = playing.shown(viewer(), draft_id, request.args.get("case", 0, int))
    if not shown.done and not shown.trouble:
        page |= {"beginnings": playing.beginnings(sketch), "today": clock.today()}
        return render_template("workshop/play_begin.html", **page)
    page["typed"] = request.form or keeping.opened(viewer(), sketch)
    return render_template("workshop/play.html", shown=shown, box=_box(shown), **page)


def _box(shown: Shown) -> dict[str, Any] | None:
    """The diagrams as parts/diagram.html wants them, the innermost open."""
    if shown.standing is None:
        return None
    pictures = shown.standing.pictures
    views = [_view(shown, picture, first=picture is pictures[0]) for picture in pictures]
    for view in views[:-1]:
        view["folded"] = True
    return {"id": "where", "mode": "path", "version": None, "views": views}


def _view(shown: Shown, drawn: Picture, first: bool) -> dict[str, Any]:
    path = shown.standing.files[drawn.process] if shown.standing else ""
    return {
        "title": "Where it is in the procedure" if first else f"Inside {drawn.title}",
        "xml": url_for("drafting.file", draft_id=shown.sketch.row.id, path=path),
        "label": f"Diagram: {drawn.title}. The same is told as a list under it.",
        "size": "" if first else "tall",
        "done": drawn.done,
        "flows": drawn.flows,
        "now": [{"element": place.element, "label": place.label} for place in drawn.now],
        "focus": None if drawn.now else drawn.focus,
    }


def _changed(draft_id: str, change: Callable[[], object]) -> ResponseReturnValue:
    """Do it and show how the case stands then; or say beside the field why not."""
    try:
        change()
    except BadInput as bad:
        return _page(draft_id, bad.errors), 422
    return redirect(url_for(".play", draft_id=draft_id, case=request.args.get("case")), 303)


@bp.post(f"{FOLDER}/begin")
@allow("approve_procedures")
def begin(draft_id: str) -> ResponseReturnValue:
    """Which kind of case, from whom, and on which day; the form comes next."""
    kind, _, by = request.form.get("how", "").partition(" ")
    known = {one.kind: one for one in playing.beginnings(drafts.get(viewer(), draft_id))}
    errors, on = {}, None
    if kind not in known:
        errors["how"] = "Choose how the case begins."
    try:
        on = typed_day("on")
    except BadInput as bad:
        errors |= bad.errors
    if on is None or not playing.FIRST <= on <= playing.LAST:
        years = f"{playing.FIRST.year} to {playing.LAST.year}"
        errors.setdefault("on", f"Enter the day on which it begins, from {years}.")
    if errors or on is None:
        return _page(draft_id, errors), 422
    who = RESIDENT if by == RESIDENT else ""
    does = known[kind].public_form if who else known[kind].start_form
    first = url_for(
        ".do", draft_id=draft_id, does=does, kind=kind, who=who or None, on=on.isoformat()
    )
    return redirect(first, 303)


def _asked() -> Asked:
    """What the address says is to be done, by whom the form says. Raises NotFound."""
    said = request.args
    try:
        on = date.fromisoformat(said["on"]) if said.get("on") else None
    except ValueError:
        raise NotFound from None
    return Asked(
        said.get("does", ""),
        request.form.get("pr_who") or said.get("who", ""),
        said.get("kind", ""),
        bool(said.get("about")),
        on,
        said.get("case", 1, int),
    )


def _again(draft_id: str) -> str:
    return _sheet_page(draft_id, playing.form_of(viewer(), draft_id, _asked(), posted()))


@bp.route(f"{FOLDER}/do", methods=["GET", "POST"])
@shows_again(_again)
@allow("approve_procedures")
def do(draft_id: str) -> ResponseReturnValue:
    """The real form of a task, a message or a beginning, filled in by a make-believe person."""
    try:
        if request.method == "GET":
            return _sheet_page(draft_id, playing.form_of(viewer(), draft_id, _asked()))
        if asked := request.form.get("pr_rows", type=int):  # "Show more rows" of a list
            sheet = playing.form_of(viewer(), draft_id, _asked(), posted())
            sheet.form.empty_rows = asked
            return _sheet_page(draft_id, sheet)
        claims = "pr_claims" in request.form
        playing.act(viewer(), draft_id, _asked(), posted(), claims=claims)
    except SheetRefused as refused:
        return _sheet_page(draft_id, refused.sheet), 422
    except BadInput as bad:
        return _page(draft_id, bad.errors), 422
    except (NotFound, NotOffered):
        flash("That is not open in the played case now.", "error")
    return redirect(url_for(".play", draft_id=draft_id), 303)


def _sheet_page(draft_id: str, sheet: Sheet) -> str:
    sketch = drafts.get(viewer(), draft_id)
    back = url_for(".play", draft_id=draft_id)
    here = {"sketch": sketch, "here": "play", "sheet": sheet, "form": sheet.form, "back": back}
    here |= {"examples": BY_ID}
    return render_template("workshop/play_form.html", action=request.full_path, **here)


@bp.get(f"{FOLDER}/letter")
@allow("approve_procedures")
def letter(draft_id: str) -> Response:
    """A letter of the played case, as its reader gets it: ?case, number, kind (pdf or txt)."""
    case, number = (request.args.get(name, 1, int) for name in ("case", "number"))
    kind: Literal["pdf", "txt"] = "txt" if request.args.get("kind") == "txt" else "pdf"
    body = playing.letter(viewer(), draft_id, case, number, kind)
    return Response(body, content_type=LETTER_TYPES[kind])


@bp.post(f"{FOLDER}/time")
@allow("approve_procedures")
def pass_time(draft_id: str) -> ResponseReturnValue:
    """Let time pass: to the next deadline, by a working day, or to a date."""
    how = request.form.get("how", "")

    def pass_it() -> None:
        match how:
            case "deadline" | "working_day":
                playing.pass_time(viewer(), draft_id, how)
            case _:
                playing.pass_time(viewer(), draft_id, "date", typed_day("until"))

    return _changed(draft_id, pass_it)


@bp.post(f"{FOLDER}/undo")
@allow("approve_procedures")
def undo(draft_id: str) -> ResponseReturnValue:
    """Take the last step back."""
    seen = request.form.get("seen", 0, int)
    return _changed(draft_id, lambda: playing.undo(viewer(), draft_id, seen))


@bp.post(f"{FOLDER}/again")
@allow("approve_procedures")
def start_again(draft_id: str) -> ResponseReturnValue:
    """Let the played case go."""
    return _changed(draft_id, lambda: playing.start_again(viewer(), draft_id))


@bp.post(f"{FOLDER}/story")
@allow("own_procedures")
def save(draft_id: str) -> ResponseReturnValue:
    """Keep the played case as a story of the draft."""
    name, title = request.form.get("name", "").strip(), request.form.get("title", "")
    replaces = "replaces" in request.form

    def save_it() -> None:
        if not name and not title.strip():
            raise BadInput({"title": "Say in a sentence what the story shows."})
        paths = drafts.get(viewer(), draft_id).files
        taken = {PurePath(path).stem for path in paths if path.startswith("stories/")}
        named = name or naming.code_of(title, () if replaces else taken)
        path = keeping.save(viewer(), draft_id, named, title, replaces=replaces)
        flash(f"Saved as {path}. It must hold whenever the draft is published.")

    return _changed(draft_id, save_it)
