"""Decision tables as people read them: columns with their labels, rows with their cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from app.engine import FactSpec
from app.engine.diagram import tag_of
from app.engine.xml import read_xml
from app.services.deployments import Deployed
from app.services.plain_rules import cell, condition

POLICIES = {
    "UNIQUE": "Only one row may match.",
    "FIRST": "The first row that matches counts.",
    "COLLECT": "Every row that matches counts.",
}


@dataclass(frozen=True)
class Row:
    """One row: cells in the order of the columns (empty: anything), answers, and a comment."""

    number: int
    cells: tuple[str, ...]
    answers: tuple[str, ...]
    about: str


@dataclass(frozen=True)
class TableView:
    """A decision table. columns: what a column is called, and what it asks if that says more.

    otherwise: what holds if no row matches.
    """

    id: str
    name: str
    file: str
    policy: str
    columns: tuple[tuple[str, str], ...]
    results: tuple[str, ...]
    rows: tuple[Row, ...]
    otherwise: str


def tables(deployed: Deployed) -> dict[str, TableView]:
    """Every decision table of a procedure, by its id."""
    views = (
        _view(decision, file, deployed.facts)
        for file, body in deployed.files.items()
        if file.endswith(".dmn")
        for decision in read_xml(body)
        if tag_of(decision) == "decision"
    )
    return {view.id: view for view in views}


def _view(decision: etree._Element, file: str, facts: Mapping[str, FactSpec]) -> TableView:
    table = next(_children(decision, "decisionTable"))
    outputs = list(_children(table, "output"))
    return TableView(
        id=decision.get("id", ""),
        name=decision.get("name") or decision.get("id") or "",
        file=file,
        policy=POLICIES.get(table.get("hitPolicy", "UNIQUE"), ""),
        columns=tuple(_column(column, facts) for column in _children(table, "input")),
        results=tuple(column.get("label") or _label(column, facts) for column in outputs),
        rows=tuple(
            Row(
                number,
                tuple(cell(_text(entry)) for entry in _children(row, "inputEntry")),
                tuple(cell(_text(entry)) for entry in _children(row, "outputEntry")),
                " ".join((row.findtext("{*}description") or "").split()),
            )
            for number, row in enumerate(_children(table, "rule"), 1)
        ),
        otherwise="; ".join(_otherwise(column, facts) for column in outputs),
    )


def _column(column: etree._Element, facts: Mapping[str, FactSpec]) -> tuple[str, str]:
    """The label and what is asked; a column that asks for one fact says so by its label."""
    expression = _text(next(_children(column, "inputExpression")))
    asks = condition(expression, facts)
    spec = facts.get(expression)
    if spec is not None:
        asks = f"“{spec.label}”"
    label = column.get("label") or ""
    says_the_same = spec is not None and label.rstrip("?") == spec.label
    return (label, "" if says_the_same else asks) if label else (asks.strip("“”"), "")


def _label(column: etree._Element, facts: Mapping[str, FactSpec]) -> str:
    spec = facts.get(column.get("name", ""))
    return spec.label if spec else column.get("name", "")


def _otherwise(column: etree._Element, facts: Mapping[str, FactSpec]) -> str:
    spec = facts.get(column.get("name", ""))
    default = spec.default if spec else None
    words = {True: "yes", False: "no"}.get(default) if isinstance(default, bool) else default
    return f"“{_label(column, facts)}” is {str(words).replace('_', ' ') if words else 'empty'}"


def _children(node: etree._Element, tag: str) -> Iterator[etree._Element]:
    return (child for child in node if tag_of(child) == tag)


def _text(cell: etree._Element) -> str:
    return (cell.findtext("{*}text") or "").strip()
