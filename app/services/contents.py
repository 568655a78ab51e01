"""What stands in a landlord's folders, read once: procedure, facts, forms, letters, landlord."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from app.code import FACT, Code, read_code
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
from app.letters.fields import (
    BODY,
)
from app.paragraphs import (
    PolicyFile,
    read_policy,
)
from app.services import citations, letter_parts
from app.services.form_keys import (
    key_problems,
)
from forms import FormDefinition, FormRefused

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
                letter = parse_letter(
                    body.decode(), Path(path).stem, frozenset(self.facts), choices_of(self.facts)
                )
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


def choices_of(facts: Mapping[str, FactSpec]) -> dict[str, tuple[str, ...]]:
    """What there is to choose from, by fact."""
    return {name: fact.choices for name, fact in facts.items() if fact.type == "choice"}


def content_hash(files: Files) -> str:
    """SHA-256 over names and bytes, in order."""
    digest = hashlib.sha256()
    for path, body in sorted(files.items()):
        digest.update(f"{path}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()


def check(files: Files) -> list[Problem]:
    """Everything that is wrong with a deployment, in the owner's words; errors before warnings."""
    return list(_checked(tuple(sorted(files.items()))))


@lru_cache(maxsize=32)
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
    problems = _read_forms(files, facts, landlord)[1]
    problems += [
        Problem("facts.toml", name, f"Putright keeps this fact by itself; its type is {kind}.")
        for name, kind in KEPT_TYPES.items()
        if name in facts and facts[name].type != kind
    ]
    problems += _next_place_problems(facts, landlord)
    problems += _landlord_problems(landlord)
    problems += _letter_problems(files, facts, landlord)
    problems += _report_problems(landlord, facts)
    problems += _linted(tuple(filter(None, map(_as_linted, files_in_order))))
    if not any(problem.severity == "error" for problem in problems):
        problems += _panel_problems(trial)
        problems += letter_parts.problems(trial)
        problems += _equality_problems(trial)
        problems += _target_problems(trial)
        problems += _code_problems(trial)
        problems += _policy_problems(trial)
    return sorted(problems, key=lambda problem: problem.severity != "error")


def _as_linted(file: tuple[str, bytes]) -> tuple[str, bytes] | None:
    """A file as it matters to the diagrams: of a letter only its name, of a story nothing."""
    path, _ = file
    if _is_letter(path):
        return path, b""
    return file if path.endswith(LINTED) else None


@lru_cache(maxsize=32)  # other words in a letter or a policy need no new trial run, of some seconds
def _linted(files_in_order: tuple[tuple[str, bytes], ...]) -> list[Problem]:
    trial = Contents(dict(files_in_order))
    forms, _ = _read_forms(trial.files, trial.facts, trial.landlord)
    diagrams = {path: body for path, body in trial.files.items() if path.endswith(DIAGRAMS)}
    return lint(diagrams, trial.facts, _known(trial.landlord, forms, trial.files))


def known_of(contents: Contents) -> Known:
    """What the diagrams of a deployment may name."""
    return _known(contents.landlord, contents.forms, contents.files)


def _known(landlord: LandlordFile, forms: Mapping[str, FormDefinition], files: Files) -> Known:
    return Known(
        forms=frozenset(forms),
        letters=frozenset(Path(p).stem.partition("@")[0] for p in files if _is_letter(p)),
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
        problems += [
            Problem(path, field.key, f"There is no team called {team}.")
            for field in form.fields
            for team in field.panel
            if team not in landlord.teams
        ]
        problems += [Problem(path, key, said) for key, said in key_problems(form)]
    return forms, problems


def _report_problems(landlord: LandlordFile, facts: Mapping[str, FactSpec]) -> list[Problem]:
    """The report counts facts with few values."""
    return [
        Problem("landlord.toml", name, "[report] counts: no declared choice or yes/no fact.")
        for name in landlord.report.counts
        if name not in facts or facts[name].type not in {"choice", "bool"}
    ]


def _next_place_problems(facts: Mapping[str, FactSpec], landlord: LandlordFile) -> list[Problem]:
    """The fact that says where a resident can go next knows the places of landlord.toml."""
    fact = facts.get("next_place")
    if fact is None:
        return []
    if fact.type != "choice":
        said = "This fact says where the resident can go next: its type is choice."
        return [Problem("facts.toml", fact.name, said)]
    places = landlord.next_places()
    return [
        Problem(
            "facts.toml",
            fact.name,
            f"landlord.toml has no place called {choice}; it knows {', '.join(places)}.",
        )
        for choice in fact.choices
        if choice not in places
    ]


def _landlord_problems(landlord: LandlordFile) -> list[Problem]:
    problems = [
        Problem("landlord.toml", f"bodies.{body}", "This word means somebody else; take another.")
        for body in AUDIENCE
        if body in landlord.bodies
    ]
    if landlord.contact_person is None:
        said = (
            "There is no [contact_person] with name and phone: a letter that nobody wrote may go "
            "out without anybody's name."
        )
        problems.append(Problem("landlord.toml", None, said, "warning"))
    return problems


def _panel_problems(trial: Contents) -> list[Problem]:
    """Whom a panel must be independent of, did a task that there is."""
    tasks = {id for id, element in trial.elements.items() if element.kind == "userTask"}
    return [
        Problem(f"forms/{name}.form", field.key, f"{rule}: there is no task called {id}.")
        for name, form in trial.forms.items()
        for field in form.fields
        for rule in ("not_the_handler_of", "senior_to")
        for id in re.findall(r"\w+", field.properties.get(rule, ""))
        if id not in tasks
    ]


def _equality_problems(trial: Contents) -> list[Problem]:
    """What is said about equality begins with a case, and never lies among its facts."""
    begin = {form for p in trial.procedures.values() for form in (p.start_form, p.public_form)}
    found = []
    for name, form in trial.forms.items():
        for key in (field.key for field in form.fields if field.equality):
            if key in trial.facts:
                said = f"An answer about equality is no fact. Take [{key}] out of facts.toml."
                found.append(Problem(f"forms/{name}.form", key, said))
            if name not in begin:
                said = "Ask about equality only in a form that begins a case: it counts by month."
                found.append(Problem(f"forms/{name}.form", key, said))
    return found


def _code_problems(trial: Contents) -> list[Problem]:
    """What [code] names is there."""
    code, ours = trial.code, trial.landlord.code
    if code is None:
        return []
    named = {fact for clock in code.clocks for fact in FACT.findall(f"{clock.rule} {clock.met_by}")}
    timers = {e.id for e in trial.elements.values() if e.kind == "timer"}
    said = [f"facts: the Code knows no {name}." for name in ours.facts.keys() - named]
    said += [f"facts: {fact} is no declared fact." for fact in {*ours.facts.values()} - {""}
             if fact not in trial.facts]  # fmt: skip
    said += [f"beside: there is no clock {clock}." for clock in {*ours.beside.values()} - timers]
    return [Problem("landlord.toml", None, f"[code] {each}") for each in sorted(said)]


def _target_problems(trial: Contents) -> list[Problem]:
    """A target measures something that there is."""
    elements = trial.elements.values()
    known = {
        "clock": {e.id for e in elements if e.kind == "timer"},
        "stage": {e.stage for e in elements if e.stage},
        "kind": set(trial.procedures),
        "satisfied": {field.key for form in trial.forms.values() for field in form.fields},
    }
    known["of"] = known["stage"] | known["kind"]
    return [
        Problem("landlord.toml", None, f"[[targets]] {target.name}: there is no {what} {named}.")
        for target in trial.landlord.targets
        for what, there in known.items()
        if (named := getattr(target, what)) and named not in there
    ]


def _policy_problems(trial: Contents) -> list[Problem]:
    """What the citations of a deployment that is otherwise in order leave open."""
    try:
        policy = trial.policy
    except DeploymentRefused as refused:
        return [Problem("policy.toml", None, said) for said in refused.problems]
    if policy is None:
        says = "The file is missing: nobody can see which paragraph is carried out by what."
        return [Problem("policy.toml", None, says, "warning")]
    try:
        return list(citations.problems(policy, trial.citations))
    except ValueError as broken:  # of a story: the only files that nothing has read before
        return [Problem("stories", None, f"A story cannot be read: {broken}")]


def _letter_problems(
    files: Files, facts: Mapping[str, FactSpec], landlord: LandlordFile
) -> list[Problem]:
    problems = []
    known = [*AUDIENCE, *landlord.bodies]
    for path in (path for path in files if _is_letter(path)):
        try:
            name, choices = Path(path).stem, choices_of(facts)
            letter = parse_letter(files[path].decode(), name, frozenset(facts), choices)
            if letter.to not in known:
                said = f"There is nobody called {letter.to}; a letter may go to {', '.join(known)}."
                problems.append(Problem(path, None, said))
            problems += [
                Problem(path, None, f"{{{{{field}}}}}: landlord.toml has no [bodies.{body}].")
                for field in sorted(letter.fields)
                if (named := BODY.fullmatch(field)) and (body := named["id"]) not in landlord.bodies
            ]
        except LetterRefused as refused:
            problems += [Problem(path, None, said) for said in refused.problems]
        except UnicodeDecodeError:
            problems.append(Problem(path, None, "This letter is not text in UTF-8."))
    return problems
