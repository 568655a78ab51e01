"""Questions about equality: nobody need answer them, and no answer is among a form's answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forms.form_kit import component, form, group, posted, problems

NOT_SAID = {"value": "not_said", "label": "Prefer not to say"}
EQUAL = {"equality": "true"}
AGES = [{"value": "young", "label": "Under 25"}, {"value": "old", "label": "25 or over"}]


def age(type: str = "radio", **more: Any) -> dict[str, Any]:
    values = [*AGES, NOT_SAID] if type == "radio" else AGES
    return component(type, "age", **{"values": values, "properties": EQUAL} | more)


STORY = component("textarea", "story", required=True)
ASKS = form(STORY, group("About you", age(), component("checklist", "needs", values="a b",
                                                       properties=EQUAL)))  # fmt: skip


def test_what_is_said_is_neither_an_answer_nor_shown_among_them() -> None:
    bound = posted(ASKS, {"story": "Help", "age": "old", "needs": ["a", "b"]})
    assert bound.check()
    assert bound.answers == {"story": "Help"}
    assert bound.said_answers == [("Story", "Help")]
    assert bound.equality == {"age": ["old"], "needs": ["a", "b"]}
    assert posted(ASKS, {"story": "Help"}).equality == {}


def test_why_it_is_asked_stands_above_it() -> None:
    group_of = ASKS.tree[-1]
    words = " ".join(line for block in group_of.children[0].blocks for line in block.lines)  # type: ignore[union-attr]
    assert "You do not have to answer." in words and "nobody who decides" in words


@pytest.mark.parametrize(
    ("components", "said"),
    [
        ((STORY, group("You", age(required=True))), "nobody need answer"),
        ((STORY, group("You", age(values=AGES))), "Add the answer “Prefer not to say”"),
        ((STORY, group("You", age(defaultValue="old"))), "has no default"),
        ((group("You", age()), STORY), "the last of the form"),
        ((group("You", STORY, age()),), "the last of the form"),
        ((STORY, age()), "the last of the form"),
        ((STORY, group("You", age(), properties={"for_each": "point"})), "the last of the form"),
        ((STORY, group("You", age(properties=EQUAL | {"letter_part": "age"}))), "goes nowhere"),
        (
            (STORY, group("You", component("textfield", "age", properties=EQUAL))),
            "equality belongs on a radio or select or checklist",
        ),
    ],
)
def test_what_would_press_or_tell_on_people_is_refused(
    components: tuple[dict[str, Any], ...], said: str
) -> None:
    (problem,) = problems(*components)
    assert said in problem


def test_a_select_can_be_left_as_it_is_and_needs_no_such_answer() -> None:
    assert problems(STORY, group("You", age("select"))) == []
