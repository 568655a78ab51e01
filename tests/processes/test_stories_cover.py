"""A landlord's stories show each letter going, each outcome, and each ground of a refusal."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.processes.test_walks import LANDLORDS
from tests.shipped import contents_of


@pytest.fixture(params=LANDLORDS)
def landlord(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def steps_of(landlord: str) -> list[dict[str, Any]]:
    """The steps of all stories."""
    files = contents_of(landlord).files
    stories = [body for path, body in files.items() if path.startswith("stories/")]
    return [step for body in stories for step in tomllib.loads(body.decode())["step"]]


def said(landlord: str, of: str) -> list[str]:
    """All values of an element's property, in every kind of case."""
    procedures = contents_of(landlord).procedures.values()
    found = (e.properties.get(of) for p in procedures for e in p.elements.values())
    return sorted(set(filter(None, found)))


def test_each_letter_goes_in_some_story(landlord: str) -> None:
    shown = {
        name for step in steps_of(landlord) for name in step.get("expect", {}).get("letters", [])
    }
    sent = said(landlord, "letter")
    assert sent and [name for name in sent if name not in shown] == []


def test_each_outcome_is_reached_in_some_story(landlord: str) -> None:
    shown = {step.get("expect", {}).get("outcome") for step in steps_of(landlord)}
    outcomes = said(landlord, "outcome")
    assert outcomes and [code for code in outcomes if code not in shown] == []


def test_each_ground_of_a_refusal_is_chosen_in_some_story(landlord: str) -> None:
    grounds = {
        option.value
        for form in contents_of(landlord).forms.values()
        for field in form.fields
        if field.key.endswith("_ground")
        for option in field.options
    }
    answers = (pair for step in steps_of(landlord) for pair in step.get("answers", {}).items())
    chosen = {value for key, value in answers if key.endswith("_ground")}
    assert grounds and sorted(grounds - chosen) == []
