"""Tables put into a TOML file and taken out of it; every comment stays where it belongs.

tomlkit keeps what stands between two tables, such as the comment above the second one, as the tail
of the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, Comment, InlineTable, Table, Whitespace

Where = tuple[str, ...]  # ("code", "departures"): from the top of the file; () is the top


def at(document: Any, where: Where) -> Any:
    """What stands there: a table, a table of tables, a list of tables, or None."""
    for key in where:
        document = document.get(key) if document is not None else None
    return document


def put_in(document: Any, where: Where, key: str | None, table: Table) -> None:
    """Add a table behind those that stand there; key: its name, None for one of a list."""
    there = at(document, where)
    if inline := isinstance(there, InlineTable | Array):
        added: InlineTable | Table = tomlkit.inline_table()
        added.update(table)
    else:
        added = table
        there = there or _made(document, where, tomlkit.aot() if key is None else _holder())
    if key is None:
        there.append(added)
    else:
        there[key] = added
    if not inline:
        _settle(document, table)


def put_one(document: Any, where: Where, table: Table) -> None:
    """Add the one table that stands there."""
    _made(document, where, table)
    _settle(document, table)


def _settle(document: Any, table: Table) -> None:
    """Leave a line above a new table, and what stood above the next one above that."""
    every = [*_in_order(document)]
    number = next(n for n, one in enumerate(every) if one is table)
    for before in every[number - 1 : number]:
        tail = _cut_tail(before)
        before.add(tomlkit.nl())
        table.trivia.indent = ""
        for item in tail:
            table.add(item)


def write(table: Any, key: str, value: Any) -> None:
    """Set a key of a table or of the top of the file; a new one stands behind the other keys."""
    holder = table.value if isinstance(table, Table) else table
    body = holder.body if isinstance(holder, Container) else []
    keys = [name for name, item in body if name and not isinstance(item, Table | AoT)]
    if key in table or not keys:
        table[key] = value
    else:  # tomlkit's own way would put it below the comments above the next table
        holder._insert_after(keys[-1], key, value)


def take_out(document: Any, where: Where, key: str | int) -> None:
    """Take out one of the tables that stand there."""
    there = at(document, where)
    every = [*_in_order(document)]
    number = next((n for n, one in enumerate(every) if one is there[key]), None)
    if number is not None:  # one in {} has nothing behind it
        tail = _cut_tail(every[number])
        _hand_on(tail, every[number - 1 : number], every[number + 1 : number + 2])
    del there[key]
    if where and not there:
        del at(document, where[:-1])[where[-1]]


def _hand_on(tail: list[Any], before: list[Table], behind: list[Table]) -> None:
    """What stood between a table that goes and the next one."""
    if before:
        body = before[0].value.body
        twice = body and tail and isinstance(body[-1][1], Whitespace)
        for item in tail[1:] if twice and isinstance(tail[0], Whitespace) else tail:
            before[0].add(item)
    elif behind:
        words = "".join(item.as_string() for item in tail)
        behind[0].trivia.indent = words.lstrip("\n") + behind[0].trivia.indent


def _made(document: Any, where: Where, made: Any) -> Any:
    for key in where[:-1]:
        if key not in document:
            document[key] = _holder()
        document = document[key]
    document[where[-1]] = made
    return document[where[-1]]


def _holder() -> Table:
    return tomlkit.table(is_super_table=True)


def _in_order(holder: Any) -> Iterator[Table]:
    """Every table with a line of its own in brackets, from the top of the file."""
    body = holder.value.body if isinstance(holder, Table) else holder.body
    for _, item in body:
        for inside in item.body if isinstance(item, AoT) else [item]:
            if isinstance(inside, Table):
                if not inside.is_super_table():
                    yield inside
                yield from _in_order(inside)


def _cut_tail(table: Table) -> list[Any]:
    """Take the blank lines and comments at the end of a table from it."""
    body, tail = table.value.body, []
    while body and isinstance(body[-1][1], Comment | Whitespace):
        tail.append(body.pop()[1])
    return tail[::-1]
