"""Landlords, the people who work there, and the people who complain."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.base import Owned, OwnedById, new_id


class Landlord(Base):
    """A landlord. `id` names its folder and its public address; the rest is in landlord.toml."""

    __tablename__ = "landlord"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


class User(Base):
    """Someone who signs in. Administrators may belong to no landlord and choose one."""

    __tablename__ = "user"
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    landlord_id: Mapped[str | None] = mapped_column(ForeignKey("landlord.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    job_title: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    rank: Mapped[int | None]  # personal rank; else the highest of the person's teams
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    session_key: Mapped[str] = mapped_column(String(32), default=new_id)  # new one = signed out
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    landlord: Mapped[Landlord | None] = relationship(viewonly=True)
    memberships: Mapped[list[Membership]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )


class EndedSession(Base):
    """A session that was signed out: a copy of its cookie is worth nothing. Kept for a day."""

    __tablename__ = "ended_session"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    ended_at: Mapped[datetime]


class Membership(Base):
    """A person's place in a team of landlord.toml."""

    __tablename__ = "membership"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    team: Mapped[str] = mapped_column(String(60), primary_key=True)


class Home(OwnedById, Base):
    """One of the landlord's homes, as read in from its housing system.

    old_reference: its reference there, such as the UPRN.
    """

    __tablename__ = "home"
    old_reference: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(500))
    postcode: Mapped[str] = mapped_column(String(12), default="")
    search: Mapped[str] = mapped_column(String(600), default="")  # folded address and postcode
    __table_args__ = (
        Index("ix_home_old_reference", "landlord_id", "old_reference", unique=True),
        Index("ix_home_postcode", "landlord_id", "postcode"),
    )


class Person(OwnedById, Base):
    """A resident or another person of a case, with how to reach them safely.

    contact_use: the channel to use (email, post, phone, text); contact_times, contact_place: when
    and where it is safe; contact_never: channels that are blocked; adjustments: what the person
    asked for, in words. old_reference: of whom was read in, in the system they come from.
    """

    __tablename__ = "person"
    old_reference: Mapped[str | None] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(500), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    search: Mapped[str] = mapped_column(String(1000), default="")  # folded name and address
    contact_use: Mapped[str] = mapped_column(String(20), default="")
    contact_times: Mapped[str] = mapped_column(String(300), default="")
    contact_place: Mapped[str] = mapped_column(String(300), default="")
    contact_never: Mapped[list[str]] = mapped_column(JSON, default=list)
    adjustments: Mapped[list[str]] = mapped_column(JSON, default=list)
    language: Mapped[str] = mapped_column(String(60), default="")
    death: Mapped[Death | None] = relationship(lazy="joined", viewonly=True)
    __table_args__ = (
        Index("ix_person_postcode", "landlord_id", "postcode"),
        Index("ix_person_old_reference", "landlord_id", "old_reference", unique=True),
    )


class Death(Owned, Base):
    """A resident has died. It is of the person, whatever cases they have; gone if it was wrong.

    died_on: None where the day is not known. told_by: who told us.
    """

    __tablename__ = "death"
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    died_on: Mapped[date | None]
    told_by: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (
        ForeignKeyConstraint(["landlord_id", "person_id"], ["person.landlord_id", "person.id"]),
    )


class ContactArrangement(OwnedById, Base):
    """How somebody may contact us for a time, after a warning and an approval.

    It never holds for a hazard, safeguarding or a new issue. case_id: the case that decided it.
    """

    __tablename__ = "contact_arrangement"
    person_id: Mapped[str] = mapped_column(String(32))
    case_id: Mapped[str] = mapped_column(String(32))
    says: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date]
    review_on: Mapped[date]
    ends_on: Mapped[date]
    approved_by: Mapped[str | None] = mapped_column(String(32))
    ended_on: Mapped[date | None]
    __table_args__ = (Index("ix_contact_arrangement_person", "landlord_id", "person_id"),)


class Conflict(Owned, Base):
    """A user who may not see a case: complained about, or with a declared conflict."""

    __tablename__ = "conflict"
    case_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300), default="")
