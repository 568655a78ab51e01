"""What may stand in a letter, in words; a letter's head as fields; made-up values to look at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import tomlkit
from tomlkit.exceptions import TOMLKitError

from app.engine import EngineRefused, FactSpec
from app.errors import DeploymentRefused
from app.letters import FilledLetter, LetterRefused, LetterTemplate, fill, split_letter
from app.letters.fields import CLOSED_LISTS
from app.services.contents import Contents
from app.services.letters import NOWHERE, OUTCOME_WORDS, fact_in_words, full_date

T = TypeVar("T")
NEW_LINE = "\n"
UNREADABLE = (DeploymentRefused, EngineRefused, LetterRefused, ValueError, KeyError)

WORDS = {
    "today": "The day on which it is written",
    "recipient_name": "Name of whoever gets the letter",
    "recipient_salutation": "How they are greeted",
    "recipient_copy": "The copy they need, such as Braille",
    "resident_name": "Name of the resident",
    "resident_salutation": "How the resident is greeted",
    "resident_address": "Address of the resident",
    "representative_name": "Name of whoever speaks for the resident",
    "representative_salutation": "How they are greeted",
    "representative_relation": "What they are to the resident",
    "case_reference": "Reference of the case",
    "case_received_on": "The day on which it reached us",
    "case_story": "What the resident told us",
    "case_desired_outcome": "What they want",
    "case_stage": "The stage that it is in",
    "case_status_link": "The link to the resident’s own page",
    "landlord_name": "Our name",
    "landlord_phone": "Our phone number",
    "landlord_email": "Our e-mail address",
    "landlord_address": "Our address",
    "landlord_website": "Our website",
    "ombudsman_name": "Where they can go next: its name",
    "ombudsman_about": "What it does",
    "ombudsman_phone": "Its phone number",
    "ombudsman_website": "Its website",
    "ombudsman_address": "Its address",
    "officer_name": "Name of whoever writes the letter",
    "officer_job": "Their job",
    "officer_phone": "Their phone number",
}
MADE_UP = {
    "recipient_name": "Amina Okafor",
    "recipient_salutation": "Ms Okafor",
    "resident_name": "Amina Okafor",
    "resident_salutation": "Ms Okafor",
    "resident_address": "14 Example Street\nExample Town EX1 2MP",
    "case_reference": "XX 2611 0042",
    "case_story": "The leak in the kitchen was reported three times and nobody came.",
    "case_desired_outcome": "The leak repaired, and an apology.",
    "case_status_link": "https://example.org/your-own-page",
    "officer_name": "Robin Example",
    "officer_job": "Complaints officer",
    "officer_phone": "01632 960 111",
}
FULL_ONLY = {
    "recipient_copy": "Braille",
    "representative_name": "Sam Example",
    "representative_salutation": "Mr Example",
    "representative_relation": "brother",
    "case_stage": "Stage One",
}
POINTS = [
    {"title": "1. The leak was not repaired",
     "text": "We visited twice and did not find it. We should have sent a plumber.",
     "decision": OUTCOME_WORDS["upheld"]},
    {"title": "2. Nobody rang back",
     "text": "Our records show a call on the next day.",
     "decision": OUTCOME_WORDS["not_upheld"]},
]  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """A field that may stand in a letter. words: what it prints; only_if: it may be empty."""

    name: str
    words: str


def readable(read: Callable[[], T]) -> T | None:
    """What is read of a draft; None while that part of it cannot be read."""
    try:
        return read()
    except UNREADABLE:
        return None


def choices(contents: Contents) -> list[tuple[str, list[Choice]]]:
    """All that may stand in a letter of these files, under headings. Empty groups are left out."""
    fixed = [
        Choice("today", WORDS["today"]),
        *(
            Choice(f"{group}_{name}", WORDS[f"{group}_{name}"])
            for group, names in CLOSED_LISTS.items()
            for name in names
        ),
    ]
    groups = [
        ("What staff type for this letter", [Choice(f"part_{n}", w) for n, w in _parts(contents)]),
        ("Always there", fixed),
        ("Dates of deadlines", [Choice(f"deadline_{n}_due", w) for n, w in _timers(contents)]),
        ("Facts of the case", [Choice(f.name, f.label) for f in facts_of(contents).values()]),
        ("Bodies outside", list(_bodies(contents))),
    ]
    return [(heading, found) for heading, found in groups if found]


def facts_of(contents: Contents) -> Mapping[str, FactSpec]:
    """The declared facts; none while facts.toml cannot be read."""
    return readable(lambda: contents.facts) or {}


def _parts(contents: Contents) -> Iterator[tuple[str, str]]:
    found = {"points": "Each point with its answer", "points_not_ours": "The points of others"}
    for form in (readable(lambda: contents.forms) or {}).values():
        for field in form.fields:
            if named := field.properties.get("letter_part"):
                found.setdefault(named, field.label)
        for group in form.groups:
            if group.letter_part:
                found.setdefault(group.letter_part, group.label)
    yield from sorted(found.items())


def _timers(contents: Contents) -> Iterator[tuple[str, str]]:
    for element in (readable(lambda: contents.elements) or {}).values():
        if element.kind == "timer":
            yield element.id, element.properties.get("label") or element.name or element.id


def _bodies(contents: Contents) -> Iterator[Choice]:
    landlord = readable(lambda: contents.landlord)
    for id, body in landlord.bodies.items() if landlord else ():
        for name in ("name", "phone", "email", "website", "address"):
            yield Choice(f"body_{id}_{name}", f"{body.name}: {name}")


def audience(contents: Contents) -> list[tuple[str, str]]:
    """Who may get a letter: (id, name)."""
    landlord = readable(lambda: contents.landlord)
    bodies = [(id, body.name) for id, body in landlord.bodies.items()] if landlord else []
    return [
        ("resident", "The resident"),
        ("representative", "Whoever speaks for the resident"),
        *bodies,
    ]


@dataclass(frozen=True)
class Sheet:
    """A letter's file as fields. requires: names with commas. body_from: its line in the file."""

    title: str = ""
    to: str = "resident"
    requires: str = ""
    decides: bool = False
    valid_from: str = ""
    policy: str = ""
    body: str = ""
    head: str = ""  # as it stands in the file, with its comments
    body_from: int = 1


def opened(text: str) -> Sheet:
    """A letter's file taken apart; of a head that cannot be read, nothing is kept."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        head, body, line = split_letter(text)
        found = tomlkit.parse(head).unwrap()
    except (LetterRefused, TOMLKitError):
        return Sheet(body=text)
    requires = found.get("requires", [])
    return Sheet(
        title=str(found.get("title", "")),
        to=str(found.get("to", "resident")),
        requires=", ".join(map(str, requires)) if isinstance(requires, list) else "",
        decides=found.get("decides") is True,
        valid_from=str(found.get("valid_from", "")),
        policy=str(found.get("policy", "")),
        body=body,
        head=head,
        body_from=line,
    )


def written(sheet: Sheet) -> tuple[str, int]:
    """The file of a letter, and the line on which its body begins."""
    head = readable(lambda: tomlkit.parse(sheet.head)) or tomlkit.document()
    said: dict[str, Any] = {
        "title": sheet.title,
        "to": sheet.to,
        "requires": [name for name in re.split(r"[\s,]+", sheet.requires) if name],
        "decides": sheet.decides,
        "valid_from": _day(sheet.valid_from),
        "policy": sheet.policy,
    }
    for key, value in said.items():
        if head.get(key) == value:
            continue
        if value or key in ("title", "to"):
            head[key] = value
        else:
            head.pop(key, None)
    dumped = tomlkit.dumps(head)
    front = f"+++\n{dumped if dumped.endswith(NEW_LINE) else dumped + NEW_LINE}+++\n"
    return front + sheet.body.replace("\r\n", "\n").replace("\r", "\n"), front.count("\n") + 1


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def looked_at(
    template: LetterTemplate,
    contents: Contents,
    on: date,
    full: bool = True,
    chosen: Mapping[str, str] | None = None,
) -> FilledLetter:
    """A letter with made-up values. full: all is known and typed; else only what must be.

    chosen: what facts that are choices say, by fact.
    """
    values: dict[str, Any] = {**MADE_UP, "today": full_date(on)}
    values["case_received_on"] = full_date(on - timedelta(days=9))
    landlord = readable(lambda: contents.landlord)
    if landlord:
        place = landlord.next_place((chosen or {}).get("next_place")) or NOWHERE
        values |= landlord.body_fields | place.fields
        values |= {f"landlord_{name}": getattr(landlord, name) for name in CLOSED_LISTS["landlord"]}
    for field in template.fields:
        if field.startswith("part_") and (full or field in template.requires):
            values[field] = _typed(field, contents)
    if full:
        values |= FULL_ONLY
        values |= {f: full_date(on + timedelta(days=14)) for f in template.fields if _dated(f)}
        values |= {
            name: fact_in_words(spec, _value(spec, on)) for name, spec in facts_of(contents).items()
        }
    return fill(template, values | dict(chosen or {}))


def _dated(field: str) -> bool:
    return field.startswith("deadline_") and field.endswith("_due")


def _typed(field: str, contents: Contents) -> Any:
    if field == "part_points":
        return POINTS
    words = dict(_parts(contents)).get(field.removeprefix("part_"), "")
    return f"Here stands what was typed for “{words or field.removeprefix('part_')}”."


def _value(spec: FactSpec, on: date) -> Any:
    plausible = {
        "date": (on - timedelta(days=5)).isoformat(),
        "bool": True,
        "int": 3,
        "money": "150.00",
    }
    return plausible.get(spec.type, spec.choices[0] if spec.choices else "")
