"""The Ombudsman's Complaint Handling Code, as its dates stand beside those of a landlord's policy.

`processes/shared/code.toml` has the Code's clocks; `[code]` in landlord.toml says which facts and
clocks of the landlord are meant, and where its policy departs from the Code.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

FACT = re.compile(r"\b[a-z][a-z0-9_]*_(?:on|extension)\b")


class CodePart(BaseModel):
    """A table of code.toml or of [code]. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Clock(CodePart):
    """A limit of the Code. beside: the landlord's clock that hangs over the same work.

    longest_extension: working days by which a landlord may make it longer on its own.
    """

    id: str = Field(pattern=r"^code_[a-z0-9_]{1,60}$")
    name: str
    rule: str
    met_by: str
    stage: str
    beside: str
    paragraph: str
    longest_extension: int = 0


class Code(CodePart):
    """The Code. since: the first day of complaints that it is for. nation: where it holds."""

    name: str
    nation: str
    since: date
    clocks: list[Clock]

    def applies(self, nation: str, received_on: date) -> bool:
        """Whether a complaint of that day is one of the Code's."""
        return nation == self.nation and received_on >= self.since


class Departure(CodePart):
    """Where the policy departs from the Code. rule: the Code's paragraph; ours: the policy's."""

    rule: str
    says: str
    ours: str = ""


class CodeOfLandlord(CodePart):
    """Ours for theirs. facts: the Code's name -> our fact; "" if we have none.

    beside: the Code's clock -> our clock over the same work, where it is not called the same.
    """

    facts: dict[str, str] = {}
    beside: dict[str, str] = {}
    departures: list[Departure] = []

    def fact(self, named: str) -> str:
        """Our fact for one of the Code's."""
        return self.facts.get(named, named)

    def rule(self, clock: Clock) -> str:
        """The Code's rule with our facts in it; an extension that we do not have is 0."""
        return FACT.sub(lambda found: self.fact(found[0]) or "0", clock.rule)


def read_code(body: bytes) -> Code:
    """Read code.toml. Raises ValueError."""
    return Code.model_validate(tomllib.loads(body.decode()))
