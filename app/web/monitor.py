"""For managers: where the running cases are, what could not go on, and what is arranged."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.engine import ROOT
from app.errors import BadInput, NotFound
from app.services import (
    arrangements,
    calendar_changes,
    deployments,
    incidents,
    pace,
    presentations,
    tasks,
    watch,
)
from app.services.deployments import Deployed
from app.services.kinds import kinds_of, title_of
from app.services.outline import pictures
from app.services.references import spaced
from app.services.watch import ControlRoom, Place
from app.web.inbox import read_after
from app.web.policy import allow, viewer

bp = Blueprint("monitor", __name__)
TILES = (  # filter, words, second line
    ("", "Open", "all that is not closed"),
    ("late", "Late", "a deadline has passed"),
    ("today", "Due today", "by the end of the day"),
    ("unclaimed", "Unclaimed", "nobody has the task"),
    ("hazard", "Hazard", "somebody may be in danger"),
    ("promises", "Promises late", "of closed cases, too"),
    ("waiting", "With the resident", "nothing for us to do"),
)


@bp.get("/running")
@allow("watch")
def running() -> ResponseReturnValue:
    """All open cases: numbers, diagram, list."""
    show, stage, kind = (request.args.get(name, "") for name in ("show", "stage", "kind"))
    after = read_after(request.args.get("after", ""))
    room = watch.control_room(viewer(), show, stage, kind, after)
    deployed = deployments.live(viewer().landlord_id, kind or ROOT)
    places = _by_process(room, deployed)
    kinds = kinds_of(viewer().landlord_id)
    return render_template(
        "monitor/running.html",
        room=room,
        tiles=_tiles(room, show, stage, kind),
        box=_box(deployed, places, stage, several=len(kinds) > 1),
        groups=[(p, places[p.process]) for p in pictures(deployed) if p.process in places],
        shown_words=next((words for key, words, _ in TILES if key == show), TILES[0][1]),
        stage_words=next((name for code, name, _ in room.stages if code == stage), ""),
        show=show,
        stage=stage,
        kind=kind,
        after=after,
        kinds=[(each, room.kinds.get(each.id, 0)) for each in kinds],
        kind_titles={each.id: each.title for each in kinds},
        stopped=len(incidents.open_incidents(viewer())),
        uncounted=calendar_changes.waiting(viewer().landlord_id),
        arranged=len(arrangements.all_in_force(viewer())),
        now=clock.now(),
        reports=[one for one in presentations.due(viewer()) if one.soon],
        landlord=deployments.landlord(viewer().landlord_id),
        today=clock.today(),
    )


def _tiles(room: ControlRoom, show: str, stage: str, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "number": room.numbers[key or "open"],
            "words": words,
            "sub": sub,
            "href": url_for(".running", show=key or None, stage=stage or None, kind=kind or None),
            "current": key == show,
        }
        for key, words, sub in TILES
    ]


def _by_process(room: ControlRoom, deployed: Deployed) -> dict[str, list[Place]]:
    """The places in each diagram. A group of steps is left out: its steps have the numbers."""
    found: dict[str, list[Place]] = {}
    for place in room.places:
        if deployed.elements[place.element].kind != "subProcess":
            found.setdefault(place.process, []).append(place)
    return found


def _box(
    deployed: Deployed, places: dict[str, list[Place]], stage: str, several: bool
) -> dict[str, Any]:
    """The whole procedure of a kind with its numbers; below it the stage that was chosen."""
    heat = pace.heat(viewer(), deployed.kind)
    whole = "Where the open cases are"
    if several:
        whole = f"{title_of(deployed.procedure)}: where the open cases are"
    inside = [
        (f"Inside {call.name}", call.calls)
        for call in deployed.procedure.elements.values()
        if stage and call.stage == stage and call.calls
    ]
    views = [
        {"title": title} | _view(places.get(process, []), process, heat)
        for title, process in [(whole, deployed.procedure.main), *inside]
    ]
    return {"id": "where", "mode": "counts", "views": views}


def _view(here: list[Place], process: str, heat: dict[str, int]) -> dict[str, Any]:
    busiest = max(here, key=lambda place: place.open, default=None)
    return {
        "xml": url_for(".diagram", process=process),
        "label": "Diagram with the number of open cases at each step. "
        "The same numbers stand in the table below it.",
        "size": "mid",
        "href": url_for("workshop.diagram", process=process),
        "counts": [
            {
                "element": place.element,
                "name": place.name,
                "open": place.open,
                "late": place.late,
                "heat": heat.get(place.element, 0),
            }
            for place in here
        ],
        "focus": busiest.element if busiest else None,
        "whole": True,
    }


@bp.get("/running/<process>.bpmn")
@allow("watch")
def diagram(process: str) -> ResponseReturnValue:
    """The drawing of one live process, for the page above."""
    deployed = deployments.live(viewer().landlord_id)
    found = next((p for p in pictures(deployed) if p.process == process), None)
    if found is None:
        raise NotFound
    return Response(deployed.files[found.file], mimetype="application/xml")


@bp.get("/incidents", endpoint="incidents")
@allow("watch")
def show_incidents() -> ResponseReturnValue:
    """The steps that could not be taken."""
    return _incidents()


@bp.get("/arrangements", endpoint="arrangements")
@allow("watch")
def show_arrangements() -> ResponseReturnValue:
    """The contact arrangements in force, those whose review is late first."""
    found = arrangements.all_in_force(viewer())
    return render_template(
        "monitor/arrangements.html",
        found=found,
        overdue=sum(arranged.is_overdue for arranged, _ in found),
        approved={item.row.id: tasks.name_of(item.row.approved_by) for item, _ in found},
    )


def _incidents(errors: dict[str, str] | None = None, typed: str = "", at: str = "") -> str:
    elements = deployments.live(viewer().landlord_id).elements
    return render_template(
        "monitor/incidents.html",
        incidents=incidents.open_incidents(viewer()),
        elements=elements,
        errors=errors or {},
        typed=typed,
        at=at,
    )


@bp.post("/incidents/<incident_id>/retry")
@allow("watch")
def retry(incident_id: str) -> ResponseReturnValue:
    """Let a case go on after its cause was mended."""
    reason = request.form.get("reason", "")
    try:
        case = incidents.retry(viewer(), incident_id, reason)
    except BadInput as bad:
        return _incidents(bad.errors, reason, incident_id), 422
    flash(f"The case {spaced(case.reference)} goes on. If the cause is still there, it comes back.")
    return redirect(url_for(".incidents"), 303)


@bp.get("/incidents/<incident_id>/skip")
@allow("watch")
def skip(incident_id: str) -> ResponseReturnValue:
    """Which deadline would be let pass, and what that means."""
    return _skip(incident_id)


@bp.post("/incidents/<incident_id>/skip")
@allow("watch")
def skip_now(incident_id: str) -> ResponseReturnValue:
    """Let a broken deadline pass without what hangs on it."""
    reason = request.form.get("reason", "")
    try:
        case = incidents.skip(viewer(), incident_id, reason)
    except BadInput as bad:
        return _skip(incident_id, bad.errors, reason), 422
    flash(f"The deadline has passed without its next steps. {spaced(case.reference)} goes on.")
    return redirect(url_for(".incidents"), 303)


def _skip(incident_id: str, errors: dict[str, str] | None = None, typed: str = "") -> str:
    return render_template(
        "monitor/skip.html",
        skippable=incidents.to_skip(viewer(), incident_id),
        errors=errors or {},
        typed=typed,
    )
