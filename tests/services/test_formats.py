"""One letter in the form that its reader asked for: large, plain, on coloured paper."""

from __future__ import annotations

import re
from email import message_from_bytes
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from app.db import db
from app.models import Case, Letter, Person
from app.services import adjustments, outbox, paper
from app.settings import Settings
from tests import small


def person(*wishes: str, language: str = "") -> Person:
    return Person(name="Kezia Boateng", adjustments=list(wishes), language=language)


@pytest.mark.parametrize(
    ("wishes", "colour"),
    [
        (["Large print"], ""),
        (["coloured_paper"], "cream"),
        (["Coloured paper"], "cream"),
        (["coloured_paper:yellow"], "yellow"),
        (["Coloured paper: Yellow"], "yellow"),
        (["Coloured paper, blue please"], "blue"),
        (["Coloured paper: mauve"], "cream"),
        (["Coloured paper", "coloured_paper:lilac"], "lilac"),
    ],
)
def test_paper_has_the_colour_that_was_asked_for(wishes: list[str], colour: str) -> None:
    assert adjustments.paper_of(person(*wishes)) == colour


def test_codes_and_words_are_the_same_wish_and_read_as_words() -> None:
    assert adjustments.wishes(person("Large print", " plain-text ")) == {
        "large_print",
        "plain_text",
    }
    assert adjustments.in_words("coloured_paper:yellow") == "Coloured paper: yellow"
    assert adjustments.language_of(person(language="Polish")) == "Polish"
    assert adjustments.language_of(person(language="ENGLISH")) == ""


def answered(**details: object) -> Case:
    small.deploy()
    grace = small.officer()
    case = small.complaint(grace, **details)
    small.does(grace, case, answer="We agree.")
    return case


@pytest.mark.parametrize(("wishes", "parts"), [(["Plain text"], 1), ([], 2)])
def test_who_asks_for_plain_text_gets_an_email_without_a_pdf(
    app: Flask, settings: Settings, wishes: list[str], parts: int
) -> None:
    answered(adjustments=wishes)
    outbox.send_due()
    (file,) = (settings.instance_dir / "outbox" / small.SMALL).glob("*.eml")
    message = message_from_bytes(file.read_bytes())
    assert len([*message.walk()]) == (1 if parts == 1 else 3)
    assert "We agree." in message.as_string()


def drawn(case: Case, person_id: str) -> tuple[str, bytes, float]:
    """The words of a letter's PDF, what draws its first page, and its largest type."""
    letter = db.session.scalars(select(Letter).where(Letter.person_id == person_id)).one()
    page = PdfReader(BytesIO(paper.pdf_of(case, letter))).pages[0]
    sizes: list[float] = []
    page.extract_text(visitor_text=lambda _t, cm, tm, _f, size: sizes.append(size * abs(tm[3])))
    contents = page.get_contents()
    assert contents is not None
    return page.extract_text(), contents.get_data(), max(sizes)


def test_each_letter_looks_as_its_own_reader_asked(app: Flask) -> None:
    small.deploy()
    grace = small.officer()
    case = small.complaint(grace, adjustments=["Large print"], contact_never=["email"])
    ama = small.joins(case, "other_resident", "Ama Osei", address="Flat 15", postcode="SK1 1AA")
    small.does(grace, case, answer="We agree.")

    kezias, amas = drawn(case, case.resident.id), drawn(case, ama.id)

    assert "Kezia Boateng\nFlat 14\nSK3 9ZZ" in kezias[0] and "Flat 15" not in kezias[0]
    assert "Ama Osei\nFlat 15\nSK1 1AA" in amas[0] and "Kezia" not in amas[0]
    assert kezias[2] > amas[2]


@pytest.mark.parametrize(("wishes", "drawings"), [(["plain_text"], False), ([], True)])
def test_whoever_asks_for_plain_text_gets_paper_without_lines_and_boxes(
    app: Flask, wishes: list[str], drawings: bool
) -> None:
    case = answered(adjustments=wishes, contact_never=["email"])
    words, contents, _ = drawn(case, case.resident.id)
    assert bool(re.search(rb"(?m)^(?:S|f)$", contents)) is drawings
    assert "We agree." in words
