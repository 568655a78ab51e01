"""A point that is raised later: it joins the complaint, or becomes a case of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.engine import Element
from app.errors import BadInput, NotFound
from app.models import Case, Instance, Point
from app.services import conversions, deployments, points, steps
from app.services.access import get_case, instance_of
from app.services.complaints import add_point_row
from app.services.incidents import held_back
from app.services.letters import full_date
from app.services.steps import Step
from app.viewer import Viewer


@dataclass(frozen=True)
class Joining:
    """Whether a new point can still join a complaint, and the reason in words."""

    allowed: bool
    why: str


def joining(case: Case) -> Joining:
    """A point can join while the complaint is open and no answer to it has gone."""
    if case.status == "closed":
        return Joining(False, "This case is closed, so nobody would answer a new point here.")
    instance = instance_of(case)
    gone = [(element, on) for element in _answers(instance) if (on := _sent_on(instance, element))]
    if not gone:
        return Joining(True, "Our answer has not gone yet, so a new point can be answered in it.")
    element, on = max(gone, key=lambda pair: pair[1])
    answer = f"“{element.name}” was done on {full_date(on)}"
    return Joining(False, f"{answer}, so a new point needs an answer and dates of its own.")


def _answers(instance: Instance) -> list[Element]:
    """The send tasks with which an answer leaves: they set a date …_responded_on."""
    elements = deployments.of_instance(instance).procedure.elements.values()
    return [element for element in elements if element.kind == "sendTask" and _dates(element)]


def _dates(element: Element) -> list[str]:
    return [name for name in element.listed("sets") if name.endswith("_responded_on")]


def _sent_on(instance: Instance, element: Element) -> date | None:
    known = [instance.facts.get(name) for name in _dates(element)]
    return max((date.fromisoformat(day) for day in known if day), default=None)


def add(
    viewer: Viewer,
    reference: str,
    text: str,
    own: bool | None = False,
    raised_on: date | None = None,
) -> Case | None:
    """Add a point that the resident has raised; the same words twice are one point.

    own: it becomes a case of its own, which is returned; None if nobody said. raised_on: when it
    was raised, today if left out. Raises BadInput.
    """
    case = get_case(viewer, reference, "work")
    if errors := _errors(case, text, own, raised_on):
        raise BadInput(errors)
    with held_back(case, "a point was added"), transaction() as session:
        case = get_case(viewer, reference, "work")
        step = steps.open_step(session, instance_of(case), viewer)
        point = _known(session, case, text)
        if point is None:
            point = add_point_row(session, case, text.strip(), viewer)
            step.write("point_added", point=point.text)
        return _case_of_its_own(step, point, raised_on or step.today) if own else None


def _known(session: Session, case: Case, text: str) -> Point | None:
    same = text.strip().casefold()
    return next((p for p in points.of_case(session, case) if p.text.casefold() == same), None)


def _errors(case: Case, text: str, own: bool | None, raised_on: date | None) -> dict[str, str]:
    errors = {}
    if not text.strip():
        errors["text"] = "Write the point in one sentence."
    if len(text) > 500:
        errors["text"] = "Keep the point to 500 characters."
    if own is None:
        errors["own"] = "Choose whether it joins this case."
    elif not own and not (can := joining(case)).allowed:
        errors["own"] = f"It cannot join. {can.why}"
    return errors | _day_errors(case, raised_on)


def _day_errors(case: Case, raised_on: date | None) -> dict[str, str]:
    if raised_on and raised_on > clock.today():
        return {"raised_on": "The day on which it was raised must be today or earlier."}
    if raised_on and raised_on < case.received_on:
        came = full_date(case.received_on)
        return {"raised_on": f"This case reached us on {came}; the point cannot be older."}
    return {}


def point_of(viewer: Viewer, reference: str, n: int) -> tuple[Case, Point]:
    """One point of a case by its number. Raises NotFound."""
    case = get_case(viewer, reference, "work")
    for point in points.of_case(db.session(), case):
        if point.n == n:
            return case, point
    raise NotFound


def why_not_own(case: Case, point: Point) -> str:
    """Why a point cannot become a case of its own; empty when it can."""
    if point.moved_to:
        return "This point is already a case of its own."
    if point.outcome:
        return "This point has been answered."
    if point.ours == "no":
        return "This point is not ours to answer."
    left = [p for p in points.of_case(db.session(), case) if not p.moved_to and p.ours != "no"]
    return "" if len(left) > 1 else "This is the only point to be answered here."


def make_own(viewer: Viewer, reference: str, n: int, raised_on: date | None = None) -> Case:
    """Make a point a case of its own; once. raised_on: from when it counts, today if left out."""
    case, point = point_of(viewer, reference, n)
    if errors := _day_errors(case, raised_on):
        raise BadInput(errors)
    if not point.moved_to and (why := why_not_own(case, point)):
        raise BadInput({"point": why})
    with held_back(case, "a point was made a case of its own"), transaction() as session:
        case, point = point_of(viewer, reference, n)
        step = steps.open_step(session, instance_of(case), viewer)
        return _case_of_its_own(step, point, raised_on or step.today)


def _case_of_its_own(step: Step, point: Point, raised_on: date) -> Case:
    """The complaint that a point becomes: a new case on the live procedure, linked both ways."""
    session, old = step.session, step.case
    if point.moved_to:
        return session.get_one(Case, (old.landlord_id, point.moved_to))
    deployed = deployments.live(old.landlord_id)
    new = conversions.copied(session, old, deployed, raised_on, step.now, link="split")
    add_point_row(session, new, point.text, step.actor)
    begun = steps.begin_from(step, new, deployed)
    begun.write("split_from", point=point.text)
    point.moved_to = new.id
    step.write("split_off", point=point.text)
    session.flush()
    return new
