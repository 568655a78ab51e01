"""Letters of a case: written by a person, frozen at submit, queued by the procedure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import FactSpec
from app.landlords import Landlord as LandlordFile
from app.landlords import Ombudsman
from app.letters import FilledLetter, LetterTemplate, fill
from app.models import Case, Deadline, Letter, Outgoing, Person, Point, Task
from app.models.base import new_id
from app.services import accessible_copies, code_clocks, deployments, late, officers, recipients
from app.services.deployments import Deployed
from app.services.kinds import noun_of
from app.services.officers import Officer
from app.services.points import of_case, whose_now
from app.services.private_links import status_link
from app.services.recipients import Recipient
from app.services.references import spaced
from app.viewer import Viewer
from timers.calendar import london_date

if TYPE_CHECKING:
    from app.services.steps import Step

NOTHING_OURS = "Nothing of what you told us is ours to answer. We say below who can help you."
NOWHERE = Ombudsman(name="")
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
    facts: Mapping[str, Any],
    recipient: Recipient,
    officer: Officer,
    on: date,
) -> dict[str, Any]:
    """The values that a letter may show: facts and the closed lists, in words."""
    landlord = deployed_landlord(deployed)
    resident = recipient.resident
    reader = recipients.own(resident) if recipient.copy_for else recipient
    values: dict[str, Any] = {
        name: fact_in_words(spec, facts.get(name)) for name, spec in deployed.facts.items()
    }
    values |= {
        "today": full_date(on),
        "recipient_name": reader.name,
        "recipient_salutation": reader.salutation,
        "recipient_copy": accessible_copies.in_words(resident),
        "resident_name": resident.name,
        "resident_salutation": recipients.greeted_as(resident),
        "resident_address": resident.address,
        "case_reference": spaced(case.reference),
        "case_received_on": full_date(case.received_on),
        "case_story": case.story,
        "case_desired_outcome": case.desired_outcome,
        "case_stage": case.stage_name,
        "case_status_link": status_link(case),
        "landlord_name": landlord.name,
        "landlord_phone": landlord.phone,
        "landlord_email": landlord.email,
        "landlord_address": landlord.address,
        "landlord_website": landlord.website,
        "officer_name": officer.name,
        "officer_job": officer.job,
        "officer_phone": officer.phone,
    }
    values |= landlord.body_fields | recipients.representative_fields(case)
    values |= (landlord.next_place(facts.get("next_place")) or NOWHERE).fields
    dates = {
        row.element: row.prints_on or row.due_on
        for row in session.scalars(
            select(Deadline)
            .where(
                Deadline.landlord_id == case.landlord_id,
                Deadline.case_id == case.id,
                Deadline.host != code_clocks.HOST,
            )
            .order_by(Deadline.armed_at)
        )
    }
    return values | date_fields(case, deployed, dates)


def date_fields(case: Case, deployed: Deployed, dates: Mapping[str, date | None]) -> dict[str, str]:
    """The dates of timers. One that waits for a copy has none yet: it counts from the copy."""
    waits = bool(accessible_copies.needed(case.resident))
    return {
        f"deadline_{timer}_due": full_date(day)
        if day and not (waits and accessible_copies.counts_from_copy(deployed.elements[timer]))
        else ""
        for timer, day in dates.items()
    }


def deployed_landlord(deployed: Deployed) -> LandlordFile:
    """landlord.toml is read live, whatever a case is pinned to."""
    return deployments.landlord(deployed.landlord_id)


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


def points_part(points: Sequence[Point], answers: Mapping[str, Any]) -> list[dict[str, str]]:
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


def not_ours_part(points: Sequence[Point], answers: Mapping[str, Any]) -> dict[str, list[str]]:
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
    facts: Mapping[str, Any],
    writer: Viewer | None,
    parts: Mapping[str, str | list[str]],
    points: Sequence[Mapping[str, str]],
    dates: Mapping[str, date | None] | None = None,
    recipient: Recipient | None = None,
) -> FilledLetter:
    """A letter as it would read now. `missing` on the result names what it still lacks.

    writer: None if the procedure sends it alone. recipient: by default the first who gets it.
    dates: due dates by timer that are not in the register yet (of a step that is only tried).
    """
    on = clock.today()
    landlord = deployed_landlord(deployed)
    template = template_of(deployed, letter, on)
    if recipient is None:
        found = recipients.of(case, landlord, template.to)
        recipient = next(iter(found), recipients.own(case.resident))
    officer = officers.writer(session, landlord, writer.user_id) if writer else None
    officer = officer or officers.responsible(session, case, landlord)
    values = fields(session, case, deployed, facts, recipient, officer, on)
    parts = {**not_ours_part(of_case(session, case), {}), **parts}
    values |= {f"part_{name}": text for name, text in parts.items()}
    values |= date_fields(case, deployed, dates or {})
    if points:
        values["part_points"] = list(points)
    elif "points_not_ours" in parts:
        values["part_points"] = NOTHING_OURS
    if recipient.person_id != case.resident.id:
        values["case_status_link"] = ""  # the page is the contact's own
    filled = replace(fill(template, values), copy_for=recipient.copy_for)
    return late.explained(case, noun_of(deployed.procedure), recipient, filled)


def freeze(step: Step, task: Task) -> None:
    """Write the letter of a task that was just finished, with the dates that its step gave."""
    letter = step.deployed.elements[task.element].properties.get("writes")
    if letter:
        _write_all(step, letter, step.actor)


def _write_all(step: Step, letter: str, writer: Viewer | None) -> list[tuple[Recipient, Letter]]:
    """Write a letter for each of those who get it, with the same parts."""
    return [
        (who, _write(step, letter, _of_step(step, letter, writer, who), who, writer))
        for who in _recipients(step, letter)
    ]


def _recipients(step: Step, letter: str) -> list[Recipient]:
    to = template_of(step.deployed, letter, step.today).to
    return recipients.of(step.case, deployed_landlord(step.deployed), to)


def _of_step(step: Step, letter: str, writer: Viewer | None, recipient: Recipient) -> FilledLetter:
    return compose(
        step.session,
        step.case,
        step.deployed,
        letter,
        step.instance.facts,
        writer,
        step.parts,
        step.answered_points,
        recipient=recipient,
    )


def _write(
    step: Step, letter: str, filled: FilledLetter, recipient: Recipient, writer: Viewer | None
) -> Letter:
    """Freeze a letter that somebody wrote, or that the procedure fills by itself."""
    row = Letter(
        landlord_id=step.case.landlord_id,
        id=new_id(),
        case_id=step.case.id,
        template=letter,
        title=filled.title,
        to=filled.to,
        person_id=recipient.person_id,
        blocks=filled.to_json(),
        typed={"parts": dict(step.parts), "points": list(step.answered_points)},
        written_at=step.now,
        written_by=writer.user_id if writer else None,
        status="written",
        pdf=None,
    )
    step.session.add(row)
    step.session.flush()
    return row


def queue(step: Step, letter: str, element: str, at: datetime) -> None:
    """Put a letter in the outbox for each who gets it: as it was written, else filled now."""
    waiting = step.session.scalars(
        select(Letter)
        .where(
            Letter.landlord_id == step.case.landlord_id,
            Letter.case_id == step.case.id,
            Letter.template == letter,
            Letter.status == "written",
        )
        .order_by(Letter.written_at.desc())
    ).all()
    newest = {row.person_id: row for row in waiting if row.written_at == waiting[0].written_at}
    pairs = _as_written(step, letter, newest) if newest else _write_all(step, letter, None)
    if not pairs:
        title = template_of(step.deployed, letter, step.today).title
        _tell(step, element, f"“{title}” was not sent: there is nobody to send it to.")
    for recipient, row in pairs:
        _queue(step, row, recipient, element, at)
    for row in waiting:
        if row.status == "written":  # written anew since, or for somebody who gets no more letters
            row.status = "withheld"


def send_one(step: Step, letter: str, person: Person) -> None:
    """Put a letter in the outbox for one person alone, filled now."""
    who = recipients.own(person)
    row = _write(step, letter, _of_step(step, letter, None, who), who, None)
    _queue(step, row, who, "", step.now)


def _as_written(
    step: Step, letter: str, written: Mapping[str | None, Letter]
) -> list[tuple[Recipient, Letter]]:
    """Who gets the letter by now, each with the one that was written for them."""
    pairs = []
    for recipient in _recipients(step, letter):
        row = written.get(recipient.person_id)
        if row is not None and row.written_at < step.now:
            _date_anew(step, row, recipient)
        if row is None and recipient.copy_for and step.case.resident.id in written:
            original = FilledLetter.from_json(written[step.case.resident.id].blocks)
            copied = replace(original, copy_for=recipient.copy_for)
            row = _write(step, letter, copied, recipient, None)
        if row is not None:
            pairs.append((recipient, row))
        else:
            title = template_of(step.deployed, letter, step.today).title
            says = f"“{title}” was written before {recipient.name} was known: write to them, too."
            _tell(step, "", says)
    return pairs


def _date_anew(step: Step, row: Letter, recipient: Recipient) -> None:
    """A letter that waited, for instance for an approval, prints the dates of its sending.

    What was typed stays as it was typed.
    """
    filled = compose(
        step.session,
        step.case,
        step.deployed,
        row.template,
        step.instance.facts,
        Viewer(row.landlord_id, row.written_by) if row.written_by else None,
        row.typed["parts"],
        row.typed["points"],
        recipient=recipient,
    )
    row.blocks, row.pdf = filled.to_json(), None


def _queue(step: Step, row: Letter, recipient: Recipient, element: str, at: datetime) -> None:
    channel, problem = recipient.channel, recipient.problem
    row.status = "blocked" if problem else "queued"
    step.session.add(
        Outgoing(
            landlord_id=step.case.landlord_id,
            id=new_id(),
            case_id=step.case.id,
            letter_id=row.id,
            key=f"letter:{row.id}",
            channel=channel,
            address=recipient.send_to,
            queued_at=step.now,
            status=row.status,
            problem=problem,
            next_try_at=step.now if channel == "email" and not problem else None,
        )
    )
    step.write(
        "letter_queued",
        element,
        at,
        letter_id=row.id,
        title=row.title,
        to=recipient.name,
        channel=channel,
        problem=problem,
    )
    if recipient.person is not None:
        accessible_copies.ask_for(step, row, recipient.person)
    if problem:
        _tell(step, element, f"“{row.title}” to {recipient.name} cannot be sent: {problem}")


def _tell(step: Step, element: str, says: str) -> None:
    """Tell the team that looks after the post."""
    landlord = deployed_landlord(step.deployed)
    step.alert(landlord.alert_team_blocked_post or landlord.alert_team_hazard, element, says)


def recipient_of(session: Session, case: Case, letter: Letter) -> Recipient:
    """Who a stored letter goes to, by what is known of them now."""
    return recipients.of_letter(session, case, deployments.landlord(case.landlord_id), letter)


def letters_of(session: Session, case: Case) -> list[tuple[Letter, Outgoing | None]]:
    """The letters of a case, newest first, the contact's before others', with how each was sent."""
    rows = session.execute(
        select(Letter, Outgoing)
        .outerjoin(
            Outgoing,
            (Outgoing.landlord_id == Letter.landlord_id) & (Outgoing.letter_id == Letter.id),
        )
        .where(Letter.landlord_id == case.landlord_id, Letter.case_id == case.id)
        .order_by(Letter.written_at.desc(), Letter.person_id != case.resident.id, Letter.id)
    )
    return [(letter, outgoing) for letter, outgoing in rows]


def sent_on(outgoing: Outgoing | None) -> date | None:
    """The legal date of sending, in its channel."""
    if outgoing is None:
        return None
    return outgoing.sent_on or (london_date(outgoing.sent_at) if outgoing.sent_at else None)
