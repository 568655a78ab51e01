"""Letters that could never go: they require a part that no form of theirs asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.engine import Element, Problem
from forms import FormDefinition

if TYPE_CHECKING:
    from app.services.contents import Contents

POINTS = "points"  # made of the findings on each point
FINDINGS = frozenset({"findings", "outcome"})
KNOWN_ANYWAY = frozenset({"points_not_ours"})  # from what is recorded of the case


def problems(contents: Contents) -> Iterator[Problem]:
    """What each letter lacks, at the task that writes it, or in the letter if no task does."""
    elements = contents.elements.values()
    everywhere = set().union(*map(asked, contents.forms.values()))
    for name, versions in contents.letters.items():
        needed = {part for letter in versions for part in parts_required(letter.requires)}
        writers = [e for e in elements if e.properties.get("writes") == name]
        for task in writers:
            yield from _of_task(task, name, needed - asked(contents.forms[task.form or ""]))
        for part in sorted(needed - everywhere) if not writers else ():
            says = f"requires part_{part}, but no form has a field with letter_part = {part}."
            yield Problem(f"letters/{name}.md", None, says)


def _of_task(task: Element, letter: str, lacking: set[str]) -> Iterator[Problem]:
    for part in sorted(lacking):
        how = (
            "a group for each point with findings and outcome"
            if part == POINTS
            else f"a field with letter_part = {part}"
        )
        says = f"writes the letter {letter!r}, which requires part_{part}: its form needs {how}"
        yield Problem(task.file, task.id, says)


def parts_required(fields: list[str] | tuple[str, ...]) -> set[str]:
    """The names of the parts that a letter requires, but for those that come by themselves."""
    named = {field.removeprefix("part_") for field in fields if field.startswith("part_")}
    return named - KNOWN_ANYWAY


def asked(form: FormDefinition) -> set[str]:
    """The parts that a form fills."""
    found = {f.properties["letter_part"] for f in form.fields if "letter_part" in f.properties}
    found |= {group.letter_part for group in form.groups if group.letter_part}
    return found | ({POINTS} if FINDINGS & form.point_keys else set())
