from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.letters import FilledLetter, fill, parse_letter, to_html, to_plain
from app.letters.filled import Box, Bullets, Gap, Heading, Paragraph, Point, Points, Run

FACTS = frozenset({"extension", "agreed", "award", "heard_on", "place"})
CHOICES = {"place": ("court", "none")}


def filled(body: str, requires: tuple[str, ...] = (), **values: Any) -> FilledLetter:
    front = f'+++\ntitle = "Our answer"\nrequires = {json.dumps(requires)}\n+++\n'
    return fill(parse_letter(front + body, "answer", FACTS, CHOICES), values)


def text(*runs: str) -> Paragraph:
    return Paragraph(tuple(Run(run) for run in runs))


def test_values_are_put_in_and_what_staff_typed_is_known() -> None:
    letter = filled("By **{{heard_on}}**: {{part_reason}}.", part_reason="ill", heard_on="Friday")
    assert letter.blocks == (
        Paragraph(
            (Run("By "), Run("Friday", bold=True), Run(": "), Run("ill", typed=True), Run("."))
        ),
    )
    assert (letter.id, letter.title, letter.to) == ("answer", "Our answer", "resident")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (date(2026, 11, 27), "Friday 27 November 2026"),
        (3, "3"),
        (Decimal("150.00"), "150.00"),
        (True, "yes"),
        (["a", None, "b"], "a, b"),
        ("  text \r\n more\x00\x1b ", "text\nmore"),
        ("bad \ud800 \u202eevil\ue000", "bad  evil"),
    ],
)
def test_values_of_every_kind_are_printed_as_words(value: object, words: str) -> None:
    letter = filled("{{extension}} x", extension=value)
    assert to_plain(letter) == f"Our answer\n\n{words} x\n"


@pytest.mark.parametrize(
    "value", [None, "", "  ", False, 0, "0", "0.00", "£0.00", Decimal("0.00"), []]
)
def test_a_fact_that_says_nothing_closes_its_condition(value: object) -> None:
    assert filled("a{{#if award}} b{{/if}}", award=value).blocks == (text("a"),)
    assert filled("a\n\n{{#if award}}\nb\n{{/if}}", award=value).blocks == (text("a"),)


@pytest.mark.parametrize(
    ("place", "says"),
    [("court", "a b e"), ("none", "a c d"), ("", "a c e"), (None, "a c e")],
)
def test_a_choice_is_compared_with_a_word(place: str | None, says: str) -> None:
    body = 'a {{#if place == "court"}}b{{#else}}c{{/if}} {{#if place != "none"}}e{{#else}}d{{/if}}'
    assert filled(body, place=place).blocks == (text(says),)


def test_the_else_is_printed_where_there_is_nothing_to_say() -> None:
    body = "{{#if ombudsman_name}}\nAsk {{ombudsman_name}}.\n{{#else}}\nAsk us.\n{{/if}}"
    assert filled(body).blocks == (text("Ask us."),)
    assert filled(body).empty == ()
    assert to_plain(filled(body, ombudsman_name="Ombudsman")).endswith("Ask Ombudsman.\n")


def test_what_people_typed_can_be_looked_at_alone() -> None:
    points = [{"title": "1. Leak", "text": "We found it.", "decision": "We agree."}]
    letter = filled(
        "Dear {{resident_name}}\n\n{{part_answer}}\n\n{{part_points}}\n\n- {{part_remedy}}",
        resident_name="Ama",
        part_answer="Sorry.",
        part_points=points,
        part_remedy="A pipe",
    )
    assert letter.typed() == "Sorry.\nWe found it.\nA pipe"


def test_a_copy_is_marked_on_top_and_kept_so() -> None:
    letter = replace(filled("Dear Ama\n\nText"), copy_for="Copy for Tom")
    assert to_plain(letter) == "Copy for Tom\n\nDear Ama\n\nOur answer\n\nText\n"
    assert FilledLetter.from_json(letter.to_json()) == letter
    old = {key: value for key, value in letter.to_json().items() if key != "copy_for"}
    assert FilledLetter.from_json(old).copy_for == ""


@pytest.mark.parametrize("value", [True, 5, "yes", date(2026, 1, 1), ["x"]])
def test_a_fact_that_says_something_opens_its_condition(value: object) -> None:
    assert filled("a{{#if award}} b{{/if}}", award=value).blocks == (text("a b"),)


def test_a_typed_nought_is_something() -> None:
    assert filled("a{{#if part_n}} {{part_n}}{{/if}}", part_n="0").blocks[0] == Paragraph(
        (Run("a "), Run("0", typed=True))
    )


def test_several_paragraphs_of_a_value_become_paragraphs() -> None:
    letter = filled("**{{part_x}}**", part_x="One\nline\n\n  \nTwo\n")
    assert letter.blocks == (
        Paragraph((Run("One\nline", bold=True, typed=True),)),
        Paragraph((Run("Two", bold=True, typed=True),)),
    )


def test_within_a_sentence_they_become_lines() -> None:
    letter = filled("Sent to {{resident_address}}.", resident_address="1 Road\n\nTown")
    assert letter.blocks == (text("Sent to 1 Road\nTown."),)


def test_lines_that_say_nothing_are_left_out() -> None:
    letter = filled(
        "{{officer_name}}\n{{officer_job}}\n{{officer_phone}}", officer_name="A", officer_phone="B"
    )
    assert letter.blocks == (text("A\nB"),)
    assert letter.empty == ("officer_job",)


def test_block_that_says_nothing_is_left_out() -> None:
    assert filled("{{case_story}}\n\n## {{case_stage}}\n\n- {{today}}").blocks == ()


def test_list_value_becomes_a_list() -> None:
    assert filled("{{part_actions}}", part_actions=["One", "", "Two"]).blocks == (
        Bullets(None, ((Run("One", typed=True),), (Run("Two", typed=True),))),
    )


def test_list_round_a_condition_stays_one_list() -> None:
    body = "1. a\n{{#if extension}}\n2. b\n{{/if}}\n3. c"
    assert filled(body).blocks == (Bullets(1, ((Run("a"),), (Run("c"),))),)
    assert len(filled(body, extension=5).blocks[0].items) == 3  # type: ignore[union-attr]


# What is still missing


def test_required_part_leaves_a_gap_and_is_named() -> None:
    letter = filled(
        "{{part_how_found}}\n\n{{part_answer}}", ("part_how_found", "part_answer"), part_answer="x"
    )
    assert letter.blocks == (Gap("part_how_found"), Paragraph((Run("x", typed=True),)))
    assert letter.missing == ("how found",)


def test_gap_is_shown_even_in_a_sentence_a_list_or_behind_a_condition() -> None:
    for body in (
        "We found {{part_x}}.",
        "- {{part_x}}\n- b",
        "{{#if part_x}}\nSo: {{part_x}}\n{{/if}}",
    ):
        letter = filled(body, ("part_x",), part_x=" \n ")
        assert letter.blocks[-1] == Gap("part_x")
        assert letter.missing == ("x",)


def test_part_that_is_not_required_leaves_no_gap() -> None:
    letter = filled("a\n\n{{part_x}}")
    assert letter.blocks == (text("a"),)
    assert letter.missing == ()
    assert letter.empty == ("part_x",)


# Points

ANSWERED = {"title": "1. Leak", "text": "We came late.\n\nTwice.", "decision": "We agree."}
OPEN = {"title": "2. Calls", "text": "", "decision": ""}


def test_points_are_answered_one_by_one() -> None:
    letter = filled("{{part_points}}", ("part_points",), part_points=[ANSWERED, OPEN])
    assert letter.blocks == (
        Points(
            (
                Point("1. Leak", ("We came late.", "Twice."), "We agree."),
                Point("2. Calls", gap=True),
            )
        ),
    )
    assert letter.missing == ("points",)


def test_point_with_findings_but_no_decision_is_not_answered() -> None:
    undecided = {**ANSWERED, "decision": ""}
    assert filled("{{part_points}}", ("part_points",), part_points=[ANSWERED, undecided]).missing
    assert not filled("{{part_points}}", ("part_points",), part_points=[undecided]).missing


def test_points_may_be_merely_named() -> None:
    letter = filled("{{part_points}}", part_points=[{"title": "1. Leak"}, OPEN])
    assert letter.blocks == (Points((Point("1. Leak"), Point("2. Calls"))),)
    assert letter.missing == ()


def test_no_points_at_all_are_missing() -> None:
    letter = filled("{{part_points}}", ("part_points",), part_points=[])
    assert letter.blocks == (Gap("part_points"),)


# The Ombudsman's box

CONTACTS = {
    "ombudsman_name": "The Ombudsman",
    "ombudsman_phone": "0300",
    "ombudsman_website": "www",
}


def test_contacts_of_the_ombudsman_stand_in_a_box_with_their_heading() -> None:
    letter = filled(
        "## Help\n\nAsk {{ombudsman_name}}.\n\n- Phone: {{ombudsman_phone}}\n\nBye", **CONTACTS
    )
    box, after = letter.blocks
    assert isinstance(box, Box)
    assert [block.kind for block in box.blocks] == ["heading", "paragraph", "list"]
    assert after == text("Bye")


def test_sentence_that_only_names_the_ombudsman_is_in_no_box() -> None:
    letter = filled("## Help\n\nAsk {{ombudsman_name}}.\n\n{{ombudsman_phone}}\n", **CONTACTS)
    assert isinstance(letter.blocks[0], Box)
    letter = filled("## Help\n\nAsk {{ombudsman_name}}.\n\nBye", **CONTACTS)
    assert [block.kind for block in letter.blocks] == ["heading", "paragraph", "paragraph"]


# Frozen


def test_filled_letter_comes_back_from_json_as_it_was() -> None:
    letter = filled(
        "Dear X\n\n## H\n\n{{part_points}}\n\n{{part_gone}}\n\n3. a\n4. **b**\n\n"
        "## O\n\n{{ombudsman_phone}}",
        ("part_points", "part_gone"),
        part_points=[ANSWERED, OPEN],
        **CONTACTS,
    )
    assert {block.kind for block in letter.blocks} == {
        *("paragraph", "heading", "points", "gap", "list", "box")
    }
    assert FilledLetter.from_json(json.loads(json.dumps(letter.to_json()))) == letter


def test_what_is_no_letter_is_not_read() -> None:
    with pytest.raises(TypeError, match="not a block"):
        FilledLetter.from_json(filled("a").to_json() | {"blocks": [{"kind": "script"}]})


def test_title_stands_after_the_salutation() -> None:
    title = Heading(1, (Run("Our answer"),))
    assert filled("Dear Ms B\n\nHello").with_title()[1] == title
    assert filled("Hello").with_title()[0] == title
    assert filled("").with_title() == (title,)


def test_filling_twice_does_nothing_more() -> None:
    letter = filled("{{part_x}}", part_x="{{today}}", today="now")
    assert to_plain(letter) == "Our answer\n\n{{today}}\n"
    assert "{{today}}" in to_html(letter)
