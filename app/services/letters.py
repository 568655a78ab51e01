"""Letters of a case: written by a person, frozen at submit, queued by the procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import FactSpec
from app.landlords import Ombudsman
from app.letters import FilledLetter, LetterTemplate, fill
from app.models import Case, Deadline, Letter, Outgoing, Person, Point, Task, User
from app.models.base import new_id
from app.services import deployments
from app.services.deployments import Deployed
from app.services.points import of_case, whose_now
from app.services.references import spaced
from app.viewer import Viewer
from timers.calendar import london_date

if TYPE_CHECKING:
    from app.services.steps import Step

OUTCOME_WORDS = {
    "upheld": "We agree with this point.",
    "partly_upheld": "We agree with part of this point.",
    "not_upheld": "We do not agree with this point.",
}


def full_date(day: date | None) -> str:
    """Friday 27 November 2026; empty for no date."""
    return f"{day:%A} {day.day} {day:%B %Y}" if day else ""


def template_of(deployed: Deployed, letter: str, on: date) -> LetterTemplate:
    """The version of a letter that was in force on a date."""
    versions = deployed.letters[letter]
    return next((v for v in versions if not v.valid_from or v.valid_from <= on), versions[-1])


def fields(
    session: Session,
    case: Case,
    deployed: Deployed,
    facts: dict[str, Any],
    writer: Viewer,
    on: date,
) -> dict[str, Any]:
    """The values that a letter may show: facts and the closed lists, in words."""
    landlord = deployed_landlord(deployed)
    resident = case.resident
    officer = session.get(User, writer.user_id) if writer.user_id else None
    values: dict[str, Any] = {
        name: fact_in_words(spec, facts.get(name)) for name, spec in deployed.facts.items()
    }
    values |= {
        "today": full_date(on),
        "resident_name": resident.name,
        "resident_salutation": salutation(resident),
        "resident_address": resident.address,
        "case_reference": spaced(case.reference),
        "case_received_on": full_date(case.received_on),
        "case_story": case.story,
        "case_desired_outcome": case.desired_outcome,
        "case_stage": case.stage_name,
        "landlord_name": landlord.name,
        "landlord_phone": landlord.phone,
        "landlord_email": landlord.email,
        "landlord_address": landlord.address,
        "landlord_website": landlord.website,
        "officer_name": officer.name if officer else landlord.name,
        "officer_job": officer.job_title if officer else "",
        "officer_phone": (officer.phone if officer else "") or landlord.phone,
    }
    values |= ombudsman_fields(landlord.ombudsman)
    for row in session.scalars(
        select(Deadline)
        .where(Deadline.landlord_id == case.landlord_id, Deadline.case_id == case.id)
        .order_by(Deadline.armed_at)
    ):
        values[f"deadline_{row.element}_due"] = full_date(row.prints_on or row.due_on)
    return values


def deployed_landlord(deployed: Deployed) -> Any:
    """landlord.toml is read live, whatever a case is pinned to."""
    return deployments.landlord(deployed.landlord_id)


def ombudsman_fields(ombudsman: Ombudsman) -> dict[str, str]:
    """The Ombudsman's contact fields of a letter."""
    return {
        "ombudsman_name": ombudsman.name,
        "ombudsman_phone": ombudsman.phone,
        "ombudsman_website": ombudsman.form or ombudsman.website,
        "ombudsman_address": ombudsman.address,
    }


def salutation(person: Person) -> str:
    """Ms Boateng where a title is known; else the whole name."""
    return f"{person.title} {person.name.split()[-1]}" if person.title else person.name


def fact_in_words(spec: FactSpec, value: Any) -> str:
    """A fact as a letter prints it."""
    if value in (None, ""):
        return ""
    if spec.type == "date":
        return full_date(date.fromisoformat(value))
    if spec.type == "bool":
        return "yes" if value else ""
    if spec.type == "money":
        return f"£{value}"
    return str(value)


def points_part(points: list[Point], answers: dict[str, Any]) -> list[dict[str, str]]:
    """What the answers say of each point of ours, as the letter's part_points wants it."""
    return [
        {
            "title": f"{point.n}. {point.text}",
            "text": str(answers.get(f"findings__{point.n}") or ""),
            "decision": OUTCOME_WORDS.get(str(answers.get(f"outcome__{point.n}") or ""), ""),
        }
        for point in points
        if point.moved_to is None and whose_now(point, answers)[0] != "no"
    ]


def not_ours_part(points: list[Point], answers: dict[str, Any]) -> dict[str, list[str]]:
    """The points that others answer, each with who can help, as part points_not_ours."""
    others = [(point, *whose_now(point, answers)) for point in points if point.moved_to is None]
    said = [
        f"{point.text} — who can help: {whose}" if whose else point.text
        for point, ours, whose in others
        if ours == "no"
    ]
    return {"points_not_ours": said} if said else {}


def compose(
    session: Session,
    case: Case,
    deployed: Deployed,
    letter: str,
    facts: dict[str, Any],
    writer: Viewer,
    parts: Mapping[str, Any],
    points: Sequence[Mapping[str, str]],
    dates: Mapping[str, date | None] | None = None,
) -> FilledLetter:
    """A letter as it would read now. `missing` on the result names what it still lacks.

    dates: due dates by timer that are not in the register yet (of a step that is only tried).
    """
    on = clock.today()
    values = fields(session, case, deployed, facts, writer, on)
    parts = {**not_ours_part(of_case(session, case), {}), **parts}
    values |= {f"part_{name}": text for name, text in parts.items()}
    values |= {f"deadline_{timer}_due": full_date(day) for timer, day in (dates or {}).items()}
    if points:
        values["part_points"] = list(points)
    return fill(template_of(deployed, letter, on), values)


def write(step: Step, letter: str, filled: FilledLetter) -> Letter:
    """Freeze a letter that somebody wrote, or that the procedure fills by itself."""
    row = Letter(
        landlord_id=step.case.landlord_id,
        id=new_id(),
        case_id=step.case.id,
        template=letter,
        title=filled.title,
        to=filled.to,
        blocks=filled.to_json(),
        written_at=step.now,
        written_by=step.actor.user_id,
        status="written",
        pdf=None,
    )
    step.session.add(row)
    step.session.flush()
    return row


def freeze(step: Step, task: Task) -> None:
    """Write the letter of a task that was just finished, with the dates that its step gave."""
    letter = step.deployed.elements[task.element].properties.get("writes")
    if letter:
        write(step, letter, _of_step(step, letter))


def _of_step(step: Step, letter: str) -> FilledLetter:
    return compose(
        step.session,
        step.case,
        step.deployed,
        letter,
        step.instance.facts,
        step.actor,
        step.parts,
        step.answered_points,
    )


def queue(step: Step, letter: str, element: str, at: datetime) -> None:
    """Put a letter in the outbox: the one that was written for it, else filled now."""
    written = step.session.scalar(
        select(Letter)
        .where(
            Letter.landlord_id == step.case.landlord_id,
            Letter.case_id == step.case.id,
            Letter.template == letter,
            Letter.status == "written",
        )
        .order_by(Letter.written_at.desc())
        .limit(1)
    )
    if written is None:
        written = write(step, letter, _of_step(step, letter))
    channel, address, problem = channel_for(step.case.resident)
    written.status = "blocked" if problem else "queued"
    step.session.add(
        Outgoing(
            landlord_id=step.case.landlord_id,
            id=new_id(),
            case_id=step.case.id,
            letter_id=written.id,
            key=f"letter:{written.id}",
            channel=channel,
            address=address,
            queued_at=step.now,
            status="blocked" if problem else "queued",
            problem=problem,
            next_try_at=step.now if channel == "email" and not problem else None,
        )
    )
    step.write(
        "letter_queued",
        element,
        at,
        letter_id=written.id,
        title=written.title,
        channel=channel,
        problem=problem,
    )
    if problem:
        landlord = deployed_landlord(step.deployed)
        team = landlord.alert_team_blocked_post or landlord.alert_team_hazard
        step.alert(team, element, f"“{written.title}” cannot be sent: {problem}")


def channel_for(person: Person) -> tuple[str, str, str]:
    """The safe channel of a letter: (channel, address, why it is blocked or "").

    What the person wants comes first, then e-mail, then post; a channel that they ruled out is
    never used.
    """
    ways = {"email": person.email, "post": person.address}
    order = [person.contact_use, "email", "post"]
    for channel in dict.fromkeys(order):
        if ways.get(channel) and channel not in person.contact_never:
            return channel, ways[channel], ""
    return "post", "", "there is no e-mail or postal address that is safe to use."


def letters_of(session: Session, case: Case) -> list[tuple[Letter, Outgoing | None]]:
    """The letters of a case, newest first, with how each was sent."""
    rows = session.execute(
        select(Letter, Outgoing)
        .outerjoin(
            Outgoing,
            (Outgoing.landlord_id == Letter.landlord_id) & (Outgoing.letter_id == Letter.id),
        )
        .where(Letter.landlord_id == case.landlord_id, Letter.case_id == case.id)
        .order_by(Letter.written_at.desc())
    )
    return [(letter, outgoing) for letter, outgoing in rows]


def sent_on(outgoing: Outgoing | None) -> date | None:
    """The legal date of sending, in its channel."""
    if outgoing is None:
        return None
    return outgoing.sent_on or (london_date(outgoing.sent_at) if outgoing.sent_at else None)
