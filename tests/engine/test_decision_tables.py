"""Decision tables: cells, hit policies, and what is refused when one is read."""

from __future__ import annotations

from typing import Any

import pytest
from drawing import diagram, end, flows, rule, start, table, user
from playing import ENGLAND, begin, declare, parse

from app.engine import DiagramRefused, ExpressionRefused, FactRefused, RowsOverlap
from app.engine.decisions import read_tables
from app.engine.decisions import test_of as cell_as_test
from app.engine.expressions import evaluate
from timers.calendar import expression_functions

FUNCTIONS = expression_functions(ENGLAND)


@pytest.mark.parametrize(
    ("cell", "fits", "does_not"),
    [
        ("", [1, "a", None], []),
        (" - ", [1, None], []),
        ("5", [5], [6, None]),
        ("> 5", [6], [5, None]),
        ("<= 5", [5, 4], [6]),
        ("!= 5", [4], [5, None]),
        ("= 5", [5], [4]),
        ("[1..5]", [1, 5], [0, 6]),
        ("(1..5)", [2], [1, 5]),
        ("]1..5[", [2], [1, 5]),
        ("[1 .. other + 1]", [1, 3], [4]),
        ("1, 3, > 8", [1, 3, 9], [2, 8]),
        ("not(1, 3)", [2, None], [1, 3]),
        ('"legal"', ["legal"], ["court", None]),
        ('"legal", "court"', ["legal", "court"], ["repairs"]),
        ('not("legal")', ["court"], ["legal"]),
        ('"a, b"', ["a, b"], ["a"]),
        ('"not true"', ["not true"], [True]),
        ("in [1, 2]", [1], [3]),
        ("not in [1, 2]", [3], [1]),
        ("true", [True], [False, None]),
        ("false", [False], [True]),
        ("null", [None], [0, ""]),
        ("other", [2], [3]),
    ],
)
def test_a_cell_says_what_its_input_must_be(
    cell: str, fits: list[Any], does_not: list[Any]
) -> None:
    test = cell_as_test("subject", cell)
    for value in fits + does_not:
        names = {"subject": value, "other": 2}
        assert (test is None or evaluate(test, names, FUNCTIONS)) is (value in fits)


@pytest.mark.parametrize("cell", ["5) or (True", ">", "1..5", "not(", "5 5", 'date("2026-01-01")x'])
def test_a_cell_that_says_nothing_is_refused(cell: str) -> None:
    with pytest.raises(ExpressionRefused):
        cell_as_test("subject", cell)


FACTS = declare(
    amount="money",
    insured="bool",
    signs_off="choice: officer, manager, director",
    reasons="list",
    days="int",
)


def decide(*tables: bytes, **facts: Any) -> dict[str, Any]:
    """The facts after a table has decided over some."""
    drawn = diagram(
        start(), rule("ask", "grounds"), user("rest"), end(), flows("begun > ask > rest > done")
    )
    return begin(parse(drawn, facts=FACTS, tables=tables), **facts).facts


def test_first_takes_the_first_row_that_matches() -> None:
    rows = [["> 500", '"director"'], ["> 100", '"manager"'], ["", '"officer"']]
    first = table("grounds", ["amount"], ["signs_off"], rows, "FIRST")
    assert decide(first, amount="700.00")["signs_off"] == "director"
    assert decide(first, amount="200.00")["signs_off"] == "manager"
    assert decide(first, amount="100.00")["signs_off"] == "officer"


def test_unique_allows_one_row_and_names_those_that_match_together() -> None:
    rows = [
        ["> 500", "-", '"director"'],
        ["<= 500", "true", '"manager"'],
        ["-", "false", '"officer"'],
    ]
    unique = table("grounds", ["amount", "insured"], ["signs_off"], rows, "UNIQUE")
    assert decide(unique, amount="700.00", insured=True)["signs_off"] == "director"
    assert decide(unique, amount="200.00", insured=False)["signs_off"] == "officer"
    with pytest.raises(RowsOverlap, match="rows 1, 3"):
        decide(unique, amount="700.00", insured=False)


def test_collect_gathers_every_row_that_matches() -> None:
    rows = [["> 500", '"large"'], ["> 100", '"not small"'], ["< 0", '"negative"']]
    collect = table("grounds", ["amount"], ["reasons"], rows, "COLLECT")
    assert decide(collect, amount="700.00")["reasons"] == ["large", "not small"]
    assert decide(collect, amount="50.00", reasons=["old"])["reasons"] == []


def test_where_no_row_matches_the_outputs_take_their_defaults() -> None:
    first = table("grounds", ["amount"], ["signs_off", "days"], [["> 500", '"director"', "20"]])
    facts = decide(first, amount="1.00", signs_off="manager", days=7)
    assert (facts["signs_off"], facts["days"]) == ("", 0)


def test_answers_may_reckon_and_must_fit_their_fact() -> None:
    reckons = table("grounds", ["amount"], ["amount", "days"], [["", "amount * 2", "days + 10"]])
    facts = decide(reckons, amount="12.50", days=1)
    assert (facts["amount"], facts["days"]) == ("25.00", 11)
    with pytest.raises(FactRefused, match="signs_off"):
        decide(table("grounds", [], ["signs_off"], [['"nobody"']]))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (table("grounds", ["amount"], ["days"], [["", "1"]], "ANY"), "hit policy must be one of"),
        (table("grounds", ["amount"], ["days"], [["", ""]]), "row 1"),
        (table("grounds", ["amount"], ["days"], [["1..2", "1"]]), "row 1"),
        (table("grounds", ["amount"], [""], [["", "1"]]), "needs a name"),
        (table("grounds", ["amount"], ["days"], [["1"]]), "row 1 has not one cell"),
        (b"<definitions xmlns='x'/>", "no decision"),
        (b"<d xmlns='x'><decision id='grounds'><literalExpression/></decision></d>", "is a table"),
    ],
)
def test_a_table_that_cannot_be_run_is_refused(raw: bytes, says: str) -> None:
    with pytest.raises(DiagramRefused, match=says):
        decide(raw)


def test_an_aggregation_and_a_table_on_another_are_refused() -> None:
    raw = table("grounds", ["amount"], ["reasons"], [["", "1"]], "COLLECT")
    with pytest.raises(DiagramRefused, match="without an aggregation"):
        read_tables("a.dmn", raw.replace(b'"COLLECT"', b'"COLLECT" aggregation="SUM"'))
    built_on = b'<decision id="grounds" name="grounds"><informationRequirement/>'
    with pytest.raises(DiagramRefused, match="cannot build on another"):
        read_tables("a.dmn", raw.replace(b'<decision id="grounds" name="grounds">', built_on))


def test_a_file_may_hold_several_tables_of_any_dmn_version() -> None:
    one = table("grounds", ["amount"], ["days"], [["", "1"]]).decode()
    other = one.replace('id="grounds"', 'id="more"')
    space = "http://www.omg.org/spec/DMN/20151101/dmn.xsd"
    inside = one[one.index("<decision ") : one.index("</definitions>")]
    inside += other[other.index("<decision ") : other.index("</definitions>")]
    tables = read_tables("a.dmn", f'<definitions xmlns="{space}">{inside}</definitions>'.encode())
    assert [found.id for found in tables] == ["grounds", "more"]
