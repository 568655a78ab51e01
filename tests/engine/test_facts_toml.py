"""facts.toml and the two forms of a fact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playing import declare

from app.engine import DiagramRefused, FactRefused, parse_facts
from app.engine.facts import as_json, as_python


def test_facts_are_declared_with_type_label_and_default() -> None:
    facts = parse_facts(
        b"""
        [acknowledged_on]
        type = "date"
        label = "Acknowledged"
        [extension]
        type = "int"
        default = 5
        policy = "4.1c, 4.2c"
        [outcome]
        type = "choice"
        choices = ["upheld", "refused"]
        [compensation]
        type = "money"
        """
    )
    assert facts["acknowledged_on"].label == "Acknowledged"
    assert facts["outcome"].label == "Outcome"
    assert (facts["extension"].policy, facts["outcome"].policy) == ("4.1c, 4.2c", "")
    assert facts["outcome"].choices == ("upheld", "refused")
    defaults = {name: spec.default for name, spec in facts.items()}
    assert defaults == {
        "acknowledged_on": None,
        "extension": 5,
        "outcome": "",
        "compensation": "0.00",
    }


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('[story]\ntype = "text"', "Words, names and addresses are no facts"),
        ("[story]", "needs a type"),
        ('[Story]\ntype = "int"', "small letters"),
        ('[working_days]\ntype = "int"', "cannot be a fact's name"),
        ('[typename]\ntype = "int"', "cannot be a fact's name"),
        ('[class]\ntype = "int"', "cannot be a fact's name"),
        ('[__x]\ntype = "int"', "small letters"),
        ('[a]\ntype = "int"\nlable = "A"', "unknown setting: lable"),
        ('[a]\ntype = "int"\ndefault = "5"', "whole number"),
        ('[a]\ntype = "choice"', "needs choices"),
        ('[a]\ntype = "int"\nchoices = ["x"]', "needs choices"),
        ('[a]\ntype = "choice"\nchoices = ["x"]\ndefault = "y"', "one of x"),
        ('[a]\ntype = "int"\npolicy = 4.1', "policy that are text"),
        ("a = 5", "needs a type"),
        ("[a", "not readable"),
    ],
)
def test_what_cannot_be_a_fact_is_refused(toml: str, says: str) -> None:
    with pytest.raises(DiagramRefused, match=says):
        parse_facts(toml.encode())


FACTS = declare(day="date", yes="bool", n="int", sum="money", kind="choice: a, b", some="list")


@pytest.mark.parametrize(
    ("name", "given", "stored", "seen"),
    [
        ("day", "2026-03-02", "2026-03-02", date(2026, 3, 2)),
        ("day", date(2026, 3, 2), "2026-03-02", date(2026, 3, 2)),
        ("day", None, None, None),
        ("yes", True, True, True),
        ("n", 5, 5, 5),
        ("n", None, None, None),
        ("sum", "150", "150.00", Decimal("150.00")),
        ("sum", 150, "150.00", Decimal("150.00")),
        ("sum", Decimal("1.5"), "1.50", Decimal("1.50")),
        ("kind", "a", "a", "a"),
        ("kind", None, "", ""),
        ("some", ["ann", 3, True], ["ann", 3, True], ["ann", 3, True]),
        (
            "some",
            [["2026-03-02", None], (date(2026, 4, 1), date(2026, 4, 9))],
            [["2026-03-02", None], ["2026-04-01", "2026-04-09"]],
            [["2026-03-02", None], ["2026-04-01", "2026-04-09"]],
        ),
    ],
)
def test_a_fact_has_a_stored_form_and_one_that_expressions_see(
    name: str, given: Any, stored: Any, seen: Any
) -> None:
    assert as_json(FACTS[name], given) == stored
    assert as_json(FACTS[name], stored) == stored
    assert as_python(FACTS[name], given) == seen


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("day", "2 March"),
        ("day", "20260302"),
        ("day", "2026-W10-1"),
        ("day", 20260302),
        ("yes", None),
        ("yes", 1),
        ("yes", "true"),
        ("n", 1.0),
        ("n", True),
        ("n", "1"),
        ("n", 10**10),
        ("sum", 1.5),
        ("sum", "1.005"),
        ("sum", "NaN"),
        ("sum", "1e20"),
        ("sum", "£5"),
        ("kind", "c"),
        ("kind", ["a"]),
        ("some", None),
        ("some", "ann"),
        ("some", [{"a": 1}]),
        ("some", [["2026-03-02", "later"]]),
        ("some", ["x" * 201]),
        ("some", [1] * 201),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(FactRefused):
        as_json(FACTS[name], wrong)
