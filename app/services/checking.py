"""What is wrong with a landlord's folders: said before anything of them is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from app.code import FACT
from app.engine import FactSpec, Problem, lint
from app.errors import DeploymentRefused
from app.landlords import Landlord as LandlordFile
from app.letters import LetterRefused
from app.letters.fields import BODY
from app.services import citations, letter_parts
from app.services.contents import (
    AUDIENCE,
    DIAGRAMS,
    KEPT_TYPES,
    LINTED,
    Contents,
    Files,
    is_letter,
    known,
    parsed_form,
    parsed_letter,
)
from app.services.form_keys import key_problems
from forms import FormDefinition, FormRefused


def check(files: Files, *, walks: bool = True) -> list[Problem]:
    """Everything that is wrong with a deployment, in the owner's words; errors before warnings.

    walks: with the warnings of a trial run, which takes seconds. The errors are the same without.
    """
    return list(_checked(tuple(sorted(files.items())), walks))


def errors(files: Files) -> list[Problem]:
    """What stops a deployment from being run, in less time: no procedure is walked for warnings."""
    found = _checked(tuple(sorted(files.items())), walks=False)
    return [problem for problem in found if problem.severity == "error"]


@lru_cache(maxsize=32)
def _checked(files_in_order: tuple[tuple[str, bytes], ...], walks: bool) -> list[Problem]:
    files = dict(files_in_order)
    problems = [
        Problem(path, "", f"The file {path} is missing.", "error")
        for path in ("landlord.toml", "facts.toml", "complaint.bpmn")
        if path not in files
    ]
    if problems:
        return problems
    read = Contents(files)
    try:
        landlord, facts = read.landlord, read.facts
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
    for path in filter(is_letter, files):
        problems += letter_problems(path, files[path], facts, landlord)
    problems += _report_problems(landlord, facts)
    problems += _linted(tuple(filter(None, map(_as_linted, files_in_order))), walks)
    if not any(problem.severity == "error" for problem in problems):
        problems += _panel_problems(read)
        problems += letter_parts.problems(read)
        problems += _equality_problems(read)
        problems += _target_problems(read)
        problems += _code_problems(read)
        problems += _policy_problems(read)
    return sorted(problems, key=lambda problem: problem.severity != "error")


def _as_linted(file: tuple[str, bytes]) -> tuple[str, bytes] | None:
    """A file as it matters to the diagrams: of a letter only its name, of a story nothing."""
    path, _ = file
    if is_letter(path):
        return path, b""
    return file if path.endswith(LINTED) else None


@lru_cache(maxsize=32)  # other words in a letter or a policy need no new trial run, of some seconds
def _linted(files_in_order: tuple[tuple[str, bytes], ...], walks: bool) -> list[Problem]:
    trial = Contents(dict(files_in_order))
    forms, _ = _read_forms(trial.files, trial.facts, trial.landlord)
    diagrams = {path: body for path, body in trial.files.items() if path.endswith(DIAGRAMS)}
    known_here = known(trial.landlord, forms, trial.files)
    return lint(diagrams, trial.facts, known_here, walks=walks)


def _read_forms(
    files: Files, facts: Mapping[str, FactSpec], landlord: LandlordFile
) -> tuple[dict[str, FormDefinition], list[Problem]]:
    """The forms that can be read, and what is wrong with any of them."""
    forms: dict[str, FormDefinition] = {}
    problems: list[Problem] = []
    for path in (path for path in files if path.endswith(".form")):
        form, found = read_form(path, files[path], facts, landlord)
        problems += found
        if form is not None:
            forms[form.name] = form
    return forms, problems


def read_form(
    path: str, body: bytes, facts: Mapping[str, FactSpec], landlord: LandlordFile
) -> tuple[FormDefinition | None, list[Problem]]:
    """One form, if it can be read, and what is wrong with it."""
    try:
        form = parsed_form(body, Path(path).stem)
    except FormRefused as refused:
        return None, [Problem(path, None, said) for said in refused.problems]
    problems = [
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
    return form, problems + [Problem(path, key, said) for key, said in key_problems(form)]


def _report_problems(landlord: LandlordFile, facts: Mapping[str, FactSpec]) -> list[Problem]:
    """The report counts facts with few values."""
    return [
        Problem(
            "landlord.toml",
            name,
            "The report counts it, but it is no choice or yes/no fact ([report] counts).",
        )
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
            "There is no contact person ([contact_person]): a letter that nobody wrote may go out "
            "without anybody's name. Give one on the page Contacts."
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
        Problem("landlord.toml", None, f"The target “{target.name}”: there is no {what} {named}.")
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


def letter_problems(
    path: str, body: bytes, facts: Mapping[str, FactSpec], landlord: LandlordFile
) -> list[Problem]:
    """What is wrong with one letter: what it says, what it prints, and to whom it goes."""
    try:
        letter = parsed_letter(body.decode(), Path(path).stem, facts)
    except LetterRefused as refused:
        return [Problem(path, None, said) for said in refused.problems]
    except UnicodeDecodeError:
        return [Problem(path, None, "This letter is not text in UTF-8.")]
    known = [*AUDIENCE, *landlord.bodies]
    problems = []
    if letter.to not in known:
        said = f"There is nobody called {letter.to}; a letter may go to {', '.join(known)}."
        problems.append(Problem(path, None, said))
    return problems + [
        Problem(path, None, f"{{{{{field}}}}}: landlord.toml has no [bodies.{whose}].")
        for field in sorted(letter.fields)
        if (named := BODY.fullmatch(field)) and (whose := named["id"]) not in landlord.bodies
    ]
