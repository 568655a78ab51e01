"""Reading form-js JSON: what the form editor and Camunda Modeler save, and what of it we refuse.

Everything that is wrong is listed at once, in the words of the person who drew the form. What the
format means: the form-js schema, schemaVersion 16 and later.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from forms import conditions, equality, payments, repeats
from forms.components import Field, Group, Node, Text, fields_of
from forms.questions import KINDS, properties_of, read_condition, read_question
from forms.refused import FormRefused
from forms.words import blocks, placeholders

MAX_BYTES = 256 * 1024
MAX_COMPONENTS = 120
MAX_DEPTH = 4  # groups inside groups
MAX_TEXT = 5_000  # characters of one text component
OLDEST_SCHEMA = 16

IGNORED = frozenset({"button", "spacer", "separator"})  # the page has its own
_WHY_NOT = {
    "html": "It could bring scripts into the page. Use a text.",
    "iframe": "It would show another site inside ours. Put a link into the page instead.",
    "dynamiclist": "For something asked several times, use a group with for_each.",
    "table": "Use a text.",
    "image": "Use a text.",
    "documentPreview": "Attachments are shown beside the form.",
    "taglist": "Use a checklist.",
    "expression": "What is worked out belongs into the diagram.",
}


def read(raw: bytes, name: str, reserved: Collection[str]) -> tuple[str, tuple[Node, ...]]:
    """Return the form's title and tree. Raises FormRefused with all problems found."""
    schema = _schema(raw)
    reader = _Reader(reserved)
    tree = reader.nodes(schema["components"], depth=0, repeated=False)
    if reader.count > MAX_COMPONENTS:
        reader.problems.append(
            f"The form has {reader.count} parts. More than {MAX_COMPONENTS} are too many for one "
            "page: divide it."
        )
    reader.problems += _twice(tree)
    reader.problems += payments.problems_in(tuple(fields_of(tree)))
    reader.problems += equality.problems_in(tree)
    reader.problems += conditions.problems_in(tree, reader.unread)
    if not any(True for _ in fields_of(tree)) and not reader.problems:
        reader.problems.append("The form asks nothing. Add a field.")
    if reader.problems:
        raise FormRefused(reader.problems)
    title = schema.get("title")
    return (title if isinstance(title, str) and title else _spoken(name)), equality.explained(tree)


def _schema(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_BYTES:
        raise FormRefused([f"The file is larger than {MAX_BYTES // 1024} kilobytes."])
    try:
        schema = json.loads(raw.decode(), parse_constant=_no_constant)
        # A lone half of a character survives JSON, but neither a page nor a database holds it.
        json.dumps(schema, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise FormRefused(["The file is not JSON as the form editor saves it."]) from None
    problems = []
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise FormRefused(["The file is not a form: it has no list of components."])
    version = schema.get("schemaVersion")
    if schema.get("type") != "default":
        problems.append("The file is not a form: its type is not “default”.")
    if not isinstance(version, int) or version < OLDEST_SCHEMA:
        problems.append(
            "The form was saved by an old editor. Open it in the form editor and save it again."
        )
    if problems:
        raise FormRefused(problems)
    return schema


def _no_constant(name: str) -> None:
    raise ValueError(name)


class _Reader:
    def __init__(self, reserved: Collection[str]) -> None:
        self.reserved = reserved
        self.problems: list[str] = []
        self.count = 0
        self.unread: set[str] = set()  # keys of fields that are refused for other reasons

    def nodes(self, components: list[Any], depth: int, repeated: bool) -> tuple[Node, ...]:
        found = (self.node(component, depth, repeated) for component in components)
        return tuple(node for node in found if node is not None)

    def node(self, component: Any, depth: int, repeated: bool) -> Node | None:
        self.count += 1
        if self.count > MAX_COMPONENTS:
            return None
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            self.problems.append("A part of the form has no type.")
            return None
        kind = component["type"]
        if kind in IGNORED:
            return None
        where = _where(component)
        if kind not in KINDS and kind not in ("text", "group"):
            why = _WHY_NOT.get(kind, "Use one of: " + ", ".join([*KINDS, "text", "group"]) + ".")
            self.problems.append(f"{where}: we cannot use a {kind}. {why}")
            return None
        worked_out = list(_worked_out(component, where))
        self.problems += worked_out
        if kind == "text":
            return self.text(component, where)
        if kind == "group":
            return self.group(component, where, depth, repeated)
        field = None
        if not worked_out:
            field = read_question(component, where, self.reserved, self.problems)
        if field is None:
            self.unread.add(str(component.get("key")))
        return field

    def text(self, component: dict[str, Any], where: str) -> Text | None:
        text = component.get("text")
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            self.problems.append(f"{where}: a text needs 1 to {MAX_TEXT} characters.")
            return None
        found = blocks(text)
        if bad := [name for name in placeholders(found) if not name.isidentifier()]:
            self.problems.append(
                f"{where}: {{{bad[0]}}} is not the name of a fact. Only facts stand in {{ }}."
            )
        policy = properties_of(component, where, self.problems).get("policy", "")
        return Text(found, read_condition(component, where, self.problems), policy)

    def group(
        self, component: dict[str, Any], where: str, depth: int, repeated: bool
    ) -> Group | None:
        children = component.get("components", [])
        if not isinstance(children, list) or depth >= MAX_DEPTH:
            self.problems.append(f"{where}: groups may stand in groups up to {MAX_DEPTH} deep.")
            return None
        if component.get("path"):
            self.problems.append(f"{where}: leave the path empty. Fields have one key, no path.")
        properties = properties_of(component, where, self.problems)
        for_each = properties.get("for_each", "")
        if for_each and repeated:
            self.problems.append(f"{where}: a repeated group cannot stand in another one.")
        label = component.get("label", "")
        before = len(self.problems)
        group = Group(
            label if isinstance(label, str) else "",
            self.nodes(children, depth + 1, repeated or bool(for_each)),
            read_condition(component, where, self.problems),
            for_each,
            properties.get("of", ""),
            int(properties.get("rows", 0)),
            properties.get("letter_part", ""),
            policy=properties.get("policy", ""),
        )
        if len(self.problems) == before:
            self.problems += repeats.problems_in(group, where)
        return repeats.with_limits(group)


def _where(component: dict[str, Any]) -> str:
    label = component.get("label") or component.get("dateLabel")
    key = component.get("key")
    if isinstance(label, str) and label:
        return f"“{label[:60]}”" + (f" ({key})" if isinstance(key, str) else "")
    return f"The {component['type']} {key or component.get('id') or ''}".rstrip()[:80]


def _worked_out(component: dict[str, Any], where: str) -> Iterator[str]:
    """form-js can work texts, options and limits out from data. Our server does not."""
    for text in _strings({k: v for k, v in component.items() if k not in _OWN_RULES}):
        if "{{" in text:
            yield f"{where}: {{{{ }}}} is not filled in here. In a text, write {{name_of_a_fact}}."
        elif text.startswith("="):
            yield f"{where}: “{text[:40]}” is an expression. Only “Hide if” may have one."
    for name in ("valuesKey", "valuesExpression"):
        if component.get(name):
            yield f"{where}: its answers come from data ({name}). List them in the form instead."
    for name in ("readonly", "disabled"):
        if component.get(name):
            yield f"{where}: a field that nobody can fill in is not a question. Use a text."


_OWN_RULES = frozenset(
    {"components", "conditional", "valuesExpression", "valuesKey", "readonly", "disabled"}
)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child)


def _twice(tree: tuple[Node, ...]) -> Iterator[str]:
    seen: dict[str, Field] = {}
    for field in fields_of(tree):
        if field.key in seen:
            yield (
                f"“{seen[field.key].label}” and “{field.label}” have the same key, {field.key}. "
                "Give each its own."
            )
        seen[field.key] = field


def _spoken(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()
