"""The small language: what it says, what null means in it, and what is told before it runs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playing import ENGLAND, declare

from app.engine import ExpressionRefused, UnknownFact
from app.engine.expressions import MAX_LENGTH, evaluate
from app.engine.typecheck import check
from timers.calendar import expression_functions

FACTS = declare(
    received_on="date",
    answered_on="date",
    weeks="int",
    amount="money",
    accepted="bool",
    outcome="choice: upheld, refused",
    pauses="list",
)
VALUES: dict[str, Any] = {
    "received_on": date(2026, 3, 2),
    "answered_on": None,
    "weeks": 7,
    "amount": Decimal("150.00"),
    "accepted": True,
    "outcome": "upheld",
    "pauses": [],
}
FUNCTIONS = expression_functions(ENGLAND)


def value(text: str) -> Any:
    return evaluate(text, VALUES, FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accepted == True and weeks > 6", True),
        ("not accepted or weeks < 6", False),
        ("4 < weeks <= 7", True),
        ('outcome in ["upheld", "refused"]', True),
        ('outcome not in ("refused",)', True),
        ("amount + 0.50", Decimal("150.50")),
        ("amount * 2 - 1", Decimal("299.00")),
        ("-weeks", -7),
        ("received_on + 3", date(2026, 3, 5)),
        ("received_on - 1", date(2026, 3, 1)),
        ("calendar_days(weeks, received_on) - received_on", 7),
        ("working_days(10 + weeks, received_on, pauses)", date(2026, 3, 25)),
        ("later(received_on, months(1, received_on))", date(2026, 4, 2)),
        ("5 if accepted else 10", 5),
        ("max(weeks, 10)", 10),
        ("len(pauses)", 0),
        ("received_on\n  == received_on", True),
        # null: a fact not known makes a comparison false and a sum null
        ("answered_on == received_on", False),
        ("answered_on != received_on", False),
        ("answered_on <= received_on", False),
        ("answered_on in [received_on]", False),
        ("answered_on == answered_on", False),
        ("answered_on == None", True),
        ("answered_on is None", True),
        ("answered_on is not None", False),
        ("received_on != None", True),
        ("answered_on + 3", None),
        ("working_days(5, answered_on)", None),
        ("not (answered_on == received_on)", True),
    ],
)
def test_an_expression_has_its_value(text: str, expected: Any) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)
    assert check(text, FACTS) == []


def test_a_fraction_is_exact() -> None:
    assert value("0.1 + 0.2") == Decimal("0.3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("weeks > received_on", "cannot compare"),
        ("received_on * 2", "cannot reckon"),
        ("accepted + 1", "cannot reckon"),
        ("outcome + outcome", "cannot reckon"),
        ("received_on + 99999999", "out of bounds"),
        ("weeks * 999999999999", "too large"),
        ("weeks and accepted", "needs yes or no"),
        ("working_days(weeks, weeks)", "refuses"),
        ("working_days(10 * 99999, received_on)", "refuses"),
        ("working_days(1)", "refuses"),
        ("today()", "no function"),
    ],
)
def test_an_expression_without_a_value_says_why(text: str, says: str) -> None:
    with pytest.raises(ExpressionRefused, match=says):
        value(text)


def test_only_declared_names_are_known() -> None:
    with pytest.raises(UnknownFact, match="'weeks_late' is not a declared fact"):
        value("weeks_late > 3")


def test_a_fact_never_shadows_a_function() -> None:
    assert evaluate("len(pauses)", VALUES | {"len": 3}, FUNCTIONS) == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(" * 30 + "weeks" + ")" * 30, None),
        ("weeks" + " + 1" * 29, "too long or too deeply nested"),
        ("not " * 21 + "accepted", "too long or too deeply nested"),
        ("[" + "1, " * 60 + "]", "too long or too deeply nested"),
        ("weeks ==" + " " * MAX_LENGTH + "1", "longer than 500"),
        ("weeks > 9999999999999", "too large"),
        ("weeks / 2", "character"),
        ("weeks ** 2", "operator other than"),
        ("pauses[0]", "bracket after a name"),
        ("received_on.year", "dot after a name"),
        ("weeks > 1e9", "character or number"),
        ("weeks > 0x10", "character or number"),
        ("weeks if accepted else 1if accepted else 2", "character or number"),
        ("weeks; weeks", "character"),
        ("weeks = 1", "cannot be read"),
        ("", "cannot be read"),
        ("weeks is 7", "`is` may only ask"),
        ("max(*pauses)", "not part"),
        ("max(weeks, default=1)", "plain name"),
        ("...", "not part"),
        ('b"x" == outcome', "not part"),
        ('f"{weeks}" == outcome', "not part"),
    ],
)
def test_the_language_has_bounds(text: str, says: str | None) -> None:
    if says is None:
        assert value(text) == 7
        return
    with pytest.raises(ExpressionRefused, match=says):
        value(text)
    assert check(text, FACTS)


@pytest.mark.parametrize(
    ("text", "wants", "says"),
    [
        ("received_on > 3", None, "compares a date with a number"),
        ("working_days(10, weeks)", "date", "needs a date as value 2, not a number"),
        ("working_days(10)", "date", "working_days() needs 2 values"),
        ("10 + weeks", "date", "gives a number where a date is needed"),
        ("received_on", "bool", "gives a date where yes or no is needed"),
        ("accepted and weeks", "bool", "joins a number with and, or, not or if"),
        ('outcome == "uphold"', "bool", "'uphold' is no choice of outcome: upheld, refused"),
        ('outcome in ["upheld", "no"]', "bool", "'no' is no choice of outcome"),
        ("accepted > True", "bool", "asks which of yes or no and yes or no is more"),
        ("received_on if accepted else 3", "date", "gives a date or a number"),
        ("weeks in amount", "bool", "looks for something in a number"),
        ("late(received_on)", "date", "there is no function late()"),
        ("recieved_on", "date", "'recieved_on' is not a declared fact"),
    ],
)
def test_what_is_wrong_is_told_from_the_types_alone(
    text: str, wants: str | None, says: str
) -> None:
    assert any(says in problem for problem in check(text, FACTS, wants))


def test_a_panel_members_entry_may_be_anything() -> None:
    names = {**FACTS, "member": None}
    assert check('member == "ann" or member == 3', names, "bool") == []
