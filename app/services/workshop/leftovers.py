"""What somebody has begun in a draft and left: a letter or form that no step uses, an answer of
the form editor's own. It can be published so, and is warned of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from app.engine import EngineRefused, Problem
from app.engine.diagram import Element, read_diagram
from app.services.contents import Files, parsed_form
from app.services.deaths import WELCOME
from forms import FormRefused

BY_ITSELF = {("letters", WELCOME)}  # what no diagram has to name
NEW_ANSWER = "Value"  # form-js's word for the one answer of a new question
UNUSED = {
    "letters": "No step sends it yet. Choose it in the diagram, in the step that sends or writes "
    "it, or take it out.",
    "forms": "No step asks it yet. Choose it in the diagram, in the task or message that asks it, "
    "or take it out.",
}


def left(files: Files, before: Files) -> list[Problem]:
    """The warnings. before: the files of the version that the draft goes out from.

    What was not used there either is nobody's doing: shared forms are for other landlords, too.
    """
    return [*_unused(files, before), *_unanswered(files, before)]


def _unused(files: Files, before: Files) -> Iterator[Problem]:
    now, then = _used(files), _used(before)
    for path in sorted(files):
        folder, _, name = path.rpartition("/")
        used = folder, PurePath(name).stem.partition("@")[0]
        if folder in UNUSED and used not in now and (path not in before or used in then):
            yield Problem(path, None, UNUSED[folder], "warning")


def _used(files: Files) -> set[tuple[str, str]]:
    """The folder and the name of each form and letter that some diagram names."""
    found = set(BY_ITSELF)
    for path in (path for path in files if path.endswith(".bpmn")):
        try:
            elements = read_diagram(path, files[path]).elements.values()
        except EngineRefused:
            continue
        found |= {used for element in elements for used in _named(element)}
    return found


def _named(element: Element) -> Iterator[tuple[str, str]]:
    said = element.properties
    yield from (("forms", form) for form in (element.form, said.get("public_form")) if form)
    letters = (said.get(name) for name in ("letter", "writes", "approves"))
    yield from (("letters", letter) for letter in letters if letter)


def _unanswered(files: Files, before: Files) -> Iterator[Problem]:
    for path, body in sorted(files.items()):
        if not path.endswith(".form") or body == before.get(path):
            continue
        try:
            fields = parsed_form(body, PurePath(path).stem).fields
        except FormRefused:
            continue
        for field in fields:
            if [option.label for option in field.options] == [NEW_ANSWER]:
                said = f"“{field.label}” has the one answer “{NEW_ANSWER}”. Write its answers."
                yield Problem(path, field.key, said, "warning")
