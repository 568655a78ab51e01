"""For process owners: the versions of the procedure, and what a new one changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select

from app import clock
from app.db import db
from app.engine import Element
from app.errors import NotAllowed, NotFound
from app.models import Deployment, ProcedureDraft
from app.services import deployments, tasks
from app.services.contents import DIAGRAMS
from app.services.deployments import NEVER, Deployed
from app.services.outline import rule_words
from app.services.tables import tables
from app.services.workshop import records
from app.viewer import Viewer


@dataclass(frozen=True)
class Version:
    """One version of the procedure, who published it, and whether new cases start on it.

    by: empty for a version that came from the folders on disk. flag: that no second person has
    seen it. begins_later: its moment is still to come; draft_id: it can be called off there.
    """

    row: Deployment
    by: str
    live: bool
    approved_by: str = ""
    flag: str = ""
    begins_later: bool = False
    draft_id: str = ""

    @property
    def stands(self) -> str:
        """Whether new cases start on it, in words."""
        if self.live:
            return "live"
        if self.row.live_from == NEVER:
            return "not published: what the first one goes out from"
        if self.row.called_off_at:
            return "called off before it began"
        return "not yet for new cases" if self.begins_later else "no longer for new cases"


def versions(viewer: Viewer) -> list[Version]:
    """All versions of the viewer's landlord, newest first."""
    if not viewer.can("see_procedures"):
        raise NotAllowed
    rows = deployments.history(viewer.landlord_id)
    live = _live_id(viewer.landlord_id)
    came_of = _drafts_of(viewer.landlord_id, [row.id for row in rows if waits(row)])
    return [
        Version(
            row,
            tasks.name_of(row.by),
            row.id == live,
            tasks.name_of(row.approved_by),
            records.flag(row),
            waits(row),
            came_of.get(row.id, ""),
        )
        for row in rows
    ]


def _drafts_of(landlord_id: str, deployment_ids: list[str]) -> dict[str, str]:
    if not deployment_ids:
        return {}
    came_of = select(ProcedureDraft.deployment_id, ProcedureDraft.id).where(
        ProcedureDraft.landlord_id == landlord_id,
        ProcedureDraft.deployment_id.in_(deployment_ids),
    )
    rows = db.session.execute(came_of)
    return {deployment_id: draft_id for deployment_id, draft_id in rows if deployment_id}


def waits(row: Deployment) -> bool:
    """Whether the moment from which new cases begin on a version is still to come."""
    if row.live_from is None or row.live_from == NEVER or row.called_off_at:
        return False
    return clock.now() < row.live_from


def _live_id(landlord_id: str) -> str | None:
    try:
        return deployments.live(landlord_id).id
    except NotFound:
        return None


def version(viewer: Viewer, number: int | None = None) -> tuple[Version, Deployed]:
    """One version, by default the live one, or the first of a landlord that has none yet.

    Raises NotFound for a number that never was.
    """
    known = versions(viewer)
    wanted = [v for v in known if (v.live if number is None else v.row.number == number)]
    found = next(iter(wanted), known[-1] if known and number is None else None)
    if found is None:
        raise NotFound
    return found, deployments.pinned(viewer.landlord_id, found.row.id)


def number_of(landlord_id: str, deployment_id: str) -> int:
    """The number under which people know a deployment."""
    number = db.session.scalar(
        select(Deployment.number).where(
            Deployment.landlord_id == landlord_id, Deployment.id == deployment_id
        )
    )
    return number or 0


def file_of(viewer: Viewer, number: int, name: str) -> bytes:
    """A diagram or decision table of a version. Other files are not given out."""
    _, deployed = version(viewer, number)
    if name not in deployed.files or not name.endswith(DIAGRAMS):
        raise NotFound
    return deployed.files[name]


def changes(before: Deployed, after: Deployed) -> Iterator[str]:
    """What is new, gone or different between two versions, a sentence each."""
    old, new = before.elements, after.elements
    for key in (key for key in new if key not in old):
        yield f"New: {_named(new[key])}."
    for key in (key for key in old if key not in new):
        yield f"Gone: {_named(old[key])}."
    for key in [key for key in new if key in old and new[key] != old[key]]:
        if parts := list(_differences(old[key], new[key], before, after)):
            yield f"Changed: {_named(new[key])}: {'; '.join(parts)}."
    was, now = tables(before), tables(after)
    for key in {**was, **now}:
        if was.get(key) != now.get(key):
            yield f"Decision table “{(now.get(key) or was[key]).name}” is different."


def _named(element: Element) -> str:
    return f"“{element.name}” ({element.id})" if element.name else element.id


_WORDS = {
    "name": "name",
    "lane": "lane",
    "form": "form",
    "documentation": "description",
    "calls": "diagram that it opens",
    "decision": "decision table",
    "interrupting": "whether it interrupts",
    "attached_to": "where it sits",
    "message": "message",
    "kind": "kind",
}

_LENGTH = re.compile(r"\b(\d+) ((?:working )?(?:day|month))s?\b")


def _differences(old: Element, new: Element, before: Deployed, after: Deployed) -> Iterator[str]:
    if old.expression != new.expression:
        yield _date_differs(_rule(old, before), _rule(new, after))
    for field in fields(Element):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if field.name in _WORDS and was != now:
            yield f"{_WORDS[field.name]} was {_said(was)}, is {_said(now)}"
    yield from _properties(old.properties, new.properties)
    if _targets(old) != _targets(new):
        yield "other arrows"


def _rule(element: Element, deployed: Deployed) -> str:
    return rule_words(element.expression, deployed.facts) if element.expression else "no date"


def _date_differs(was: str, now: str) -> str:
    """Both rules in words; where only one number is different, that number."""
    pairs = zip(_LENGTH.findall(was), _LENGTH.findall(now), strict=False)
    differ = {(old, new, unit) for (old, unit), (new, _) in pairs if old != new}
    if len(differ) == 1 and _LENGTH.sub(r"\2", was) == _LENGTH.sub(r"\2", now):
        old, new, unit = differ.pop()
        return f"from {old} to {new} {unit}{'' if new == '1' else 's'}"
    return f"the date was: {was}; it is now: {now}"


def _properties(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} was {_said(old.get(name))}, is {_said(new.get(name))}"


def _said(value: Any) -> str:
    return f"“{value}”" if value not in (None, "") else "empty"


def _targets(element: Element) -> list[tuple[str, str | None, str, bool]]:
    return sorted((f.target, f.condition, f.name, f.default) for f in element.outgoing)
