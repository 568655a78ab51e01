"""From a draft to a version: one page for whoever proposes, and for the second person."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput, NotOffered
from app.services import tasks
from app.services.workshop import comparing, drafts, merging, publishing, records, trials
from app.services.workshop.drafts import Sketch
from app.web.assets import day_and_time
from app.web.policy import allow, viewer
from app.web.spreadsheet import csv_file
from app.web.workshop.found import places
from app.web.workshop.stories import played_so_far

bp = Blueprint("publishing", __name__)
COLUMNS = ("at", "who", "action", "what", "draft", "version", "says", "no_second_person")


@bp.get("/procedures/drafts/<draft_id>/publish")
@allow("approve_procedures")
def show(draft_id: str) -> ResponseReturnValue:
    """What it changes, what lint and the stories say, whom it affects; and who may decide."""
    return _page(draft_id, {})


def _page(draft_id: str, errors: dict[str, str]) -> ResponseReturnValue:
    sketch = drafts.get(viewer(), draft_id)
    row = sketch.row
    page = render_template(
        "workshop/publish.html",
        sketch=sketch,
        here="publish",
        errors=errors,
        typed=request.form,
        sentences=comparing.sentences(sketch.base_files, sketch.files),
        differences=comparing.compare(sketch.base_files, sketch.files),
        source_before=lambda path: source(sketch.base.number, path),
        source_after=lambda path: file_of(sketch, path),
        problems=sketch.problems,
        place=places(sketch),
        told=played_so_far(sketch),
        against=list(publishing.reasons_against(viewer(), sketch)),
        decides=draft_id in publishing.waits_for(viewer()),
        second=publishing.second_people(row),
        alone_from=publishing.alone_from(viewer(), row),
        published=_published(sketch),
        waits=publishing.waits(sketch.row),
        meanwhile=merging.meanwhile(sketch),
        cases=publishing.running_cases(viewer()),
        names=tasks.name_of,
    )
    return page, 422 if errors else 200


def source(number: int, path: str) -> str:
    """The address of a diagram of a version."""
    return url_for("workshop.source", number=number, name=path)


def file_of(sketch: Sketch, path: str) -> str:
    """The address of a file of a draft."""
    return url_for("drafting.file", draft_id=sketch.row.id, path=path)


def _back(draft_id: str, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for(".show", draft_id=draft_id), 303)


@bp.post("/procedures/drafts/<draft_id>/publish/propose")
@allow("own_procedures")
def propose(draft_id: str) -> ResponseReturnValue:
    """Put it before a second person."""
    try:
        publishing.propose(viewer(), draft_id, request.form.get("says", ""), _starts_at())
    except BadInput as bad:
        return _page(draft_id, bad.errors)
    found = drafts.get(viewer(), draft_id)
    played = trials.result(found.row.landlord_id, found.files)
    if played is None:
        stories = "Its stories are being played."
    elif broken := trials.broken(played):
        stories = f"{len(broken)} of its stories must be put right before it can be published."
    else:
        stories = "Its stories have been played, and hold."
    return _back(draft_id, f"It waits for a second person now. {stories}")


def _starts_at() -> datetime | None:
    """The moment of the form, in London; None for at once. Raises BadInput."""
    if request.form.get("when") != "later":
        return None
    typed = f"{request.form.get('day', '')} {request.form.get('time', '')}"
    try:
        return datetime.strptime(typed, "%Y-%m-%d %H:%M").replace(tzinfo=clock.LONDON)
    except ValueError:
        said = "Enter the day and the time, like 2026-12-24 and 09:00."
        raise BadInput({"starts_at": said}) from None


@bp.post("/procedures/drafts/<draft_id>/publish/take-back")
@allow("own_procedures")
def take_back(draft_id: str) -> ResponseReturnValue:
    """Work on."""
    publishing.take_back(viewer(), draft_id)
    return _back(draft_id, "It is yours again. Propose it when it is ready.")


@bp.post("/procedures/drafts/<draft_id>/publish/send-back")
@allow("approve_procedures")
def send_back(draft_id: str) -> ResponseReturnValue:
    """Not so: with a reason."""
    try:
        publishing.send_back(viewer(), draft_id, request.form.get("reason", ""))
    except BadInput as bad:
        return _page(draft_id, bad.errors)
    return _back(draft_id, "It is sent back, with your reason.")


@bp.post("/procedures/drafts/<draft_id>/publish/approve")
@allow("approve_procedures")
def approve(draft_id: str) -> ResponseReturnValue:
    """Publish it."""
    try:
        publishing.approve(viewer(), draft_id, request.form.get("seen", 0, int))
    except NotOffered as refused:
        return _page(draft_id, {"decide": refused.message})
    said = _published(drafts.get(viewer(), draft_id))
    return _back(draft_id, f"It is published {said}. Open cases stay as they are until moved.")


@bp.post("/procedures/drafts/<draft_id>/publish/call-off")
@allow("approve_procedures")
def call_off(draft_id: str) -> ResponseReturnValue:
    """It never begins: with a reason."""
    try:
        number = publishing.call_off(viewer(), draft_id, request.form.get("call_off", ""))
    except BadInput as bad:
        return _page(draft_id, bad.errors)
    except NotOffered as refused:
        return _page(draft_id, {"call_off": refused.message})
    said = f"Version {number} is called off: no case begins on it. The draft is open again."
    return _back(draft_id, said)


def _published(sketch: Sketch) -> str:
    """As which version, and from when it is for new cases; empty for a draft that is not."""
    version = publishing.version_of(sketch.row)
    if version is None:
        return ""
    since = day_and_time(version.live_from or version.at)
    return f"as version {version.number}, for new cases from {since}"


@bp.post("/procedures/drafts/<draft_id>/publish/bring-up-to-date")
@allow("own_procedures")
def bring_up_to_date(draft_id: str) -> ResponseReturnValue:
    """Go out from the newest version."""
    try:
        merging.bring_up_to_date(viewer(), draft_id, request.form)
    except BadInput as bad:
        return _page(draft_id, bad.errors)
    return _back(draft_id, "The draft goes out from the newest version now. Look through it again.")


@bp.get("/procedures/history")
@allow("see_procedures")
def history() -> ResponseReturnValue:
    """How each version came to be."""
    return render_template("workshop/history.html", lines=records.history(viewer()))


@bp.get("/procedures/history.csv")
@allow("see_procedures")
def history_table() -> Response:
    """The same as a table to take away."""
    rows = (
        (
            line.at.isoformat(), line.who, line.action, line.words, line.draft,
            "" if line.version is None else line.version, line.says, "yes" if line.flagged else "",
        )
        for line in records.history(viewer())
    )  # fmt: skip
    return csv_file("procedure-history.csv", COLUMNS, rows)
