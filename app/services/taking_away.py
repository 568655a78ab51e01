"""Histories of many cases to take away, for auditors: made as a job, and kept for a week.

Whoever asked for it may have it, and finds in it what that person may see.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.errors import NotAllowed, NotFound
from app.models import Blob, Case, Job
from app.services import accounts, audit, documents
from app.services.access import unconflicted
from app.services.audit import Entry
from app.services.finding import Search, matching
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.services.spreadsheets import write_csv, write_rows
from app.viewer import Viewer

JOB = "histories"
TOLD_EVERY = 20  # cases
HISTORY = (
    "n", "happened_at", "recorded_at", "who", "action", "what", "detail", "element", "revision",
    "procedure_version",
)  # fmt: skip
CASES = (
    "reference", "kind", "status", "stage", "outcome", "channel", "received_on", "opened_at",
    "closed_at",
)  # fmt: skip


def line(entry: Entry) -> tuple[Any, ...]:
    """A line of history, by the columns of HISTORY."""
    return (
        entry.n, entry.at.isoformat(), entry.recorded_at.isoformat(), entry.who, entry.action,
        entry.title, entry.text, entry.element, entry.revision, entry.version,
    )  # fmt: skip


def ask(viewer: Viewer, search: Search) -> str:
    """Ask for the histories of all cases that a search finds. Returns the id of the job."""
    return jobs.ask(viewer, JOB, search.as_args(), _mine(viewer))


def newest(viewer: Viewer) -> tuple[Job | None, Blob | None]:
    """What the viewer asked for last, and its file as long as it is kept."""
    job = jobs.newest(viewer.landlord_id, JOB, _mine(viewer))
    return job, jobs.file_of(job) if job else None


def cancel(viewer: Viewer, job_id: str) -> None:
    """Call it off. Raises NotFound once it is over."""
    jobs.cancel(viewer, JOB, job_id, _mine(viewer))


def get(viewer: Viewer, job_id: str) -> Blob:
    """The file that came of a job of the viewer's. Raises NotFound when it is gone."""
    job = db.session.get(Job, (viewer.landlord_id, job_id))
    if job is None or (job.name, job.about) != (JOB, _mine(viewer)):
        raise NotFound
    found = jobs.file_of(job)
    if found is None:
        raise NotFound
    return found


def _mine(viewer: Viewer) -> str:
    if not viewer.can("audit") or not viewer.user_id:
        raise NotAllowed
    return viewer.user_id


def make(progress: Progress) -> str:
    """Write the tables of all cases found, pack them, and keep them."""
    viewer = accounts.who_asked(progress.landlord_id, progress.asked_by)
    _mine(viewer)
    query = matching(viewer, Search.from_args(progress.args)).order_by(Case.opened_at, Case.id)
    ids = list(db.session.scalars(query.with_only_columns(Case.id)))
    with tempfile.TemporaryDirectory(prefix="histories-") as folder:
        packed = _pack(viewer, ids, Path(folder), progress)
    name = f"histories-{viewer.landlord_id}-{clock.today().isoformat()}.zip"
    with transaction() as session:
        blob = documents.keep(
            session, viewer.landlord_id, name, "application/zip", packed, viewer.user_id
        )
        cases = "1 case" if len(ids) == 1 else f"{len(ids):,} cases"
        progress.end(session, f"The histories of {cases} are ready.", blob.id)
    return ""


def _pack(viewer: Viewer, ids: list[str], folder: Path, progress: Progress) -> bytes:
    """Both tables are written beside each other, so that each case is read once."""
    paths = [folder / "cases.csv", folder / "history.csv"]
    with (
        paths[0].open("w", newline="", encoding="utf-8") as cases,
        paths[1].open("w", newline="", encoding="utf-8") as lines,
    ):
        write_csv(cases, CASES, ())
        write_csv(lines, ("reference", *HISTORY), _lines(viewer, ids, cases, progress))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.name)
    return packed.getvalue()


def _lines(
    viewer: Viewer, ids: list[str], cases: Any, progress: Progress
) -> Iterator[tuple[Any, ...]]:
    for number, case_id in enumerate(ids):
        if number % TOLD_EVERY == 0:
            progress.tell(number, len(ids))
        one = select(Case).where(Case.landlord_id == viewer.landlord_id, Case.id == case_id)
        case = db.session.scalar(unconflicted(one, viewer))
        if case is None:
            continue  # kept from the viewer meanwhile
        write_rows(cases, [_about(case)])
        yield from ((case.reference, *line(entry)) for entry in audit.entries(case))


def _about(case: Case) -> tuple[Any, ...]:
    return (
        case.reference, case.kind, case.status, case.stage, case.outcome, case.channel,
        case.received_on, case.opened_at.isoformat(),
        case.closed_at.isoformat() if case.closed_at else "",
    )  # fmt: skip
