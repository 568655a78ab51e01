"""Who cites which paragraph of the policy: diagrams, tables, forms, letters, settings, stories.

A citation is the number of a paragraph in policy.toml, or several with commas: "3.2a, 4.1".
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from app.engine import Element, Problem
from app.paragraphs import PolicyFile, cited_in

if TYPE_CHECKING:
    from app.services.contents import Contents

# kind -> what the table calls several of them, in the order in which it names them
KINDS = {
    "step": "Steps",
    "deadline": "Deadlines",
    "decision row": "Rows of decision tables",
    "form question": "Questions",
    "letter": "Letters",
    "setting": "Settings",
    "fact": "Facts",
}
STORY = "story"  # proves a paragraph, does not carry it
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")  # in the description of a row


@dataclass(frozen=True)
class Carrier:
    """What carries a paragraph, or proves it.

    kind: one of KINDS, or STORY. file, element: where it is written.
    page: the process or table on whose page it is shown, empty for none; anchor: where on it.
    """

    kind: str
    name: str
    file: str
    element: str
    page: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Citation:
    """One carrier cites one paragraph."""

    number: str
    carrier: Carrier


def citations(contents: Contents) -> Iterator[Citation]:
    """Every citation of a deployment whose files can be read."""
    elements = contents.elements
    for text, carrier in (
        *_in_diagrams(elements),
        *_in_tables(contents),
        *_in_forms(contents),
        *_in_letters(contents),
        *_in_settings(contents.landlord, "", "landlord.toml"),
        *(
            (f.policy, Carrier("fact", f.label, "facts.toml", f.name))
            for f in contents.facts.values()
        ),
        *_in_stories(contents.files),
    ):
        for number in cited_in(text):
            yield Citation(number, carrier)


_Found = Iterator[tuple[str, Carrier]]  # the citation as it is written, and who makes it


def _in_diagrams(elements: Mapping[str, Element]) -> _Found:
    for element in elements.values():
        kind = "deadline" if element.kind == "timer" else "step"
        name = element.name or element.properties.get("label") or element.id
        carrier = Carrier(kind, name, element.file, element.id, element.process, element.id)
        yield element.properties.get("policy", ""), carrier


def _in_tables(contents: Contents) -> _Found:
    tables = {id: t for p in contents.procedures.values() for id, t in p.tables.items()}
    for table in tables.values():
        for rule in table.rules:
            name = f"{table.name}, row {rule.number}"
            carrier = Carrier("decision row", name, table.file, rule.id, table.id)
            for cited in _BRACKETS.findall(rule.about):
                yield cited, carrier


def _in_forms(contents: Contents) -> _Found:
    shown = {
        form: element
        for element in reversed(contents.elements.values())
        for form in (element.form, element.properties.get("public_form"))
        if form
    }
    for name, form in contents.forms.items():
        element = shown.get(name)
        place = (element.process, element.id) if element else ("", "")
        for words, policy in form.cited:
            told = f"{words or 'A group of questions'} ({form.title})"
            yield policy, Carrier("form question", told, f"forms/{name}.form", words, *place)


def _in_letters(contents: Contents) -> _Found:
    sent = {
        element.properties["letter"]: element
        for element in reversed(contents.elements.values())
        if "letter" in element.properties
    }
    for name, versions in contents.letters.items():
        element = sent.get(name)
        place = (element.process, element.id) if element else ("", "")
        for letter in versions:
            file = f"letters/{name}{f'@{letter.valid_from}' if len(versions) > 1 else ''}.md"
            yield letter.policy, Carrier("letter", letter.title, file, "", *place)


def _in_settings(part: BaseModel, place: str, file: str) -> _Found:
    """Tables of landlord.toml, and the tables in them."""
    name = getattr(part, "name", "") or place
    yield getattr(part, "policy", ""), Carrier("setting", name, file, place)
    for key in type(part).model_fields:
        for below, value in _listed(getattr(part, key)):
            if isinstance(value, BaseModel):
                yield from _in_settings(value, ".".join(filter(None, (place, key, below))), file)


def _listed(value: Any) -> list[tuple[str, Any]]:
    """A table, or the tables in a list or under names, each with what tells it from the others."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list):
        return [(str(getattr(item, "id", n)), item) for n, item in enumerate(value, 1)]
    return [("", value)]


def _in_stories(files: Mapping[str, bytes]) -> _Found:
    for path, body in files.items():
        if path.startswith("stories/"):
            try:
                policy, title = _read_story(body)
            except ValueError as broken:
                raise ValueError(f"{path}: {broken}") from broken
            yield policy, Carrier(STORY, title or path, path, "")


@lru_cache(maxsize=1024)  # who draws changes no story
def _read_story(body: bytes) -> tuple[str, str]:
    story = tomllib.loads(body.decode())
    return str(story.get("policy", "")), str(story.get("title", ""))


def problems(policy: PolicyFile, found: Iterable[Citation]) -> Iterator[Problem]:
    """Citations of what the policy does not say, reasons that no longer hold, and holes."""
    carried: dict[str, Carrier] = {}
    for citation in found:
        carrier = citation.carrier
        if citation.number not in policy.paragraphs:
            says = f"cites “{citation.number}”, which is no paragraph of policy.toml"
            yield Problem(carrier.file, carrier.element or None, says)
        elif carrier.kind != STORY:
            carried.setdefault(citation.number, carrier)
    for number, paragraph in policy.paragraphs.items():
        carrier_of_it, parts = carried.get(number), policy.parts_of(number)
        if paragraph.nothing_because and parts:
            says = f"has parts ({', '.join(parts)}); each of them needs its own reason"
            yield Problem("policy.toml", number, says)
        elif paragraph.nothing_because and carrier_of_it:
            where = " ".join(filter(None, (carrier_of_it.file, carrier_of_it.element)))
            says = f"says that nothing carries it, but “{carrier_of_it.name}” does ({where})"
            yield Problem("policy.toml", number, says)
        elif not (paragraph.nothing_because or carrier_of_it or parts):
            says = "nothing carries it, and nothing_because does not say why nothing need"
            yield Problem("policy.toml", number, says, "warning")
