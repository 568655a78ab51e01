"""A case as its page shows it: where it stands, what happened, what can be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotFound
from app.models import (
    Alert,
    Blob,
    Case,
    Deadline,
    Deployment,
    HearingPack,
    Incident,
    Instance,
    Letter,
    Note,
    Outgoing,
    Point,
    Task,
)
from app.models.base import new_id
from app.services import actions, deployments, letters, points, steps, tasks
from app.services.access import get_case, instance_of
from app.services.calendars import pinned_calendar
from app.services.complaints import alert_of_danger
from app.services.deadlines import state
from app.services.deployments import Deployed
from app.services.finding import Search, matching
from app.services.history import Line, lines_of
from app.services.next_step import next_step
from app.services.outcomes import outcome_name
from app.viewer import Viewer
from timers.deadlines import DeadlineState

PAGE = 50
NOTE_KINDS = {
    "note": "Note",
    "call": "Phone call",
    "visit": "Visit",
    "email": "E-mail",
    "post": "Letter",
}


CONTACTS = frozenset({"call", "visit", "email", "post"})
DANGER_ANSWERS = frozenset({"yes", "no", "not_sure"})
DANGER_ASKED = {
    "triage_hazard": "Say whether something at home may be dangerous.",
    "triage_safeguarding": "Say whether anybody may be at risk from somebody.",
}


@dataclass(frozen=True)
class CasePage:
    """All that the page of a case shows."""

    case: Case
    instance: Instance
    deployed: Deployed
    deployment: Deployment
    now_and_then: tuple[str, str]
    tasks: list[tuple[Task, str, str]]  # open task, who has it, why it is not for the viewer
    deadlines: list[tuple[Deadline, DeadlineState]]
    timeline: list[Line]
    points: list[Point]
    offers: list[actions.Offered]
    letters: list[tuple[Letter, Outgoing | None]]
    documents: list[Blob]
    notes: list[tuple[Note, str]]
    incidents: list[Incident]


def page(viewer: Viewer, reference: str) -> CasePage:
    """Everything of one case. Raises NotFound and NotAllowed as `access.get_case` does."""
    case = get_case(viewer, reference)
    instance = instance_of(case)
    deployed = deployments.of_instance(instance)
    deployment = db.session.get(Deployment, (case.landlord_id, instance.deployment_id))
    if deployment is None:
        raise NotFound
    opened = _open_tasks(case)
    return CasePage(
        case=case,
        instance=instance,
        deployed=deployed,
        deployment=deployment,
        now_and_then=now_and_then(case, opened, deployed),
        tasks=[
            (
                task,
                tasks.name_of(task.claimed_by),
                tasks.reason_against(deployed, task, viewer) if viewer.can("work") else "",
            )
            for task in opened
        ],
        deadlines=deadlines_of(case, deployed),
        timeline=lines_of(case, instance, deployed),
        points=points.of_case(db.session(), case),
        offers=actions.offered(case, "staff") if viewer.can("work") else [],
        letters=letters.letters_of(db.session(), case),
        documents=documents_of(case),
        notes=[(note, tasks.name_of(note.by) or "The resident") for note in notes_of(case)],
        incidents=list(
            db.session.scalars(
                select(Incident).where(
                    Incident.landlord_id == case.landlord_id,
                    Incident.case_id == case.id,
                    Incident.resolved_at.is_(None),
                )
            )
        ),
    )


def _open_tasks(case: Case) -> list[Task]:
    return list(
        db.session.scalars(
            select(Task)
            .where(
                Task.landlord_id == case.landlord_id,
                Task.case_id == case.id,
                Task.status == "open",
            )
            .order_by(Task.due_on.is_(None), Task.due_on, Task.opened_at)
        )
    )


def now_and_then(case: Case, opened: list[Task], deployed: Deployed) -> tuple[str, str]:
    """What happens now, in one sentence, and what comes next by the diagram."""
    if not opened:
        if case.status == "closed":
            ended = outcome_name(deployed, case.outcome) if case.outcome else ""
            return f"Closed: {ended}." if ended else "Closed.", ""
        return _waits_until(case)
    first = opened[0]
    landlord = deployed.landlord
    who = tasks.name_of(first.claimed_by)
    team = landlord.teams.get(first.team)
    who = who or f"the {team.name}" if team else who
    due = f", due {letters.full_date(first.due_on)}" if first.due_on else ""
    then = next_step(deployed.elements, first.element)
    return f"{first.name} ({who}){due}.", "" if then == first.name else then


def _waits_until(case: Case) -> tuple[str, str]:
    """Nobody has work: until which day, if that is not the resident's time, and what comes then."""
    row = db.session.scalar(
        select(Deadline)
        .where(
            Deadline.landlord_id == case.landlord_id,
            Deadline.case_id == case.id,
            Deadline.ended_at.is_(None),
            Deadline.met_on.is_(None),
            Deadline.due_on.is_not(None),
        )
        .order_by(Deadline.due_on)
        .limit(1)
    )
    if row is None or row.kind == "window":
        return "Nobody has work on it. It waits for the resident.", ""
    return f"Nobody has work on it until {letters.full_date(row.due_on)}.", row.name


def deadlines_of(case: Case, deployed: Deployed) -> list[tuple[Deadline, DeadlineState]]:
    """The deadlines of a case with how each stands; open ones first, the nearest first."""
    calendar = pinned_calendar(deployed.landlord.nation, instance_of(case).calendar_version)
    today = clock.today()
    rows = db.session.scalars(
        select(Deadline).where(
            Deadline.landlord_id == case.landlord_id,
            Deadline.case_id == case.id,
            Deadline.kind != "reminder",
        )
    )
    return sorted(
        ((row, state(row, today, calendar)) for row in rows),
        key=lambda pair: (
            bool(pair[0].met_on or pair[0].ended_at),
            pair[0].due_on or date.max,
        ),
    )


def documents_of(case: Case) -> list[Blob]:
    """The attachments of a case, newest first; letters' PDFs and hearing packs are elsewhere."""
    pdfs = select(Letter.pdf).where(
        Letter.landlord_id == case.landlord_id,
        Letter.case_id == case.id,
        Letter.pdf.is_not(None),
    )
    packs = select(HearingPack.blob_id).where(
        HearingPack.landlord_id == case.landlord_id, HearingPack.case_id == case.id
    )
    return list(
        db.session.scalars(
            select(Blob)
            .where(
                Blob.landlord_id == case.landlord_id,
                Blob.case_id == case.id,
                Blob.sha256.not_in(pdfs),
                Blob.id.not_in(packs),
            )
            .order_by(Blob.at.desc(), Blob.id)
        )
    )


def notes_of(case: Case) -> list[Note]:
    """Notes and contacts, newest first."""
    return list(
        db.session.scalars(
            select(Note)
            .where(Note.landlord_id == case.landlord_id, Note.case_id == case.id)
            .order_by(Note.at.desc())
        )
    )


def add_note(
    viewer: Viewer,
    reference: str,
    kind: str,
    text: str,
    triage: Mapping[str, str] | None = None,
) -> None:
    """Write a note or log a contact; a danger is told to the named team at once.

    triage: of a contact, triage_hazard and triage_safeguarding (yes, no, not_sure), and
    triage_vulnerability and triage_urgency in words. Raises BadInput.
    """
    triage = {key: value.strip() for key, value in (triage or {}).items() if value.strip()}
    if errors := _note_errors(kind, text, triage):
        raise BadInput(errors)
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        session.add(
            Note(
                landlord_id=case.landlord_id,
                id=new_id(),
                case_id=case.id,
                at=clock.now(),
                by=viewer.user_id,
                kind=kind,
                text=text.strip(),
                triage={key: value[:500] for key, value in triage.items()},
            )
        )
        step = steps.open_step(session, instance_of(case), viewer)
        step.write("note_added", kind=kind)
        alert_of_danger(step, triage)


def _note_errors(kind: str, text: str, triage: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if kind not in NOTE_KINDS:
        errors["kind"] = "Choose what kind of note this is."
    if not text.strip():
        errors["text"] = "Write what happened."
    if len(text) > 20_000:
        errors["text"] = "Keep a note to 20,000 characters."
    if kind in CONTACTS:
        unanswered = (key for key in DANGER_ASKED if triage.get(key) not in DANGER_ANSWERS)
        errors |= {key: DANGER_ASKED[key] for key in unanswered}
    return errors


def report_hazard(viewer: Viewer, reference: str, text: str) -> None:
    """A hazard or a worry about safety, at any time: the team hears of it at once."""
    if not text.strip():
        raise BadInput({"text": "Say what the danger is."})
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        step = steps.open_step(session, instance_of(case), viewer)
        case.hazard = True
        step.write("hazard_reported", text=text.strip()[:2000])
        step.alert(step.deployed.landlord.alert_team_hazard, "", text.strip())


def see_alert(viewer: Viewer, alert_id: str) -> None:
    """A member of the team has seen an alert."""
    with transaction() as session:
        alert = session.get(Alert, (viewer.landlord_id, alert_id))
        if alert is None or alert.team not in viewer.teams:
            raise NotFound
        case = session.get(Case, (alert.landlord_id, alert.case_id))
        if case is None:
            raise NotFound
        get_case(viewer, case.reference, "work")
        if alert.seen_at is None:
            alert.seen_at, alert.seen_by = clock.now(), viewer.user_id
            step = steps.open_step(session, instance_of(case), viewer)
            step.write("alert_seen", alert.element, says=alert.text)


@dataclass(frozen=True)
class Found:
    """A case in a list of results."""

    case: Case
    due: Deadline | None
    state: DeadlineState | None


def search(
    viewer: Viewer,
    q: str = "",
    status: str = "open",
    stage: str = "",
    page_number: int = 1,
    received: tuple[date | None, date | None] = (None, None),
    kind: str = "",
) -> tuple[list[Found], int]:
    """Cases by reference, name or address, newest first, and how many there are (at most 1,000).

    received: the first and the last date on which the case came, either may be left out.
    """
    query = matching(viewer, Search(q, status, stage, kind, *received))
    counted = query.with_only_columns(Case.id).limit(1000).subquery()
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    rows = db.session.scalars(
        query.order_by(Case.opened_at.desc(), Case.id)
        .limit(PAGE)
        .offset((max(page_number, 1) - 1) * PAGE)
    )
    return _found(viewer, rows.all()), total


def _found(viewer: Viewer, cases: Sequence[Case]) -> list[Found]:
    """Each with the first duty that is open, as it stands by the calendar of its case."""
    ids = [case.id for case in cases]
    its = select(Instance).where(
        Instance.landlord_id == viewer.landlord_id, Instance.case_id.in_(ids)
    )
    duties = select(Deadline).where(
        Deadline.landlord_id == viewer.landlord_id,
        Deadline.case_id.in_(ids),
        Deadline.kind == "duty",
        Deadline.met_on.is_(None),
        Deadline.ended_at.is_(None),
        Deadline.due_on.is_not(None),
    )
    latest = duties.order_by(Deadline.due_on.desc(), Deadline.element.desc())
    due = {row.case_id: row for row in db.session.scalars(latest)}  # the first stays
    states: dict[str, DeadlineState] = {}
    for instance in db.session.scalars(its.options(lazyload(Instance.case))):
        if row := due.get(instance.case_id):
            nation = deployments.of_instance(instance).landlord.nation
            calendar = pinned_calendar(nation, instance.calendar_version)
            states[row.case_id] = state(row, clock.today(), calendar)
    return [Found(case, due.get(case.id), states.get(case.id)) for case in cases]


def owner_team(case: Case) -> str:
    """The team that has the case's open work, or had the last of it."""
    row = db.session.scalar(
        select(Task)
        .where(Task.landlord_id == case.landlord_id, Task.case_id == case.id)
        .order_by((Task.status == "open").desc(), Task.opened_at.desc())
        .limit(1)
    )
    return row.team if row else ""
