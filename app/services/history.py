"""The history of a case in plain words, from its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.db import db
from app.engine import Element
from app.models import Case, Event, Instance, Payload
from app.services import code_clocks, tasks
from app.services.deployments import Deployed
from app.services.kinds import title_of
from app.services.letters import full_date
from app.services.outcomes import outcome_name
from app.services.references import spaced

BEFORE = "From the record before"  # who did what is known of a case that was read in
SILENT = {
    "passed",
    "opened",
    "closed_task",
    "disarmed",
    "decided",
}  # kept, but not told on the case page
PUTTING_RIGHT = {"promise_made", "promise_kept", "promise_moved", "copy_sent"}
CHANNELS = {
    "email": "by e-mail",
    "post": "on the print-and-post list",
    "portal": "on the resident's page",
}


@dataclass(frozen=True)
class Line:
    """One line of the timeline. who is "By the procedure" for automatic steps."""

    n: int
    at: datetime
    recorded_at: datetime
    action: str
    element: str
    title: str
    text: str
    who: str
    bad: bool
    letter_id: str = ""


def lines_of(case: Case, instance: Instance, deployed: Deployed, whole: bool = False) -> list[Line]:
    """The timeline, newest first. `whole` also tells what the engine did step by step."""
    rows = db.session.execute(
        select(Event, Payload)
        .outerjoin(
            Payload,
            (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
        )
        .where(Event.landlord_id == case.landlord_id, Event.instance_id == instance.id)
        .order_by(Event.n.desc())
    )
    lines = [line_of(event, payload.values if payload else {}, deployed) for event, payload in rows]
    return [line for line in lines if whole or line.title]


def versions_of(instance: Instance, number: int) -> list[tuple[int, int]]:
    """(version of the procedure, number of the first event by it), oldest first.

    number: of the version that the case is on now.
    """
    moves = db.session.execute(
        select(Event.n, Payload.values)
        .join(
            Payload,
            (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
        )
        .where(
            Event.landlord_id == instance.landlord_id,
            Event.instance_id == instance.id,
            Event.action.in_(("moved_to_version", "moved_back")),
        )
        .order_by(Event.n)
    ).all()
    first = moves[0][1]["was"] if moves else number
    return [(first, 1), *((detail["now"], n) for n, detail in moves)]


def line_of(event: Event, detail: dict[str, Any], deployed: Deployed) -> Line:
    """One event as a line."""
    title, text, bad = _words(event, detail, deployed)
    who = {
        "user": tasks.name_of(event.actor_id),
        "resident": "The resident",
        "procedure": "By the procedure",
        "record": BEFORE,
    }[event.actor_kind]
    return Line(
        event.n,
        event.at,
        event.recorded_at,
        event.action,
        event.element,
        title,
        text,
        who or "Somebody who has left",
        bad,
        detail.get("letter_id", ""),
    )


def _words(event: Event, detail: dict[str, Any], deployed: Deployed) -> tuple[str, str, bool]:
    """Title, text, and whether it is bad news. An empty title: only in the full history."""
    element = deployed.elements.get(event.element)
    name = _name(event, element, deployed)
    match event.action:
        case "started":
            return f"{title_of(deployed.procedure)} recorded", "", False
        case "submitted":
            return _done(name), "", False
        case "received":
            return name, "", False
        case "due":
            return _time_ran_out(element, name, detail)
        case "moved":
            return _new_date(element, name, detail)
        case "letter_queued" | "letter_sent" | "letter_interrupted":
            return _letter(event.action, detail)
        case "alerted":
            team = deployed.landlord.teams.get(detail.get("team", ""))
            return "Team alerted", f"{team.name if team else ''}: {detail.get('says', '')}", True
        case "ended":
            return "The procedure ended", name, False
    if event.action == "closed":
        detail = detail | {"outcome": outcome_name(deployed, str(detail.get("outcome") or ""))}
    return _small_words(event.action, name, detail)


def _name(event: Event, element: Element | None, deployed: Deployed) -> str:
    if element is None:
        return code_clocks.name_of(deployed, event.element) or event.element.replace("_", " ")
    return element.properties.get("label") or element.name


def _done(name: str) -> str:
    """A task that is called as a question has its mark already."""
    return f"{name} Done" if name.endswith("?") else f"{name}: done"


def _passed(element: Element | None) -> str:
    """Of what the engine passes by itself, only the named ends of a diagram are told."""
    told = element is not None and element.kind == "endEvent" and not element.parent
    return element.name if element is not None and told else ""


def _time_ran_out(
    element: Element | None, name: str, detail: dict[str, Any]
) -> tuple[str, str, bool]:
    """A window of the resident ends; a limit of ours is missed."""
    if element is not None and element.properties.get("kind") == "reminder":
        return f"Reminder: {name}", "", False
    window = element is not None and not element.attached_to
    due_on = detail.get("due_on")
    day = full_date(date.fromisoformat(due_on)) if due_on else ""
    told = f"The time ended on {day}." if window else f"It was due on {day}."
    return f"{name}: the time ran out", told, not window


def _new_date(element: Element | None, name: str, detail: dict[str, Any]) -> tuple[str, str, bool]:
    """A limit moved. A reminder only starts work: when that moves is nobody's news."""
    if element is not None and element.properties.get("kind") == "reminder":
        return "", "", False
    return f"{name}: new date", _moved(detail), False


def _letter(action: str, detail: dict[str, Any]) -> tuple[str, str, bool]:
    if action == "letter_sent":
        return f"Letter sent: {detail['title']}", detail.get("how", ""), False
    if action == "letter_interrupted":
        return f"Letter may have gone twice: {detail['title']}", detail["how"], True
    if detail.get("problem"):
        return f"Letter held back: {detail['title']}", detail["problem"], True
    to = f"To {detail['to']}, " if detail.get("to") else "Goes "
    return f"Letter: {detail['title']}", f"{to}{CHANNELS[detail['channel']]}.", False


def _putting_right(action: str, detail: dict[str, Any]) -> tuple[str, str, bool]:
    """What became of a promise, or of a copy that was to be made."""
    what, now = detail["text"], full_date(date.fromisoformat(detail["now"]))
    if action == "promise_made":
        return f"Promised: {what}", f"By {now}.", False
    if action == "copy_sent":
        return f"Copy sent: {what}", f"On {now}.", False
    reason = detail["reason"]
    if action == "promise_moved":
        return f"Promise moved: {what}", f"{_moved(detail).rstrip('.')}: {reason}", False
    done = "Paid" if detail["kind"] == "payment" else "Promise kept"
    late = "" if detail["now"] <= detail["was"] else ", after its date"
    return f"{done}: {what}", f"On {now}{late}. {reason}".rstrip(), bool(late)


def _moved(detail: dict[str, Any]) -> str:
    was, now = (
        full_date(date.fromisoformat(day)) if day else "no date"
        for day in (detail.get("was"), detail.get("now"))
    )
    return f"From {was} to {now}."


def _until(detail: dict[str, Any]) -> str:
    ends_on = detail.get("ends_on")
    return f"Until {full_date(date.fromisoformat(ends_on))}." if ends_on else ""


def _read_in(detail: dict[str, Any]) -> str:
    supposed = f" Supposed: {detail['supposed']}." if detail.get("supposed") else ""
    return f"{detail.get('file')}, line {detail.get('line')}.{supposed}"


def _from_old_record(detail: dict[str, Any]) -> str:
    return f"By {detail['by']}." if detail.get("by") else ""


def _words_of_people(detail: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Who came, who left, and who may speak for whom."""
    name, reason = detail.get("name", ""), detail.get("reason", "")
    left = f"Taken off the case: {name}, {detail.get('role', '')}"
    return {
        "resident_added": (f"Resident added: {name}", ""),
        "contact_made": (f"New contact: {name}, after {detail.get('was', '')}", reason),
        "person_left": (left, reason),
        "death_recorded": (f"{name} has died", detail.get("says", "")),
        "carried_on": (
            f"{name} carries this on for {detail.get('late', '')}",
            detail.get("says", ""),
        ),
        "nobody_carries_on": (f"Nobody carries this on for {detail.get('late', '')} any more", ""),
        "death_undone": (f"Put right: {name} has not died", reason),
        "link_given": ("A new private link was given", ""),
        "representative_named": (f"Representative: {name}", detail.get("says", "")),
        "permission": (f"Permission for {name}", detail.get("says", "")),
    }


def _pack(detail: dict[str, Any]) -> str:
    """How many pages, and the hash that proves which file it was."""
    left_out = detail.get("left_out")
    out = f", {left_out} left out" if left_out else ""
    return f"{detail.get('pages')} pages{out}. SHA-256 {detail.get('sha256')}"


def _small_words(action: str, name: str, detail: dict[str, Any]) -> tuple[str, str, bool]:
    """What people do beside the procedure, and what became of promises."""
    if action in PUTTING_RIGHT:
        return _putting_right(action, detail)
    to = tasks.name_of(detail.get("to"))
    words = {
        "claimed": (f"{name}: claimed", ""),
        "released": (f"{name}: released to the team", ""),
        "handed_over": (f"{name}: handed over", f"To {to}."),
        "point_added": ("Point added", detail.get("point", "")),
        "note_added": ("Note written", ""),
        "hazard_reported": ("Hazard reported", detail.get("text", "")),
        "alert_seen": ("Alert seen", detail.get("says", "")),
        "closed": ("Case closed", detail.get("outcome", ""))
        if not name  # with an element it is the engine's word for a task that is over
        else ("", ""),
        "reopened": ("Case opened again", ""),
        "information_added": ("The resident added information", ""),
        "document_added": ("Document added", detail.get("name", "")),
        "pack_made": ("Hearing pack made", _pack(detail)),
        "incident_resolved": ("Incident resolved", detail.get("reason", "")),
        "deadline_skipped": (f"{name}: let pass without its next steps", detail.get("reason", "")),
        "contact_changed": ("Contact details changed", detail.get("name", "")),
        **_words_of_people(detail),
        "split_off": ("A point became a case of its own", detail.get("point", "")),
        "split_from": ("Split from another case", detail.get("point", "")),
        "copy_dropped": ("A copy need not be made any more", f"{detail.get('copy', '')}."),
        "copy_asked": ("A copy is to be made", f"{detail.get('copy', '')}."),
        "begun_about": ("Begun about another case", spaced(detail.get("other", ""))),
        "continued_from": ("Begun from another case", spaced(detail.get("other", ""))),
        "continued_as": ("Went on as another case", spaced(detail.get("other", ""))),
        "lesson_recorded": ("Learning recorded", ""),
        "lesson_edited": ("Learning: text for the public page changed", ""),
        "lesson_published": ("Learning published on the website", ""),
        "lesson_taken_off": ("Learning taken off the website", ""),
        "arrangement_began": ("Contact arrangement in force", _until(detail)),
        "arrangement_ended": ("Contact arrangement ended", ""),
        "moved_to_version": (
            f"Moved from version {detail.get('was')} to {detail.get('now')} of the procedure",
            _dates_moved(detail),
        ),
        "moved_back": (
            f"Moved back from version {detail.get('was')} to {detail.get('now')}",
            "The move was undone.",
        ),
        "calendar_changed": ("Worked out again by a new calendar", detail.get("days", "")),
        "imported": (
            f"Read in from another system, where it was {detail.get('old', '')}",
            _read_in(detail),
        ),
        "old_record": (str(detail.get("says", "")), _from_old_record(detail)),
        "kept_out": (f"Kept out of the case: {to}", detail.get("reason", "")),
    }.get(action, ("", ""))
    return (*words, action == "hazard_reported")


def _dates_moved(detail: dict[str, Any]) -> str:
    """The reason, and each duty that got another date."""
    said = [detail["reason"]] if detail.get("reason") else []
    for name, was, now in detail.get("duties", ()):
        before, after = (full_date(date.fromisoformat(d)) if d else "no date" for d in (was, now))
        said.append(f"{name}: {before}, now {after}.")
    return " ".join(said)
