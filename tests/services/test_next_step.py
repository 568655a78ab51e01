"""What comes after a step is said by its name, and only where the diagram tells it."""

from __future__ import annotations

import pytest

from app.engine.diagram import Element, read_diagram
from app.services.next_step import mid_sentence, next_step
from tests.engine.drawing import call, diagram, end, flows, message, start, sub, user, xor

INNER = diagram(
    start("inner_begun", form=""),
    user("look"),
    end("looked"),
    flows("inner_begun > look > looked"),
    process="inner",
)


def elements(*parts: str, inner: bytes = INNER) -> dict[str, Element]:
    """The elements of a diagram and of the one it calls; each is called by its id."""
    outer = read_diagram("outer.bpmn", diagram(*parts)).elements
    return dict(outer) | dict(read_diagram("inner.bpmn", inner).elements)


def test_the_next_step_is_the_next_thing_that_somebody_or_the_procedure_does() -> None:
    drawn = elements(
        start(), user("ask"), user("write"), end(), flows("begun > ask > write > done")
    )
    assert next_step(drawn, "ask") == drawn["write"].name
    assert next_step(drawn, "write") == drawn["done"].name


def test_where_the_ways_divide_both_are_named_the_usual_one_first() -> None:
    drawn = elements(
        start(), user("write"), xor("paid", "send"), user("approve"), user("send"), end(),
        flows("begun > write > paid > send > done", "paid [accepted] > approve > send"),
    )  # fmt: skip
    usual, other = drawn["send"].name, drawn["approve"].name
    assert next_step(drawn, "write") == f"{usual} or {mid_sentence(other)}"


def test_of_more_ways_than_two_nothing_is_said() -> None:
    drawn = elements(
        start(), user("write"), xor("which", "one"), user("one"), user("two"), user("three"), end(),
        flows("begun > write > which > one > done", "which [accepted] > two > done",
              "which [urgent] > three > done"),
    )  # fmt: skip
    assert next_step(drawn, "write") == ""


def test_after_the_last_step_of_a_called_diagram_comes_what_follows_the_call() -> None:
    drawn = elements(
        start(), call("visit", "inner"), user("write"), end(), flows("begun > visit > write > done")
    )
    assert next_step(drawn, "look") == drawn["write"].name


def test_what_follows_a_diagram_that_two_call_is_not_guessed() -> None:
    drawn = elements(
        start(), call("visit", "inner"), call("again", "inner"), end(),
        flows("begun > visit > again > done"),
    )  # fmt: skip
    assert next_step(drawn, "look") == ""


def test_after_the_last_step_of_a_subprocess_comes_what_follows_it() -> None:
    drawn = elements(
        start(),
        sub("work", start("work_begun", form=""), user("dig"), end("dug"),
            flows("work_begun > dig > dug")),
        user("write"),
        end(),
        flows("begun > work > write > done"),
    )  # fmt: skip
    assert next_step(drawn, "dig") == drawn["write"].name


def test_what_may_come_from_outside_is_no_next_step() -> None:
    drawn = elements(
        start(), user("write"), xor("which", "done"), message("asks"), user("again"), end(),
        flows("begun > write > which > done", "which [accepted] > asks > again > done"),
    )  # fmt: skip
    assert next_step(drawn, "write") == drawn["done"].name


@pytest.mark.parametrize(
    ("words", "inside"),
    [("Write the answer", "write the answer"), ("Stage Two", "Stage Two"), ("ASB", "ASB")],
)
def test_a_name_keeps_its_capital_inside_a_sentence(words: str, inside: str) -> None:
    assert mid_sentence(words) == inside
