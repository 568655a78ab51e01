"""Lint on contact arrangements: nothing is arranged without dates, words and an approval."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawing import TEAM, diagram, end, flows, send, start, user
from linting import KNOWN, says
from playing import declare

from app.engine import Known, Problem, lint

DATES = {f"arrangement_{which}_on": "date" for which in ("from", "review", "ends")}
ASKED = replace(
    KNOWN,
    forms=KNOWN.forms | {"propose"},
    form_keys={"propose": [*DATES, "arrangement_says"], "ask": [], "record_complaint": []},
)
BEGINS = {"alert": "complaints", "arranges": "begins", "approved_in": "ask"}


def found(known: Known = ASKED, facts: dict[str, str] = DATES, **values: str) -> list[Problem]:
    drawn = diagram(
        start(),
        user("propose"),
        user("ask"),
        send("arrange", **values),
        end(),
        flows("begun > propose > ask > arrange > done"),
        lane=TEAM,
    )
    return lint({"complaint.bpmn": drawn}, declare(**facts), known)


@pytest.mark.parametrize("values", [BEGINS, {"alert": "complaints", "arranges": "ends"}])
def test_a_right_arrangement_has_no_problems(values: dict[str, str]) -> None:
    assert found(**values) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (BEGINS | {"arranges": "starts"}, "arranges is begins, ends, not 'starts'"),
        (BEGINS | {"approved_in": "arrange"}, "names the user task in which"),
        ({"alert": "complaints", "arranges": "begins"}, "names the user task in which"),
        ({"alert": "complaints", "approved_in": "ask"}, "say with arranges what it does"),
    ],
)
def test_what_is_wrong_with_the_task_is_said(values: dict[str, str], message: str) -> None:
    assert says(found(**values), "arrange", message)


@pytest.mark.parametrize("missing", DATES)
def test_each_date_is_a_declared_fact(missing: str) -> None:
    others = {name: kind for name, kind in DATES.items() if name != missing}
    for facts in (others, others | {missing: "bool"}):
        assert says(found(facts=facts, **BEGINS), "arrange", f"the date fact '{missing}'")


def test_some_form_asks_what_is_arranged() -> None:
    silent = replace(ASKED, form_keys=ASKED.form_keys | {"propose": [*DATES]})
    assert says(found(silent, **BEGINS), "arrange", "add a field 'arrangement_says'")
