"""What a letter may print: the declared facts, the parts that staff type, and closed lists."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

CLOSED_LISTS = {
    "recipient": ("name", "salutation", "copy"),
    "resident": ("name", "salutation", "address"),
    "representative": ("name", "salutation", "relation"),
    "case": ("reference", "received_on", "story", "desired_outcome", "stage", "status_link"),
    "landlord": ("name", "phone", "email", "address", "website"),
    "ombudsman": ("name", "about", "phone", "website", "address"),
    "officer": ("name", "job", "phone"),
}
FIXED_FIELDS = frozenset(
    {f"{group}_{name}" for group, names in CLOSED_LISTS.items() for name in names} | {"today"}
)
OMBUDSMAN_CONTACTS = frozenset({"ombudsman_phone", "ombudsman_website", "ombudsman_address"})

PART = re.compile(r"part_[a-z][a-z0-9_]{0,40}")
# of a body outside, such as a council: body_council_phone
BODY = re.compile(r"body_(?P<id>[a-z][a-z0-9_]{0,40})_(name|phone|email|website|address)")
DEADLINE = re.compile(r"deadline_[A-Za-z_][A-Za-z0-9_]{0,80}_due")


def is_part(field: str) -> bool:
    """Whether staff type this field's text, for this one letter."""
    return PART.fullmatch(field) is not None


def part_words(field: str) -> str:
    """Name a part for people: part_how_investigated is "how investigated"."""
    return field.removeprefix("part_").replace("_", " ")


def problem_with(field: str, facts: Collection[str]) -> str | None:
    """Say why a letter cannot print this field; None if it can."""
    if (
        field in FIXED_FIELDS
        or field in facts
        or is_part(field)
        or DEADLINE.fullmatch(field)
        or BODY.fullmatch(field)
    ):
        return None
    near = get_close_matches(field, [*FIXED_FIELDS, *facts], n=1, cutoff=0.75)
    hint = f"; did you mean {{{{{near[0]}}}}}?" if near else ""
    return f"{{{{{field}}}}} is not a field of letters, nor a declared fact{hint}"


def problem_with_comparison(
    field: str, value: str, choices: Mapping[str, Collection[str]]
) -> str | None:
    """Say why {{#if field == "value"}} can never hold; None if it can.

    choices: the words to choose from, of each declared fact that is a choice.
    """
    if field not in choices:
        return f'{{{{#if {field} == "{value}"}}}}: {field} is no declared fact of the type choice'
    if value not in choices[field]:
        known = ", ".join(choices[field])
        return f"“{value}” is no choice of {field}; its choices are {known}"
    return None
