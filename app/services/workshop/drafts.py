"""Drafts of a new version: a deployment with some files changed. No case is touched by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import clock
from app.db import db, transaction
from app.engine import Problem
from app.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound, NotOffered
from app.models import Deployment, ProcedureDraft, ProcedureDraftFile
from app.models.base import new_id
from app.services import checking, deployments
from app.services.contents import Contents, Files
from app.services.workshop import advice, changed_limits, leftovers
from app.viewer import Viewer

LARGEST = 2_000_000  # bytes of a file; the engine reads no larger one
MOST_FILES = 500
NAME = r"[a-z0-9][a-z0-9_-]{0,60}"
PATH = re.compile(
    rf"{NAME}\.(bpmn|dmn)|forms/{NAME}\.form|letters/{NAME}(@[\d-]+)?\.md|stories/{NAME}\.toml"
    rf"|(landlord|facts|shared_facts|policy|code)\.toml|demo/{NAME}\.toml"
)
How = Literal["added", "changed", "removed"]
WORKED_ON = ("open", "proposed")


@dataclass(frozen=True)
class Sketch:
    """A draft with its files as they would be published. base: the version it goes out from."""

    row: ProcedureDraft
    base: Deployment
    base_files: Files
    files: Files

    @cached_property
    def contents(self) -> Contents:
        """The files, to be read. Whatever is wrong with one is raised when it is read."""
        return Contents(self.files)

    @property
    def changed(self) -> dict[str, How]:
        """What differs from the version it goes out from, by path."""
        paths = sorted({*self.files, *self.base_files})
        differs = [p for p in paths if self.files.get(p) != self.base_files.get(p)]
        return {path: self._how(path) for path in differs}

    def _how(self, path: str) -> How:
        if path not in self.base_files:
            return "added"
        return "changed" if path in self.files else "removed"

    @property
    def problems(self) -> list[Problem]:
        """What lint finds in all of it together, errors first; without trial walks, which warn.

        Last what the draft leaves behind: what no step uses, and what a changed limit asks for.
        """
        found = advice.beside(checking.check(self.files, walks=False), self.files)
        left = leftovers.left(self.files, self.base_files)
        return [*found, *left, *changed_limits.to_look_at(self.base_files, self.contents)]


def begin(viewer: Viewer, title: str, number: int | None = None) -> str:
    """A new draft that goes out from the newest version. Returns its id.

    number: of an earlier version that it brings back, by changing what is different since. Raises
    BadInput without a title, NotFound for a number that never was.
    """
    _must_own(viewer)
    if not title.strip():
        raise BadInput({"title": "Say in a few words what the change is about."})
    rows = deployments.history(viewer.landlord_id)
    wanted = next((row for row in rows if number in (None, row.number)), None)
    if wanted is None:
        raise NotFound
    before = deployments.pinned(viewer.landlord_id, rows[0].id).files
    after = deployments.pinned(viewer.landlord_id, wanted.id).files
    with transaction() as session:
        return add(session, viewer, title, rows[0].id, differing(before, after))


def add(
    session: Session, viewer: Viewer, title: str, based_on: str, changes: Mapping[str, bytes | None]
) -> str:
    """A draft with some files changed from the first, None for those taken out."""
    row = ProcedureDraft(
        landlord_id=viewer.landlord_id,
        id=new_id(),
        title=title.strip()[:200],
        based_on=based_on,
        made_by=viewer.user_id,
        made_at=clock.now(),
        changed_at=clock.now(),
        starts_at=None,
        proposed_at=None,
        decided_at=None,
        authors=[viewer.user_id] if viewer.user_id and changes else [],
    )
    session.add(row)
    session.flush()
    for path, body in changes.items():
        keep(session, viewer, row.id, path, body)
    return row.id


def differing(before: Files, after: Files) -> dict[str, bytes | None]:
    """What makes the second of the first: the new bytes by path, None for a file taken out."""
    paths = sorted({*before, *after})
    return {path: after.get(path) for path in paths if before.get(path) != after.get(path)}


def every(viewer: Viewer, statuses: Iterable[str] = WORKED_ON) -> list[ProcedureDraft]:
    """The drafts of the viewer's landlord, the newest change first."""
    _must_see(viewer)
    return list(
        db.session.scalars(
            select(ProcedureDraft)
            .where(
                ProcedureDraft.landlord_id == viewer.landlord_id,
                ProcedureDraft.status.in_(tuple(statuses)),
            )
            .order_by(ProcedureDraft.changed_at.desc())
        )
    )


def get(viewer: Viewer, draft_id: str) -> Sketch:
    """A draft with its files. Raises NotFound."""
    _must_see(viewer)
    return sketch(db.session(), viewer.landlord_id, draft_id)


def sketch(session: Session, landlord_id: str, draft_id: str) -> Sketch:
    """The same, for whoever is inside a transaction. Raises NotFound."""
    row = session.get(ProcedureDraft, (landlord_id, draft_id))
    if row is None:
        raise NotFound
    base = session.get_one(Deployment, (landlord_id, row.based_on))
    base_files = deployments.pinned(landlord_id, base.id).files
    files = dict(base_files)
    for one in session.scalars(
        select(ProcedureDraftFile).where(
            ProcedureDraftFile.landlord_id == landlord_id, ProcedureDraftFile.draft_id == draft_id
        )
    ):
        if one.data is None:
            files.pop(one.path, None)
        else:
            files[one.path] = one.data
    return Sketch(row, base, base_files, files)


def put(viewer: Viewer, draft_id: str, path: str, body: bytes, seen: int | None = None) -> int:
    """Save a file of a draft; returns the draft's revision.

    seen: the revision that whoever saves has seen. Raises ChangedMeanwhile if somebody else has
    saved since, BadInput for a name or size that no file may have, NotOffered for a draft that is
    not worked on any more, or waits for approval.
    """
    return put_all(viewer, draft_id, {path: body}, seen)


def put_all(viewer: Viewer, draft_id: str, files: Files, seen: int | None = None) -> int:
    """Save several files of a draft at once. Raises as `put` does, and then none is saved."""
    for path, body in files.items():
        if not PATH.fullmatch(path):
            raise BadInput({"path": f"“{path}” is no name that a file of a procedure may have."})
        if len(body) > LARGEST:
            said = "The file is larger than 2 MB. Files of a procedure are smaller."
            raise BadInput({"body": said})
    return _keep(viewer, draft_id, files, seen)


def remove(viewer: Viewer, draft_id: str, path: str, seen: int | None = None) -> int:
    """Take a file out of a draft. Raises as `put` does, and NotFound for a file it has not."""
    if path not in get(viewer, draft_id).files:
        raise NotFound
    return _keep(viewer, draft_id, {path: None}, seen)


def put_back(viewer: Viewer, draft_id: str, path: str) -> int:
    """Let a file be again as it is in the version that the draft goes out from."""
    with transaction() as session:
        row = locked(session, viewer, draft_id)
        kept = session.get(ProcedureDraftFile, (viewer.landlord_id, draft_id, path))
        if kept is None:
            raise NotFound
        session.delete(kept)
        return touched(session, row, viewer)


def rename(viewer: Viewer, draft_id: str, title: str) -> None:
    """What the change is about. Raises BadInput without a title."""
    if not title.strip():
        raise BadInput({"title": "Say in a few words what the change is about."})
    with transaction() as session:
        locked(session, viewer, draft_id).title = title.strip()[:200]


def drop(viewer: Viewer, draft_id: str) -> None:
    """Give a draft up. It is kept, and can be taken up again."""
    with transaction() as session:
        locked(session, viewer, draft_id, WORKED_ON).status = "dropped"


def take_up(viewer: Viewer, draft_id: str) -> None:
    """Go on with a draft that was given up."""
    with transaction() as session:
        locked(session, viewer, draft_id, ("dropped",)).status = "open"


def _keep(
    viewer: Viewer, draft_id: str, files: Mapping[str, bytes | None], seen: int | None
) -> int:
    """Save files, or take out those that are None; the same bytes again are no change."""
    with transaction() as session:
        row = locked(session, viewer, draft_id)
        if seen is not None and seen != row.revision:
            raise ChangedMeanwhile
        there = sketch(session, viewer.landlord_id, draft_id).files
        if len({*there, *files}) > MOST_FILES:
            raise BadInput({"path": f"A procedure has at most {MOST_FILES} files."})
        changes = {path: body for path, body in files.items() if there.get(path) != body}
        for path, body in changes.items():
            keep(session, viewer, draft_id, path, body)
        return touched(session, row, viewer) if changes else row.revision


def keep(session: Session, viewer: Viewer, draft_id: str, path: str, body: bytes | None) -> None:
    """Write a file of a draft down, within a transaction that has the draft; None: taken out."""
    session.merge(
        ProcedureDraftFile(
            landlord_id=viewer.landlord_id,
            draft_id=draft_id,
            path=path,
            data=body,
            changed_by=viewer.user_id,
            changed_at=clock.now(),
        )
    )


def touched(session: Session, row: ProcedureDraft, viewer: Viewer) -> int:
    """The draft was changed, and by whom. Returns its revision."""
    row.changed_at = clock.now()
    if viewer.user_id and viewer.user_id not in row.authors:
        row.authors = [*row.authors, viewer.user_id]
    flag_modified(row, "changed_at")  # two changes within a tick of the clock are two revisions
    session.flush()
    return row.revision


def locked(
    session: Session, viewer: Viewer, draft_id: str, statuses: tuple[str, ...] = ("open",)
) -> ProcedureDraft:
    """A draft of an owner's, held until the transaction ends. Raises as `put` does."""
    _must_own(viewer)
    row = session.get(ProcedureDraft, (viewer.landlord_id, draft_id), with_for_update=True)
    if row is None:
        raise NotFound
    if row.status not in statuses:
        raise NotOffered(SAYS[row.status])
    return row


SAYS = {
    "open": "This draft is being worked on.",
    "proposed": "This draft waits for a second person. Take it back first to change it.",
    "published": "This draft is published. Begin a new one.",
    "dropped": "This draft was given up. Take it up again first.",
}


def _must_own(viewer: Viewer) -> None:
    if not viewer.can("own_procedures"):
        raise NotAllowed


def _must_see(viewer: Viewer) -> None:
    if not (viewer.can("own_procedures") or viewer.can("approve_procedures")):
        raise NotAllowed
