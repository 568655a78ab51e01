"""Conditions, sums and cells are told with the labels of facts, never in code."""

from __future__ import annotations

import re

import pytest

from app.engine import FactSpec
from app.services import deployments
from app.services.outline import outline, pictures
from app.services.plain_rules import cell, condition, day
from app.services.tables import tables

FACTS = {
    name: FactSpec(name, type, label)
    for name, type, label in (
        ("paid", "money", "Payment offered"),
        ("urgent", "bool", "Urgent"),
        ("answered_on", "date", "Answer sent"),
        ("raised_on", "date", "First raised"),
        ("result", "choice", "Result"),
        ("grounds", "list", "Grounds"),
    )
}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("urgent", "“Urgent” is yes"),
        ("not urgent", "“Urgent” is no"),
        ("paid > 0", "“Payment offered” is more than 0"),
        ("answered_on == None", "“Answer sent” has no date"),
        ("answered_on is not None", "“Answer sent” has a date"),
        ('result == "not_upheld"', "“Result” is “not upheld”"),
        ('result in ["agree", "none"]', "“Result” is “agree” or “none”"),
        ('"court" in grounds', "“court” is among “Grounds”"),
        ("len(grounds) == 0", "“Grounds” has none"),
        ("raised_on < answered_on", "“First raised” is before “Answer sent”"),
        (
            "raised_on > months(6, answered_on)",
            "“First raised” is more than 6 months after “Answer sent”",
        ),
        (
            "urgent and (paid > 0 or answered_on == None)",
            "“Urgent” is yes and (“Payment offered” is more than 0 or “Answer sent” has no date)",
        ),
        ("item == 3", "“item” is 3"),
        ("this is no rule!", "this is no rule!"),
    ],
)
def test_a_condition_is_told_in_words(expression: str, words: str) -> None:
    assert condition(expression, FACTS) == words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("answered_on", "On the day “Answer sent”"),
        (
            "months(12, answered_on) if urgent else None",
            "12 months after “Answer sent”, but only if “Urgent” is yes",
        ),
    ],
)
def test_a_day_that_is_no_plain_count_is_told_in_words(expression: str, words: str) -> None:
    assert day(expression, FACTS) == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", ""),
        ("-", ""),
        ("true", "yes"),
        ('"closed_case"', "closed case"),
        ('"tenant", "leaseholder"', "tenant or leaseholder"),
        ('not("open case", "closed case")', "neither open case nor closed case"),
        ('not("legal")', "not legal"),
        ("> 500", "more than 500"),
        ("[1..5]", "1 to 5"),
    ],
)
def test_a_cell_of_a_table_is_told_in_words(written: str, words: str) -> None:
    assert cell(written) == words


CODE = re.compile(r"[a-z0-9]+_[a-z0-9_]+|==|!=|\bNone\b|\w\(")


def test_no_diagram_and_no_table_of_a_landlord_tells_code(landlord: str) -> None:
    deployed = deployments.live(landlord)
    said = [
        words
        for picture in pictures(deployed)
        for entry in outline(deployed, picture.process)
        for words in (entry.name, entry.deadline, *entry.notes, *entry.goes_to)
    ]
    for table in tables(deployed).values():
        said += [table.otherwise, *table.results, *(part for c in table.columns for part in c)]
        said += [word for row in table.rows for word in (*row.cells, *row.answers)]
    assert said and [words for words in said if CODE.search(words)] == []


def test_where_ways_only_meet_the_text_names_what_comes_after_that(landlord: str) -> None:
    deployed = deployments.live(landlord)
    nameless = {e.id for e in deployed.elements.values() if not e.name and len(e.outgoing) == 1}
    into = [
        entry
        for picture in pictures(deployed)
        for entry in outline(deployed, picture.process)
        if any(flow.target in nameless for flow in deployed.elements[entry.id].outgoing)
    ]
    assert into and not [e.id for e in into if any("(one way" in to for to in e.goes_to)]
