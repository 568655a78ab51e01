"""Saving one file of a draft: nobody saves over what somebody else saved meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import g, request

from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile
from app.services.workshop import drafts
from app.services.workshop.drafts import Sketch
from app.viewer import Viewer


def mark(sketch: Sketch, path: str) -> str:
    """What a page says it has seen of a file; of one that is not there, "new"."""
    body = sketch.files.get(path)
    return "new" if body is None else hashlib.sha256(body).hexdigest()[:16]


def save(viewer: Viewer, draft_id: str, path: str, body: bytes, seen: str) -> Sketch:
    """Save a file as it was seen, and return the draft as it is then.

    Other files of the draft may have changed meanwhile. Raises ChangedMeanwhile if this one has,
    and what `drafts.put` raises.
    """
    before = drafts.get(viewer, draft_id)
    if seen != mark(before, path):
        g.saved_by_another = True
        raise ChangedMeanwhile(
            "Somebody else has changed this part of the draft since you opened it. What you typed "
            "is still here; save again to put it in the place of theirs."
        )
    drafts.put(viewer, draft_id, path, body, before.row.revision)
    return drafts.get(viewer, draft_id)


def may_change(viewer: Viewer, sketch: Sketch) -> bool:
    """Whether this viewer may save now: a draft that waits for approval is only looked at."""
    return viewer.can("own_procedures") and sketch.row.status == "open"


def saved_by_script(
    viewer: Viewer, draft_id: str, path: str, body: bytes, seen: str
) -> tuple[dict[str, Any], int]:
    """Save what a script sent: the answer as JSON, and its status.

    seen: what the page must say next. With 409 it is that of what somebody else has saved, so that
    whoever wants theirs replaced can say so. Raises what `drafts.put` raises.
    """
    try:
        return {"seen": mark(save(viewer, draft_id, path, body, seen), path)}, 200
    except ChangedMeanwhile as changed:
        if not g.get("saved_by_another"):
            raise
        theirs = mark(drafts.get(viewer, draft_id), path)
        return {"error": changed.message, "seen": theirs}, changed.http_status


def autosaved(
    viewer: Viewer,
    draft_id: str,
    path: str,
    problems: Callable[[bytes], list[Problem]],
) -> tuple[dict[str, Any], int]:
    """Save what an editor's script sent, {"body", "seen"}, and say what is wrong with it.

    A file with problems is saved, since work goes on in it; a draft that has any is not published.
    Raises BadInput for what is no such file at all.
    """
    sent = request.get_json(silent=True)
    body, seen = (sent.get("body"), sent.get("seen")) if isinstance(sent, dict) else (None, None)
    if not isinstance(body, str) or not isinstance(seen, str):
        raise BadInput({"body": "Nothing was sent that could be saved."})
    try:
        raw = body.encode()
    except UnicodeEncodeError:
        raise BadInput({"body": "There is a sign in it that a file cannot hold."}) from None
    if len(raw) > drafts.LARGEST:
        raise BadInput({"body": "The file is larger than 2 MB. Files of a procedure are smaller."})
    found = [
        {"where": problem.element or "", "says": problem.message, "severity": problem.severity}
        for problem in problems(raw)
    ]
    told, status = saved_by_script(viewer, draft_id, path, raw, seen)
    return told | {"problems": found}, status
