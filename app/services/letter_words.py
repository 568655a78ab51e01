"""How a letter of a case stands, in words: sent, waiting, held back, or to be made again."""

from __future__ import annotations

from app.db import db
from app.models import AccessibleCopy, Case, Letter, Outgoing
from app.services import accessible_copies, letters
from app.services.letters import full_date
from timers.calendar import london_date
from timers.deadlines import DeadlineState

CHANNELS = {"email": "By e-mail", "post": "By post", "portal": "On the resident's page"}


def copy_words(copy: AccessibleCopy) -> tuple[str, DeadlineState, str]:
    """A copy, a tag, and when in words."""
    kind = accessible_copies.kind_of(copy)
    if copy.dropped:
        return kind, DeadlineState("ended", "Not needed"), "Whoever needed it has died."
    if copy.sent_on:
        return kind, DeadlineState("met", "Sent"), full_date(copy.sent_on)
    since = full_date(london_date(copy.asked_at))
    return kind, DeadlineState("due", "To be made"), f"Asked for on {since}"


def sent_words(letter: Letter, outgoing: Outgoing | None) -> tuple[DeadlineState, str]:
    """How a letter stands: a tag, and in words by which way and when."""
    if letter.status == "withheld":
        return DeadlineState("ended", "Not sent"), "Written anew, or they get no more letters."
    if outgoing is None:
        return DeadlineState("waiting", "Not queued"), "Written; the procedure has not sent it yet."
    way = CHANNELS.get(outgoing.channel, outgoing.channel)
    if sent := letters.sent_on(outgoing):
        return DeadlineState("met", "Sent"), f"{way}, {full_date(sent)}"
    if outgoing.problem and outgoing.status in {"blocked", "failed"}:
        return DeadlineState("late", "Held back"), outgoing.problem
    if outgoing.channel == "post":
        return DeadlineState("due", "To be posted"), "On the print-and-post list"
    return DeadlineState("ok", "Waits to be sent"), way


def outgoing_of(case: Case, letter: Letter) -> Outgoing | None:
    """How a letter went out."""
    pairs = letters.letters_of(db.session(), case)
    return next((out for row, out in pairs if row.id == letter.id), None)
