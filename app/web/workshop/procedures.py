"""The procedure as it is and as it was: diagrams, the same as text, decision tables."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import NotFound
from app.services import tasks
from app.services.deployments import Deployed
from app.services.outline import Picture, by_kind, outline, pictures
from app.services.tables import tables
from app.services.workshop import drafts, publishing
from app.services.workshop import versions as workshop
from app.web.policy import allow, viewer
from app.web.thumbnail import thumbnail

bp = Blueprint("workshop", __name__)


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
    owns = viewer().can("own_procedures")
    return render_template(
        "workshop/procedures.html",
        waiting=publishing.notices(viewer()) if viewer().can("approve_procedures") else [],
        open_draft=next(iter(drafts.every(viewer(), ("open",))), None) if owns else None,
        names=tasks.name_of,
        version=version,
        versions=workshop.versions(viewer()),
        groups=[(name, [_card(p, deployed) for p in group]) for name, group in by_kind(deployed)],
        tables=tables(deployed).values(),
        policy=deployed.contents.policy,
        landlord=deployed.landlord,
        code=deployed.contents.code,
        today=clock.today(),
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
