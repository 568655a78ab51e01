"""What is wrong with a diagram while somebody draws it: the same verdict as at publishing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from app.drawing.check import defects
from app.drawing.defect import Defect
from app.drawing.layout.draw import best_drawing
from app.engine import EngineRefused, Problem
from app.engine.checks import limits
from app.engine.checks.references import EVERYWHERE, PROPERTIES
from app.engine.diagram import Element, read_diagram
from app.engine.vocabulary import RESERVED_IDS
from app.engine.xml import read_xml
from app.errors import BadInput, NotFound
from app.services import checking
from app.services.contents import Contents
from app.services.workshop import advice, ids, vocabulary
from app.services.workshop.drafts import Sketch

Fix = dict[str, str]  # do, label and what the page needs to do it
DRAWN_ANEW = 60  # elements; a larger one should be split, and would take minutes
SECONDS = 4.0  # in which drawings are tried, one at least
UNTRUE = ("outside its lane", "in no lane", "not drawn")  # defects: it says what is not so

_NO_FORM = re.compile(r"there is no form '(.*)'")
_NO_LETTER = re.compile(r"there is no letter '(.*)'")
_NO_TABLE = re.compile(r"there is no decision table '(.*)'")
_NO_TEAM = re.compile(r"there is no team '(.*)' in landlord.toml")
_NO_LANE = re.compile(r"the lane '(.*)' is no team's name")
_NO_PROPERTY = re.compile(r"has an unknown property '(.*?)'")


def lint(sketch: Sketch, path: str, xml: bytes, *, walks: bool = False) -> dict[str, Any]:
    """The problems of a draft with this in place of one of its diagrams, as JSON.

    problems: those of the diagram, [{element, message, severity, fix}]; elsewhere: how many errors
    the other files have; unsafe: how many ids can be renamed at once. Raises NotFound for a file
    that is no diagram of the draft.
    """
    must_be_a_diagram(sketch, path)
    files = {**sketch.files, path: xml}
    found = advice.beside(checking.check(files, walks=walks), {path: xml})
    elements = _elements(path, xml)
    contents = Contents(files)
    here = [
        {
            "element": problem.element,
            "message": problem.message,
            "severity": problem.severity,
            "fix": fix_of(problem, elements.get(problem.element or ""), contents),
        }
        for problem in found
        if problem.file == path
    ]
    elsewhere = sum(p.file != path and p.severity == "error" for p in found)
    unsafe = ids.count(xml)
    return {"problems": here, "elsewhere": elsewhere, "walked": walks, "unsafe": unsafe}


def must_be_a_diagram(sketch: Sketch, path: str) -> None:
    """Raises NotFound for a file that is no diagram of the draft."""
    if path not in sketch.files or not path.endswith(".bpmn"):
        raise NotFound


def _elements(path: str, xml: bytes) -> Mapping[str, Element]:
    try:
        return read_diagram(path, xml).elements
    except EngineRefused:
        return {}


def fix_of(problem: Problem, element: Element | None, contents: Contents) -> Fix | None:
    """What would mend a problem without a doubt, or by the nearest name that exists; else None."""
    if "tick 'Executable'" in problem.message:
        return {"do": "executable", "label": "Tick “Executable”"}
    if problem.element in RESERVED_IDS and "the engine's own" in problem.message:
        new = f"{problem.element}_1".lower()
        return {"do": "write", "field": "id", "value": new, "label": f"Rename it to {new}"}
    if element is None:
        return None
    if "its name says" in problem.message:
        new = limits.renamed(element.name, element.expression or "")
        return {"do": "write", "field": "name", "value": new, "label": f"Call it “{new}”"}
    if "needs a default arrow" in problem.message:
        return _default(element)
    return _nearest(problem.message, element, contents)


def _default(gateway: Element) -> Fix | None:
    """The one arrow without a condition is what was meant."""
    free = [flow for flow in gateway.outgoing if not flow.condition]
    if len(free) != 1:
        return None
    label = f"Let “{free[0].name or free[0].id}” be the default"
    return {"do": "write", "field": "default", "value": free[0].id, "label": label}


def _nearest(message: str, element: Element, contents: Contents) -> Fix | None:
    names = PROPERTIES.get(element.kind, set()) | EVERYWHERE
    team_names = {choice["words"] for choice in vocabulary.teams(contents)}
    team_ids = {choice["value"] for choice in vocabulary.teams(contents)}
    forms = {choice["value"] for choice in vocabulary.forms(contents.files)}
    letters = {choice["value"] for choice in vocabulary.letters(contents)}
    tables = {choice["value"] for choice in vocabulary.decisions(contents.files)}
    for pattern, field, among in (
        (_NO_FORM, "form", forms),
        (_NO_LETTER, _property_with(element, message, _NO_LETTER), letters),
        (_NO_TABLE, "decision", tables),
        (_NO_TEAM, "property:alert", team_ids),
        (_NO_LANE, "lane", team_names),
        (_NO_PROPERTY, "rename", names),
    ):
        if (said := pattern.search(message)) and (nearest := _close(said[1], among)):
            told = {"do": "write", "field": field, "value": nearest, "was": said[1]}
            return told | {"label": f"Use “{nearest}”"}
    return None


def _property_with(element: Element, message: str, pattern: re.Pattern[str]) -> str:
    said = pattern.search(message)
    wanted = said[1] if said else None
    return next((f"property:{k}" for k, v in element.properties.items() if v == wanted), "")


def _close(word: str, among: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(word, sorted(among), 1, 0.6)), None)


def tidied(sketch: Sketch, path: str, xml: bytes) -> bytes:
    """The same diagram with a new drawing; what it means is untouched.

    Raises BadInput for a file that cannot be read, or with too much in it to be drawn on a page,
    and if the new drawing would have more defects than the old one.
    """
    must_be_a_diagram(sketch, path)
    must_be_readable(path, xml)
    if len(_elements(path, xml)) > DRAWN_ANEW:
        said = f"There are more than {DRAWN_ANEW} elements. Split the diagram into stages first."
        raise BadInput({"xml": said})
    try:
        drawn = best_drawing(xml, SECONDS)
    except (ValueError, KeyError, IndexError, AssertionError):
        said = "This cannot be drawn anew yet: first put right what is wrong with it."
        raise BadInput({"xml": said}) from None
    _must_be_no_worse(xml, drawn)
    return drawn


def _must_be_no_worse(old: bytes, new: bytes) -> None:
    try:
        before, after = defects(old), defects(new)
    except (ValueError, KeyError):
        return  # the old one cannot be judged: it draws what there is not
    if _weight(after) > _weight(before):
        has = f"{len(before)} {'defect' if len(before) == 1 else 'defects'}" if before else "none"
        said = (
            f"The drawing stays as it is. A new one would have {len(after)} "
            f"{'defect' if len(after) == 1 else 'defects'} (“{after[0]}”), the one that is there "
            f"has {has}. A diagram with fewer elements, or shorter names, can be drawn better."
        )
        raise BadInput({"xml": said})


def _weight(found: list[Defect]) -> tuple[int, int]:
    """What the drawing says wrongly counts before what is not good to look at."""
    return sum(defect.what in UNTRUE for defect in found), len(found)


def faults_of_drawing(sketch: Sketch, path: str, xml: bytes) -> list[dict[str, str]]:
    """What is not good to look at: what, and with which elements."""
    must_be_a_diagram(sketch, path)
    must_be_readable(path, xml)
    try:
        return [{"what": found.what, "where": found.where} for found in defects(xml)]
    except (ValueError, KeyError):
        said = "The drawing cannot be judged yet: first put right what is wrong with the diagram."
        raise BadInput({"xml": said}) from None


def must_be_readable(path: str, xml: bytes) -> None:
    """Raises BadInput for what the engine would not even read."""
    try:
        read_xml(xml)
    except EngineRefused as refused:
        raise BadInput({"xml": f"{path}: {refused}"}) from None
