"""How each version came to be: who proposed, sent back, approved; nothing of it is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.db import db
from app.errors import NotAllowed
from app.models import Deployment, ProcedureDraft, ProcedureEvent
from app.services import deployments, tasks
from app.viewer import Viewer

WORDS = {
    "proposed": "Proposed",
    "taken_back": "Taken back",
    "sent_back": "Sent back",
    "brought_up": "Brought up to date",
    "approved": "Approved and published",
    "called_off": "Called off before it began",
    "published_alone": "Published alone, without a second person",
    "began": "The landlord was made",
}
FROM_DISK = "Published from the command line, without a second person"
ALONE = "published alone"
COMMAND_LINE = "from the command line, without a second person"


@dataclass(frozen=True)
class Line:
    """One step. version: the number that came of it, or None. flagged: nobody else looked."""

    at: datetime
    who: str
    action: str
    words: str
    draft: str
    version: int | None
    says: str
    flagged: bool


def history(viewer: Viewer) -> list[Line]:
    """All steps of the viewer's landlord, newest first."""
    if not viewer.can("see_procedures"):
        raise NotAllowed
    rows = deployments.history(viewer.landlord_id)
    numbers = {row.id: row.number for row in rows}
    lines = [_from_disk(row) for row in rows if row.source == "disk"]
    events = db.session.execute(
        select(ProcedureEvent, ProcedureDraft.title)
        .outerjoin(
            ProcedureDraft,
            (ProcedureDraft.landlord_id == ProcedureEvent.landlord_id)
            & (ProcedureDraft.id == ProcedureEvent.draft_id),
        )
        .where(ProcedureEvent.landlord_id == viewer.landlord_id)
    )
    lines += [
        Line(
            event.at,
            tasks.name_of(event.by),
            event.action,
            WORDS.get(event.action, event.action),
            title or "",
            numbers.get(event.deployment_id or ""),
            event.says,
            event.action == "published_alone",
        )
        for event, title in events
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _from_disk(row: Deployment) -> Line:
    return Line(row.at, "", "from_disk", FROM_DISK, "", row.number, row.says, True)


def flag(row: Deployment) -> str:
    """What the list of versions says of one that no second person has seen; else nothing."""
    if row.source == "disk":
        return COMMAND_LINE
    return ALONE if row.source == "workshop" and row.approved_by is None else ""
