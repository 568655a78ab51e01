"""A case: what was complained about, by whom, and what people noted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.base import Owned, OwnedById, index_of
from app.models.people import Person


def of_case() -> ForeignKeyConstraint:
    """The key of a row that belongs to a case."""
    return ForeignKeyConstraint(["landlord_id", "case_id"], ["case.landlord_id", "case.id"])


class Case(OwnedById, Base):
    """One complaint (or other feedback). `status` is open or closed; a closed case may still wait.

    stage: the code of landlords' stages (intake, quick, stage_1, …); stage_name: as people say it.
    triage: the answers to the danger questions. old_reference: of a case that was read in, in the
    system it comes from. link_hash: SHA-256 of the resident's private link. place, duty_on: where
    an open case stands, and the date of its first duty (app/services/standing.py).
    """

    __tablename__ = "case"
    reference: Mapped[str] = mapped_column(String(20))
    old_reference: Mapped[str | None] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(30), default="complaint")
    status: Mapped[str] = mapped_column(String(10), default="open")
    stage: Mapped[str] = mapped_column(String(30), default="")
    stage_name: Mapped[str] = mapped_column(String(100), default="")
    outcome: Mapped[str] = mapped_column(String(60), default="")
    channel: Mapped[str] = mapped_column(String(30), default="")
    received_on: Mapped[date]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    recorded_by: Mapped[str | None] = mapped_column(String(32))  # None: the resident, online
    story: Mapped[str] = mapped_column(Text, default="")
    since_when: Mapped[str] = mapped_column(String(500), default="")
    desired_outcome: Mapped[str] = mapped_column(Text, default="")
    triage: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    hazard: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str | None] = mapped_column(String(600))
    duty_on: Mapped[date | None]
    link_hash: Mapped[str | None] = mapped_column(String(64))
    submission_key: Mapped[str | None] = mapped_column(String(64))
    parties: Mapped[list[Party]] = relationship(back_populates="case", lazy="selectin")
    carried: Mapped[list[CarriedOn]] = relationship(viewonly=True)  # a list of cases loads it
    __table_args__ = (
        UniqueConstraint("landlord_id", "reference"),
        UniqueConstraint("landlord_id", "submission_key"),
        Index("ix_case_old_reference", "landlord_id", "old_reference", unique=True),
        Index("ix_case_link_hash", "link_hash"),
        Index("ix_case_opened", "landlord_id", "status", "opened_at"),
        Index("ix_case_newest", "landlord_id", "opened_at"),
        # what services/open_cases.py counts by, and what it lists, without a look at the row
        index_of(
            "ix_case_standing",
            "kind",
            "stage",
            "stage_name",
            "place",
            "duty_on",
            "hazard",
            "id",
            "status",
            only="status = 'open'",
        ),
        # what a process of an older version has recorded
        index_of("ix_case_unplaced", "id", only="status = 'open' AND place IS NULL"),
        index_of(
            "ix_case_first",
            "duty_on",
            "id",
            "place",
            "kind",
            "stage",
            "hazard",
            "status",
            only="status = 'open'",
        ),
    )

    @property
    def resident(self) -> Person:
        """The person who complains, and the one contact. Every case has one."""
        return next(p.person for p in self.parties if p.role == "resident")

    @property
    def residents(self) -> list[Person]:
        """All who complain together: the contact first."""
        others = (p.person for p in self.parties if p.role == "other_resident")
        return [self.resident, *sorted(others, key=lambda person: person.name)]

    @property
    def representatives(self) -> list[Party]:
        """Who speaks for the resident."""
        found = (p for p in self.parties if p.role == "representative")
        return sorted(found, key=lambda party: party.person.name)


class Party(Owned, Base):
    """A person's part in a case: resident (the one contact), other_resident, representative, late.

    late: a resident who has died, and for whom somebody carries the case on.

    permission, of a representative: given, pending, withdrawn, refused; how it was given, since
    when it is so, what it is limited to and until when. gets_letters: copies go there, too.
    ended_by_death: whoever gave it has died.
    """

    __tablename__ = "party"
    case_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), default="resident")
    relation: Mapped[str] = mapped_column(String(100), default="")
    permission: Mapped[str] = mapped_column(String(20), default="")
    permission_how: Mapped[str] = mapped_column(String(30), default="")
    permission_on: Mapped[date | None]
    permission_until: Mapped[date | None]
    limited_to: Mapped[str] = mapped_column(String(300), default="")
    gets_letters: Mapped[bool] = mapped_column(default=False)
    ended_by_death: Mapped[bool] = mapped_column(default=False)
    case: Mapped[Case] = relationship(back_populates="parties")
    person: Mapped[Person] = relationship(lazy="joined", overlaps="case,parties")

    def may_act(self, on: date) -> bool:
        """Whether the representative may be told things: permission given, and not past its end."""
        until = self.permission_until
        stands = self.permission == "given" and not self.ended_by_death
        return stands and (until is None or on <= until)

    __table_args__ = (
        of_case(),
        ForeignKeyConstraint(["landlord_id", "person_id"], ["person.landlord_id", "person.id"]),
        Index("ix_party_person", "landlord_id", "person_id", "case_id"),
    )


class CarriedOn(Owned, Base):
    """A resident of the case has died; person_id carries it on for them, None while nobody does.

    late_role: their part in the case until then. standing: executor, household, other; relation
    and shown_by (the evidence) in words. role_before: the part that the person had, or "".
    """

    __tablename__ = "carried_on"
    case_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    late_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    late_role: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[str | None] = mapped_column(String(32))
    standing: Mapped[str] = mapped_column(String(20), default="")
    relation: Mapped[str] = mapped_column(String(100), default="")
    shown_by: Mapped[str] = mapped_column(String(300), default="")
    role_before: Mapped[str] = mapped_column(String(20), default="")
    late: Mapped[Person] = relationship(
        lazy="joined", viewonly=True, foreign_keys="[CarriedOn.landlord_id, CarriedOn.late_id]"
    )
    person: Mapped[Person | None] = relationship(
        lazy="joined", viewonly=True, foreign_keys="[CarriedOn.landlord_id, CarriedOn.person_id]"
    )
    __table_args__ = (
        of_case(),
        ForeignKeyConstraint(
            ["landlord_id", "late_id"],
            ["person.landlord_id", "person.id"],
            name="fk_carried_on_late",
        ),
        ForeignKeyConstraint(
            ["landlord_id", "person_id"],
            ["person.landlord_id", "person.id"],
            name="fk_carried_on_person",
        ),
    )


class CaseLink(Owned, Base):
    """Two cases that belong together: converted, split or about. case_id is the newer one."""

    __tablename__ = "case_link"
    case_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    __table_args__ = (Index("ix_case_link_other", "landlord_id", "other_id"),)


class Point(OwnedById, Base):
    """One thing complained about; each is answered before a response can go.

    ours: yes, no, or empty while undecided. whose: who is responsible when we are not. moved_to:
    the case that it became.
    """

    __tablename__ = "point"
    case_id: Mapped[str] = mapped_column(String(32))
    n: Mapped[int]
    text: Mapped[str] = mapped_column(String(500))
    ours: Mapped[str] = mapped_column(String(5), default="")
    whose: Mapped[str] = mapped_column(String(200), default="")
    moved_to: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(30), default="")
    added_at: Mapped[datetime]
    added_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (of_case(), UniqueConstraint("landlord_id", "case_id", "n"))


class Note(OwnedById, Base):
    """A note, a logged contact, something the resident added, or a text kept after a lost race."""

    __tablename__ = "note"
    case_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(32))  # None: the resident
    kind: Mapped[str] = mapped_column(String(20), default="note")
    text: Mapped[str] = mapped_column(Text)
    triage: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # of a contact
    __table_args__ = (of_case(), Index("ix_note_case", "landlord_id", "case_id", "at"))


class Alert(OwnedById, Base):
    """Something a team must know now. It stays until a member has seen it."""

    __tablename__ = "alert"
    case_id: Mapped[str] = mapped_column(String(32))
    team: Mapped[str] = mapped_column(String(60))
    element: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (of_case(), Index("ix_alert_team", "landlord_id", "team", "seen_at"))
