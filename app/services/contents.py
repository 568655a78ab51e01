"""What stands in a landlord's folders, read once: procedure, facts, forms, letters, landlord."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from app.code import Code, read_code
from app.engine import (
    Element,
    FactSpec,
    Known,
    Procedure,
    parse_facts,
    read_files,
    roots_of,
)
from app.landlords import Landlord as LandlordFile
from app.landlords import read_landlord
from app.letters import LetterTemplate, parse_letter
from app.paragraphs import (
    PolicyFile,
    read_policy,
)
from app.services import citations
from forms import FormDefinition

# facts that a procedure may declare and Putright then keeps by itself: see kept_facts.py
KEPT_TYPES = {
    "closed_on": "date",
    "permission_asked_on": "date",
    "safeguarding": "bool",
    "prefers_phone": "bool",
    "needs_care": "bool",
    "resident_died": "bool",
    "code_applies": "bool",
    "promises_made_on": "date",
    "promise_due_on": "date",
    "copy_asked_on": "date",
    "copy_pauses": "list",
}
DIAGRAMS = (".bpmn", ".dmn")
SHARED_FACTS = "shared_facts.toml"
LINTED = (*DIAGRAMS, ".form", "facts.toml", "landlord.toml")  # what lint goes by
AUDIENCE = ("resident", "representative")  # of letters, besides the bodies of landlord.toml
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Contents:
    """The files of a deployment, parsed at first need and shared. Nothing in them changes.

    files: by path: complaint.bpmn, letters/refusal.md, forms/intake.form, stories/s17.toml, …
    """

    files: Files

    @cached_property
    def facts(self) -> dict[str, FactSpec]:
        """The landlord's own, and those of the diagrams that serve several landlords."""
        shared = self.files.get(SHARED_FACTS)
        own = parse_facts(self.files["facts.toml"])
        return {**parse_facts(shared, SHARED_FACTS), **own} if shared else own

    @cached_property
    def labels(self) -> dict[str, str]:
        """What people call each fact."""
        return {name: spec.label for name, spec in self.facts.items()}

    @cached_property
    def procedures(self) -> dict[str, Procedure]:
        """By kind of case: complaint, and each other process that a case can begin in."""
        diagrams = {path: body for path, body in self.files.items() if path.endswith(DIAGRAMS)}
        roots = roots_of(read_files(diagrams)[0])
        return {root: Procedure.parse(diagrams, self.facts, root) for root in roots}

    @cached_property
    def elements(self) -> dict[str, Element]:
        """The elements of all procedures, by id."""
        return {key: e for p in self.procedures.values() for key, e in p.elements.items()}

    @cached_property
    def forms(self) -> dict[str, FormDefinition]:
        return {
            Path(path).stem: parsed_form(body, Path(path).stem)
            for path, body in self.files.items()
            if path.endswith(".form")
        }

    @cached_property
    def letters(self) -> dict[str, list[LetterTemplate]]:
        """The versions of each letter, newest first."""
        found: dict[str, list[LetterTemplate]] = {}
        for path, body in self.files.items():
            if path.startswith("letters/"):
                letter = parsed_letter(body.decode(), Path(path).stem, self.facts)
                found.setdefault(letter.id, []).append(letter)
        for versions in found.values():
            versions.sort(key=lambda letter: str(letter.valid_from or ""), reverse=True)
        return found

    @cached_property
    def landlord(self) -> LandlordFile:
        return read_landlord(self.files["landlord.toml"])

    @cached_property
    def code(self) -> Code | None:
        """The Ombudsman's Code, whose dates stand beside the policy's."""
        body = self.files.get("code.toml")
        return read_code(body) if body is not None else None

    @cached_property
    def policy(self) -> PolicyFile | None:
        """The paragraphs of the policy, if the landlord has listed them."""
        body = self.files.get("policy.toml")
        return read_policy(body) if body is not None else None

    @cached_property
    def citations(self) -> tuple[citations.Citation, ...]:
        """Who cites which paragraph."""
        return tuple(citations.citations(self))


@lru_cache(maxsize=1024)  # who draws changes one file of a hundred; nothing that is parsed changes
def parsed_form(body: bytes, name: str) -> FormDefinition:
    """A form. Raises FormRefused."""
    return FormDefinition.parse(body, name)


def parsed_letter(text: str, name: str, facts: Mapping[str, FactSpec]) -> LetterTemplate:
    """A letter, which may name these facts. Raises LetterRefused."""
    return _letter(text, name, frozenset(facts), tuple(sorted(choices_of(facts).items())))


@lru_cache(maxsize=1024)
def _letter(
    text: str, name: str, facts: frozenset[str], choices: tuple[tuple[str, tuple[str, ...]], ...]
) -> LetterTemplate:
    return parse_letter(text, name, facts, dict(choices))


def choices_of(facts: Mapping[str, FactSpec]) -> dict[str, tuple[str, ...]]:
    """What there is to choose from, by fact."""
    return {name: fact.choices for name, fact in facts.items() if fact.type == "choice"}


def content_hash(files: Files) -> str:
    """SHA-256 over names and bytes, in order."""
    digest = hashlib.sha256()
    for path, body in sorted(files.items()):
        digest.update(f"{path}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()


def known_of(contents: Contents) -> Known:
    """What the diagrams of a deployment may name."""
    return known(contents.landlord, contents.forms, contents.files)


def known(landlord: LandlordFile, forms: Mapping[str, FormDefinition], files: Files) -> Known:
    return Known(
        forms=frozenset(forms),
        letters=frozenset(Path(p).stem.partition("@")[0] for p in files if is_letter(p)),
        teams={team_id: team.name for team_id, team in landlord.teams.items()},
        also=frozenset(name for team in landlord.teams.values() for name in team.also),
        form_keys={name: [field.key for field in form.fields] for name, form in forms.items()},
        person_keys={
            name: [field.key for field in form.fields if field.gives_work]
            for name, form in forms.items()
        },
        kept=frozenset(KEPT_TYPES),
        promise_forms=frozenset(name for name, form in forms.items() if form.promises),
        names_colleagues=frozenset(name for name, form in forms.items() if form.teams),
    )


def is_letter(path: str) -> bool:
    return path.startswith("letters/")
