"""Whether each "Hide if" of a form asks something that can be answered."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from forms import feel
from forms.components import Field, Group, Node, fields_of

_VALUE_KINDS = {"number": "number", "money": "number", "tick": "boolean", "choices": "list"}
_SHOWN_AS = {"number": "a number", "boolean": "true or false", "list": "a list", "string": "a text"}


def problems_in(tree: Sequence[Node], unread: Collection[str] = ()) -> Iterator[str]:
    """A condition may ask about fields above it; inside a repeated group, also the same row's.

    unread: keys of fields that are wrong in themselves; nothing more is said about them.
    """
    known = dict.fromkeys((field.key for field in fields_of(tree)), True)
    yield from _walk(tree, known | dict.fromkeys(unread, False), {})


def _walk(
    nodes: Sequence[Node], known: Mapping[str, bool], above: dict[str, Field]
) -> Iterator[str]:
    for node in nodes:
        if node.condition is not None:
            label = node.label if isinstance(node, (Field, Group)) else ""
            where = f"“{label}”" if label else "A text or group without a label"
            yield from (f"{where}: {said}" for said in _unknown(node.condition, known, above))
            yield from (f"{where}: {said}" for said in _never_true(node.condition, above))
        if isinstance(node, Field):
            above[node.key] = node
        elif isinstance(node, Group):
            # What is asked several times has many answers, so nothing below may ask about it.
            yield from _walk(node.children, known, dict(above) if node.for_each else above)


def _unknown(
    condition: feel.Tree, known: Mapping[str, bool], above: Mapping[str, Field]
) -> Iterator[str]:
    for name in sorted(feel.names(condition)):
        if name not in known:
            yield f"“Hide if” asks about {name}, which is not a field of this form."
        elif not known[name]:
            continue
        elif name not in above:
            yield (
                f"“Hide if” asks about {name}, which does not come before it, or is asked several "
                "times."
            )
        elif above[name].kind in ("files", "points"):
            yield f"“Hide if” cannot ask about {name}: files and lists of points do not decide."


def _never_true(condition: feel.Tree, above: Mapping[str, Field]) -> Iterator[str]:
    """Comparisons with something that the field can never be: mostly a misspelt answer."""
    operation, *parts = condition
    if operation in ("value", "name"):
        return
    if operation in ("=", "!="):
        for field, value in _asked(above, parts, parts[::-1]):
            yield from _not_its_answer(field, value)
    if operation == "contains":
        for field, value in _asked(above, parts):
            yield from _not_in_its_list(field, value)
        listed = parts[0][1:] if parts[0][0] == "list" else ()
        for field, value in _asked(above, *([parts[1], item] for item in listed)):
            yield from _not_its_answer(field, value)
    for part in parts:
        yield from _never_true(part, above)


def _asked(above: Mapping[str, Field], *pairs: Sequence[feel.Tree]) -> Iterator[tuple[Field, Any]]:
    """Of pairs of trees: those of a field and a plain value."""
    for one, other in pairs:
        if one[0] == "name" and one[1] in above and other[0] == "value":
            yield above[one[1]], other[1]


def _not_its_answer(field: Field, value: Any) -> Iterator[str]:
    kind = _VALUE_KINDS.get(field.kind, "string")
    if value is None:
        return
    if kind == "list":
        yield f"{field.key} has several answers. Ask with list contains({field.key}, …)."
    elif feel.kind(value) != kind:
        shown = json.dumps(value)
        yield f"{field.key} is {_SHOWN_AS[kind]}, so it cannot be compared with {shown}."
    elif field.options:
        yield from _not_offered(field, value)


def _not_in_its_list(field: Field, value: Any) -> Iterator[str]:
    if _VALUE_KINDS.get(field.kind) != "list":
        yield f"{field.key} has one answer only. Ask with {field.key} = …"
    else:
        yield from _not_offered(field, value)


def _not_offered(field: Field, value: Any) -> Iterator[str]:
    offered = [option.value for option in field.options]
    if value not in offered:
        yield f"“{value}” is not an answer of {field.key}. It has: {', '.join(offered)[:200]}."
