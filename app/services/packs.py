"""Hearing packs: everything that a panel needs, as one PDF, kept as the panel had it.

Whoever works on the case or hears it may ask for one; an auditor may read it. A new one replaces
none. Making it is long work: whoever does jobs makes one after another, as each takes a processor
and memory for itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Select, func, select

from app import clock
from app.db import db, transaction
from app.errors import NotAllowed, NotFound, PutrightError
from app.models import Blob, Case, HearingPack, Job, Task
from app.models.base import new_id
from app.packs import Bench, LeftOut, Pack, PackNotMade, Pages
from app.services import accounts, deployments, documents, pack_contents, panels, steps, tasks
from app.services.access import get_case, instance_of
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.services.pack_subject import Subject
from app.services.references import spaced
from app.viewer import Viewer

logger = logging.getLogger(__name__)

JOB = "pack"
NOT_YOURS = "Hearing packs are for the panel of this case and for whoever works on it."
NOT_MADE = "The pack could not be made, and the people who run Putright can see why. Try again."
TOGETHER = "it could not be bound in"


@dataclass(frozen=True)
class Made:
    """A pack as a list shows it. size: bytes."""

    pack: HearingPack
    who: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Offered:
    """What may be done about the packs of a case. members: seat and name; job: the newest."""

    case: Case
    members: list[tuple[str, str]]
    packs: list[Made]
    may_make: bool
    job: Job | None


def is_offered(viewer: Viewer, case: Case) -> bool:
    """Whether the pages of a case lead to its packs: a panel is or was chosen, or is to be."""
    subject = _subject(case)
    begun = subject.being_chosen or subject.members or _rows(case)
    return bool(begun) and _may_read(viewer, subject)


def is_panel_task(task: Task) -> bool:
    """Whether a task stands where the panel is chosen or does its work."""
    deployed = deployments.of_instance(instance_of(task.case))
    element = deployed.elements.get(task.element)
    return element is not None and element.process in panels.seats(deployed).processes


def offered(viewer: Viewer, reference: str) -> Offered:
    """The packs of a case, newest first. Raises NotFound where its procedure has no panel."""
    subject = _open(viewer, reference, "read_cases")
    case = subject.case
    return Offered(
        case,
        subject.panel,
        [_made(pack) for pack in _rows(case)],
        viewer.can("work"),
        jobs.newest(case.landlord_id, JOB, case.id),
    )


def get(viewer: Viewer, reference: str, pack_id: str) -> Blob:
    """A pack as it was made. Raises NotFound for another case's."""
    subject = _open(viewer, reference, "read_cases")
    pack = db.session.get(HearingPack, (viewer.landlord_id, pack_id))
    if pack is None or pack.case_id != subject.case.id:
        raise NotFound
    return db.session.get_one(Blob, (pack.landlord_id, pack.blob_id))


def ask(viewer: Viewer, reference: str) -> str:
    """Ask for a pack of the case as it stands. Returns the id of the job that makes it."""
    case = _open(viewer, reference, "work").case
    return jobs.ask(viewer, JOB, {"reference": case.reference}, case.id)


def cancel(viewer: Viewer, reference: str, job_id: str) -> None:
    """Call the making of a pack off. Raises NotFound once it is over."""
    jobs.cancel(viewer, JOB, job_id, _open(viewer, reference, "work").case.id)


def make(progress: Progress) -> str:
    """Make a pack of the case, for whoever asked, and keep it. Raises PutrightError."""
    viewer = accounts.who_asked(progress.landlord_id, progress.asked_by)
    reference = progress.args["reference"]
    try:
        pdf, pages, left_out = _print(_open(viewer, reference, "work"), progress)
    except PackNotMade as failed:
        logger.error("the pack of %s was not made: %s", reference, failed)
        raise PutrightError(NOT_MADE) from failed
    _keep(progress, viewer, pdf, pages, left_out)
    return ""


def _keep(progress: Progress, viewer: Viewer, pdf: bytes, pages: int, left_out: int) -> None:
    """The pack becomes a document of the case, with a line of history that proves what it was."""
    with transaction() as session:
        case = _open(viewer, progress.args["reference"], "work").case
        step = steps.open_step(session, instance_of(case), viewer)
        name = f"Hearing pack {spaced(case.reference)} {step.today.isoformat()}.pdf"
        blob = documents.keep(
            session, case.landlord_id, name, "application/pdf", pdf, viewer.user_id, case.id
        )
        pack = HearingPack(
            landlord_id=case.landlord_id,
            id=new_id(),
            case_id=case.id,
            blob_id=blob.id,
            made_at=step.now,
            made_by=viewer.user_id,
            pages=pages,
            left_out=left_out,
        )
        session.add(pack)
        step.write("pack_made", pack=pack.id, pages=pages, sha256=blob.sha256, left_out=left_out)
        progress.end(session, f"The pack is made: {pages} pages.", blob.id)


def _print(subject: Subject, progress: Progress) -> tuple[bytes, int, int]:
    """The PDF, its pages, and how much was left out."""
    now = clock.now()
    fonts = Path(current_app.static_folder or "") / "build" / "letter-fonts"
    with Bench() as bench:
        evidence, separate = _evidence(subject, bench, progress)
        try:
            pack, left_out = _pack(subject, bench, evidence, separate)
            pdf, pages = bench.bind(pack, now, fonts)
        except PackNotMade as failed:
            if not evidence:
                raise
            logger.warning("evidence is left out of a pack: %s", failed)
            _, separate = _evidence(subject, bench, progress, TOGETHER)
            pack, left_out = _pack(subject, bench, [], separate)
            pdf, pages = bench.bind(pack, now, fonts)
        return pdf, pages, left_out


def _evidence(
    subject: Subject, bench: Bench, progress: Progress, refused: str = ""
) -> tuple[list[Pages], list[list[str]]]:
    """The files that are bound in, and a row for each that is not."""
    bound: list[Pages] = []
    separate: list[list[str]] = []
    found = pack_contents.files(subject)
    progress.tell(0, len(found) + 1)  # the last step sets the pages
    for n, blob in enumerate(found, 1):
        title = f"Evidence {n}: {blob.name}"
        who = tasks.name_of(blob.by) or "the resident"
        data = db.session.scalar(_of(blob, Blob.data)) or b""
        try:
            if refused:
                raise LeftOut(refused)
            made = bench.evidence(blob.media_type, data)
        except LeftOut as out:
            why = str(out)
            separate.append([title, _size(len(data)), f"{why[:1].upper()}{why[1:]}.", blob.sha256])
        else:
            added = f"Added by {who} on {pack_contents.moment(blob.at)}. {made.note}".strip()
            bound.append(Pages(title, added, made.file, made.pages))
        progress.tell(n, len(found) + 1)
    return bound, separate


def _pack(
    subject: Subject, bench: Bench, evidence: list[Pages], separate: list[list[str]]
) -> tuple[Pack, int]:
    case = subject.case
    filled_in, too_long = pack_contents.forms_answered(subject)
    chapters = [
        pack_contents.complaint(subject),
        pack_contents.timeline(subject),
        pack_contents.sent_letters(subject, bench),
        filled_in,
        pack_contents.evidence(evidence),
        pack_contents.last_chapter(separate),
    ]
    pack = Pack(
        landlord=deployments.landlord(case.landlord_id).name,
        reference=spaced(case.reference),
        who=case.resident.name,
        made=pack_contents.moment(clock.now()),
        cover=pack_contents.cover(subject),
        notice=pack_contents.notice(len(separate), too_long),
        chapters=chapters,
    )
    return pack, len(separate) + too_long


def _subject(case: Case) -> Subject:
    instance = instance_of(case)
    return Subject(case, instance, deployments.of_instance(instance))


def _open(viewer: Viewer, reference: str, ability: str) -> Subject:
    """The case for somebody who may have its packs. Raises NotFound and NotAllowed."""
    subject = _subject(get_case(viewer, reference, ability))
    if not subject.seats.choosing:
        raise NotFound
    if not _may_read(viewer, subject):
        raise NotAllowed(NOT_YOURS)
    return subject


def _may_read(viewer: Viewer, subject: Subject) -> bool:
    """Managers and auditors; the panel of now; whoever recorded the case, or whose work it is."""
    if viewer.can("watch") or viewer.can("audit"):
        return True
    case, seats = subject.case, subject.seats
    if viewer.user_id in (case.recorded_by, *subject.members):
        return True
    work = select(Task).where(Task.landlord_id == case.landlord_id, Task.case_id == case.id)
    return any(
        viewer.user_id in (task.claimed_by, task.closed_by) or task.team in viewer.teams
        for task in db.session.scalars(work)
        if task.element not in seats.own
    )


def _rows(case: Case) -> list[HearingPack]:
    return list(
        db.session.scalars(
            select(HearingPack)
            .where(HearingPack.landlord_id == case.landlord_id, HearingPack.case_id == case.id)
            .order_by(HearingPack.made_at.desc(), HearingPack.id)
        )
    )


def _made(pack: HearingPack) -> Made:
    blob = db.session.get_one(Blob, (pack.landlord_id, pack.blob_id))
    size = db.session.scalar(_of(blob, func.length(Blob.data))) or 0
    return Made(pack, tasks.name_of(pack.made_by), blob.name, size, blob.sha256)


def _of(blob: Blob, column: Any) -> Select[Any]:
    """One thing about a file, so that nothing of its bytes stays in the session."""
    return select(column).where(Blob.landlord_id == blob.landlord_id, Blob.id == blob.id)


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 100_000 else f"{max(count / 1000, 0.1):.1f} kB"
