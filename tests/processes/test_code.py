"""The Code's dates beside other policies are those that the model landlord runs by."""

from __future__ import annotations

import pytest

from app.code import Clock, read_code
from app.settings import ROOT
from tests.shipped import contents_of

MODEL = "code-2024"
CODE = read_code((ROOT / "processes" / "shared" / "code.toml").read_bytes())
SAME = {
    "received_on": "counts_from"
}  # raised, or the day on which the Ombudsman told us to take it


@pytest.mark.parametrize("clock", CODE.clocks, ids=lambda clock: clock.id)
def test_each_limit_of_the_code_is_a_clock_of_the_model_landlord(clock: Clock) -> None:
    drawn = contents_of(MODEL).elements[clock.id.removeprefix("code_")]

    rule = clock.rule
    for theirs, ours in SAME.items():
        rule = rule.replace(theirs, ours)
    assert drawn.expression == rule
    assert drawn.properties.get("met_by") == clock.met_by
