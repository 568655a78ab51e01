"""Rules about expressions: in diagrams and in decision tables."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from app.engine.checks.draft import Draft, at
from app.engine.decisions import Rule, Table
from app.engine.expressions import evaluate
from app.engine.facts import FactSpec, as_json
from app.engine.problems import ExpressionRefused, FactRefused, Problem
from app.engine.typecheck import check, constants_in, names_in, type_of_fact

# what to do, said after what is wrong
QUESTION = "write a question about facts, such as amount > 5"
DATE = "write a date, such as working_days(1, received_on)"
CELL = 'write a test, such as > 5, or a word in quotation marks, such as "upheld"'
APART = "change a cell so that it cannot, or let the first row that matches count (FIRST)"


def conditions_are_questions(draft: Draft) -> Iterator[Problem]:
    """The arrows out of a gateway ask yes-or-no questions of the facts."""
    for gateway in draft.of_kind("exclusiveGateway", "inclusiveGateway"):
        for flow in gateway.outgoing:
            if flow.condition:
                for reason in check(flow.condition, draft.names_at(gateway), "bool"):
                    yield at(gateway, f"condition {flow.condition!r}: {reason}; {QUESTION}")


def timers_are_dates(draft: Draft) -> Iterator[Problem]:
    """A limit is a date worked out from facts, so that it can be worked out again."""
    for timer in draft.of_kind("timer"):
        for reason in check(timer.expression or "", draft.names_at(timer), "date"):
            yield at(timer, f"date {timer.expression!r}: {reason}; {DATE}")


def properties_are_expressions(draft: Draft) -> Iterator[Problem]:
    """`prints` is a date and `offered_when` a question."""
    for element in draft.of_kind("timer", "message"):
        for name, wants in (("prints", "date"), ("offered_when", "bool")):
            if text := element.properties.get(name):
                for reason in check(text, draft.names_at(element), wants):
                    yield at(
                        element,
                        f"{name} {text!r}: {reason}; {DATE if wants == 'date' else QUESTION}",
                    )


def panels_come_from_lists(draft: Draft) -> Iterator[Problem]:
    """A task is repeated over a list."""
    for element in draft.elements.values():
        if element.collection:
            for reason in check(element.collection, draft.facts, "list"):
                yield at(
                    element, f"members {element.collection!r}: {reason}; name a list of people"
                )


def tables_read_facts(draft: Draft) -> Iterator[Problem]:
    """Each column of conditions asks about facts, each cell about its column."""
    for table in draft.tables.values():
        for text in table.inputs:
            for reason in check(text, draft.facts):
                yield Problem(
                    table.file,
                    table.id,
                    f"column {text!r}: {reason}; let it ask about a declared fact",
                )
        for rule in table.rules:
            for text in filter(None, rule.tests):
                for reason in check(text, draft.facts, "bool"):
                    yield _in_row(table, rule, f"{text!r}: {reason}; {CELL}")


def tables_write_facts(draft: Draft) -> Iterator[Problem]:
    """Each column of answers is a fact, and each answer one that the fact can hold."""
    for table in draft.tables.values():
        for fact in table.outputs:
            spec = draft.facts.get(fact)
            if spec is None:
                yield Problem(
                    table.file,
                    table.id,
                    f"sets {fact!r}, which is not a declared fact; declare it",
                )
            elif table.hit_policy == "COLLECT" and spec.type != "list":
                message = f"collects answers in {fact!r}, which is not a list; name one"
                yield Problem(table.file, table.id, message)
            elif table.hit_policy != "COLLECT":
                yield from _answers_fit(table, spec, draft)


def _answers_fit(table: Table, spec: FactSpec, draft: Draft) -> Iterator[Problem]:
    for rule in table.rules:
        text = rule.outputs[spec.name]
        reasons = check(text, draft.facts, type_of_fact(spec))
        if not reasons and not names_in(text):
            try:
                as_json(spec, evaluate(text, {}, {}))
            except (FactRefused, ExpressionRefused) as refused:
                reasons = [refused.reason]
        if reasons and text.isidentifier() and text not in draft.facts:
            reasons = [f'put words in quotation marks: "{text}"']
        for reason in reasons:
            yield _in_row(table, rule, f"{spec.name} {text!r}: {reason}; {_can_be(spec)}")


def _can_be(spec: FactSpec) -> str:
    if spec.type == "choice":
        return "it can be " + ", ".join(f'"{choice}"' for choice in spec.choices)
    return "it can be true or false" if spec.type == "bool" else f"write what {spec.name} can be"


def unique_rows_do_not_overlap(draft: Draft) -> Iterator[Problem]:
    """A table that promises one matching row must not have two that can match together."""
    for table in draft.tables.values():
        if table.hit_policy != "UNIQUE" or len(set(table.inputs)) < len(table.inputs):
            continue
        for one, other in combinations(table.rules, 2):
            columns = zip(table.inputs, one.tests, other.tests, strict=True)
            if all(_both_match(draft.facts.get(fact), tests) for fact, *tests in columns):
                yield _in_row(table, other, f"can match together with row {one.number}; {APART}")


def _both_match(fact: FactSpec | None, tests: list[str | None]) -> bool:
    """Is there a value of the column's fact that fits both cells? Tried, not proved."""
    said = [test for test in tests if test is not None]
    if len(said) < 2 or said[0] == said[1]:
        return True
    if fact is None:  # the column asks for more than a fact: columns may hang together
        return False
    try:
        return any(
            all(evaluate(test, {fact.name: value}, {}) is True for test in said)
            for value in _samples(fact, said)
        )
    except ExpressionRefused:
        return False


def _samples(fact: FactSpec, tests: list[str]) -> list[Any]:
    """Values on and around each number in the cells; every choice; yes and no."""
    constants = [c for test in tests for c in constants_in(test)]
    numbers = [c for c in constants if isinstance(c, int) and not isinstance(c, bool)]
    return [True, False, *fact.choices, *(n + step for n in numbers for step in (-1, 0, 1))]


def _in_row(table: Table, rule: Rule, message: str) -> Problem:
    return Problem(table.file, rule.id or table.id, f"row {rule.number}: {message}")
