"""The stories of a draft, played as a job; what came of it is kept by the hash of the files."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.errors import NotAllowed, NotOffered
from app.models import Job, ProcedureDraft, StoriesPlayed
from app.services.contents import Files, content_hash
from app.services.operations import jobs
from app.services.operations.jobs import Progress
from app.services.workshop import drafts, stories
from app.services.workshop.drafts import Sketch
from app.viewer import Viewer

JOB = "stories"


def ask(viewer: Viewer, draft_id: str) -> str:
    """Ask for the stories of a draft to be played. Returns the job's id.

    Raises NotOffered while lint finds errors: then a story says nothing.
    """
    if not (viewer.can("own_procedures") or viewer.can("approve_procedures")):
        raise NotAllowed
    if errors_of(drafts.get(viewer, draft_id)):
        raise NotOffered("Put right what is wrong first; then the stories can be played.")
    return jobs.ask(viewer, JOB, {"draft_id": draft_id})


def errors_of(sketch: Sketch) -> int:
    """How many errors lint finds in a draft."""
    return sum(problem.severity == "error" for problem in sketch.problems)


def result(landlord_id: str, files: Files) -> StoriesPlayed | None:
    """What came of the stories of these very files; None: nobody has played them."""
    played = db.session.get(StoriesPlayed, (landlord_id, content_hash(files)))
    if played is None or any("stopped" not in told for told in played.told):
        return None  # an earlier release kept less of it
    return played


def broken(played: StoriesPlayed) -> list[dict[str, Any]]:
    """The stories that do not hold, as stories.Told."""
    return [told for told in played.told if told["failures"]]


def running(row: ProcedureDraft) -> Job | None:
    """The job that plays the stories of a draft now, or is about to."""
    job = jobs.newest(row.landlord_id, JOB)
    if job is None or job.status not in jobs.OPEN:
        return None
    return job if row.status == "proposed" or job.args["draft_id"] == row.id else None


def play(progress: Progress) -> str:
    """Play the stories of the draft that was asked about, and of all that wait for approval."""
    landlord_id = progress.landlord_id
    proposed = select(ProcedureDraft.id).where(
        ProcedureDraft.landlord_id == landlord_id, ProcedureDraft.status == "proposed"
    )
    asked: str = progress.args["draft_id"]
    says = []
    for draft_id in dict.fromkeys([asked, *db.session.scalars(proposed)]):
        sketch = drafts.sketch(db.session(), landlord_id, draft_id)
        title = sketch.row.title
        if errors_of(sketch):
            continue
        if result(landlord_id, sketch.files) is None:
            _play(progress, sketch.files)
        played = result(landlord_id, sketch.files)
        if played is not None:
            says.append(f"{title}: {_in_words(played)}")
    return " ".join(says) or "There was nothing to play."


def _in_words(played: StoriesPlayed) -> str:
    failed = len(broken(played))
    of_all = f"{len(played.told)} stories in {played.seconds} seconds"
    return f"{of_all}, {failed} do not hold." if failed else f"{of_all}, all hold."


def _play(progress: Progress, files: Files) -> None:
    begun, total = time.monotonic(), len(stories.paths_of(files))
    told = []
    progress.tell(0, total)
    for one in stories.play_all(progress.landlord_id, files):
        told.append(asdict(one))
        progress.tell(len(told), total)
    with transaction() as session:
        session.merge(
            StoriesPlayed(
                landlord_id=progress.landlord_id,
                content_hash=content_hash(files),
                at=clock.now(),
                seconds=round(time.monotonic() - begun),
                told=told,
            )
        )
