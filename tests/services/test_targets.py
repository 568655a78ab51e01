"""What the policy aims for, beside what was reached: S08 of Southway's year."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from pydantic import ValidationError

from app.landlords import Target
from app.services import checking
from app.services.deployments import in_words
from app.services.reporting.figures import Figure
from app.services.reporting.targets import reached
from tests import small

YEAR = {
    "duty.stage_1_due.in_time": 37,
    "duty.stage_1_due.late": 3,
    "duty.stage_2_due.in_time": 6,
    "duty.stage_2_due.late": 1,
    "stage.stage_1": 40,
    "stage.stage_2": 7,
    "kind.compliment": 12,
    "kind.complaint": 10,
    "satisfaction.satisfied_handling.very_satisfied": 2,
    "satisfaction.satisfied_handling.fairly_satisfied": 1,
    "satisfaction.satisfied_handling.neither": 1,
    "satisfaction.satisfied_handling.not_said": 5,
}
FIGURES = {key: Figure(key, "", number) for key, number in YEAR.items()}


@pytest.mark.parametrize(
    ("asks", "percent", "met"),
    [
        ({"clock": "stage_1_due", "at_least": 90}, "92.5", True),
        ({"clock": "stage_2_due", "at_least": 90}, "85.7", False),
        ({"stage": "stage_2", "of": "stage_1", "below": 15}, "17.5", False),
        ({"stage": "stage_2", "of": "stage_1", "below": 17.5}, "17.5", False),
        ({"stage": "stage_2", "of": "stage_1", "below": 18}, "17.5", True),
        ({"kind": "compliment", "of": "complaint", "at_least": 100}, "120.0", True),
        ({"satisfied": "satisfied_handling"}, "75.0", None),
        ({"clock": "nothing_yet", "at_least": 90}, None, None),
    ],
)
def test_a_target_is_met_missed_or_undefined(
    asks: dict[str, object], percent: str | None, met: bool | None
) -> None:
    result = reached(Target.model_validate({"name": "It"} | asks), FIGURES)
    assert (result.percent, result.met) == (Decimal(percent) if percent else None, met)


def test_nothing_is_rounded_up_to_a_target() -> None:
    counts = {"duty.x.in_time": 8999, "duty.x.late": 1001}
    figures = {key: Figure(key, "", number) for key, number in counts.items()}
    result = reached(Target(name="It", clock="x", at_least=90), figures)
    assert (result.percent, result.met) == (Decimal("90.0"), False)


@pytest.mark.parametrize(
    ("asks", "words"),
    [
        ({"at_least": 90}, "At least 90%"),
        ({"below": 12.5}, "Less than 12.5%"),
        ({}, "No figure in the policy"),
    ],
)
def test_the_aim_is_said_in_words(asks: dict[str, object], words: str) -> None:
    assert Target.model_validate({"name": "It", "clock": "x"} | asks).wanted == words


@pytest.mark.parametrize(
    "asks",
    [
        {},
        {"clock": "x", "stage": "y", "of": "z"},
        {"stage": "stage_2"},
        {"clock": "x", "of": "z"},
        {"clock": "x", "at_least": 90, "below": 10},
    ],
)
def test_a_target_that_measures_nothing_or_two_things_is_refused(asks: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Target.model_validate({"name": "It"} | asks)


def test_a_target_measures_something_that_there_is(app: Flask) -> None:
    asked = '[[targets]]\nname = "Fast"\nclock = "no_clock"\n'
    landlord = small.LANDLORD + asked
    said = [in_words(problem) for problem in checking.check(small.files(landlord=landlord))]
    assert any("“Fast”: there is no clock no_clock." in each for each in said)
