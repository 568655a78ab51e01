"""Where lint has found something, as people know it: what it is called, and the page of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from flask import url_for as url

from app.engine import Problem
from app.services.contents import Files
from app.services.outline import name_of
from app.services.workshop import vocabulary
from app.services.workshop.drafts import Sketch

PAGES = {  # file -> its page, and what that is called
    "landlord.toml": ("landlord_editor.landlord", "Landlord"),
    "facts.toml": ("landlord_editor.facts", "Facts"),
}


@dataclass(frozen=True)
class Place:
    """href: of the page on which it is put right; empty where there is none."""

    name: str
    href: str = ""


def places(sketch: Sketch) -> Callable[[Problem], Place]:
    """What says of each problem of a draft where it is."""
    files, here = sketch.files, dict[str, Any](draft_id=sketch.row.id)
    elements = {(e.file, e.id): e for e in vocabulary.drawn(files)}
    diagrams = {file: name for file, _, name in vocabulary.processes(sketch.contents)}
    forms = {one["value"]: one["words"] for one in vocabulary.forms(files)}
    letters = {one["value"]: one["words"] for one in vocabulary.letters(sketch.contents)}

    def in_diagram(problem: Problem) -> Place:
        name, id = diagrams.get(problem.file, problem.file), problem.element
        if element := elements.get((problem.file, id or "")):
            called = f"“{element.name}”" if element.name else name_of(element)
            name = f"{called} in {name}"
        return Place(name, url("modeller.draw", **here, path=problem.file, _anchor=id or None))

    def place(problem: Problem) -> Place:
        path = PurePath(problem.file)
        if problem.file not in files:
            return Place(problem.file)
        if problem.file in PAGES:
            page, name = PAGES[problem.file]
            return Place(name, url(page, **here))
        if path.suffix == ".bpmn":
            return in_diagram(problem)
        if path.suffix == ".form":
            name = forms.get(path.stem, path.stem)
            return Place(f"Form “{name}”", url("form_editor.form", **here, name=path.stem))
        if path.suffix == ".md":
            name = letters.get(path.stem.partition("@")[0], path.stem)
            return Place(f"Letter “{name}”", url("letter_editor.letter", **here, name=path.stem))
        if path.suffix == ".dmn":
            href = url("table_editor.table", **here, name=path.stem)
            return Place(f"Decision table “{_table(problem.file, files)}”", href)
        return Place(problem.file)

    return place


def _table(path: str, files: Files) -> str:
    called = vocabulary.decisions({path: files[path]})
    return called[0]["words"] if called else PurePath(path).stem
