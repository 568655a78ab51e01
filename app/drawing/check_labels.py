"""Can every name be read: in its shape, or beside it?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from . import words
from .boxes import Box, on_diamond, segments
from .defect import Defect, at
from .drawing import BPMN, Drawing

ICON = 24  # px: the corner that a task's icon takes
MARKER = 20  # px: the strip at the lower edge that a + or ||| takes


def labels_lie_free(d: Drawing) -> Iterator[Defect]:
    frames = d.frames
    lanes = [d.shapes[frame] for frame in frames if d.tag(frame) == "lane"]
    for identifier, label in d.labels.items():
        text = label.grown(-1)
        name = d.name(identifier)
        for shape in d.shapes:
            if shape not in frames and _covers(d, identifier, label, shape):
                yield at("label on a shape", f"{name} / {d.name(shape)}", label)
        if any(text.meets(box) and not box.holds(text) for box in lanes):
            yield at("label across a lane's edge", name, label)
        for edge, points in d.edges.items():
            if any(text.cut_by(a, b) for a, b in segments(points)):
                yield at("line through a label", f"{d.name(edge)} / {name}", label)
    for a, b in combinations(d.labels, 2):
        if d.labels[a].meets(d.labels[b]):
            yield at("labels overlap", f"{d.name(a)} / {d.name(b)}", d.labels[a])


def _covers(d: Drawing, identifier: str, label: Box, shape: str) -> bool:
    box, text = d.shapes[shape], label.grown(-1)
    if shape in d.expanded and shape in d.around(identifier) and box.holds(label):
        return False
    if shape == identifier and d.tag(shape).endswith("Gateway"):
        return on_diamond(text, box)  # its own name may stand in the free corner of its box
    return text.meets(box)


def labels_are_in_their_lanes(d: Drawing) -> Iterator[Defect]:
    for identifier, label in d.labels.items():
        lane = d.lane_of.get(identifier)
        if lane and not d.shapes[lane].holds(label):
            yield at("label outside its lane", d.name(identifier), label)


def names_fit(d: Drawing) -> Iterator[Defect]:
    for identifier, box in d.shapes.items():
        if what := _name_problem(d, identifier, box):
            yield at(what, d.name(identifier), box)
    for identifier, label in d.labels.items():
        name = d.elements[identifier].get("name") or ""
        lines = words.wrap(name, label.width, words.OUTSIDE)
        too_high = len(lines) * words.LABEL_LINE > label.height + 4
        if too_high or words.breaks_a_word(name, label.width, words.OUTSIDE):
            yield at("label too big for its place", name, label)


def _name_problem(d: Drawing, identifier: str, box: Box) -> str:
    name, tag = d.elements[identifier].get("name") or "", d.tag(identifier)
    if tag in ("participant", "lane"):
        fits = len(words.wrap(name, box.height - 10, words.INSIDE)) == 1
        return "" if fits else "name does not fit on one line"
    if is_activity(tag) and identifier not in d.expanded:
        many = d.elements[identifier].find(f"{BPMN}multiInstanceLoopCharacteristics") is not None
        return cramped(name, tag, box.width, box.height, many) if name else "no name"
    if tag.endswith(("Event", "Gateway")) and name and identifier not in d.labels:
        return "name has no place"
    return ""


def is_activity(tag: str) -> bool:
    """Whether its name stands inside its box."""
    return tag.lower().endswith("task") or tag in ("callActivity", "subProcess")


def cramped(name: str, tag: str, wide: float, high: float, many: bool) -> str:
    """What is wrong with a name in its box: too long, a broken word, or over icon or marker."""
    inside = wide - 2 * words.PADDING
    lines = words.wrap(name, inside, words.INSIDE)
    text_height = len(lines) * words.INSIDE_LINE
    if words.breaks_a_word(name, inside, words.INSIDE):
        return "a word is broken"
    if text_height > high - 2 * words.PADDING:
        return "name does not fit"
    top = (high - text_height) / 2
    first = words.width(lines[0], words.INSIDE)
    if tag.endswith("Task") and top < ICON and first > wide - 2 * ICON:
        return "name runs into the icon"
    if (many or tag in ("callActivity", "subProcess")) and top < MARKER and lines[-1]:
        return "name runs into the marker"
    return ""
