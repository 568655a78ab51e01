"""Somebody else has published meanwhile: a draft is brought up to date, file by file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.db import transaction
from app.errors import BadInput, NotOffered
from app.models import Deployment
from app.models.workshop import ProcedureDraftFile
from app.services import deployments
from app.services.contents import Files
from app.services.workshop import drafts, publishing
from app.services.workshop.drafts import Sketch
from app.viewer import Viewer


@dataclass(frozen=True)
class Meanwhile:
    """What happened since a draft was begun. newest: the version it must go out from now.

    taken_over: files that only the others changed. both: files that both changed differently, each
    to be decided.
    """

    newest: Deployment
    theirs: Files
    taken_over: list[str]
    both: list[str]


def meanwhile(found: Sketch) -> Meanwhile | None:
    """What others have published since; None for a draft that is up to date, or over."""
    newest = publishing.newer(found.row)
    if newest is None or found.row.status not in drafts.WORKED_ON:
        return None
    theirs = deployments.pinned(found.row.landlord_id, newest.id).files
    changed = drafts.differing(found.base_files, theirs)
    mine = found.changed
    return Meanwhile(
        newest,
        theirs,
        [path for path in changed if path not in mine],
        [p for p in changed if p in mine and found.files.get(p) != theirs.get(p)],
    )


def bring_up_to_date(viewer: Viewer, draft_id: str, keeps: Mapping[str, str]) -> None:
    """Let a draft go out from the newest version.

    keeps: "mine" or "theirs" for each file that both have changed. Raises BadInput for those that
    are not decided, NotOffered for a draft that is up to date or is not worked on.
    """
    with transaction() as session:
        row = drafts.locked(session, viewer, draft_id)
        found = drafts.sketch(session, viewer.landlord_id, draft_id)
        since = meanwhile(found)
        if since is None:
            raise NotOffered("Nobody has published since: the draft is up to date.")
        open_ = [path for path in since.both if keeps.get(path) not in ("mine", "theirs")]
        if open_:
            raise BadInput({path: f"{path}: keep yours, or take theirs?" for path in open_})
        for path in found.changed:
            takes_theirs = path in since.both and keeps[path] == "theirs"
            if takes_theirs or found.files.get(path) == since.theirs.get(path):
                kept = session.get(ProcedureDraftFile, (viewer.landlord_id, draft_id, path))
                session.delete(kept)
        row.based_on = since.newest.id
        drafts.touched(session, row, viewer)
        publishing.write(session, viewer, "brought_up", row, f"Version {since.newest.number}.")
