"""Groups that are asked several times: for each point, promise or copy of a case, or as a list.

A row's fields have the group's keys with the row's id behind them: findings__2, promise_text__1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from forms import feel
from forms.components import Field, Group, Kind, Node, Row, Rows, fields_of
from forms.posts import Typed

LIST = "new_promise"  # the one list that people fill in themselves
MOST_ROWS = 8  # of it, unless the form says otherwise
EMPTY_ROWS = 3  # shown after the filled ones

_ROW_ID = re.compile(r"[0-9a-z]{1,32}")


@dataclass(frozen=True)
class Repeat:
    """What a group may be repeated for. word: of one row, for people; needs: fields by key."""

    word: str
    needs: Mapping[str, tuple[Kind, ...]]


_TEXT: tuple[Kind, ...] = ("text", "lines")
_DATE: tuple[Kind, ...] = ("date",)
REPEATS: Mapping[str, Repeat] = {
    "point": Repeat("point", {}),
    LIST: Repeat("promise", {"promise_text": _TEXT, "promise_who": _TEXT, "promise_by": _DATE}),
    "promise": Repeat(
        "promise",
        {"promise_done_on": _DATE, "promise_new_by": _DATE, "promise_note": _TEXT},
    ),
    "copy": Repeat("copy", {"copy_sent_on": _DATE}),
    "member": Repeat("member", {}),
}
_MUST = ("promise_text", "promise_by")  # without them a row is no promise
_LONGEST = {"promise_text": 500, "promise_who": 200}  # characters


def problems_in(group: Group, where: str) -> Iterator[str]:
    """What a repeated group lacks, or must not have."""
    asked = {field.key: field for field in fields_of(group.children)}
    for key, kinds in REPEATS[group.for_each].needs.items() if group.for_each else ():
        if key not in asked:
            yield f"{where}: a group for each {group.for_each} asks for {key}."
        elif asked[key].kind not in kinds:
            yield f"{where}: {key} must be a {' or a '.join(kinds).replace('lines', 'text area')}."
        elif key in _MUST and not asked[key].required:
            yield f"{where}: {key} must be required. A row in which nothing is typed is left out."
    if (group.for_each == "member") != bool(group.of):
        yield f"{where}: a group with for_each = member says whose with of = the list fact."
    if group.for_each != LIST:
        if group.most or group.letter_part:
            yield f"{where}: rows and letter_part belong on a group with for_each = {LIST}."
        return
    for field in asked.values():
        if field.default is not None or field.kind in ("files", "points"):
            yield f"{where}: {field.key} stands in a list: no files, no points and no default."


def with_limits(group: Group) -> Group:
    """A list with its number of rows, and texts that are short enough to keep."""
    if group.for_each != LIST:
        return group
    children = tuple(map(_shortened, group.children))
    return replace(group, children=children, most=group.most or MOST_ROWS)


def _shortened(node: Node) -> Node:
    if isinstance(node, Group):
        return replace(node, children=tuple(map(_shortened, node.children)))
    if isinstance(node, Field) and node.key in _LONGEST:
        return replace(node, max_length=min(node.max_length, _LONGEST[node.key]))
    return node


def expanded(group: Group, rows: Rows) -> Iterator[Group]:
    """A group once for each row; a list that people fill in stays one group of all its rows."""
    if group.for_each != LIST:
        for number, row in enumerate(rows.get(group.for_each, ()), 1):
            yield _of_row(group, row, row.number or number)
        return
    numbers = range(1, group.most + 1)
    row_group = replace(group, condition=None, label="", most=0, letter_part="")
    children = tuple(_of_row(row_group, Row(n, f"Promise {n}"), n) for n in numbers)
    yield replace(group, children=children)


def _of_row(group: Group, row: Row, number: int) -> Group:
    if not _ROW_ID.fullmatch(str(row.id)):
        raise ValueError(f"{row.id!r} cannot be part of a field's name")
    keys = {field.key: f"{field.key}__{row.id}" for field in fields_of(group.children)}

    def of_row(node: Node) -> Node:
        """The node with this row's keys, in its condition, too."""
        condition = feel.renamed(node.condition, keys) if node.condition else None
        if isinstance(node, Field):
            named = replace(node, key=keys[node.key], condition=condition, minimum=_from(node, row))
            return replace(named, each=group.for_each, row=row, number=number)
        if isinstance(node, Group):
            children = tuple(of_row(child) for child in node.children)
            return replace(node, children=children, condition=condition)
        return replace(node, condition=condition)

    children = tuple(of_row(child) for child in group.children)
    return replace(group, children=children, row=row, number=number)


def _from(field: Field, row: Row) -> str:
    """The first day that a date may be: not before the row itself came to be."""
    if field.kind != "date" or field.minimum == "today":
        return field.minimum
    return max(field.minimum, row.since)


def heading(node: Field | Group) -> str:
    """What stands above a row: "2. The leak was not repaired", "Promise 2"."""
    label = node.row.label if node.row else ""
    each = node.for_each if isinstance(node, Group) else node.each
    return label if each == LIST else f"{node.number}. {label}"


def left_out(fields: Collection[Field], typed: Typed) -> frozenset[str]:
    """The keys of a list's rows in which nothing was typed: such a row is not there."""
    of_list = [field for field in fields if field.each == LIST]
    filled = {f.number for f in of_list if any(any(typed.get(name, ())) for name in f.names)}
    return frozenset(field.key for field in of_list if field.number not in filled)


def shown(group: Group, typed: Typed, empty: int = EMPTY_ROWS) -> int:
    """How many rows of a list to show: up to the last filled one, and some empty ones."""
    fields = list(fields_of(group.children))
    blank = left_out(fields, typed)
    last = max((field.number for field in fields if field.key not in blank), default=0)
    return min(last + max(empty, 1), group.most)
