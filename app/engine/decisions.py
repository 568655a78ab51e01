"""Decision tables (DMN): rows of conditions and answers, in the small language of expressions.

A table looks at facts and writes facts: an output column is named like the fact it sets. The hit
policy is kept: UNIQUE (one row may match; two are an error), FIRST (the first row that matches)
and COLLECT (every matching row, gathered in list facts). Where no row matches, each output takes
the default that facts.toml declares.

A cell says what the input must be: `"legal"`, `"legal", "court"`, `not("legal")`, `> 500`,
`[1..5]`, `true`; an empty cell or `-` matches everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from app.engine.diagram import tag_of
from app.engine.expressions import evaluate, parse
from app.engine.facts import FactSpec
from app.engine.problems import DiagramRefused, ExpressionRefused, Problem, RowsOverlap
from app.engine.xml import read_xml

HIT_POLICIES = ("UNIQUE", "FIRST", "COLLECT")
MAX_ROWS = 200  # each is compared with each other

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_WORDS = {"true": "True", "false": "False", "null": "None"}
_UNQUOTED = re.compile(r"[^\W\d_]+(?:[ ’'-]+\w+)+")
_NEGATED = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_RANGE = re.compile(r"([\[\](])(.+?)\.\.(.+)([\[\])])", re.DOTALL)
_OPERATOR = re.compile(r"(==|!=|<=|>=|<|>|=|not in\b|in\b)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Rule:
    """One row. tests: one expression for each column, None where every input fits.

    outputs: fact -> expression. number: the row as the owner counts it, from 1.
    about: the owner's remark, in which [3.5a] cites a paragraph of the policy.
    """

    id: str
    number: int
    tests: tuple[str | None, ...]
    outputs: Mapping[str, str]
    about: str = ""


@dataclass(frozen=True)
class Table:
    """One decision. hit_policy: UNIQUE, FIRST or COLLECT."""

    id: str
    name: str
    file: str
    hit_policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[Rule, ...]

    def decide(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        facts: Mapping[str, FactSpec],
    ) -> dict[str, Any]:
        """Return what the table writes: fact -> Python value.

        Raise RowsOverlap if the table is UNIQUE and several rows match.
        """
        hits: list[Rule] = []
        for rule in self.rules:
            tests = (text for text in rule.tests if text is not None)
            if all(evaluate(text, names, functions) is True for text in tests):
                hits.append(rule)
                if self.hit_policy == "FIRST":
                    break
        if self.hit_policy == "UNIQUE" and len(hits) > 1:
            raise RowsOverlap(self.id, [rule.number for rule in hits])
        answers = [
            {name: evaluate(text, names, functions) for name, text in rule.outputs.items()}
            for rule in hits
        ]
        if self.hit_policy == "COLLECT":
            return {name: [answer[name] for answer in answers] for name in self.outputs}
        return answers[0] if answers else {name: facts[name].default for name in self.outputs}


def read_tables(file: str, raw: bytes) -> tuple[Table, ...]:
    """Read the decisions of a DMN file. Raise XmlRefused or DiagramRefused."""
    root = read_xml(raw)
    problems: list[Problem] = []
    tables = [_read_table(file, node, problems) for node in _children(root, "decision")]
    if not tables:
        problems.append(Problem(file, None, "there is no decision in this file"))
    if problems:
        raise DiagramRefused(problems)
    return tuple(table for table in tables if table is not None)


def _read_table(file: str, decision: etree._Element, problems: list[Problem]) -> Table | None:
    identifier = decision.get("id", "")

    def refuse(message: str, element: str = identifier) -> None:
        problems.append(Problem(file, element or None, message))

    node = next(_children(decision, "decisionTable"), None)
    if node is None:
        refuse("a decision is a table here; other forms cannot be run")
        return None
    if next(_children(decision, "informationRequirement"), None) is not None:
        refuse("a table cannot build on another decision; use facts between them")
    policy = node.get("hitPolicy", "UNIQUE")
    if policy not in HIT_POLICIES or node.get("aggregation"):
        refuse(f"hit policy must be one of {', '.join(HIT_POLICIES)}, without an aggregation")
    inputs = tuple(_text(expression) for expression in _grandchildren(node, "input"))
    outputs = tuple(column.get("name", "") for column in _children(node, "output"))
    if not outputs or not all(outputs):
        refuse("each output column needs a name: the fact that it sets")
    rules = []
    for number, row in enumerate(_rows(node, refuse), 1):
        cells = [_text(cell) for cell in _children(row, "inputEntry")]
        answers = [_text(cell) for cell in _children(row, "outputEntry")]
        where = row.get("id", "")
        if len(cells) != len(inputs) or len(answers) != len(outputs):
            refuse(f"row {number} has not one cell for each column", where)
            continue
        try:
            tests = tuple(test_of(i, c) for i, c in zip(inputs, cells, strict=True))
            answers = [_with_words(answer) for answer in answers]
            for answer in answers:
                parse(answer)
        except ExpressionRefused as refused:
            words = next(filter(_UNQUOTED.fullmatch, (*cells, *answers)), None)
            advice = f'put words in quotation marks: "{words}"'
            refuse(f"row {number}: {advice if words else refused}", where)
            continue
        about = " ".join((row.findtext("{*}description") or "").split())
        rules.append(Rule(where, number, tests, dict(zip(outputs, answers, strict=True)), about))
    name = decision.get("name", identifier)
    return Table(identifier, name, file, policy, inputs, outputs, tuple(rules))


def _rows(table: etree._Element, refuse: Callable[[str], None]) -> list[etree._Element]:
    rows = list(_children(table, "rule"))
    if len(rows) > MAX_ROWS:
        refuse(f"a table has at most {MAX_ROWS} rows, not {len(rows)}")
    return rows[:MAX_ROWS]


def test_of(subject: str, cell: str) -> str | None:
    """Return a cell as an expression about its column's input; None if it matches everything.

    Raise ExpressionRefused if the cell says nothing in our language.
    """
    cell = _with_words(cell.strip())
    if cell in ("", "-"):
        return None
    negated = without_not(cell)
    test = _any_of(subject, cell) if negated is None else f"not ({_any_of(subject, negated)})"
    parse(test)
    return test


def without_not(cell: str) -> str | None:
    """What stands inside `not(…)`; None for a cell that is not negated."""
    negated = _NEGATED.fullmatch(cell)
    return negated[1] if negated else None


def _any_of(subject: str, cell: str) -> str:
    return " or ".join(f"({_one_test(subject, part)})" for part in parts_of(cell))


def _one_test(subject: str, part: str) -> str:
    if between := _RANGE.fullmatch(part):
        opens, low, high, closes = between.groups()
        parse(low), parse(high)
        over, under = "<=" if opens == "[" else "<", "<=" if closes == "]" else "<"
        return f"({low}) {over} ({subject}) {under} ({high})"
    if compared := _OPERATOR.match(part):
        sign, value = compared[1], compared[2]
        parse(value)
        return f"({subject}) {'==' if sign == '=' else sign} ({value})"
    parse(part)  # alone, so that a cell cannot close our brackets
    return f"({subject}) == ({part})"


def parts_of(cell: str) -> Iterator[str]:
    """Split a cell at its commas, not at those inside quotes or brackets."""
    bare = _TEXT.sub(lambda text: "x" * len(text[0]), cell)
    depth, begin = 0, 0
    for at, character in enumerate(bare):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield cell[begin:at].strip()
            begin = at + 1
    yield cell[begin:].strip()


def _with_words(cell: str) -> str:
    """DMN writes true, false and null where our language has True, False and None."""
    kept = [text[0] for text in _TEXT.finditer(cell)]
    words = [re.sub(r"\b(true|false|null)\b", lambda w: _WORDS[w[0]], w) for w in _TEXT.split(cell)]
    return "".join(word + text for word, text in zip(words, [*kept, ""], strict=True))


def _children(node: etree._Element, tag: str) -> Iterator[etree._Element]:
    """DMN has a namespace for each version; the names are the same in all."""
    return (child for child in node if tag_of(child) == tag)


def _grandchildren(table: etree._Element, tag: str) -> Iterator[etree._Element]:
    for column in _children(table, tag):
        yield from _children(column, "inputExpression")


def _text(cell: etree._Element) -> str:
    return next((child.text or "" for child in _children(cell, "text")), "").strip()
