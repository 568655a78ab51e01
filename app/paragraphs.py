"""What `policy.toml` says: every numbered paragraph of a landlord's policy, in our own words."""

from __future__ import annotations

import re
import tomllib

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import DeploymentRefused

NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9. -]{0,19}")
_PART = re.compile(r"(.*\d)[a-z]")


class Table(BaseModel):
    """A table of policy.toml. Unknown keys are refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paragraph(Table):
    """One paragraph, or a part of one.

    says: what it demands. reading: how we read it where it can be read in two ways.
    nothing_because: why nothing need carry it; empty where something must.
    """

    says: str = Field(min_length=1)
    reading: str = ""
    nothing_because: str = ""


class PolicyFile(Table):
    """A policy. paragraphs: by number, in the order of the file; sections: number -> heading."""

    title: str = Field(min_length=1)
    date: str = ""
    sections: dict[str, str] = {}
    paragraphs: dict[str, Paragraph] = Field(min_length=1)

    def parts_of(self, number: str) -> list[str]:
        """The lettered parts of a paragraph: 3.5a, 3.5b, … of 3.5."""
        return [other for other in self.paragraphs if _whole_of(other) == number]


def _whole_of(number: str) -> str:
    """3.5 for 3.5a; empty for what is no part."""
    part = _PART.fullmatch(number)
    return part[1] if part else ""


def section_of(number: str) -> str:
    """3 for 3.5a."""
    return number.partition(".")[0]


def cited_in(text: str) -> list[str]:
    """The paragraphs of a citation such as "3.2a, 4.1"."""
    return [number.strip() for number in text.split(",")] if text else []


def whole_paragraphs(text: str) -> str:
    """A citation in the policy's own numbers, as people read it: "4.1" for "4.1b, 4.1c"."""
    return ", ".join(dict.fromkeys(_whole_of(number) or number for number in cited_in(text)))


def read_policy(body: bytes) -> PolicyFile:
    """Parse a policy.toml. Raises DeploymentRefused with every problem in words."""
    try:
        told = tomllib.loads(body.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise DeploymentRefused([f"policy.toml cannot be read: {problem}"]) from problem
    settings = {key: told.pop(key) for key in ("title", "date", "sections") if key in told}
    if wrong := [number for number in told if not NUMBER.fullmatch(number)]:
        raise DeploymentRefused([f"policy.toml: {wrong[0]} cannot be a paragraph's number."])
    try:
        return PolicyFile.model_validate(settings | {"paragraphs": told})
    except ValidationError as problem:
        raise DeploymentRefused(
            [
                f"policy.toml, {'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in problem.errors()
            ]
        ) from problem
