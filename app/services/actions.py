"""What the procedure offers now on a case: messages from outside, each with its form."""

from __future__ import annotations

from dataclasses import dataclass

from app.db import db, transaction
from app.engine import Element, Gone
from app.errors import NotAllowed, NotFound, NotOffered
from app.models import Case
from app.services import deployments, steps, tasks
from app.services.access import get_case, instance_of
from app.services.complaints import alert_of_danger
from app.services.incidents import held_back
from app.services.taking import take
from app.viewer import Viewer
from forms import BoundForm

# What a resident sends reaches us now. Only staff say that it came earlier, and why.
WHEN = frozenset({"received_on", "received_reason"})


@dataclass(frozen=True)
class Offered:
    """A message that the procedure would take now."""

    name: str
    element: str
    form: str
    label: str
    offered_to: frozenset[str]


def offered(case: Case, to: str) -> list[Offered]:
    """The messages that the procedure would take now, for "staff" or "resident"."""
    instance = instance_of(case)
    if instance.completed or instance.held:
        return []
    elements = deployments.of_instance(instance).procedure.elements
    waiting = [_offered(elements[element]) for element in instance.offers]
    return [offer for offer in waiting if to in offer.offered_to]


def _offered(element: Element) -> Offered:
    to = element.properties.get("offered_to", "staff")
    return Offered(
        element.message or "",
        element.id,
        element.form or "",
        element.properties.get("label") or element.name,
        frozenset(word.strip() for word in to.split(",")),
    )


def open_action(
    viewer: Viewer, case: Case, message: str, typed: tasks.Typed | None = None
) -> tuple[Offered, BoundForm]:
    """One offered action with its form. Raises NotOffered when the procedure no longer takes it."""
    to = "resident" if viewer.resident_case_id else "staff"
    offer = next((o for o in offered(case, to) if o.name == message), None)
    if offer is None:
        raise NotOffered
    instance = instance_of(case)
    deployed = deployments.of_instance(instance)
    leave_out = WHEN if viewer.resident_case_id else frozenset()
    form = tasks.bind(deployed, offer.form, case, instance.facts, typed, leave_out=leave_out)
    return offer, form


def act(viewer: Viewer, case: Case, message: str, form: BoundForm) -> Case:
    """Deliver a message with a checked form and run the case on, in one transaction.

    Raises NotOffered, ChangedMeanwhile, Stopped. Whatever it raises, nothing is saved.
    """
    if viewer.resident_case_id:
        if viewer.resident_case_id != case.id:
            raise NotFound
    elif not viewer.can("work"):
        raise NotAllowed
    reference = case.reference
    with held_back(case, f"“{message}” was received"), transaction() as session:
        case = _again(viewer, reference, case.id)
        step = steps.open_step(session, instance_of(case), viewer)
        offer, _ = open_action(viewer, case, message)
        take(step, form, offer.element)
        step.parts = form.letter_parts
        try:
            steps.deliver(step, message, form.answers)
        except Gone:
            raise NotOffered from None
        alert_of_danger(step, form.answers)
        return case


def _again(viewer: Viewer, reference: str, case_id: str) -> Case:
    """The case, read inside the transaction."""
    if not viewer.resident_case_id:
        return get_case(viewer, reference, "work")
    case = db.session.get(Case, (viewer.landlord_id, case_id))
    if case is None:
        raise NotFound
    return case
