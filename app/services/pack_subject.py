"""The case that a hearing pack is about: its panel, and which forms that is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from app.db import db
from app.models import Answer, Case, Instance, Letter, Outgoing, Task
from app.services import deadlines, letters, panels
from app.services.answers import answers_of
from app.services.deployments import Deployed


@dataclass(frozen=True)
class Subject:
    """The case that a pack is about, as it stands now."""

    case: Case
    instance: Instance
    deployed: Deployed

    @cached_property
    def seats(self) -> panels.Seats:
        return panels.seats(self.deployed)

    @cached_property
    def answers(self) -> list[Answer]:
        return answers_of(db.session(), self.case)

    @cached_property
    def newest(self) -> panels.Newest:
        """What was answered last in each task."""
        return {answer.element: answer.values for answer in self.answers}

    @cached_property
    def chosen(self) -> list[Answer]:
        """Each time that the panel was chosen."""
        return [answer for answer in self.answers if answer.element in self.seats.choosing]

    @cached_property
    def being_chosen(self) -> bool:
        """Whether the panel is to be chosen now, for the first time or anew."""
        open_now = select(Task.id).where(
            Task.landlord_id == self.case.landlord_id,
            Task.case_id == self.case.id,
            Task.status == "open",
            Task.element.in_(self.seats.choosing),
        )
        return db.session.scalar(open_now) is not None

    @property
    def panel(self) -> list[tuple[str, str]]:
        """Seat and name of each member; empty while it is being chosen."""
        if self.being_chosen:
            return []
        return panels.seated(self.deployed, self.instance.facts, self.newest)

    @property
    def members(self) -> list[str]:
        """The ids of all who sit on the panel."""
        return self.seats.members(self.instance.facts, self.newest)

    @cached_property
    def letters(self) -> list[tuple[Letter, Outgoing | None]]:
        """Oldest first."""
        return letters.letters_of(db.session(), self.case)[::-1]

    def is_told(self, answer: Answer) -> bool:
        """Whether a panel reads a form. Once it is chosen, only what the resident says is new."""
        element = self.deployed.elements.get(answer.element)
        if element is None or answer.form not in self.deployed.forms:
            return False
        around = deadlines.hosts_over(self.deployed.procedure, element.id)
        beside = any(
            self.deployed.elements[host].properties.get("keeps_open") == "no" for host in around
        )
        if beside:
            return False
        chosen_at = self.chosen[0].at if self.chosen else None
        before = chosen_at is None or answer.at < chosen_at
        return before or "resident" in element.listed("offered_to")
