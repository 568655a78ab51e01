"""The resident's own page, behind a private link; more of it after a second fact."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.db import db, transaction
from app.engine import Element, Procedure
from app.errors import BadInput, NotFound
from app.landlords import (
    Ombudsman,
)
from app.models import (
    Blob,
    Case,
    Deadline,
    Event,
    Letter,
    Note,
    Outgoing,
    Promise,
)
from app.models.base import new_id
from app.services import actions, cases, code_clocks, deployments, letters, promises, steps
from app.services.access import instance_of
from app.services.deployments import Deployed
from app.services.late import for_whom, full_name
from app.services.private_links import hash_token
from app.viewer import Viewer
from timers.deadlines import DeadlineState

GONE = {"queued", "sent"}  # how a letter stands that was finished


@dataclass(frozen=True)
class Stage:
    """A stage of the procedure in the resident's picture; state: done, now or next."""

    code: str
    name: str
    state: str


@dataclass(frozen=True)
class StatusPage:
    """What the page behind a link shows. Names, texts and letters only when `known`.

    deadlines: all of the case, open ones first; upcoming: the one that the resident waits for.
    written_to: whether a letter of ours has gone to them. late: for whom they carry this on.
    next_place: who helps from outside; None where no such body may look at it.
    """

    case: Case
    deployed: Deployed
    stages: list[Stage]
    deadlines: list[tuple[Deadline, DeadlineState]]
    upcoming: tuple[Deadline, DeadlineState] | None
    offers: list[actions.Offered]
    known: bool
    letters: list[tuple[Letter, Outgoing | None]]
    documents: list[Blob]
    added: list[Note]
    next_place: Ombudsman | None
    promised: list[tuple[Promise, DeadlineState]]
    written_to: bool
    late: list[str]


def case_behind(landlord_id: str, token: str) -> Case:
    """The case of a private link. Raises NotFound for a wrong, replaced or switched-off link."""
    case = db.session.scalar(
        select(Case).where(Case.landlord_id == landlord_id, Case.link_hash == hash_token(token))
    )
    if case is None:
        raise NotFound("This link does not work any more. Ring us and we will give you a new one.")
    return case


def resident_viewer(case: Case) -> Viewer:
    """The resident as an actor."""
    return Viewer(case.landlord_id, name="The resident", resident_case_id=case.id)


def second_fact_fits(case: Case, typed: str) -> bool:
    """Whether the typed postcode (or, where none is known, e-mail address) is the resident's."""
    known = case.resident.postcode or case.resident.email
    if not known:
        return False
    plain, right = (text.replace(" ", "").casefold() for text in (typed, known))
    return hmac.compare_digest(plain.encode(), right.encode())


def page(landlord_id: str, token: str, known: bool) -> StatusPage:
    """The status page. `known`: the second fact was given in this visit."""
    case = case_behind(landlord_id, token)
    instance = instance_of(case)
    deployed = deployments.of_instance(instance)
    standing = cases.deadlines_of(case, deployed)
    deadlines = [pair for pair in standing if not code_clocks.of_code(pair[0])]
    return StatusPage(
        case=case,
        deployed=deployed,
        stages=stages(case, deployed),
        deadlines=deadlines,
        upcoming=_upcoming(deadlines),
        offers=actions.offered(case, "resident"),
        known=known,
        **_kept_private(case) if known else {"letters": [], "documents": [], "added": []},
        next_place=deployments.landlord(landlord_id).next_place(instance.facts.get("next_place")),
        promised=promises.standing(promises.of_case(db.session(), case)) if known else [],
        written_to=any(
            letter.status in GONE and _is_the_contacts(case, letter)
            for letter, _ in letters.letters_of(db.session(), case)
        ),
        late=[full_name(person) for person in for_whom(case, case.resident)],
    )


def _kept_private(case: Case) -> dict[str, list[Any]]:
    """What was written to the contact, and what the contact has added: nobody else's."""
    since = contact_since(case)
    return {
        "letters": [
            (letter, out)
            for letter, out in letters.letters_of(db.session(), case)
            if _is_the_contacts(case, letter)
            and letter.status in GONE
            and (letter.written_at >= since or letter.person_id == case.resident.id)
        ],
        "documents": [b for b in cases.documents_of(case) if b.by is None and b.at >= since],
        "added": [n for n in cases.notes_of(case) if n.kind == "resident" and n.at >= since],
    }


def contact_since(case: Case) -> datetime:
    """Since when the contact is who it is. What came before was between us and somebody else."""
    named_at = db.session.scalar(
        select(Event.at)
        .where(
            Event.landlord_id == case.landlord_id,
            Event.instance_id == instance_of(case).id,
            Event.action == "contact_made",
        )
        .order_by(Event.n.desc())
        .limit(1)
    )
    return named_at or datetime.min.replace(tzinfo=UTC)


def _is_the_contacts(case: Case, letter: Letter) -> bool:
    """The private link is the contact's: no letter to anybody else shows behind it."""
    return letter.to == "resident" and letter.person_id in {case.resident.id, None}


def _upcoming(
    deadlines: list[tuple[Deadline, DeadlineState]],
) -> tuple[Deadline, DeadlineState] | None:
    """The nearest open duty, else the resident's own window that has not passed.

    What was promised has a list of its own, so it comes last.
    """
    standing = [
        (row, how)
        for row, how in deadlines
        if not row.met_on and not row.ended_at and row.due_on and how.code != "ended"
    ]
    others = [pair for pair in standing if not promises.counts_for(pair[0])]
    duties = [pair for pair in others if pair[0].kind == "duty"]
    return next(iter(duties or others or standing), None)


def stages(case: Case, deployed: Deployed) -> list[Stage]:
    """The stages of the procedure in the order of the diagram: done, now, next.

    Between two stages, and in a closed case, none is now.
    """
    calls = stage_calls(deployed.procedure)
    codes = [call.stage for call in calls]
    at = codes.index(case.stage) if case.stage in codes else 0
    over = _passed(case, [call.id for call in calls])

    def state(n: int, call: Element) -> str:
        if n < at or (n == at and call.id in over):
            return "done"
        return "now" if n == at and case.status == "open" else "next"

    return [Stage(call.stage or "", call.name, state(n, call)) for n, call in enumerate(calls)]


def stage_calls(procedure: Procedure) -> list[Element]:
    """The calls of stages, each stage once, in the order in which the diagram reaches them.

    A stage may be reached by an event on an edge, or stand in a diagram that is called on the way.
    """
    found: dict[str, Element] = {}
    seen: set[str] = set()
    every = procedure.elements.values()
    todo = [e.id for e in every if e.process == procedure.main and _begins(e)]
    while todo:
        element = procedure.elements[todo.pop(0)]
        if element.id in seen:
            continue
        seen.add(element.id)
        if element.stage:
            found.setdefault(element.stage, element)
        elif element.calls and element.properties.get("keeps_open") != "no":
            todo += [e.id for e in every if e.process == element.calls and _begins(e)]
        todo += [e.id for e in every if e.parent == element.id and e.kind == "startEvent"]
        todo += [flow.target for flow in element.outgoing]
        todo += [e.id for e in every if e.attached_to == element.id]
    return list(found.values())


def _begins(element: Element) -> bool:
    return element.kind == "startEvent" and not element.parent


def _passed(case: Case, calls: list[str]) -> set[str]:
    """The stages that the case has been through."""
    events = select(Event.element).where(
        Event.landlord_id == case.landlord_id,
        Event.instance_id == instance_of(case).id,
        Event.action == "passed",
        Event.element.in_(calls),
    )
    return set(db.session.scalars(events))


def add_information(landlord_id: str, token: str, text: str, blob_ids: list[str]) -> None:
    """The resident tells more, or adds files. Staff see it on the case at once."""
    if not text.strip() and not blob_ids:
        raise BadInput({"text": "Write what you want to tell us, or choose a file."})
    if len(text) > 20_000:
        raise BadInput({"text": "Keep it to 20,000 characters. You can add more later."})
    with transaction() as session:
        case = case_behind(landlord_id, token)
        step = steps.open_step(session, instance_of(case), resident_viewer(case))
        session.add(
            Note(
                landlord_id=case.landlord_id,
                id=new_id(),
                case_id=case.id,
                at=step.now,
                by=None,
                kind="resident",
                text=text.strip() or "Files added.",
            )
        )
        for blob in session.scalars(
            select(Blob).where(
                Blob.landlord_id == case.landlord_id,
                Blob.id.in_(blob_ids),
                Blob.case_id.is_(None),
            )
        ):
            blob.case_id = case.id
        step.write("information_added")
        team = next((t for t in step.deployed.landlord.teams), "")
        owner = cases.owner_team(case) or team
        step.alert(owner, "", "The resident added information")
