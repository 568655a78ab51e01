"""Open cases move to another version of the procedure, and back until they act.

A case moves in a transaction of its own, with a line of history. Where an open duty would get
another date, or something would happen at once, it moves only for a manager's reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.engine import Element, EngineRefused, Stored, look
from app.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound, NotOffered
from app.models import Case, CaseMove, Deadline, Deployment, Instance, Task
from app.models.base import new_id
from app.services import access, accounts, code_clocks, deadlines, deployments, steps
from app.services.access import unconflicted
from app.services.deployments import Deployed
from app.services.moving.rehearsing import (
    MOST,
    dates_of,
    happens,
    label,
    moved,
    must_move,
    target_of,
)
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.viewer import Viewer

JOB = "move cases"


def ask(viewer: Viewer, number: int, instance_ids: Sequence[str], reason: str = "") -> str:
    """Move these cases. Returns the id of the job that does.

    reason: of a manager, for cases in which a duty gets another date or something happens at once;
    without one those stay. Raises BadInput when none is chosen, NotAllowed for somebody else's
    reason.
    """
    must_move(viewer)
    if not instance_ids:
        raise BadInput({"cases": "Choose at least one case."})
    if reason.strip() and not viewer.can("watch"):
        raise NotAllowed("Only a manager can move cases whose dates move.")
    target = target_of(viewer.landlord_id, number)
    return jobs.ask(
        viewer,
        JOB,
        {"to": target.id, "cases": list(instance_ids)[:MOST], "reason": reason.strip()},
    )


def move_all(progress: Progress) -> str:
    """The job: each case in its own transaction. What has moved already is passed by."""
    ids: list[str] = progress.args["cases"]
    actor = accounts.who_asked(progress.landlord_id, progress.asked_by)
    moved, stayed = 0, 0
    for number, instance_id in enumerate(ids):
        if number % 20 == 0:
            progress.tell(number, len(ids))
        if move_one(actor, instance_id, progress.args["to"], progress.args["reason"], progress):
            moved += 1
        else:
            stayed += 1
    progress.tell(len(ids), len(ids))
    rest = f" {stayed} stayed on their version: see why below." if stayed else ""
    return f"{moved} {'case' if moved == 1 else 'cases'} moved.{rest}"


def move_one(
    actor: Viewer, instance_id: str, target_id: str, reason: str, job: Progress | None = None
) -> bool:
    """Move one case; whether it is on the version now. Whatever stands against it, it stays."""
    try:
        with transaction() as session:
            instance = session.get(Instance, (actor.landlord_id, instance_id))
            if instance is None or instance.completed:
                return False
            step = steps.open_step(session, instance, actor)
            if step.file.kept_out:
                return False
            if instance.deployment_id == target_id:
                return True
            return _move(step, target_id, reason, job.job_id if job else None)
    except (EngineRefused, ChangedMeanwhile, NotFound):
        return False


def _move(step: steps.Step, target_id: str, reason: str, job_id: str | None) -> bool:
    after, snapshot = moved(step, target_id)
    dates = list(dates_of(step, after, snapshot))
    duties = [one for one in dates if one.duty and one.moves]
    asks = bool(duties) or bool([*happens(after, snapshot)])
    if asks and not reason:
        return False
    instance, before = step.instance, step.deployed
    kept = CaseMove(
        landlord_id=instance.landlord_id,
        id=new_id(),
        case_id=step.case.id,
        job_id=job_id,
        from_id=before.id,
        to_id=target_id,
        at=step.now,
        by=step.actor.user_id,
        state=instance.state,
        facts=dict(instance.facts),
        moved=[[one.name, _iso(one.was), _iso(one.now)] for one in duties],
        reason=reason,
        after="",
        undone_at=None,
    )
    step.session.add(kept)
    _stand_on(step, after)
    step.write("moved_to_version", was=_number(step, before.id), now=_number(step, target_id),
               reason=reason, duties=kept.moved)  # fmt: skip
    steps.take_over(step, snapshot)
    kept.after = _digest(instance)
    return True


def _stand_on(step: steps.Step, deployed: Deployed) -> None:
    """The case is of this version from here on: its open tasks and deadlines say what it says."""
    step.deployed, step.instance.deployment_id = deployed, deployed.id
    for task in step.file.tasks.values():
        _call_as_drawn(task, deployed)
    for row in step.file.deadlines:
        drawn = deployed.elements.get(row.element)
        if row.met_on or code_clocks.of_code(row):
            continue
        if drawn is None:
            row.ended_at = row.ended_at or step.now
        else:
            _count_as_drawn(row, drawn)


def _call_as_drawn(task: Task, deployed: Deployed) -> None:
    drawn = deployed.elements.get(task.element)
    if drawn is None:
        return
    task.name, task.form = drawn.name, drawn.form or ""
    if task.claimed_by is None:
        task.team = deployed.landlord.team_of(drawn.lane) or task.team


def _count_as_drawn(row: Deadline, drawn: Element) -> None:
    row.name, row.rule = label(drawn), drawn.expression or ""
    row.kind, row.met_by = deadlines.kind_of(drawn), drawn.properties.get("met_by", "")


def _number(step: steps.Step, deployment_id: str) -> int:
    return step.session.get_one(Deployment, (step.case.landlord_id, deployment_id)).number


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _digest(instance: Instance) -> str:
    facts = orjson.dumps(instance.facts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(instance.state + facts).hexdigest()


@dataclass(frozen=True)
class Moved:
    """A move that was made. undo: whether the case has not acted since."""

    row: CaseMove
    case: Case
    was: int
    now: int
    undo: bool


def made(viewer: Viewer, most: int = 100) -> list[Moved]:
    """The newest moves of cases that the viewer may know of."""
    must_move(viewer)
    mine = unconflicted(
        select(CaseMove, Case, Instance)
        .join(Case, (Case.landlord_id == CaseMove.landlord_id) & (Case.id == CaseMove.case_id))
        .join(
            Instance,
            (Instance.landlord_id == CaseMove.landlord_id) & (Instance.case_id == CaseMove.case_id),
        )
        .where(CaseMove.landlord_id == viewer.landlord_id),
        viewer,
    )
    numbers = {row.id: row.number for row in deployments.history(viewer.landlord_id)}
    rows = db.session.execute(mine.order_by(CaseMove.at.desc(), CaseMove.id).limit(most)).unique()
    return [
        Moved(row, case, numbers[row.from_id], numbers[row.to_id], _can_undo(row, instance))
        for row, case, instance in rows
    ]


def _can_undo(row: CaseMove, instance: Instance) -> bool:
    return (
        row.undone_at is None
        and instance.deployment_id == row.to_id
        and row.after == _digest(instance)
    )


def undo(viewer: Viewer, move_id: str) -> Case:
    """Put a case back on the version it was on. Raises NotOffered once it has acted."""
    must_move(viewer)
    with transaction() as session:
        row = session.get(CaseMove, (viewer.landlord_id, move_id))
        if row is None:
            raise NotFound
        instance = _instance(session, row)
        step = steps.open_step(session, instance, viewer)
        if step.file.kept_out:
            raise NotFound
        if not _can_undo(row, instance):
            raise NotOffered("The case has gone on since it was moved, so it stays where it is.")
        before = deployments.pinned(row.landlord_id, row.from_id, step.case.kind)
        _stand_on(step, before)
        snapshot = look(before.procedure, Stored(row.state, row.facts), step.calendar)
        for one in step.file.deadlines:
            if (one.host, one.element) in snapshot.deadlines:
                one.ended_at = None
        step.write("moved_back", was=_number(step, row.to_id), now=_number(step, row.from_id))
        steps.take_over(step, snapshot)
        row.undone_at, row.undone_by = clock.now(), viewer.user_id
        return step.case


def _instance(session: Session, row: CaseMove) -> Instance:
    case = session.get_one(Case, (row.landlord_id, row.case_id))
    return access.instance_of(case)
