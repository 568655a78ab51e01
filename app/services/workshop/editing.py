"""A diagram changed as a table: names, deadlines, lanes, forms and letters, without a canvas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

from app import clock
from app.drawing.drawing import Drawing
from app.drawing.moving import in_its_lane
from app.engine import EngineRefused, Problem
from app.engine.checks import limits
from app.engine.diagram import BPMN, CAMUNDA, Element, read_diagram
from app.engine.expressions import parse
from app.engine.xml import read_xml
from app.errors import BadInput, NotFound
from app.services import checking
from app.services.outline import KINDS, along, timer_kind
from app.services.workshop import drafts, linting, vocabulary
from app.services.workshop.comments import kept
from app.services.workshop.drafts import Sketch
from app.services.workshop.vocabulary import Choice, Worked, worked_out
from app.viewer import Viewer

LONGEST_NAME = 120
WAS = "was:"  # before the name of a field: what the page showed in it
MOST_DAYS = 999
# The number of a deadline, at its front or where it is the only date there can be:
# working_days(10 + stage_1_extension, acknowledged_on), None if refused else working_days(10, on)
NUMBER = re.compile(
    r"(?:\A|\A\s*None\s+if\b.*\belse)\s*(?P<unit>working_days|calendar_days|months)"
    r"\(\s*(?P<n>\d{1,4})(?=\s*[,+])",
    re.DOTALL,
)
NAMED = frozenset(
    {
        "userTask",
        "sendTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "timer",
        "message",
        "startEvent",
        "endEvent",
    }
)


@dataclass(frozen=True)
class Line:
    """One element with what can be changed; a field that it has not is None.

    number: of the deadline's days or months, if it has one; else expression is its whole rule.
    deadline: what it means now. letter: the letter that it sends or writes.
    """

    id: str
    kind: str
    depth: int
    fields: Mapping[str, str]
    deadline: Worked | None = None

    @property
    def unit(self) -> str:
        """What the number counts."""
        found = NUMBER.match(self.fields.get("rule", ""))
        return found["unit"].replace("_", " ") if found else ""


@dataclass(frozen=True)
class Outline:
    """A process of a draft as lines. lanes: those of its pool; the rest: what can be chosen.

    astray: the names of steps that the drawing still shows in another lane than their own.
    """

    path: str
    process: str
    name: str
    lines: list[Line]
    lanes: list[Choice]
    forms: list[Choice]
    letters: list[Choice]
    astray: list[str]


def outline_of(sketch: Sketch, process: str) -> Outline:
    """A process to be edited. Raises NotFound, also for one whose diagram cannot be read."""
    found = (each for each in vocabulary.processes(sketch.contents) if each[1] == process)
    path, _, name = next(found, ("", "", ""))
    if not path:
        raise NotFound
    diagram = read_diagram(path, sketch.files[path])
    elements = {k: e for k, e in diagram.elements.items() if e.process == process}
    names = [lane.get("name", "") for lane in diagram.root.iter(f"{BPMN}lane")]
    today = clock.today()
    return Outline(
        path,
        process,
        name,
        [_line(sketch, element, depth, today) for element, depth in along(elements)],
        [{"value": name, "words": name} for name in names],
        vocabulary.forms(sketch.files),
        vocabulary.letters(sketch.contents),
        _astray(sketch.files[path], elements),
    )


def _astray(body: bytes, elements: Mapping[str, Element]) -> list[str]:
    try:
        drawn = Drawing.read(body)
        found = {
            one
            for one, lane in drawn.lane_of.items()
            if one in drawn.shapes and not drawn.shapes[lane].holds(drawn.shapes[one])
        }
    except (ValueError, KeyError):  # it is drawn in part, or wrongly
        return []
    return [e.name or e.id for e in elements.values() if e.id in found and not e.attached_to]


def _line(sketch: Sketch, element: Element, depth: int, today: date) -> Line:
    kind = timer_kind(element) if element.kind == "timer" else element.kind
    rule = element.expression
    worked = worked_out(sketch.contents, rule, today) if rule else None
    return Line(element.id, KINDS.get(kind, kind), depth, fields_of(element), worked)


def fields_of(element: Element) -> dict[str, str]:
    """What can be changed of an element, as it is now, by the name of the field."""
    found: dict[str, str] = {}
    if element.kind in NAMED or element.name:
        found["name"] = element.name
    if element.lane and element.kind == "userTask" and not element.parent:
        found["lane"] = element.lane
    if element.form or element.kind in ("userTask", "message"):
        found["form"] = element.form or ""
    if letter := element.properties.get("letter") or element.properties.get("writes"):
        found["letter"] = letter
    if rule := element.expression:
        found["rule"] = rule
        number = NUMBER.match(rule)
        found |= {"number": number["n"]} if number else {"expression": rule}
    return found


def change(viewer: Viewer, draft_id: str, process: str, posted: Mapping[str, str]) -> list[str]:
    """Save what was typed into the table of a process; returns the names of the steps changed.

    A name that says the old number of a deadline goes with it, unless another name was typed.
    posted: "<element>.<field>" -> text, and "was:<element>.<field>" -> what the page showed; what
    is still as it was shown is left alone. Raises BadInput with an error for each such field, also
    for one that somebody else has changed since, and what drafts.put raises; nothing is saved then.
    """
    sketch = drafts.get(viewer, draft_id)
    outline = outline_of(sketch, process)
    wanted = _wanted(outline, posted)
    if errors := {
        key: said
        for key, (line, text) in wanted.items()
        if (said := _wrong(key, text, outline) or _meanwhile(key, line, posted))
    }:
        raise BadInput(errors)
    if not wanted:
        return []
    wanted |= _names_along(wanted)
    before = sketch.files[outline.path]
    body = kept(_drawn(before, wanted), before)
    if errors := _new_errors(sketch, outline.path, body, wanted):
        raise BadInput(errors)
    drafts.put(viewer, draft_id, outline.path, body, sketch.row.revision)
    names = {line.id: line.fields.get("name") or line.id for line, _ in wanted.values()}
    typed = {key: text for key, (_, text) in wanted.items() if key.endswith(".name")}
    return [typed.get(f"{id}.name", name) for id, name in names.items()]


def tidy(viewer: Viewer, draft_id: str, process: str, seen: int) -> int:
    """Draw the diagram of a process anew; returns how many defects the drawing then has.

    Raises as linting.tidied and drafts.put.
    """
    sketch = drafts.get(viewer, draft_id)
    path = outline_of(sketch, process).path
    drawn = linting.tidied(sketch, path, sketch.files[path])
    drafts.put(viewer, draft_id, path, drawn, seen)
    return len(linting.faults_of_drawing(sketch, path, drawn))


def _wanted(outline: Outline, posted: Mapping[str, str]) -> dict[str, tuple[Line, str]]:
    """The fields whose text is neither what is drawn nor what the page showed."""
    return {
        key: (line, text)
        for line in outline.lines
        for field, now in line.fields.items()
        if field in _RULES
        and (key := f"{line.id}.{field}") in typed_in(posted)
        and (text := _plain(posted[key])) != _plain(now)
    }


def typed_in(posted: Mapping[str, str]) -> dict[str, str]:
    """What somebody has typed: the fields that are not as the page showed them."""
    return {
        key: text
        for key, text in posted.items()
        if _plain(text) != _plain(posted.get(f"{WAS}{key}", "\0"))
    }


def _plain(text: str) -> str:
    return " ".join(text.split())


def _meanwhile(key: str, line: Line, posted: Mapping[str, str]) -> str:
    """That somebody else has changed the same field since the page was shown; empty if not."""
    now = line.fields[key.rpartition(".")[2]]
    if _plain(posted.get(f"{WAS}{key}", now)) == _plain(now):
        return ""
    return f"Somebody else has made this “{now}” meanwhile. Save again to put yours in its place."


def _names_along(wanted: Mapping[str, tuple[Line, str]]) -> dict[str, tuple[Line, str]]:
    """The names that say a number which is changed, with the new one."""
    found = {}
    for key, (line, text) in wanted.items():
        its_name = f"{line.id}.name"
        if key == f"{line.id}.number" and its_name not in wanted and "name" in line.fields:
            rule = _with_number(line.fields["rule"], text)
            if new := limits.renamed(line.fields["name"], rule):
                found[its_name] = line, new
    return found


def _with_number(rule: str, text: str) -> str:
    found = NUMBER.match(rule)
    return f"{rule[: found.start('n')]}{int(text)}{rule[found.end('n') :]}" if found else rule


def _wrong(key: str, text: str, outline: Outline) -> str:
    """Why a text cannot stand in its field; empty if it can."""
    return _RULES[key.rpartition(".")[2]](text, outline)


def _wrong_name(text: str, _: Outline) -> str:
    if not text:
        return "Enter a name: it is what people see."
    too_long = len(text) > LONGEST_NAME
    return f"A name has at most {LONGEST_NAME} characters." if too_long else ""


def _wrong_number(text: str, _: Outline) -> str:
    good = text.isascii() and text.isdigit() and int(text) <= MOST_DAYS
    return "" if good else f"Enter a whole number from 0 to {MOST_DAYS}."


def _wrong_expression(text: str, _: Outline) -> str:
    try:
        parse(text)
    except EngineRefused as refused:
        return f"This is no rule for a date: {getattr(refused, 'reason', refused)}."
    return ""


def _one_of(choices: Callable[[Outline], list[Choice]], what: str) -> Callable[[str, Outline], str]:
    def wrong(text: str, outline: Outline) -> str:
        there = any(choice["value"] == text for choice in choices(outline))
        return "" if there else f"Choose {what} that there is."

    return wrong


_RULES: dict[str, Callable[[str, Outline], str]] = {
    "name": _wrong_name,
    "number": _wrong_number,
    "expression": _wrong_expression,
    "lane": _one_of(lambda outline: outline.lanes, "a lane"),
    "form": _one_of(lambda outline: outline.forms, "a form"),
    "letter": _one_of(lambda outline: outline.letters, "a letter"),
}


def _new_errors(
    sketch: Sketch, path: str, body: bytes, wanted: Mapping[str, tuple[Line, str]]
) -> dict[str, str]:
    """What lint would find that it does not find now, beside the field that brings it."""
    before = set(checking.check(sketch.files, walks=False))
    after = checking.check({**sketch.files, path: body}, walks=False)
    new = [p for p in after if p not in before and p.severity == "error"]
    return {_key_of(problem, wanted): _said(problem) for problem in new}


def _key_of(problem: Problem, wanted: Mapping[str, tuple[Line, str]]) -> str:
    """The field that was changed on the element of a problem, or else any that was changed."""
    own = [key for key, (line, _) in wanted.items() if line.id == problem.element]
    return next(iter(own), next(iter(wanted)))


def _said(problem: Problem) -> str:
    return f"{problem.element or problem.file}: {problem.message}."


# ---- into the file ---------------------------------------------------------------------------


def _written(body: bytes, wanted: Mapping[str, tuple[Line, str]]) -> bytes:
    """The file with these fields changed. All else in it stays, drawing and foreign parts too."""
    root = read_xml(body)
    nodes = {node.get("id"): node for node in root.iter(f"{BPMN}*") if node.get("id")}
    for key, (line, text) in wanted.items():
        _WRITERS[key.rpartition(".")[2]](nodes[line.id], text)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _drawn(body: bytes, wanted: Mapping[str, tuple[Line, str]]) -> bytes:
    """The same with each step that has another lane drawn in it, where there is a place for it."""
    lanes = {key: change for key, change in wanted.items() if key.endswith(".lane")}
    body = _written(body, {key: wanted[key] for key in wanted.keys() - lanes.keys()})
    for key, (line, lane) in lanes.items():
        after = _written(body, {key: (line, lane)})
        try:
            body = in_its_lane(body, after, line.id) or after
        except (ValueError, KeyError, IndexError):  # no drawing, or one that cannot be judged
            body = after
    return body


def _write_name(node: etree._Element, text: str) -> None:
    node.set("name", text)


def _write_lane(node: etree._Element, text: str) -> None:
    """An element goes with the events on its edge."""
    root = node.getroottree().getroot()
    own = node.get("id")
    moved = {own} | {
        event.get("id")
        for event in root.iter(f"{BPMN}boundaryEvent")
        if event.get("attachedToRef") == own
    }
    lanes = list(root.iter(f"{BPMN}lane"))
    target = next(lane for lane in lanes if lane.get("name") == text)
    for ref in [ref for lane in lanes for ref in lane.iterfind(f"{BPMN}flowNodeRef")]:
        if (ref.text or "").strip() in moved:
            target.append(ref)


def _write_form(node: etree._Element, text: str) -> None:
    if not _write_property(node, "form", text):
        node.set(f"{CAMUNDA}formKey", text)


def _write_letter(node: etree._Element, text: str) -> None:
    if not _write_property(node, "letter", text):
        _write_property(node, "writes", text)


def _write_property(node: etree._Element, name: str, text: str) -> bool:
    """Change a property that there is; tell whether there was one."""
    path = f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property"
    found = next((p for p in node.iterfind(path) if p.get("name") == name), None)
    if found is not None:
        found.set("value", text)
    return found is not None


def _write_number(node: etree._Element, text: str) -> None:
    rule = _rule_of(node)
    rule.text = _with_number(rule.text or "", text)


def _write_expression(node: etree._Element, text: str) -> None:
    _rule_of(node).text = text


def _rule_of(node: etree._Element) -> etree._Element:
    rule = node.find(f"{BPMN}timerEventDefinition/{BPMN}timeDate")
    assert rule is not None  # only a timer with a rule has the field
    return rule


_WRITERS: dict[str, Callable[[etree._Element, str], None]] = {
    "name": _write_name,
    "number": _write_number,
    "expression": _write_expression,
    "lane": _write_lane,
    "form": _write_form,
    "letter": _write_letter,
}
