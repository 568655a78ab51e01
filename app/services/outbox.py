"""The outbox: e-mail goes by SMTP or into files, post goes on a list that people work through.

A letter's row is written with the step that queued it; sending comes after the commit. E-mail that
may or may not have gone when the server stopped is marked, and sent once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import AccessibleCopy, Case, Instance, Letter, Outgoing
from app.services import accessible_copies, deployments, mailing, steps
from app.services.access import is_kept_out, unconflicted
from app.services.letters import full_date, recipient_of
from app.services.steps import PROCEDURE, Step
from app.settings import Settings
from app.viewer import Viewer
from timers.calendar import london_date

logger = logging.getLogger(__name__)
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
STALE = timedelta(minutes=10)  # "sending" for longer: the server stopped in the middle
INTERRUPTED = "The server stopped while sending; it may have gone twice."
OFF_THE_LIST = "This letter is not on the list any more."


class NoServer(Exception):
    """No e-mail can go now."""


@dataclass(frozen=True)
class OutRow:
    """One thing sent or to be sent. to: the name of whoever gets it."""

    outgoing: Outgoing
    letter: Letter
    case: Case
    to: str


@dataclass(frozen=True)
class CopyRow:
    """A copy that somebody has to make: its kind and for whom, in words."""

    copy: AccessibleCopy
    letter: Letter
    case: Case
    kind: str
    to: str


@dataclass(frozen=True)
class OutboxPage:
    """The lists, and in words how e-mail leaves this server."""

    to_post: list[OutRow]
    waiting: list[OutRow]
    blocked: list[OutRow]
    gone: list[OutRow]
    copies: list[CopyRow]
    how: str


def page(viewer: Viewer) -> OutboxPage:
    """What is to be posted, what waits, what is blocked, and the last 100 that have gone."""
    if not viewer.can("post"):
        raise NotAllowed
    query = _rows(viewer.landlord_id)
    standing = _kept(viewer, query.where(Outgoing.waits()).order_by(Outgoing.queued_at))
    gone = _kept(
        viewer, query.where(~Outgoing.waits()).order_by(Outgoing.sent_at.desc()).limit(100)
    )
    return OutboxPage(
        to_post=[r for r in standing if r.outgoing.channel == "post" and not r.outgoing.problem],
        waiting=[r for r in standing if r.outgoing.channel == "email" and not _stopped(r)],
        blocked=[r for r in standing if _stopped(r)],
        gone=gone,
        copies=_copies(viewer),
        how=how_email_goes(),
    )


def _stopped(row: OutRow) -> bool:
    return row.outgoing.status in {"blocked", "failed"}


def _copies(viewer: Viewer) -> list[CopyRow]:
    session = db.session()
    return [
        CopyRow(
            copy,
            session.get_one(Letter, (copy.landlord_id, copy.letter_id)),
            case,
            accessible_copies.kind_of(copy),
            accessible_copies.for_whom(session, copy),
        )
        for copy, case in accessible_copies.to_make(session, viewer.landlord_id)
        if not is_kept_out(viewer, case)
    ]


def how_email_goes() -> str:
    """By which way e-mail leaves, in words."""
    settings: Settings = current_app.extensions["settings"]
    if settings.smtp_url.get_secret_value():
        return f"E-mail goes through {urlsplit(settings.smtp_url.get_secret_value()).hostname}."
    return "No mail server is set up: e-mail is kept as files in the folder instance/outbox."


def _rows(landlord_id: str) -> Select[Outgoing, Letter, Case]:
    return (
        select(Outgoing, Letter, Case)
        .join(
            Letter,
            (Letter.landlord_id == Outgoing.landlord_id) & (Letter.id == Outgoing.letter_id),
        )
        .join(Case, (Case.landlord_id == Outgoing.landlord_id) & (Case.id == Outgoing.case_id))
        .where(Outgoing.landlord_id == landlord_id)
    )


def _kept(viewer: Viewer, query: Select[Outgoing, Letter, Case]) -> list[OutRow]:
    session = db.session()
    return [
        OutRow(outgoing, letter, case, recipient_of(session, case, letter).name)
        for outgoing, letter, case in session.execute(unconflicted(query, viewer))
    ]


def mark_posted(viewer: Viewer, outgoing_id: str, posted_on: date) -> None:
    """Record the day on which a letter was posted: the legal date of sending."""
    if not viewer.can("post"):
        raise NotAllowed
    with transaction() as session:
        outgoing, step = locked(session, viewer, (viewer.landlord_id, outgoing_id))
        if outgoing.channel != "post" or outgoing.status != "queued":
            raise NotFound(OFF_THE_LIST)
        if is_kept_out(viewer, step.case):
            raise NotFound
        if posted_on > clock.today():
            raise BadInput({"posted_on": "The day of posting must be today or earlier."})
        if posted_on < london_date(outgoing.queued_at):
            queued = full_date(london_date(outgoing.queued_at))
            raise BadInput({"posted_on": f"The letter was written on {queued}; it cannot have "
                            "been posted earlier."})  # fmt: skip
        outgoing.sent_by = viewer.user_id
        _gone(step, outgoing, posted_on, f"Posted on {full_date(posted_on)}.")


def locked(session: Session, actor: Viewer, key: tuple[str, str]) -> tuple[Outgoing, Step]:
    """One thing to send and a step on its case, read after all who had them are done.

    The case is locked first, as in every step. Raises NotFound; the caller asks who may.
    """
    outgoing = session.get(Outgoing, key)
    if outgoing is None:
        raise NotFound(OFF_THE_LIST)
    instance = session.scalars(
        select(Instance).where(
            Instance.landlord_id == outgoing.landlord_id, Instance.case_id == outgoing.case_id
        )
    ).one()
    step = steps.open_step(session, instance, actor)
    session.refresh(outgoing, with_for_update=True)
    return outgoing, step


def _gone(step: Step, outgoing: Outgoing, on: date, how: str) -> None:
    """Record that something has left the house."""
    letter = _letter_of(step.session, outgoing)
    outgoing.status, outgoing.sent_on, outgoing.sent_at = "sent", on, step.now
    outgoing.problem, outgoing.next_try_at = "", None
    letter.status = "sent"
    step.write("letter_sent", letter_id=letter.id, title=letter.title, how=how)


def _letter_of(session: Session, outgoing: Outgoing) -> Letter:
    return session.get_one(Letter, (outgoing.landlord_id, outgoing.letter_id))


def send_due(
    landlord_id: str | None = None, *, stopping: Callable[[], bool] = lambda: False
) -> int:
    """Send the e-mail that waits; return how many left. Tell the team of what did not go.

    Where no mail server answers, the rest is tried the next time. stopping: asked before each; the
    rest then waits for another worker.
    """
    _find_interrupted()
    sent = 0
    with suppress(NoServer):
        while not stopping() and (claimed := _claim(landlord_id)) is not None:
            sent += _send(*claimed)
    _tell_of_late_post(landlord_id)
    return sent


def _claim(landlord_id: str | None) -> tuple[str, str] | None:
    """Mark the next e-mail as being sent, so that nobody else sends it, too."""
    query = select(Outgoing).where(
        Outgoing.waits(),
        Outgoing.channel == "email",
        Outgoing.status.in_(("queued", "unknown")),
        Outgoing.next_try_at <= clock.now(),
    )
    if landlord_id:
        query = query.where(Outgoing.landlord_id == landlord_id)
    if db.session.scalar(query.limit(1)) is None:
        return None
    with transaction() as session:
        outgoing = session.scalar(
            query.order_by(Outgoing.queued_at).limit(1).with_for_update(skip_locked=True)
        )
        if outgoing is None:
            return None
        outgoing.status, outgoing.tries = "sending", outgoing.tries + 1
        outgoing.next_try_at = clock.now()
        return outgoing.landlord_id, outgoing.id


def _send(landlord_id: str, outgoing_id: str) -> bool:
    outgoing = db.session.get(Outgoing, (landlord_id, outgoing_id))
    if outgoing is None:
        return False
    try:
        how = mailing.deliver(outgoing)
    except (OSError, ValueError) as problem:  # whatever smtplib raises is an OSError
        logger.warning("an e-mail did not go", extra={"cause": type(problem).__name__})
        _failed(landlord_id, outgoing_id, str(problem) or type(problem).__name__)
        if mailing.is_of_all(problem):
            raise NoServer from problem
        return False
    with transaction() as session:
        sent, step = locked(session, PROCEDURE, (landlord_id, outgoing_id))
        if sent.status != "sent":  # by another worker, while this one stood still
            _gone(step, sent, clock.today(), how)
    return True


def _failed(landlord_id: str, outgoing_id: str, problem: str) -> None:
    """Try again after 1, 5 and 30 minutes; then it is a matter for people."""
    with transaction() as session:
        outgoing, step = locked(session, PROCEDURE, (landlord_id, outgoing_id))
        if outgoing.status != "sending":  # held back in the meantime
            return
        outgoing.problem = problem[:500]
        if outgoing.tries <= len(RETRY_AFTER):
            outgoing.status = "queued"
            outgoing.next_try_at = clock.now() + RETRY_AFTER[outgoing.tries - 1]
            return
        outgoing.status, outgoing.next_try_at = "failed", None
        _tell(step, f"An e-mail could not be sent: {problem[:200]}")


def _find_interrupted() -> None:
    """What was being sent when the server stopped may have gone or not: send once more, marked."""
    for key in _keys(Outgoing.status == "sending", Outgoing.next_try_at < clock.now() - STALE):
        with transaction() as session:
            outgoing, step = locked(session, PROCEDURE, key)
            since = outgoing.next_try_at or step.now
            if outgoing.status == "sending" and since < step.now - STALE:
                _interrupted(step, outgoing)


def _interrupted(step: Step, outgoing: Outgoing) -> None:
    """The history keeps that a letter may have gone twice; the second time it is for people."""
    letter = _letter_of(step.session, outgoing)
    outgoing.problem = INTERRUPTED
    outgoing.status = "unknown" if outgoing.tries < 2 else "failed"
    step.write("letter_interrupted", letter_id=letter.id, title=letter.title, how=INTERRUPTED)
    if outgoing.status == "failed":
        _tell(step, f"An e-mail could not be sent: {INTERRUPTED}")


def _keys(*which: ColumnElement[bool]) -> Sequence[tuple[str, str]]:
    """What is to be sent, oldest first. Each is looked at again once it is locked."""
    query = select(Outgoing.landlord_id, Outgoing.id).where(Outgoing.waits(), *which)
    query = query.order_by(Outgoing.queued_at)
    return [(landlord_id, id_) for landlord_id, id_ in db.session.execute(query)]


def _tell_of_late_post(landlord_id: str | None) -> None:
    """A letter that has not left by the end of the day on which it was queued: tell the team."""
    start = datetime.combine(clock.today(), time.min, clock.LONDON)
    late = [
        Outgoing.status.in_(("queued", "unknown")),
        Outgoing.told_late.is_(False),
        Outgoing.queued_at < start,
    ]
    if landlord_id:
        late.append(Outgoing.landlord_id == landlord_id)
    for key in _keys(*late):
        with transaction() as session:
            outgoing, step = locked(session, PROCEDURE, key)
            if not outgoing.told_late:
                outgoing.told_late = True
                _tell(step, "A letter was not sent on the day it was written")


def _tell(step: Step, says: str) -> None:
    landlord = deployments.landlord(step.case.landlord_id)
    step.alert(landlord.alert_team_blocked_post or landlord.alert_team_hazard, "", says)
