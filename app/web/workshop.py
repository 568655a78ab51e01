"""For process owners: the procedure, its versions, and publishing a changed diagram."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.engine import DiagramRefused
from app.errors import DeploymentRefused, NotFound
from app.services import contents, deployments, workshop
from app.services.deployments import Deployed
from app.services.outline import Picture, by_kind, outline, pictures
from app.services.tables import tables
from app.web.policy import allow, viewer
from app.web.thumbnail import thumbnail

bp = Blueprint("workshop", __name__)
LARGEST = 2_000_000  # bytes; the engine reads no larger file


@dataclass(frozen=True)
class Card:
    """A diagram on the overview."""

    picture: Picture
    stage: str
    people: int
    deadlines: int
    svg: str


@bp.get("/procedures")
@allow("see_procedures")
def procedures() -> ResponseReturnValue:
    """The diagrams and tables of the procedure, and its versions."""
    version, deployed = workshop.version(viewer(), request.args.get("version", None, int))
    return render_template(
        "workshop/procedures.html",
        version=version,
        versions=workshop.versions(viewer()),
        groups=[(name, [_card(p, deployed) for p in group]) for name, group in by_kind(deployed)],
        tables=tables(deployed).values(),
        policy=deployed.contents.policy,
        landlord=deployed.landlord,
        code=deployed.contents.code,
        today=clock.today(),
        published=session.pop("published", None),
    )


def _card(picture: Picture, deployed: Deployed) -> Card:
    elements = deployed.elements.values()
    inside = [e for e in elements if e.process == picture.process]
    return Card(
        picture,
        next((e.name for e in elements if e.calls == picture.process), ""),
        sum(e.kind == "userTask" for e in inside),
        sum(e.kind == "timer" for e in inside),
        thumbnail(deployed.files[picture.file]),
    )


@bp.get("/procedures/<process>")
@allow("see_procedures")
def diagram(process: str) -> ResponseReturnValue:
    """One diagram, the same as text, and its decision tables; or one decision table alone."""
    version, deployed = workshop.version(viewer(), request.args.get("version", None, int))
    known = tables(deployed)
    here = {"version": version, "number": None if version.live else version.row.number}
    if process in known:
        return render_template("workshop/table.html", table=known[process], **here)
    picture = next((p for p in pictures(deployed) if p.process == process), None)
    if picture is None:
        raise NotFound
    entries = outline(deployed, process)
    return render_template(
        "workshop/diagram.html",
        picture=picture,
        entries=entries,
        tables=[known[entry.table] for entry in entries if entry.table in known],
        names={p.process: p.name for p in pictures(deployed)},
        table_names={table.id: table.name for table in known.values()},
        **here,
    )


@bp.get("/procedures/source/<int:number>/<path:name>")
@allow("see_procedures")
def source(number: int, name: str) -> ResponseReturnValue:
    """A diagram or table of any version, as a file."""
    return Response(
        workshop.file_of(viewer(), number, name),
        mimetype="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name.rsplit("/", 1)[-1]}"'},
    )


@bp.route("/procedures/upload", methods=["GET", "POST"])
@allow("own_procedures")
def upload() -> ResponseReturnValue:
    """Publish a changed diagram or decision table."""
    version, deployed = workshop.version(viewer())
    names = sorted(name for name in deployed.files if name.endswith(contents.DIAGRAMS))
    chosen = request.values.get("file", "")
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        body, errors = _sent(names)
        if not errors:
            try:
                done = workshop.publish(viewer(), chosen, body, request.form["says"])
            except (DeploymentRefused, DiagramRefused) as refused:
                errors = {"body": [str(problem) for problem in refused.problems]}
            else:
                return _published(done, chosen)
    page = render_template(
        "workshop/upload.html",
        version=version,
        names=names,
        chosen=chosen,
        says=request.form.get("says", ""),
        errors=errors,
    )
    return page, 422 if errors else 200


def _sent(names: list[str]) -> tuple[bytes, dict[str, list[str]]]:
    """The file that was sent, and what is missing, for each field."""
    errors: dict[str, list[str]] = {}
    sent = request.files.get("body")
    body = sent.stream.read(LARGEST + 1) if sent else b""
    chosen = request.form.get("file", "")
    if chosen not in names:
        errors["file"] = ["Choose which file yours replaces."]
    if not body:
        errors["body"] = ["Choose a file. It may not be empty."]
    elif len(body) > LARGEST:
        errors["body"] = ["The file is larger than 2 MB. Diagrams and tables are far smaller."]
    elif sent and chosen in names and not (sent.filename or "").endswith(chosen[-5:]):
        errors["body"] = [f"Choose a file whose name ends in {chosen[chosen.rfind('.') :]}."]
    if not request.form.get("says", "").strip():
        errors["says"] = ["Say what you changed and why. Auditors read it."]
    return body, errors


def _published(done: workshop.Published, name: str) -> ResponseReturnValue:
    if done.same:
        flash(f"{name} is the same as the live one. Nothing was published.")
    else:
        flash(f"Version {done.number} is live. New cases start on it.")
        session["published"] = {  # shown once, on the next page; a cookie holds 4 KB
            "changes": [line[:200] for line in done.changes[:8]],
            "more": max(len(done.changes) - 8, 0),
            "warnings": [deployments.in_words(problem)[:200] for problem in done.warnings[:4]],
        }
    return redirect(url_for(".procedures"), 303)
