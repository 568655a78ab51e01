"""Every letter that is shipped is plain: short sentences, no blame, no jargon, and who can help."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import mean

import pytest

from app.letters import LetterTemplate
from app.letters.nodes import Block, Bullets, Conditional, Field, Heading, Inline, Paragraph, Text
from app.services.deployments import slugs
from app.settings import ROOT
from tests.shipped import contents_of

LONGEST, ON_AVERAGE = 25, 15  # words of a sentence
# Blame, officialese, and what only insiders say.
BANNED = (
    *("you failed", "you should have", "you did not bother", "you neglected", "your failure"),
    *("vexatious", "unreasonable", "unreasonably", "frivolous", "persistent complainant"),
    *("abusive", "malicious", "aggressive", "trivial", "without merit", "unfounded"),
    *("unfortunately", "please note", "please be advised", "please be aware", "kindly"),
    *("in accordance with", "pursuant", "aforementioned", "hereby", "herewith", "thereof"),
    *("in respect of", "with regard to", "with regards to", "in relation to", "in order to"),
    *("regrettably", "at this juncture", "at this moment in time", "henceforth", "heretofore"),
    *("notwithstanding", "for the avoidance of doubt", "as per", "commence", "endeavour"),
    *("in the event that", "prior to", "subsequent to", "forthwith", "duly", "undertake to"),
    *("terminate", "utilise", "facilitate", "further to your", "not in a position to"),
    *("we apologise for any inconvenience", "any inconvenience", "sorry if you feel"),
    *("remit", "jurisdiction", "stakeholder", "service user", "customer journey"),
)
WAYS_TO_REPLY = {"landlord_email", "landlord_address", "landlord_website"}
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z“])|\n")


LETTERS = [
    pytest.param(landlord, letter, id=f"{landlord}-{letter.id}-{letter.valid_from or 'always'}")
    for landlord in slugs(ROOT / "processes")
    for versions in contents_of(landlord).letters.values()
    for letter in versions
]
every_letter = pytest.mark.parametrize(("landlord", "letter"), LETTERS)


def chosen(body: Sequence[Block], otherwise: bool) -> Iterator[Block]:
    """The blocks that are printed if every condition holds, or else if none does."""
    for block in body:
        if isinstance(block, Conditional):
            yield from block.otherwise if otherwise else block.parts
        else:
            yield block


def words(inlines: Iterable[Inline], otherwise: bool) -> str:
    """The fixed text, a field being one word."""
    said = []
    for inline in inlines:
        match inline:
            case Text(text=text):
                said.append(text)
            case Field(name=name):
                said.append(name)
            case Conditional(parts=parts, otherwise=others):
                said.append(words(others if otherwise else parts, otherwise))
    return "".join(said)


def texts(letter: LetterTemplate, otherwise: bool) -> Iterator[tuple[str, bool]]:
    """Each heading, paragraph and point, and whether it is running text."""
    for block in chosen(letter.body, otherwise):
        match block:
            case Bullets(items=items):
                for item in items:
                    yield words(item, otherwise), False
            case Heading(inlines=inlines):
                yield words(inlines, otherwise), False
            case Paragraph(inlines=inlines):
                yield words(inlines, otherwise), True


def sentences(letter: LetterTemplate, *, running: bool = False) -> list[str]:
    """All sentences, or only those of running text that end like one."""
    found = {
        sentence.strip(): text_runs
        for otherwise in (False, True)
        for text, text_runs in texts(letter, otherwise)
        for sentence in SENTENCE_END.split(text)
    }
    return [
        sentence
        for sentence, text_runs in found.items()
        if sentence and (not running or (text_runs and sentence[-1] in ".?!"))
    ]


def length(sentence: str) -> int:
    return len(re.findall(r"[\w’'@.-]*\w[\w’'@.-]*", sentence))


def fixed_text(letter: LetterTemplate) -> str:
    """All that is printed as it stands, in one line and in small letters."""
    return " ".join([letter.title, *sentences(letter)]).casefold()


def says(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase.casefold())}(?!\w)", text) is not None


@every_letter
def test_no_sentence_is_longer_than_25_words(landlord: str, letter: LetterTemplate) -> None:
    assert [said for said in sentences(letter) if length(said) > LONGEST] == []


@every_letter
def test_sentences_have_15_words_on_average_at_most(landlord: str, letter: LetterTemplate) -> None:
    assert mean(map(length, sentences(letter, running=True))) <= ON_AVERAGE


@every_letter
def test_there_is_neither_blame_nor_officialese(landlord: str, letter: LetterTemplate) -> None:
    assert [phrase for phrase in BANNED if says(fixed_text(letter), phrase)] == []


@every_letter
def test_no_ground_is_called_by_its_internal_name(landlord: str, letter: LetterTemplate) -> None:
    facts = contents_of(landlord).facts.values()
    grounds = [fact for fact in facts if "ground" in fact.name]
    names = {
        choice.replace("_", " ") for fact in grounds for choice in fact.choices if choice != "none"
    }
    assert [name for name in names if says(fixed_text(letter), name)] == []
    printed = " ".join(sentences(letter))
    assert [fact.name for fact in grounds if fact.name in printed] == []


@every_letter
def test_a_letter_to_a_resident_names_a_person_a_way_to_reply_and_other_formats(
    landlord: str, letter: LetterTemplate
) -> None:
    if letter.to == "resident":
        assert {"officer_name", "officer_phone"} <= letter.fields
        assert letter.fields & WAYS_TO_REPLY
        assert "large print" in fixed_text(letter)


@every_letter
def test_a_decision_says_where_to_go_next(landlord: str, letter: LetterTemplate) -> None:
    if letter.decides:
        assert "ombudsman_name" in letter.fields


def test_of_each_landlord_some_letter_decides() -> None:
    for landlord in slugs(ROOT / "processes"):
        versions = contents_of(landlord).letters.values()
        assert any(letter.decides for letters in versions for letter in letters), landlord


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One two three. Four five?\nSix", ["One two three.", "Four five?", "Six"]),
        ("Ring 0161 496 0200. Or not.", ["Ring 0161 496 0200.", "Or not."]),
    ],
)
def test_the_measure_tells_sentences_apart(text: str, found: list[str]) -> None:
    assert SENTENCE_END.split(text) == found


def test_the_measure_counts_words_as_people_do() -> None:
    assert length("We’ll ring you on 0161 496 0200, or write to a@b.example.") == 11


@every_letter
def test_whoever_signs_says_what_they_are(landlord: str, letter: LetterTemplate) -> None:
    bold = [
        paragraph
        for paragraph in letter.body
        if isinstance(paragraph, Paragraph) and words(paragraph.inlines, False) == "officer_name"
    ]
    assert bold == [], "a signature has the job title under the name"
