"""One case: closed, as a record; or open, placed at its step with its real dates.

Nothing goes out for the past: no letter, no alert. What is still to come goes out as always.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.engine import ROOT, Begun, EngineRefused, NoWay, Passed, Procedure, over, place
from app.models import Answer, Case, Party, Person, Task, User
from app.models.base import new_id
from app.services import complaints, deployments, representatives, standing, steps
from app.services.calendars import keep_calendar
from app.services.deployments import Deployed
from app.services.importing.facts import facts_of, in_words
from app.services.importing.reading import CaseRow, HistoryRow, RowRefused
from app.services.kept_facts import kept_facts
from app.services.private_links import hash_token, link_token
from app.services.references import new_reference
from app.viewer import Viewer
from timers.calendar import london_date

WAITS = {"userTask", "timer", "message"}  # where a case can stand
REPRESENTATIVE = {"representative_name", "representative_relation", "representative_permission"}
MOST_ROUNDS = 5  # of facts that Putright keeps and the procedure reads


@dataclass(frozen=True)
class Where:
    """Which line of which file a case came from, as its history says."""

    file: str
    line: int


def known_case(session: Session, landlord_id: str, old_reference: str) -> Case | None:
    """The case that was read in with this reference."""
    return session.scalar(
        select(Case).where(Case.landlord_id == landlord_id, Case.old_reference == old_reference)
    )


def read_in(
    session: Session,
    landlord_id: str,
    row: CaseRow,
    resident: Person,
    lines: Iterable[HistoryRow],
    where: Where,
) -> str:
    """Make the case of a row; returns what was supposed about it, in words. Raises RowRefused."""
    _check_days(row)
    deployed = _deployed(landlord_id, row.kind or ROOT)
    case = _case(session, deployed, row, resident)
    facts = facts_of(deployed, row)
    step = steps.first_step(session, case, deployed, Viewer(landlord_id))
    step.past, step.now = True, case.opened_at
    keep_calendar(session, step.calendar)
    history = _History(step, sorted(lines, key=lambda line: str(line.on)))
    supposed = ""
    if row.status == "closed":
        _close(step, row, facts, history)
    else:
        way = _way(step, facts, _step_named(deployed.procedure, row.step))
        said = (in_words(deployed, passed.supposed) for passed in way if passed.supposed)
        supposed = "; ".join(said)
        _walk(step, way, row, facts, history)
    step.now = clock.now()
    step.write("imported", file=where.file, line=where.line, old=row.reference, supposed=supposed)
    return supposed


def _check_days(row: CaseRow) -> None:
    for name, day in (("received_on", row.received_on), ("closed_on", row.closed_on)):
        if day and day > clock.today():
            raise RowRefused(f"‘{name}’ is still to come")
    if row.received_on and row.closed_on and row.closed_on < row.received_on:
        raise RowRefused("‘closed_on’ is before ‘received_on’")


def _deployed(landlord_id: str, kind: str) -> Deployed:
    kinds = deployments.live(landlord_id).contents.procedures
    if kind not in kinds:
        named = ", ".join(sorted(kinds))
        raise RowRefused(f"‘kind’: there is no kind {kind!r}. The kinds are: {named}")
    return deployments.live(landlord_id, kind)


def _case(session: Session, deployed: Deployed, row: CaseRow, resident: Person) -> Case:
    assert row.received_on is not None  # a row without it was refused
    landlord_id = resident.landlord_id
    key = f"import {row.reference}"
    case = Case(
        landlord_id=landlord_id,
        id=new_id(),
        reference=new_reference(session, landlord_id, deployed.landlord.reference_prefix),
        old_reference=row.reference,
        kind=deployed.kind,
        channel=row.channel,
        received_on=row.received_on,
        opened_at=_noon(row.received_on),
        closed_at=None,
        recorded_by=None,
        story=row.story,
        since_when=row.since_when,
        desired_outcome=row.desired_outcome,
        link_hash=hash_token(link_token(landlord_id, key)),
        submission_key=key,
    )
    session.add(case)
    session.flush()
    session.add(Party(landlord_id=landlord_id, case_id=case.id, person_id=resident.id))
    session.flush()
    session.refresh(case, ["parties"])
    nobody = Viewer(landlord_id)
    for text in row.points or [complaints.WHOLE_COMPLAINT]:
        complaints.add_point_row(session, case, text[:500], nobody)
    said = row.model_dump(include=REPRESENTATIVE)
    representatives.named(session, case, said, row.received_on)
    return case


def _noon(day: date) -> datetime:
    """A day's instant, where only the day is known; never later than now."""
    return min(datetime.combine(day, time(12), clock.LONDON), clock.now())


def _step_named(procedure: Procedure, named: str) -> str:
    """The id of the step that a row names by its id or name. Raises RowRefused."""
    waits = {e.id: e for e in procedure.elements.values() if e.kind in WAITS}
    if named in waits:
        return named
    wanted = named.casefold()
    found = [e.id for e in waits.values() if e.name.casefold() == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise RowRefused(f"‘step’: {named!r} is the name of several: say {' or '.join(found)}")
    names = [*waits, *(e.name for e in waits.values() if e.name)]
    close = get_close_matches(named, names, n=3)
    hint = f" Did you mean {' or '.join(f'“{name}”' for name in close)}?" if close else ""
    raise RowRefused(f"‘step’: there is no step “{named}” in the procedure.{hint}")


def steps_of(landlord_id: str) -> list[tuple[str, str, str, str]]:
    """Where a case can stand: kind, id, name, and what it is (task, message or timer)."""
    words = {"userTask": "task"}
    return [
        (kind, e.id, e.name, words.get(e.kind, e.kind))
        for kind, procedure in deployments.live(landlord_id).contents.procedures.items()
        for e in procedure.elements.values()
        if e.kind in WAITS
    ]


def _way(step: steps.Step, facts: Mapping[str, Any], target: str) -> list[Passed]:
    asked = {
        name: frozenset(field.key for field in form.fields if field.key in step.deployed.facts)
        for name, form in step.deployed.forms.items()
    }
    begun = Begun(step.case.opened_at, facts, kept_facts(step), asked)
    try:
        return place(step.deployed.procedure, begun, target, clock.now(), step.calendar)
    except NoWay as none:
        raise RowRefused(_why_not(step.deployed, none)) from none
    except EngineRefused as refused:
        raise RowRefused(f"the procedure refuses it: {refused}") from refused


def _why_not(deployed: Deployed, none: NoWay) -> str:
    def named(element: str) -> str:
        return f"“{deployed.elements[element].name or element}”"

    if none.ended_by == none.step:
        return f"the time of {named(none.step)} is over by now: say where the case stands since"
    if none.ended_by:
        return f"it does not stand at {named(none.step)} any more: {named(none.ended_by)} came"
    if none.missing:
        days = ", ".join(f"{name} (“{deployed.facts[name].label}”)" for name in none.missing)
        return f"it cannot come to {named(none.step)} without a date in {days}"
    near = " or ".join(named(element) for element in none.nearest)
    return f"no way leads to {named(none.step)} with these facts; it comes as far as {near}"


class _History:
    """The lines of the record before, each written when its day has come."""

    def __init__(self, step: steps.Step, lines: list[HistoryRow]) -> None:
        self.step, self.lines = step, lines

    def up_to(self, day: date) -> None:
        while self.lines and self.lines[0].on and self.lines[0].on <= day:
            line = self.lines.pop(0)
            at = _noon(line.on) if line.on else None
            self.step.write("old_record", at=at, says=line.what, by=line.who)


def _walk(
    step: steps.Step, way: list[Passed], row: CaseRow, facts: Mapping[str, Any], history: _History
) -> None:
    session, landlord_id = step.session, step.case.landlord_id
    staff = {element: _staff(session, landlord_id, email) for element, email in row.done_by.items()}
    officer = _staff(session, landlord_id, row.officer) if row.officer else None
    chosen_at = _chosen_at(step.deployed, way)
    for number, passed in enumerate(way):
        history.up_to(london_date(passed.at))
        step.now = passed.at
        done = session.get(Task, (landlord_id, passed.task)) if passed.task else None
        who = staff.get(passed.element)
        step.actor = Viewer(landlord_id, who.id if who else None, who.name if who else "")
        if who or (officer and number == chosen_at):
            _answered(step, passed, facts, who, officer if number == chosen_at else None)
        steps.take_over(step, passed.snapshot, done)
    step.now = clock.now()
    history.up_to(date.max)
    for _ in range(MOST_ROUNDS):
        steps.settle(step)
    if officer:
        _give(step, _step_named(step.deployed.procedure, row.step), officer)


def _chosen_at(deployed: Deployed, way: list[Passed]) -> int:
    """The newest step on the way whose form chooses who does the next ones; -1 without one."""
    chosen = [n for n, passed in enumerate(way) if _chooses(deployed, passed.element)]
    return max(chosen, default=-1)


def _chooses(deployed: Deployed, element: str) -> str:
    """The field of the element's form that gives the work to somebody."""
    drawn = deployed.elements.get(element)
    form = deployed.forms.get(drawn.form or "") if drawn else None
    return next((field.key for field in form.fields if field.gives_work), "") if form else ""


def _answered(
    step: steps.Step,
    passed: Passed,
    facts: Mapping[str, Any],
    who: User | None,
    officer: User | None,
) -> None:
    """Who did a step is known by its answer: independence is checked against it."""
    form = step.deployed.elements[passed.element].form or ""
    asked = step.deployed.forms[form].fields if form in step.deployed.forms else ()
    values = {field.key: facts[field.key] for field in asked if field.key in facts}
    if officer:
        values[_chooses(step.deployed, passed.element)] = officer.id
    step.session.add(
        Answer(
            landlord_id=step.case.landlord_id,
            id=new_id(),
            case_id=step.case.id,
            element=passed.element,
            task_id=passed.task or None,
            form=form,
            by=who.id if who else None,
            at=passed.at,
            values=values,
        )
    )
    step.session.flush()


def _staff(session: Session, landlord_id: str, email: str) -> User:
    found = session.scalar(
        select(User).where(User.landlord_id == landlord_id, User.email == email.lower())
    )
    if found is None:
        raise RowRefused(f"nobody of this landlord signs in with {email}")
    return found


def _give(step: steps.Step, element: str, officer: User) -> None:
    """The open task of the step is the officer's."""
    tasks = step.session.scalars(
        select(Task).where(
            Task.landlord_id == step.case.landlord_id,
            Task.case_id == step.case.id,
            Task.element == element,
            Task.status == "open",
            Task.claimed_by.is_(None),
        )
    )
    for task in tasks:
        task.claimed_by, task.claimed_at = officer.id, step.now
    standing.note(step.file, step.deployed)


def _close(step: steps.Step, row: CaseRow, facts: dict[str, Any], history: _History) -> None:
    """A case that is over: nothing of it runs, and nothing more comes of it."""
    assert row.closed_on is not None  # a row without it was refused
    history.up_to(row.closed_on)
    step.now = _noon(row.closed_on)
    kept = kept_facts(step) | {"closed_on": row.closed_on.isoformat()}
    kept = {name: value for name, value in kept.items() if name in step.deployed.facts}
    steps.take_over(step, over(step.deployed.procedure, facts | kept, step.now, step.calendar))
    stage = next((e for e in step.deployed.elements.values() if e.stage == row.stage), None)
    step.case.stage = row.stage[:30] if stage else ""
    step.case.stage_name = stage.name if stage else row.stage
    step.case.outcome = row.outcome
    history.up_to(date.max)
