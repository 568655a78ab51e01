"""Ids as other editors write them (sid-1A2B-…), made such that the engine can use them.

All of a draft's diagrams at once: an id is used only once in them, and one names another's process.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lxml import etree

from app.engine import EngineRefused
from app.engine.diagram import BPMN, CAMUNDA, tag_of
from app.engine.vocabulary import IDENTIFIER, RESERVED_IDS, WITH_IDS
from app.engine.xml import read_xml
from app.services.contents import Files
from app.services.workshop import drafts
from app.services.workshop.comments import REFERENCES, whole
from app.viewer import Viewer

LONGEST = 50  # characters of an id that is made of a name
REFERRING = (  # attributes that hold an id
    "sourceRef",
    "targetRef",
    "default",
    "attachedToRef",
    "processRef",
    "calledElement",
    "bpmnElement",
)
NAMING = frozenset(  # properties that hold ids, with blanks between
    {
        "not_the_handler_of",
        "senior_to",
        "assigned_in",
        "approved_in",
        "met_by",
        "continues_as",
    }
)
NOT_OF_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Renamed:
    """One id before and after. kind: of its element, such as userTask; name: as drawn."""

    old: str
    new: str
    kind: str
    name: str


def unsafe(files: Files) -> dict[str, list[Renamed]]:
    """The ids that the engine cannot use, each with one that it can, by diagram."""
    roots = _roots(files)
    taken = {node.get("id", "") for root in roots.values() for node in root.iter("*")}
    taken |= RESERVED_IDS
    found = {path: _renamed(root, taken) for path, root in sorted(roots.items())}
    return {path: renamed for path, renamed in found.items() if renamed}


def count(body: bytes) -> int:
    """How many ids of a diagram the engine cannot use."""
    return sum(map(len, unsafe({"a.bpmn": body}).values()))


def rename(viewer: Viewer, draft_id: str, seen: int) -> int:
    """Give every such id of a draft its new one, wherever it is named; returns how many.

    Raises as drafts.put_all. seen: the revision that was shown.
    """
    files = drafts.get(viewer, draft_id).files
    found = unsafe(files)
    every = {one.old: one.new for renamed in found.values() for one in renamed}
    changed = {}
    for path in _roots(files):
        own = {one.old: one.new for one in found.get(path, ())}
        changed[path] = _with_new_ids(files[path], {**every, **own})
    changed = {path: body for path, body in changed.items() if body != files[path]}
    drafts.put_all(viewer, draft_id, changed, seen)
    return sum(map(len, found.values()))


def _roots(files: Files) -> dict[str, etree._Element]:
    """The diagrams that can be read."""
    found = {}
    for path, body in files.items():
        if path.endswith(".bpmn"):
            try:
                found[path] = read_xml(body)
            except EngineRefused:
                continue
    return found


def _renamed(root: etree._Element, taken: set[str]) -> list[Renamed]:
    """taken: ids that there are; the new ones are added."""
    nodes = [node for node in root.iter(f"{BPMN}*") if tag_of(node) in WITH_IDS]
    wrong = [n for n in nodes if n.get("id") and not IDENTIFIER.fullmatch(n.get("id", ""))]
    new: dict[str, str] = {}
    for node in sorted(wrong, key=lambda node: tag_of(node) == "sequenceFlow"):
        new[node.get("id", "")] = _free(_made(node, new), taken)
    return [
        Renamed(id, new[id], tag_of(node), " ".join(node.get("name", "").split()))
        for node in wrong
        for id in [node.get("id", "")]
    ]


def _made(node: etree._Element, new: Mapping[str, str]) -> str:
    """An id made of the name; of an arrow, of its ends; of what has no name, of its kind."""
    tag = tag_of(node)
    if tag == "sequenceFlow":
        ends = [node.get("sourceRef", ""), node.get("targetRef", "")]
        source, target = (new.get(end, end) for end in ends)
        made = f"{source[:35]}_to_{target[:35]}"
        return made if IDENTIFIER.fullmatch(made) else "flow"
    kind = re.split(r"(?=[A-Z])", tag)[-1].lower()
    plain = unicodedata.normalize("NFKD", node.get("name", "")).encode("ascii", "ignore").decode()
    words = NOT_OF_ID.sub("_", plain.lower())[:LONGEST].strip("_")
    if not words:
        return kind
    return f"{kind}_{words}" if words[0].isdigit() else words


def _free(made: str, taken: set[str]) -> str:
    """The same, or with the first number that makes it free."""
    known: Collection[str] = {id.lower() for id in taken}
    free, number = made, 1
    while free.lower() in known:
        number += 1
        free = f"{made}_{number}"
    taken.add(free)
    return free


def _with_new_ids(body: bytes, new: Mapping[str, str]) -> bytes:
    """The diagram with these ids renamed, its comments and drawing kept; else the same bytes."""
    root = read_xml(body, comments=True)
    changed = [_rename_in(node, new) for node in root.iter("*")]
    return whole(root, root) if any(changed) else body


def _rename_in(node: etree._Element, new: Mapping[str, str]) -> bool:
    before = [*node.attrib.values(), node.text]
    of_model = node.tag.startswith(BPMN) and tag_of(node) in WITH_IDS
    for name in (("id",) if of_model else ()) + REFERRING:
        if (held := node.get(name, "")) in new:
            node.set(name, new[held])
    if node.tag == f"{CAMUNDA}property" and node.get("name") in NAMING:
        words = re.split(r"([\s,]+)", node.get("value", ""))
        node.set("value", "".join(new.get(word, word) for word in words))
    elif node.tag in REFERENCES and (held := (node.text or "").strip()) in new:
        node.text = new[held]
    return before != [*node.attrib.values(), node.text]
