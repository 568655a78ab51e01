"""What stands in a landlord's folders, read once: procedure, facts, forms, letters, landlord."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from app.engine import (
    Element,
    FactSpec,
    Known,
    Problem,
    Procedure,
    lint,
    parse_facts,
    read_files,
    roots_of,
)
from app.errors import DeploymentRefused
from app.landlords import Landlord as LandlordFile
from app.landlords import read_landlord
from app.letters import LetterRefused, LetterTemplate, parse_letter
from app.services.form_keys import key_problems
from forms import FormDefinition, FormRefused

# facts that a procedure may declare and Putright then keeps by itself: see kept_facts.py
KEPT_TYPES = {
    "closed_on": "date",
    "permission_asked_on": "date",
    "safeguarding": "bool",
    "prefers_phone": "bool",
    "promises_made_on": "date",
    "promise_due_on": "date",
    "copy_asked_on": "date",
}
DIAGRAMS = (".bpmn", ".dmn")
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Contents:
    """The files of a deployment, parsed at first need and shared. Nothing in them changes.

    files: by path: complaint.bpmn, letters/refusal.md, forms/intake.form, stories/s17.toml, …
    """

    files: Files

    @cached_property
    def facts(self) -> dict[str, FactSpec]:
        return parse_facts(self.files["facts.toml"])

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
            Path(path).stem: FormDefinition.parse(body, Path(path).stem)
            for path, body in self.files.items()
            if path.endswith(".form")
        }

    @cached_property
    def letters(self) -> dict[str, list[LetterTemplate]]:
        """The versions of each letter, newest first."""
        found: dict[str, list[LetterTemplate]] = {}
        for path, body in self.files.items():
            if path.startswith("letters/"):
                letter = parse_letter(body.decode(), Path(path).stem, frozenset(self.facts))
                found.setdefault(letter.id, []).append(letter)
        for versions in found.values():
            versions.sort(key=lambda letter: str(letter.valid_from or ""), reverse=True)
        return found

    @cached_property
    def landlord(self) -> LandlordFile:
        return read_landlord(self.files["landlord.toml"])


def content_hash(files: Files) -> str:
    """SHA-256 over names and bytes, in order."""
    digest = hashlib.sha256()
    for path, body in sorted(files.items()):
        digest.update(f"{path}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()


def check(files: Files) -> list[Problem]:
    """Everything that is wrong with a deployment, in the owner's words; errors before warnings."""
    return list(_checked(tuple(sorted(files.items()))))


@lru_cache(maxsize=8)
def _checked(files_in_order: tuple[tuple[str, bytes], ...]) -> list[Problem]:
    files = dict(files_in_order)
    problems = [
        Problem(path, "", f"The file {path} is missing.", "error")
        for path in ("landlord.toml", "facts.toml", "complaint.bpmn")
        if path not in files
    ]
    if problems:
        return problems
    trial = Contents(files)
    try:
        landlord, facts = trial.landlord, trial.facts
    except (DeploymentRefused, ValueError) as refused:
        return [Problem("landlord.toml or facts.toml", "", str(refused), "error")]
    forms, problems = _read_forms(files, facts, landlord)
    problems += [
        Problem("facts.toml", name, f"Putright keeps this fact by itself; its type is {kind}.")
        for name, kind in KEPT_TYPES.items()
        if name in facts and facts[name].type != kind
    ]
    problems += _letter_problems(files, facts)
    known = Known(
        forms=frozenset(forms),
        letters=frozenset(Path(p).stem.partition("@")[0] for p in files if _is_letter(p)),
        teams={team_id: team.name for team_id, team in landlord.teams.items()},
        form_keys={name: [field.key for field in form.fields] for name, form in forms.items()},
        person_keys={
            name: [field.key for field in form.fields if field.gives_work]
            for name, form in forms.items()
        },
        names_colleagues=frozenset(name for name, form in forms.items() if form.teams),
    )
    diagrams = {path: body for path, body in files.items() if path.endswith(DIAGRAMS)}
    problems += lint(diagrams, facts, known)
    return sorted(problems, key=lambda problem: problem.severity != "error")


def _is_letter(path: str) -> bool:
    return path.startswith("letters/")


def _read_forms(
    files: Files, facts: Mapping[str, FactSpec], landlord: LandlordFile
) -> tuple[dict[str, FormDefinition], list[Problem]]:
    """The forms that can be read, and what is wrong with any of them."""
    forms: dict[str, FormDefinition] = {}
    problems: list[Problem] = []
    for path in (path for path in files if path.endswith(".form")):
        name = Path(path).stem
        try:
            form = forms[name] = FormDefinition.parse(files[path], name)
        except FormRefused as refused:
            problems += [Problem(path, None, said) for said in refused.problems]
            continue
        problems += [
            Problem(path, None, f"A text shows {{{fact}}}, which is no declared fact.")
            for fact in sorted(form.facts_shown - facts.keys())
        ]
        problems += [
            Problem(path, field.key, f"There is no team called {field.properties['person']}.")
            for field in form.fields
            if field.properties.get("person", "") not in {"", "*", *landlord.teams}
        ]
        problems += [Problem(path, key, said) for key, said in key_problems(form)]
    return forms, problems


def _letter_problems(files: Files, facts: Mapping[str, FactSpec]) -> list[Problem]:
    problems = []
    for path in (path for path in files if _is_letter(path)):
        try:
            parse_letter(files[path].decode(), Path(path).stem, frozenset(facts))
        except LetterRefused as refused:
            problems += [Problem(path, None, said) for said in refused.problems]
        except UnicodeDecodeError:
            problems.append(Problem(path, None, "This letter is not text in UTF-8."))
    return problems
