"""From a draft to a version: proposed by one person, looked at and approved by another.

Nobody approves what they proposed or worked on. A landlord with one such person may publish alone
a day after proposing, and that is flagged for good. Every step is in a history.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.errors import BadInput, ChangedMeanwhile, NotAllowed, NotFound, NotOffered
from app.models import Deployment, Instance, Landlord, ProcedureDraft, ProcedureEvent, User
from app.services import deployments
from app.services.deployments import NEVER, Published
from app.services.workshop import drafts, trials, versions
from app.services.workshop.drafts import Sketch
from app.viewer import ABILITIES, Viewer

ALONE_AFTER = timedelta(hours=24)
LONGEST_SAYS = 300  # characters, as the list of versions has room for
FARTHEST = timedelta(days=366)


def propose(viewer: Viewer, draft_id: str, says: str, starts_at: datetime | None = None) -> None:
    """Put a draft before a second person. Its stories begin to be played, if they have not been.

    says: what changes and why. starts_at: when new cases begin on it; None: once it is approved.
    Raises BadInput for the fields, and under `draft` for a draft with nothing in it or with errors.
    """
    found = drafts.get(viewer, draft_id)
    if errors := {**_wrong_fields(says, starts_at), **_unfit(found)}:
        raise BadInput(errors)
    with transaction() as session:
        row = drafts.locked(session, viewer, draft_id)
        row.status, row.says, row.starts_at = "proposed", says.strip(), starts_at
        row.decision = ""
        row.proposed_by, row.proposed_at = viewer.user_id, clock.now()
        write(session, viewer, "proposed", row, row.says)
    if trials.result(viewer.landlord_id, found.files) is None:
        trials.ask(viewer, draft_id)


def _wrong_fields(says: str, starts_at: datetime | None) -> dict[str, str]:
    errors = {}
    if not says.strip():
        errors["says"] = "Say what changes and why: whoever approves reads it, and auditors do."
    elif len(says.strip()) > LONGEST_SAYS:
        errors["says"] = f"Keep this to {LONGEST_SAYS} characters."
    if starts_at is not None and not clock.now() < starts_at < clock.now() + FARTHEST:
        errors["starts_at"] = "Enter a day and time to come, within a year."
    return errors


def _unfit(found: Sketch) -> dict[str, str]:
    if not found.changed and found.base.live_from != NEVER:
        return {"draft": f"Nothing is changed yet: it is the same as version {found.base.number}."}
    if count := trials.errors_of(found):
        return {"draft": f"Put right first what is wrong with it ({count}): see the overview."}
    slug, landlord_id = found.contents.landlord.slug, found.row.landlord_id
    if slug != landlord_id:
        return {"draft": f"landlord.toml says slug {slug}, but this landlord is {landlord_id}."}
    return {}


def take_back(viewer: Viewer, draft_id: str) -> None:
    """Work on with a draft that was proposed."""
    with transaction() as session:
        row = drafts.locked(session, viewer, draft_id, ("proposed",))
        row.status = "open"
        write(session, viewer, "taken_back", row)


def send_back(viewer: Viewer, draft_id: str, reason: str) -> None:
    """The second person does not approve, and says why. Raises BadInput without a reason."""
    if not viewer.can("approve_procedures"):
        raise NotAllowed
    if not reason.strip():
        raise BadInput({"reason": "Say what should be different."})
    with transaction() as session:
        row = _proposed(session, viewer, draft_id)
        row.status, row.decision = "open", reason.strip()
        row.decided_by, row.decided_at = viewer.user_id, clock.now()
        write(session, viewer, "sent_back", row, row.decision)


def _proposed(session: Session, viewer: Viewer, draft_id: str) -> ProcedureDraft:
    row = session.get(ProcedureDraft, (viewer.landlord_id, draft_id), with_for_update=True)
    if row is None:
        raise NotFound
    if row.status != "proposed":
        raise NotOffered(f"Nothing waits for you here. {drafts.SAYS[row.status]}")
    return row


def approve(viewer: Viewer, draft_id: str, seen: int) -> str:
    """Publish a draft: new cases use it from the moment chosen. Returns the deployment's id.

    seen: the revision whose difference, lint and stories the viewer has seen. Raises NotOffered
    with every reason against it, ChangedMeanwhile for another revision.
    """
    if not viewer.can("approve_procedures"):
        raise NotAllowed
    found = drafts.get(viewer, draft_id)
    files = found.files
    if against := list(reasons_against(viewer, found)):
        raise NotOffered(" ".join(against))
    deployments.refuse_errors(viewer.landlord_id, files)
    with transaction() as session:
        session.get(Landlord, viewer.landlord_id, with_for_update=True)  # one publishes at a time
        row = _proposed(session, viewer, draft_id)
        if row.revision != seen or newer(row) or not _second(viewer, row):
            raise ChangedMeanwhile("Something about this draft has changed. Look at it again.")
        alone = viewer.user_id == row.proposed_by
        at_once = row.starts_at is None or row.starts_at <= clock.now()
        how = Published(
            "workshop",
            by=row.proposed_by,
            says=row.says,
            approved_by=None if alone else viewer.user_id,
            live_from=None if at_once else row.starts_at,
        )
        row.deployment_id = deployments.store(session, viewer.landlord_id, files, how)
        row.status, row.decision = "published", ""
        row.decided_by, row.decided_at = viewer.user_id, clock.now()
        write(session, viewer, "published_alone" if alone else "approved", row)
        return row.deployment_id


def call_off(viewer: Viewer, draft_id: str, reason: str) -> int:
    """A version whose moment is still to come never begins: its draft is open again.

    Returns the version's number. Raises BadInput without a reason, NotOffered once it has begun,
    goes before another, or cases were moved to it.
    """
    if not viewer.can("approve_procedures"):
        raise NotAllowed
    if not reason.strip():
        raise BadInput({"call_off": "Say why: it stands in the history for good."})
    with transaction() as session:
        session.get(Landlord, viewer.landlord_id, with_for_update=True)  # nobody publishes now
        row = session.get(ProcedureDraft, (viewer.landlord_id, draft_id), with_for_update=True)
        if row is None:
            raise NotFound
        version = version_of(row)
        if version is None or (why := _why_it_stays(version)):
            raise NotOffered(why if version else drafts.SAYS[row.status])
        version.called_off_at = clock.now()
        write(session, viewer, "called_off", row, reason.strip())
        row.status, row.deployment_id = "open", None
        row.decision = f"Version {version.number} is called off. {reason.strip()}"
        row.decided_by, row.decided_at = viewer.user_id, clock.now()
        return version.number


def _why_it_stays(version: Deployment) -> str:
    """Why a version cannot be called off; empty: it can."""
    if not versions.waits(version):
        return f"Version {version.number} does not wait any more."
    newest = deployments.newest_row(version.landlord_id)
    if newest is not None and newest.id != version.id:
        return f"Version {newest.number} goes out from it: call that off first."
    cases = db.session.scalar(
        select(func.count(Instance.id)).where(
            Instance.landlord_id == version.landlord_id, Instance.deployment_id == version.id
        )
    )
    return f"{cases} cases were moved to version {version.number}: put them back." if cases else ""


def reasons_against(viewer: Viewer, found: Sketch) -> Iterator[str]:
    """Why this person may not publish a draft that waits now, a sentence each; none: they may."""
    row = found.row
    if row.status != "proposed":
        yield drafts.SAYS[row.status]
        return
    if count := trials.errors_of(found):
        yield f"Lint finds {count} errors."
    elif (played := trials.result(row.landlord_id, found.files)) is None:
        yield "The stories have not been played yet."
    elif failed := len(trials.broken(played)):
        yield f"{failed} of {len(played.told)} stories do not hold."
    if published := newer(row):
        yield (
            f"Version {published.number} was published since this draft was begun: it must be "
            "taken back and brought up to date."
        )
    elif _begins_too_early(found):
        yield f"Version {found.base.number} begins later than this would: choose a later moment."
    if not _second(viewer, row):
        yield _why_not_second(viewer, row)


def newer(row: ProcedureDraft) -> Deployment | None:
    """The version that was published since a draft was begun or brought up to date."""
    newest = deployments.newest_row(row.landlord_id)
    return newest if newest is not None and newest.id != row.based_on else None


def version_of(row: ProcedureDraft) -> Deployment | None:
    """The version that a draft became; None while it is not published."""
    if row.deployment_id is None:
        return None
    return db.session.get_one(Deployment, (row.landlord_id, row.deployment_id))


def waits(row: ProcedureDraft) -> bool:
    """Whether a draft became a version whose moment is still to come."""
    version = version_of(row)
    return version is not None and versions.waits(version)


def _begins_too_early(found: Sketch) -> bool:
    begins = found.base.live_from
    starts = max(found.row.starts_at or clock.now(), clock.now())
    return begins is not None and begins != NEVER and starts < begins


def _second(viewer: Viewer, row: ProcedureDraft) -> bool:
    """Whether somebody may decide: a person who had no part in it, or the only one, a day later."""
    if viewer.user_id not in {row.proposed_by, *row.authors}:
        return True
    return alone_from(viewer, row) is not None and clock.now() >= (alone_from(viewer, row) or NEVER)


def alone_from(viewer: Viewer, row: ProcedureDraft) -> datetime | None:
    """When the proposer may publish without anybody; None where there is somebody else."""
    only = [user.id for user in approvers(row.landlord_id)] == [viewer.user_id]
    if not only or row.proposed_at is None or row.proposed_by != viewer.user_id:
        return None
    return row.proposed_at + ALONE_AFTER


def _why_not_second(viewer: Viewer, row: ProcedureDraft) -> str:
    if at := alone_from(viewer, row):
        when = f"{at.astimezone(clock.LONDON):%d %B %Y}, {clock.time_words(at)}"
        return f"You are the only one who can approve, and may publish alone from {when}."
    if viewer.user_id == row.proposed_by:
        return "You proposed it: a second person approves."
    return "You have changed files of it: somebody who has not approves."


def approvers(landlord_id: str) -> list[User]:
    """Everybody of a landlord who can be the second person, by name."""
    return list(
        db.session.scalars(
            select(User)
            .where(
                User.landlord_id == landlord_id,
                User.active,
                User.role.in_(ABILITIES["approve_procedures"]),
            )
            .order_by(User.name, User.id)
        )
    )


def second_people(row: ProcedureDraft) -> list[str]:
    """The names of those who may approve a draft."""
    part = {row.proposed_by, *row.authors}
    return [user.name for user in approvers(row.landlord_id) if user.id not in part]


def notices(viewer: Viewer) -> list[ProcedureDraft]:
    """The drafts that wait for this person: to be decided about, or sent back to who worked on it.

    The newest change first.
    """
    sent_back = (ProcedureDraft.status == "open") & (ProcedureDraft.decision != "")
    waiting = (ProcedureDraft.status == "proposed") | sent_back
    rows = db.session.scalars(
        select(ProcedureDraft)
        .where(ProcedureDraft.landlord_id == viewer.landlord_id, waiting)
        .order_by(ProcedureDraft.changed_at.desc())
    )
    return [
        row
        for row in rows
        if (
            _second(viewer, row)
            if row.status == "proposed"
            else viewer.user_id in {row.proposed_by, *row.authors}
        )
    ]


def waits_for(viewer: Viewer) -> set[str]:
    """Ids of the drafts that this person can decide about now."""
    return {row.id for row in notices(viewer) if row.status == "proposed"}


def running_cases(viewer: Viewer) -> list[tuple[int, int]]:
    """(version, how many cases still run on it), newest version first."""
    rows = db.session.execute(
        select(Deployment.number, func.count())
        .join(
            Instance,
            (Instance.landlord_id == Deployment.landlord_id)
            & (Instance.deployment_id == Deployment.id),
        )
        .where(Deployment.landlord_id == viewer.landlord_id, Instance.completed.is_(False))
        .group_by(Deployment.number)
        .order_by(Deployment.number.desc())
    )
    return [(number, count) for number, count in rows]


def write(
    session: Session, viewer: Viewer, action: str, row: ProcedureDraft, says: str = ""
) -> None:
    """A line of history, which nobody changes afterwards."""
    session.add(
        ProcedureEvent(
            landlord_id=viewer.landlord_id,
            at=clock.now(),
            by=viewer.user_id,
            action=action,
            says=says,
            draft_id=row.id,
            deployment_id=row.deployment_id,
        )
    )
