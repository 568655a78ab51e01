"""facts.toml as a list: a fact added, its words changed, one that nobody uses taken out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from app.engine import DiagramRefused, parse_facts
from app.engine.facts import DEFAULTS
from app.errors import BadInput
from app.services.contents import KEPT_TYPES, SHARED_FACTS, Files
from app.services.workshop import toml_tables

TYPES = {
    "date": "A date",
    "bool": "Yes or no",
    "int": "A whole number",
    "money": "An amount of money",
    "choice": "One of several words",
    "list": "A list, such as pauses",
}
READ_BY = (".bpmn", ".dmn", ".form", ".md", ".toml")  # what may name a fact
WORD = re.compile(rb"[A-Za-z0-9_]+")


def users(files: Files) -> defaultdict[str, list[str]]:
    """The files that name a fact, by its name: without those that declare it."""
    found = defaultdict[str, list[str]](list)
    for path, body in sorted(files.items()):
        if path.endswith(READ_BY) and path not in ("facts.toml", SHARED_FACTS):
            for word in set(WORD.findall(body)):
                found[word.decode()].append(path)
    return found


def saved(body: bytes, name: str, typed: Mapping[str, str], new: bool) -> bytes:
    """The file with this fact as it was typed: label, policy, choices, default; type if new.

    Raises BadInput with a message at each field that is wrong.
    """
    document = _parsed(body)
    if new and name in document:
        raise BadInput({"name": f"There is a fact called {name} already."})
    table = tomlkit.table() if new else document[name]
    kind = typed.get("type", "") if new else str(table.get("type"))
    if kind not in DEFAULTS:
        raise BadInput({"type": "Choose what kind of fact it is."})
    said: dict[str, Any] = {
        "type": kind,
        "label": " ".join(typed.get("label", "").split()),
        "choices": _lines(typed.get("choices", "")) if kind == "choice" else [],
        "default": _default(kind, " ".join(typed.get("default", "").split())),
        "policy": " ".join(typed.get("policy", "").split()),
    }
    if not said["label"]:
        raise BadInput({"label": "Say in words what the fact is. People see it in many places."})
    for key, value in said.items():
        if value in (None, "", []):
            table.pop(key, None)
        elif table.get(key) != value or type(table.get(key)) is not type(value):
            toml_tables.write(table, key, value)
    if new:
        toml_tables.put_in(document, (), name, table)
    return _checked(tomlkit.dumps(document), name)


def without(files: Files, name: str) -> bytes:
    """facts.toml without a fact. Raises BadInput for one that something uses, saying what."""
    document = _parsed(files["facts.toml"])
    if using := users(files)[name]:
        listed = ", ".join(using[:8]) + (" and others" if len(using) > 8 else "")
        raise BadInput({"remove": f"It cannot be taken out: {listed} still use it."})
    if name in KEPT_TYPES:
        raise BadInput({"remove": "Putright keeps this fact by itself; leave it there."})
    toml_tables.take_out(document, (), name)
    return _checked(tomlkit.dumps(document), name)


def _parsed(body: bytes) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(body.decode())
    except (TOMLKitError, UnicodeDecodeError, RecursionError) as problem:
        said = f"facts.toml cannot be read: {str(problem)[:200]}. Put back an older one."
        raise BadInput({"file": said}) from None


def _lines(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[\n,\r]+", text) if word.strip()]


def _default(kind: str, said: str) -> Any:
    """As the file has it; the type's own default needs no word there."""
    if kind == "bool":
        return True if said == "yes" else None
    if kind == "int" and re.fullmatch(r"-?\d{1,9}", said, re.ASCII):
        return int(said)
    return None if kind == "list" else said


FIELDS = {"choices": "choices", "name": "name", "needs": "default"}


def _checked(text: str, name: str) -> bytes:
    """The file, if the engine can read it. Raises BadInput."""
    try:
        parse_facts(text.encode())
    except DiagramRefused as refused:
        said = next((p for p in refused.problems if p.element == name), refused.problems[0])
        at = next((field for word, field in FIELDS.items() if word in said.message), "name")
        raise BadInput({at: f"This fact {said.message}."}) from None
    return text.encode()
