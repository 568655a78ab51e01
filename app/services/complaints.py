"""A complaint arrives: from the public form, or recorded by staff from a call, letter or visit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app import clock
from app.db import transaction
from app.engine import ROOT
from app.errors import NotAllowed, NotFound
from app.models import Blob, Case, Party, Person, Point
from app.models.base import new_id
from app.services import deployments, equality, kept_out, links, representatives, steps
from app.services.access import get_case, one_at_a_time
from app.services.answers import keep_answer
from app.services.deployments import Deployed
from app.services.known_people import person_known
from app.services.persons import make_findable
from app.services.private_links import hash_token, link_token
from app.services.references import new_reference
from app.viewer import Viewer
from forms import BoundForm

DANGER = {"yes", "not_sure"}
# the point when none is named
WHOLE_COMPLAINT, WHOLE_STORY = "What you complained about", "What you told us"


@dataclass(frozen=True)
class Receipt:
    """What the person who complained gets: a reference and the private link's token."""

    reference: str
    token: str


def start_form(landlord_id: str, public: bool, kind: str = ROOT) -> str:
    """The form that begins a case: the start event's own, or the one for the public."""
    procedure = deployments.live(landlord_id, kind).procedure
    return (procedure.public_form if public else None) or procedure.start_form or ""


def record(
    viewer: Viewer,
    form: BoundForm,
    key: str,
    person_id: str | None = None,
    kind: str = ROOT,
    about: str | None = None,
) -> Receipt:
    """Record a complaint, or another kind of case, that reached a member of staff.

    key makes a double click one case. about: the reference of a case that the new one is linked
    with; its resident is the new one's.
    """
    if not viewer.can("work"):
        raise NotAllowed
    other = get_case(viewer, about, "work") if about else None
    person_id = other.resident.id if other else person_id
    known = other.resident if other else person_known(viewer, person_id) if person_id else None
    if person_id and (known is None or known.death):  # who has died complains no more
        raise NotFound
    return _receive(viewer, form, key, kind, person_id, about=other)


def receive(
    landlord_id: str, form: BoundForm, key: str, danger: str = "", kind: str = ROOT
) -> Receipt:
    """Take a complaint, or another kind of case, from the public form.

    danger: yes, no or not_sure, as answered before the form; the more careful of the two counts.
    """
    resident = Viewer(landlord_id, resident_case_id="new", name="The resident")
    return _receive(resident, form, key, kind, danger=danger)


def _receive(
    actor: Viewer,
    form: BoundForm,
    key: str,
    kind: str,
    person_id: str | None = None,
    danger: str = "",
    about: Case | None = None,
) -> Receipt:
    deployed = deployments.live(actor.landlord_id, kind)
    answers = form.answers
    if danger in DANGER and answers.get("triage_hazard") not in DANGER:
        answers = answers | {"triage_hazard": danger}
    token = link_token(actor.landlord_id, key)
    with transaction() as session:
        one_at_a_time(session, f"{actor.landlord_id}/{key}")
        again = session.scalar(
            select(Case).where(Case.landlord_id == actor.landlord_id, Case.submission_key == key)
        )
        if again is not None:
            return Receipt(again.reference, token if again.link_hash == hash_token(token) else "")
        resident = _person(session, actor.landlord_id, answers, person_id)
        case = _case(session, actor, deployed, answers, resident, key, token)
        if about:
            links.link(session, case, about, "about")
        how = "" if actor.user_id else "written"
        representatives.named(session, case, answers, clock.today(), how)
        add_points(session, case, form, actor)
        equality.count(session, case, form)
        claim_blobs(session, case, form)
        step = steps.first_step(session, case, deployed, actor)
        if "recorded_by_staff" in deployed.facts:
            answers = answers | {"recorded_by_staff": actor.user_id is not None}
        steps.begin(step, answers)
        keep_answer(
            session,
            case,
            element=deployed.procedure.start.id,
            form=form.definition.name,
            values=answers,
            by=actor,
            at=step.now,
        )
        if about:  # told here only: not all who see the other case may know of this one
            step.write("begun_about", other=about.reference)
        if actor.user_id:
            kept_out.take_named(step, form)
        alert_of_danger(step, answers)
        return Receipt(case.reference, token)


def add_points(session: Session, case: Case, form: BoundForm, by: Viewer) -> None:
    """The points that a form lists, one a line. Known ones stay as they are.

    A form that asks for points and gets none makes one of the whole complaint: something has to be
    answered in the response.
    """
    if not form.definition.lists_points:
        return
    asked = [field.key for field in form.definition.fields if field.properties.get("points")]
    rows = session.execute(
        select(Point.n, Point.text).where(
            Point.landlord_id == case.landlord_id, Point.case_id == case.id
        )
    ).all()
    known = {text.casefold() for _, text in rows}
    found = [text for key in asked for text in lines(form.answers.get(key))]
    if not found and not known:
        found = [WHOLE_COMPLAINT if case.kind == ROOT else WHOLE_STORY]
    new = (text for text in found if text.casefold() not in known)
    for n, text in enumerate(new, max((n for n, _ in rows), default=0) + 1):
        _add_point(session, case, n, text, by)


def lines(text: Any) -> list[str]:
    """The non-empty lines of a text or list, without bullets, at most 500 characters each."""
    texts = text if isinstance(text, list) else str(text or "").splitlines()
    stripped = (str(line).strip(" \t-*•") for line in texts)
    return [line[:500] for line in stripped if line]


def _person(
    session: Session, landlord_id: str, answers: dict[str, Any], person_id: str | None
) -> Person:
    person = session.get(Person, (landlord_id, person_id)) if person_id else None
    if person is None:
        person = Person(landlord_id=landlord_id, id=new_id(), name="")
        session.add(person)
    update_person(person, answers)
    person.name = person.name or NO_NAME
    return person


NO_NAME = "Somebody who gave no name"
PERSON_FIELDS = {
    "resident_title": "title",
    "resident_name": "name",
    "resident_email": "email",
    "resident_phone": "phone",
    "resident_address": "address",
    "resident_postcode": "postcode",
    "contact_use": "contact_use",
    "contact_times": "contact_times",
    "contact_place": "contact_place",
    "contact_never": "contact_never",
    "language": "language",
}


def update_person(person: Person, answers: dict[str, Any]) -> None:
    """Take over what a form says of a person; what it leaves out stays."""
    for key, column in PERSON_FIELDS.items():
        if answers.get(key):
            setattr(person, column, answers[key])
    if answers.get("adjustments") or answers.get("adjustments_other"):
        person.adjustments = [
            *(answers.get("adjustments") or []),
            *lines(answers.get("adjustments_other")),
        ]
    make_findable(person)


def place(person: Person) -> str:
    """The address in a few words: its first line, or two where the first only numbers a flat."""
    parts = [part.strip() for part in person.address.replace("\n", ",").split(",") if part.strip()]
    flat = bool(parts) and re.fullmatch(r"(?i)(flat|apartment|apt|room|unit)\s*\S+", parts[0])
    return ", ".join(parts[: 2 if flat else 1]) or person.postcode


def _case(
    session: Session,
    actor: Viewer,
    deployed: Deployed,
    answers: dict[str, Any],
    resident: Person,
    key: str,
    token: str,
) -> Case:
    received_on = answers.get("received_on")
    case = Case(
        landlord_id=actor.landlord_id,
        id=new_id(),
        reference=new_reference(session, actor.landlord_id, deployed.landlord.reference_prefix),
        kind=deployed.kind,
        channel=answers.get("channel") or ("" if actor.user_id else "online"),
        received_on=date.fromisoformat(received_on) if received_on else clock.today(),
        opened_at=clock.now(),
        closed_at=None,
        recorded_by=actor.user_id,
        story=answers.get("story") or "",
        since_when=answers.get("since_when") or "",
        desired_outcome=answers.get("desired_outcome") or "",
        triage={k: v for k, v in answers.items() if k.startswith("triage_") and v},
        hazard=answers.get("triage_hazard") in DANGER,
        link_hash=hash_token(token),
        submission_key=key,
        parties=[Party(person=resident)],
    )
    session.add(case)
    set_committed_value(case, "carried", [])  # nobody of a new case has died
    return case


def add_point_row(session: Session, case: Case, text: str, by: Viewer) -> Point:
    """The next point complained about."""
    newest = session.scalar(
        select(Point.n)
        .where(Point.landlord_id == case.landlord_id, Point.case_id == case.id)
        .order_by(Point.n.desc())
        .limit(1)
    )
    return _add_point(session, case, (newest or 0) + 1, text, by)


def _add_point(session: Session, case: Case, n: int, text: str, by: Viewer) -> Point:
    point = Point(
        landlord_id=case.landlord_id,
        id=new_id(),
        case_id=case.id,
        n=n,
        text=text,
        added_at=clock.now(),
        added_by=by.user_id,
    )
    session.add(point)
    return point


def claim_blobs(session: Session, case: Case, form: BoundForm) -> None:
    """The files that a form names now belong to the case; somebody else's are left alone."""
    for field in form.definition.fields:
        ids = form.answers.get(field.key) if field.type == "filepicker" else None
        if ids:
            session.execute(
                update(Blob)
                .where(
                    Blob.landlord_id == case.landlord_id,
                    Blob.id.in_(ids),
                    Blob.case_id.is_(None),
                )
                .values(case_id=case.id)
            )


def alert_of_danger(step: steps.Step, answers: Mapping[str, Any]) -> None:
    """A hazard or safeguarding answer tells the named team at once, whatever the procedure does."""
    hazard, worry = (answers.get(f"triage_{what}") in DANGER for what in ("hazard", "safeguarding"))
    if not hazard and not worry:
        return
    landlord = deployments.landlord(step.case.landlord_id)
    if hazard:
        step.case.hazard = True
        step.alert(landlord.alert_team_hazard, "", "Somebody may be in danger: ring the resident")
    if worry:
        team = landlord.alert_team_safeguarding or landlord.alert_team_hazard
        step.alert(team, "", "A worry about somebody's safety was reported")
