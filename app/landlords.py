"""What `landlord.toml` says: names, teams, contacts, ombudsmen. Read live, not pinned to a case."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.code import CodeOfLandlord
from app.errors import DeploymentRefused

LONGEST_CLOSURE = timedelta(days=31)


class Part(BaseModel):
    """A table of landlord.toml. Unknown keys are refused, so that a slip of the pen is noticed.

    policy: the paragraphs of the policy that it carries, such as "3.3a, 4.2a".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: str = ""


class Team(Part):
    """A team. `name` is the name of its lane; a higher `rank` is more senior.

    also: what diagrams that serve several landlords call it, such as “Complaints team”.
    """

    name: str
    also: list[str] = []
    rank: int = 1
    phone: str = ""
    email: str = ""


class Ombudsman(Part):
    """Where a resident may go next."""

    name: str
    phone: str = ""
    website: str = ""
    form: str = ""
    address: str = ""
    email: str = ""
    about: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """What letters print of it."""
        return {
            "ombudsman_name": self.name,
            "ombudsman_about": self.about,
            "ombudsman_phone": self.phone,
            "ombudsman_website": self.form or self.website,
            "ombudsman_address": self.address,
        }


class Body(Part):
    """Somebody outside who gets letters, such as a council or a regulator."""

    name: str
    phone: str = ""
    email: str = ""
    website: str = ""
    address: str = ""
    contact: str = ""  # the person or team that a letter is for


class ContactPerson(Part):
    """Whom a letter names when nobody works on the case."""

    name: str
    phone: str
    job: str = ""


class Choice(Part):
    """A value and its words."""

    id: str
    name: str


class Neighbour(Part):
    """Another policy of the landlord, to which staff are pointed where ours ends."""

    name: str
    about: str


class DangerLine(Part):
    """A number to ring before any question is asked."""

    name: str
    phone: str
    about: str = ""


class Governance(Part):
    """Who answers for the policy, and when it is looked at again. cycle: “every three years”."""

    owner: str = ""
    operational_owner: str = ""
    approved_by: str = ""
    review_on: date | None = None
    cycle: str = ""


class Report(Part):
    """What the report counts besides. counts: facts, choices or yes/no. year_begins: a month."""

    counts: list[str] = []
    year_begins: Literal[1, 4, 7, 10] = 4


class Target(Part):
    """What the policy aims for, in percent. Neither at_least nor below: it gives no figure.

    clock: the share of a limit that was kept. stage, or kind: how many beside those `of` another.
    satisfied: the share of those who were satisfied, of the answers to this question.
    """

    name: str
    clock: str = ""
    stage: str = ""
    kind: str = ""
    of: str = ""
    satisfied: str = ""
    at_least: Annotated[float, Field(ge=0, le=1000)] | None = None
    below: Annotated[float, Field(gt=0, le=1000)] | None = None

    @model_validator(mode="after")
    def one_thing_is_measured(self) -> Self:
        """One thing, with one figure at most."""
        if len([each for each in (self.clock, self.stage, self.kind, self.satisfied) if each]) != 1:
            raise ValueError(
                "choose one thing to measure: the limit of a clock, a stage, a kind of case or an "
                "answer (clock, stage, kind or satisfied)"
            )
        if bool(self.of) != bool(self.stage or self.kind):
            raise ValueError("choose both a stage or kind, and the one it is counted beside (of)")
        if self.at_least is not None and self.below is not None:
            raise ValueError("give the least or the most, not both (at_least, below)")
        return self

    @property
    def wanted(self) -> str:
        """The figure in words."""
        if self.at_least is not None:
            return f"At least {self.at_least:g}%"
        return "No figure in the policy" if self.below is None else f"Less than {self.below:g}%"


class DueReport(Part):
    """A report, who gets it, and the months by whose end it is due."""

    name: str
    to: str
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(min_length=1)
    about: str = ""


class Closure(Part):
    """Days on which the offices are closed, the first and the last among them.

    They count like others, unless `policy` cites the paragraph that says that they do not.
    """

    name: str
    first: date
    last: date

    @model_validator(mode="after")
    def it_ends(self) -> Self:
        """Not before it begins, and soon."""
        if not timedelta() <= self.last - self.first < LONGEST_CLOSURE:
            raise ValueError("the last day is the first or one of the 30 after it")
        return self

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]


class Landlord(Part):
    """A landlord. `alert_team_…`: who hears at once of a hazard or a safeguarding worry."""

    name: str
    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{1,58}$")
    reference_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    nation: str = Field(pattern=r"^(ENG|WLS|SCT|NIR)$")
    short_name: str = ""
    website: str = ""
    phone: str = ""
    phone_hours: str = ""
    email: str = ""
    address: str = ""
    emergency_phone: str = ""
    emergency_about: str = ""
    leave_to: str = "https://www.bbc.co.uk/weather"
    alert_team_hazard: str
    alert_team_safeguarding: str = ""
    alert_team_blocked_post: str = ""
    shared_kinds: list[str] = []  # kinds of case whose diagrams stand in processes/shared
    teams: dict[str, Team]
    ombudsman: Ombudsman
    ombudsmen: dict[str, Ombudsman] = {}
    bodies: dict[str, Body] = {}
    contact_person: ContactPerson | None = None
    channels: list[Choice] = []
    policies: list[Neighbour] = []
    danger_lines: list[DangerLine] = []
    targets: list[Target] = []
    governance: Governance = Governance()
    report: Report = Report()
    code: CodeOfLandlord = CodeOfLandlord()
    reports: list[DueReport] = []
    closures: list[Closure] = []

    @model_validator(mode="after")
    def reports_have_names_of_their_own(self) -> Self:
        """Each is known by its name, also after it was presented."""
        names = [report.name for report in self.reports]
        if len(set(names)) < len(names):
            raise ValueError("two [[reports]] have the same name; give each its own")
        return self

    @property
    def days_off(self) -> dict[date, str]:
        """The closures that its policy does not count, day by day, with their names."""
        return {
            day: closure.name for closure in self.closures if closure.policy for day in closure.days
        }

    def closed_on(self, day: date | None) -> str:
        """The name of the closure on a day that counts all the same; empty for none."""
        return next((c.name for c in self.closures if not c.policy and day in c.days), "")

    def team_of(self, named: str | None) -> str | None:
        """The id of the team that a lane or an alert names: by id, by name, or as it is `also`."""
        if named in self.teams:
            return named
        names = ((team_id, (team.name, *team.also)) for team_id, team in self.teams.items())
        return next((team_id for team_id, called in names if named in called), None)

    @property
    def body_fields(self) -> dict[str, str]:
        """What letters print of bodies outside: body_council_phone."""
        return {
            f"body_{id}_{name}": getattr(body, name)
            for id, body in self.bodies.items()
            for name in ("name", "phone", "email", "website", "address")
        }

    def next_places(self) -> tuple[str, ...]:
        """The ids of where a resident may go next; none is nowhere."""
        return ("ombudsman", *self.ombudsmen, "none")

    def next_place(self, choice: str | None) -> Ombudsman | None:
        """Where a resident may go next; the Ombudsman if nothing was chosen. None: nowhere."""
        if choice == "none":
            return None
        return self.ombudsmen.get(choice or "", self.ombudsman)

    def channel_name(self, channel: str) -> str:
        """The words for a channel; the code itself when landlord.toml has none."""
        return next((c.name for c in self.channels if c.id == channel), channel.replace("_", " "))


def read_landlord(body: bytes) -> Landlord:
    """Parse a landlord.toml. Raises DeploymentRefused with every problem in words."""
    try:
        return Landlord.model_validate(tomllib.loads(body.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise DeploymentRefused([f"landlord.toml cannot be read: {problem}"]) from problem
    except ValidationError as problem:
        raise DeploymentRefused(
            [
                f"landlord.toml, {'.'.join(map(str, error['loc']))}: "
                f"{error['msg'].removeprefix('Value error, ')}"
                for error in problem.errors()
            ]
        ) from problem
