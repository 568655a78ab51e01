"""For administrators: who signs in, and which days nobody works."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from app import clock
from app.db import db
from app.errors import NotAllowed, NotFound
from app.models import DayOffRow, Landlord, User
from app.services.calendars import calendar_of
from app.viewer import Viewer

logger = logging.getLogger(__name__)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for one another


def landlords(viewer: Viewer) -> list[Landlord]:
    """The landlords that an administrator who belongs to none may choose from."""
    if not viewer.can("administer"):
        raise NotAllowed
    return list(db.session.scalars(select(Landlord).order_by(Landlord.id)))


def choose_landlord(viewer: Viewer, landlord_id: str) -> Landlord:
    """Check an administrator's choice and record it; return the landlord.

    Raises NotAllowed for one who belongs to a landlord, NotFound for an unknown landlord.
    """
    if not viewer.can("administer"):
        raise NotAllowed
    user = db.session.get(User, viewer.user_id)
    if user is None or user.landlord_id is not None:
        raise NotAllowed("You belong to one landlord and cannot choose another.")
    landlord = db.session.get(Landlord, landlord_id)
    if landlord is None:
        raise NotFound
    logger.warning("administrator %s chose landlord %s", viewer.user_id, landlord_id)
    return landlord


def belongs_to_none(viewer: Viewer) -> bool:
    """Whether this administrator chooses among the landlords."""
    user = db.session.get(User, viewer.user_id)
    return user is not None and user.landlord_id is None


def everyone(viewer: Viewer) -> list[User]:
    """The accounts, active ones first, by name; without a landlord: those that belong to none."""
    if not viewer.can("administer"):
        raise NotAllowed
    return list(
        db.session.scalars(
            select(User)
            .where(User.landlord_id == (viewer.landlord_id or None))
            .order_by(User.active.desc(), User.name)
        )
    )


def get_user(viewer: Viewer, user_id: str) -> User:
    """One of the people the viewer administers. Raises NotFound for anybody else."""
    found = next((user for user in everyone(viewer) if user.id == user_id), None)
    if found is None:
        raise NotFound
    return found


def is_locked(user: User) -> bool:
    """Whether wrong passwords keep this person out now."""
    return bool(user.locked_until and user.locked_until > clock.now())


def new_password() -> str:
    """A password that can be read out: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))


@dataclass(frozen=True)
class DayOffLine:
    """A day off. by_hand: entered here, not from the calendar that Putright brings along."""

    on: date
    name: str
    by_hand: bool


def days_off(viewer: Viewer, nation: str) -> list[DayOffLine]:
    """Bank holidays and days entered by hand, of this year and the next."""
    if not viewer.can("administer"):
        raise NotAllowed
    calendar = calendar_of(nation)
    by_hand = set(db.session.scalars(select(DayOffRow.on).where(DayOffRow.nation == nation)))
    first = date(clock.today().year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(first.year + 2, 1, 1) - first).days))
    named = ((day, calendar.day_off_name(day)) for day in days)
    return [DayOffLine(day, name, day in by_hand) for day, name in named if name]
