"""Decision tables as people read them: columns with their labels, rows with their cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from app.engine.diagram import tag_of
from app.engine.xml import read_xml
from app.services.deployments import Deployed

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
    """A decision table. columns and results are (label, expression or name of the fact)."""

    id: str
    name: str
    file: str
    policy: str
    columns: tuple[tuple[str, str], ...]
    results: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def tables(deployed: Deployed) -> dict[str, TableView]:
    """Every decision table of a procedure, by its id."""
    views = (
        _view(decision, file)
        for file, body in deployed.files.items()
        if file.endswith(".dmn")
        for decision in read_xml(body)
        if tag_of(decision) == "decision"
    )
    return {view.id: view for view in views}


def _view(decision: etree._Element, file: str) -> TableView:
    table = next(_children(decision, "decisionTable"))
    columns = [
        (column, _text(next(_children(column, "inputExpression"))))
        for column in _children(table, "input")
    ]
    return TableView(
        id=decision.get("id", ""),
        name=decision.get("name") or decision.get("id") or "",
        file=file,
        policy=POLICIES.get(table.get("hitPolicy", "UNIQUE"), ""),
        columns=tuple((column.get("label") or says, says) for column, says in columns),
        results=tuple(
            (column.get("label") or column.get("name") or "", column.get("name", ""))
            for column in _children(table, "output")
        ),
        rows=tuple(
            Row(
                number,
                tuple(_cell(cell) for cell in _children(row, "inputEntry")),
                tuple(_cell(cell) for cell in _children(row, "outputEntry")),
                " ".join((row.findtext("{*}description") or "").split()),
            )
            for number, row in enumerate(_children(table, "rule"), 1)
        ),
    )


def _cell(cell: etree._Element) -> str:
    text = _text(cell)
    return {"-": "", "true": "yes", "false": "no"}.get(
        text, text.strip('"') if _plain(text) else text
    )


def _plain(text: str) -> bool:
    """One quoted text and nothing else."""
    return len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2


def _children(node: etree._Element, tag: str) -> Iterator[etree._Element]:
    return (child for child in node if tag_of(child) == tag)


def _text(cell: etree._Element) -> str:
    return (cell.findtext("{*}text") or "").strip()
