"""A decision table as a grid of texts, and back into the same DMN file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from lxml import etree

from app.engine import EngineRefused, ExpressionRefused, FactSpec, Problem, lint_table
from app.engine.decisions import Table, read_tables
from app.engine.diagram import tag_of
from app.engine.expressions import evaluate
from app.engine.typecheck import constants_in
from app.engine.xml import read_xml
from app.errors import BadInput

POLICIES = {
    "UNIQUE": "Only one row may match",
    "FIRST": "The first row that matches counts",
    "COLLECT": "Every row that matches counts (answers go into a list)",
}
MOST_TRIED = 2_000  # answers put together, to find one that no row knows
Typed = Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """asks: an expression about facts, or for an answer the fact that it sets."""

    label: str
    asks: str


@dataclass(frozen=True)
class Line:
    """One row: texts of its cells and answers, as the file has them; id: of the element."""

    id: str
    cells: tuple[str, ...]
    answers: tuple[str, ...]
    about: str


@dataclass(frozen=True)
class Grid:
    """A decision table as texts. tables: all of its file, id -> name.

    elsewhere: the ids of the other tables and of what is in them.
    """

    id: str
    name: str
    policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    lines: tuple[Line, ...]
    tables: Mapping[str, str]
    elsewhere: frozenset[str]


def opened(body: bytes, which: str = "") -> Grid:
    """The table of that id, else the first of the file. Raises BadInput if there is none."""
    decision, table = _table(body, which)
    every = [one for one, _ in _tables(decision.getparent())]
    others = (one for one in every if one is not decision)
    return Grid(
        decision.get("id", ""),
        _name(decision),
        table.get("hitPolicy", "UNIQUE"),
        tuple(Column(c.get("label", ""), _expression(c)) for c in _children(table, "input")),
        tuple(Column(c.get("label", ""), c.get("name", "")) for c in _children(table, "output")),
        tuple(
            Line(
                row.get("id", ""),
                tuple(_text(cell) for cell in _children(row, "inputEntry")),
                tuple(_text(cell) for cell in _children(row, "outputEntry")),
                " ".join((row.findtext("{*}description") or "").split()),
            )
            for row in _children(table, "rule")
        ),
        {one.get("id", ""): _name(one) for one in every},
        frozenset(node.get("id", "") for other in others for node in other.iter()) - {""},
    )


def _name(decision: Any) -> str:
    return decision.get("name") or decision.get("id") or ""


def changed(
    body: bytes,
    typed: Typed,
    step: str = "",
    facts: Mapping[str, FactSpec] = {},
    which: str = "",
) -> bytes:
    """The file with what was typed into the grid of a table, and then one step taken.

    step: add, up.2, down.2, remove.2 (a row), ask.fact, answer.fact (a column more), in.0, out.0
    (a column less). Raises BadInput.
    """
    decision, table = _table(body, which)
    try:
        _write(decision, table, typed)
        _take(table, step, facts)
    except ValueError:
        raise BadInput({"table": "There is a sign in it that a file cannot hold."}) from None
    root = decision.getroottree()
    etree.indent(root, "  ")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    written = written.rstrip(b"\n") + b"\n"
    return body if opened(written, which) == opened(body, which) else written


def problems(path: str, body: bytes, facts: Mapping[str, FactSpec]) -> list[Problem]:
    """What is wrong with a table; and what no row of it knows, which is no error."""
    found = lint_table(path, body, facts)
    if found:
        return found
    gaps = ((table.id, _gap(table, facts)) for table in read_tables(path, body))
    return [Problem(path, id, said, "warning") for id, said in gaps if said]


def row_of(problem: Problem, grid: Grid) -> int | None:
    """The row, from 1, that a problem is about; None for the whole table."""
    number = re.match(r"row (\d+)\b", problem.message)
    if number and int(number[1]) <= len(grid.lines):
        return int(number[1])
    return None


def new(name: str, title: str, asks: FactSpec, answers: FactSpec) -> bytes:
    """The file of a new table with one column of each kind and one empty row."""
    root = etree.fromstring(
        b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" '
        b'namespace="http://camunda.org/schema/1.0/dmn"><decision><decisionTable/></decision>'
        b"</definitions>"
    )
    root.set("id", f"{name}_definitions")
    root.set("name", title)
    decision = root[0]
    decision.set("id", name)
    decision.set("name", title)
    table = decision[0]
    table.set("id", f"{name}_table")
    table.set("hitPolicy", "FIRST")
    facts = {asks.name: asks, answers.name: answers}
    _take(table, f"ask.{asks.name}", facts)
    _take(table, f"answer.{answers.name}", facts)
    _take(table, "add", facts)
    etree.indent(root, "  ")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def _table(body: bytes, which: str) -> tuple[Any, Any]:
    """The decision of that id, else the first, with its table."""
    try:
        found = [*_tables(read_xml(body))]
    except EngineRefused as refused:
        raise BadInput({"table": f"The table cannot be read: {refused}."}) from None
    if not found:
        raise BadInput({"table": "There is no decision table in this file."})
    return next((pair for pair in found if pair[0].get("id") == which), found[0])


def _tables(root: Any) -> Iterator[tuple[Any, Any]]:
    """Each decision that is a table, with its table."""
    for decision in _children(root, "decision"):
        if (table := next(_children(decision, "decisionTable"), None)) is not None:
            yield decision, table


def _write(decision: Any, table: Any, typed: Typed) -> None:
    if name := typed.get("name", "").strip():
        decision.set("name", name)
    if (policy := typed.get("policy", "")) in POLICIES:
        table.set("hitPolicy", policy)
    for kind in ("input", "output"):
        for at, column in enumerate(_children(table, kind)):
            label = typed.get(f"{kind}.{at}")
            if label is not None and label != column.get("label", ""):
                column.set("label", label)
    for number, row in enumerate(_children(table, "rule")):
        _write_row(row, number, typed)


def _write_row(row: Any, number: int, typed: Typed) -> None:
    for kind, short in (("inputEntry", "cell"), ("outputEntry", "answer")):
        for at, cell in enumerate(_children(row, kind)):
            said = typed.get(f"{short}.{number}.{at}")
            if said is not None and said.strip() != _text(cell):
                _say(cell, said.strip())
    about = typed.get(f"about.{number}")
    if about is not None and " ".join(about.split()) != _about(row):
        _describe(row, " ".join(about.split()))


def _say(cell: Any, said: str) -> None:
    text = next(_children(cell, "text"), None)
    if text is None:
        text = etree.SubElement(cell, _tag(cell, "text"))
    text.text = said


def _about(row: Any) -> str:
    return " ".join((row.findtext("{*}description") or "").split())


def _describe(row: Any, said: str) -> None:
    found = next(_children(row, "description"), None)
    if found is None:
        found = etree.Element(_tag(row, "description"))
        row.insert(0, found)
    found.text = said


def _take(table: Any, step: str, facts: Mapping[str, FactSpec]) -> None:
    """One step of the grid's buttons; a step that makes no sense changes nothing."""
    what, _, which = step.partition(".")
    rows = list(_children(table, "rule"))
    if what == "add":
        _add_row(table)
    elif what in ("ask", "answer") and which in facts:
        _add_column(table, what, facts[which])
    elif what in ("up", "down", "remove", "in", "out") and re.fullmatch(r"\d{1,3}", which):
        at = int(which)
        if what in ("in", "out"):
            _drop_column(table, what, at)
        elif at < len(rows):
            _move(table, rows, what, at)


def _move(table: Any, rows: list[Any], what: str, at: int) -> None:
    other = {"up": at - 1, "down": at + 1}.get(what, at)
    if what == "remove":
        table.remove(rows[at])
    elif 0 <= other < len(rows):
        first, second = sorted((at, other))
        rows[first].addprevious(rows[second])


def _add_row(table: Any) -> None:
    row = etree.SubElement(table, _tag(table, "rule"), id=_free(table, "row"))
    for kind, short in (("input", "inputEntry"), ("output", "outputEntry")):
        for _ in _children(table, kind):
            _add_cell(table, row, short)


def _add_cell(table: Any, row: Any, kind: str, after: Any = None) -> None:
    cell = etree.Element(_tag(row, kind), id=_free(table, "cell"))
    etree.SubElement(cell, _tag(row, "text")).text = ""
    if after is None:
        row.append(cell)
    else:
        after.addnext(cell)


def _add_column(table: Any, what: str, fact: FactSpec) -> None:
    kind, entry = ("input", "inputEntry") if what == "ask" else ("output", "outputEntry")
    column = etree.Element(_tag(table, kind), id=_free(table, kind), label=fact.label)
    if what == "ask":
        inside = etree.SubElement(column, _tag(table, "inputExpression"))
        inside.set("id", f"{column.get('id')}_expression")
        inside.set("typeRef", "string")
        etree.SubElement(inside, _tag(table, "text")).text = fact.name
    else:
        column.set("name", fact.name)
        column.set("typeRef", "string")
    there = [*_children(table, kind)] or ([*_children(table, "input")] if what != "ask" else [])
    if there:
        there[-1].addnext(column)
    else:
        table.insert(0, column)
    for row in _children(table, "rule"):
        cells = [*_children(row, entry)]
        last = cells[-1] if cells else next(reversed([*_children(row, "inputEntry")]), None)
        _add_cell(table, row, entry, last)


def _drop_column(table: Any, what: str, at: int) -> None:
    kind, entry = ("input", "inputEntry") if what == "in" else ("output", "outputEntry")
    columns = [*_children(table, kind)]
    if at >= len(columns) or len(columns) == 1:
        return
    table.remove(columns[at])
    for row in _children(table, "rule"):
        cells = [*_children(row, entry)]
        if at < len(cells):
            row.remove(cells[at])


def _free(table: Any, word: str) -> str:
    """An id that nothing in the file has."""
    taken = {node.get("id") for node in table.getroottree().iter()}
    return next(f"{word}_{n}" for n in range(1, len(taken) + 2) if f"{word}_{n}" not in taken)


def _gap(table: Table, facts: Mapping[str, FactSpec]) -> str:
    """Answers for which no row is there, if the columns ask for facts with few of them."""
    known = [facts.get(text) for text in table.inputs]
    values = [_values(fact, table, at) for at, fact in enumerate(known)]
    size = 1
    for each in values:
        size *= len(each)
    if not 0 < size <= MOST_TRIED:
        return ""
    for together in product(*values):
        names = dict(zip(table.inputs, together, strict=True))
        tests = [[test for test in rule.tests if test] for rule in table.rules]
        try:
            if not any(all(evaluate(t, names, {}) is True for t in row) for row in tests):
                said = ", ".join(
                    f"{fact.label}: {value}"
                    for fact, value in zip(known, together, strict=True)
                    if fact
                )
                return f"No row is there for: {said}. The facts then keep their defaults."
        except ExpressionRefused:
            return ""
    return ""


def _values(fact: FactSpec | None, table: Table, at: int) -> list[Any]:
    if fact is None:
        return []
    if fact.type == "choice":
        return list(fact.choices)
    if fact.type == "bool":
        return [True, False]
    if fact.type != "int":
        return []
    tests = [rule.tests[at] for rule in table.rules]
    numbers = {n for test in tests if test for n in constants_in(test) if type(n) is int}
    return sorted({n + step for n in numbers or {0} for step in (-1, 0, 1)})


def _expression(column: Any) -> str:
    return next((_text(inside) for inside in _children(column, "inputExpression")), "")


def _text(cell: Any) -> str:
    return next((child.text or "" for child in _children(cell, "text")), "").strip()


def _tag(near: Any, name: str) -> str:
    """A name in the namespace of the file: DMN has one for each version."""
    return f"{{{etree.QName(near).namespace or ''}}}{name}"


def _children(node: Any, tag: str) -> Iterator[Any]:
    return iter([child for child in node if tag_of(child) == tag])
