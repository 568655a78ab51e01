from __future__ import annotations

import io
import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from app.letters import FilledLetter, LetterHead, fill, parse_letter, to_pdf
from app.letters.pdf import TINTS

FONTS = Path(__file__).parents[2] / "node_modules" / "@expo-google-fonts" / "source-sans-3"
AT = datetime(2026, 11, 26, 9, 30, 0, 654_321, UTC)  # as the real clock gives it
HEAD = LetterHead(
    landlord="Example Homes",
    landlord_address="Feedback team\n1 Example Square, Exampleton EX1 9ZZ",
    reference="EX 7K4M 2QXD",
    date="Thursday 26 November 2026",
    channel="By e-mail only",
)
BODY = """Dear {{resident_salutation}}

**{{part_answer}}**

You complained on {{case_received_on}}.

## What we found

{{part_points}}

## What we will do

1. {{part_remedy}}
2. Tell you

## The Ombudsman: free and independent

Ask the {{ombudsman_name}}.

- Phone: {{ombudsman_phone}}

Yours sincerely

**{{officer_name}}**
"""
VALUES: dict[str, Any] = {
    "resident_salutation": "Ms Boateng",
    "part_answer": "You are right. We are sorry.",
    "case_received_on": "Thursday 5 November 2026",
    "part_points": [
        {"title": "1. The leak", "text": "It was not repaired.", "decision": "We agree."},
        {"title": "2. The calls", "text": "Nobody rang you back.", "decision": "We agree."},
    ],
    "part_remedy": "Replace the pipe",
    "ombudsman_name": "Housing Ombudsman",
    "ombudsman_phone": "0300 111 3000",
    "officer_name": "Amira Sethi",
}


def letter(body: str = BODY, requires: tuple[str, ...] = (), **changed: Any) -> FilledLetter:
    title = "Our answer to your complaint: Stage One"
    front = f'+++\ntitle = "{title}"\nrequires = {json.dumps(requires)}\n+++\n'
    return fill(parse_letter(front + body, "answer", frozenset()), VALUES | changed)


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def words(pdf: bytes) -> str:
    """All text of a PDF, its white space made one."""
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def metadata(pdf: bytes) -> str:
    stream = read(pdf).trailer["/Root"]["/Metadata"].get_object()  # type: ignore[index]
    return stream.get_data().decode()


def roles(pdf: bytes) -> list[str]:
    """The roles of the structure tree, in reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, ArrayObject):
            for child in node:
                walk(child)
        elif isinstance(node, DictionaryObject):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(read(pdf).trailer["/Root"]["/StructTreeRoot"])  # type: ignore[index]
    return found


def test_every_word_is_printed_in_reading_order() -> None:
    text = words(to_pdf(letter(), HEAD, AT, fonts_dir=FONTS))
    order = [
        *("Example Homes", "1 Example Square", "EX 7K4M 2QXD", "Thursday 26 November 2026"),
        *("By e-mail only", "Dear Ms Boateng", "Our answer to your complaint", "Stage One"),
        *("You are right. We are sorry.", "You complained on Thursday 5 November 2026."),
        *("What we found", "1. The leak", "It was not repaired.", "We agree.", "2. The calls"),
        *("What we will do", "1. Replace the pipe", "2. Tell you", "Ask the Housing Ombudsman."),
        *("0300 111 3000", "Yours sincerely", "Amira Sethi"),
    ]
    at = -1
    for piece in order:
        at = text.find(piece, at + 1)
        assert at >= 0, piece
    assert "Page 1" not in text  # a letter of one page needs no number


def test_it_is_accessible_and_says_so() -> None:
    pdf = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS)
    root = read(pdf).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert root["/Lang"] == "en-GB"  # type: ignore[index]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]  # type: ignore[index]
    about = read(pdf).metadata
    assert about is not None
    assert about.title == "Our answer to your complaint: Stage One, EX 7K4M 2QXD"
    assert about.author == "Example Homes"
    assert about.creation_date == AT.replace(microsecond=0)
    xmp = metadata(pdf)
    assert re.search(r"pdfuaid:part>1<", xmp)
    assert re.search(r"pdfaid:part>2<", xmp) and re.search(r"pdfaid:conformance>A<", xmp)


def test_headings_lists_and_the_table_are_tagged_as_such() -> None:
    found = roles(to_pdf(letter(), HEAD, AT, fonts_dir=FONTS))
    assert [role for role in found if re.fullmatch(r"/H\d", role)] == ["/H1", "/H2", "/H2", "/H2"]
    assert found.count("/Table") == 1
    assert found.count("/TH") == 3
    assert found.count("/TR") == 3
    assert found.count("/L") == 2
    assert found.count("/LI") == 3


def test_long_findings_stand_below_their_points() -> None:
    long = [{"title": "1. The leak", "text": "Word " * 100, "decision": "We agree."}]
    address = [{"title": "1. " + "x" * 40, "text": "Short.", "decision": "We agree."}]
    for points in (long, address):
        pdf = to_pdf(letter(part_points=points), HEAD, AT, fonts_dir=FONTS)
        assert "/Table" not in roles(pdf)
        assert "We agree." in words(pdf)


def test_points_that_are_merely_named_are_no_table() -> None:
    pdf = to_pdf(letter(part_points=[{"title": "1. The leak"}]), HEAD, AT, fonts_dir=FONTS)
    assert "/Table" not in roles(pdf)
    assert "1. The leak" in words(pdf)


def sizes(pdf: bytes) -> set[int]:
    found: set[int] = set()

    def note(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if "complained" in text:
            found.add(round(abs(tm[3] * cm[3]) * (size if abs(tm[3]) == 1 else 1)))

    for page in read(pdf).pages:
        page.extract_text(visitor_text=note)
    return found


def test_large_print_is_18_points_and_has_no_table() -> None:
    normal = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS)
    large = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS, large_print=True)
    assert sizes(normal) == {12}
    assert sizes(large) == {18}
    assert "/Table" not in roles(large)


def test_paper_may_be_tinted() -> None:
    white = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS)
    tinted = [to_pdf(letter(), HEAD, AT, fonts_dir=FONTS, tint=tint) for tint in TINTS]
    assert {words(white), *map(words, tinted)} == {words(white)}
    assert len({white, *tinted}) == 1 + len(TINTS)


def colours(pdf: bytes) -> set[bytes]:
    """What the pages are drawn with: each setting of a colour."""
    drawn = b" ".join(page.get_contents().get_data() for page in read(pdf).pages)  # type: ignore[union-attr]
    return set(re.findall(rb"[\d. ]+ (?:scn|SCN|rg|RG|g|G)\b", drawn))


def test_a_plain_letter_has_one_column_in_black_and_neither_table_nor_box() -> None:
    plain = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS, plain=True)
    normal = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS)
    assert "/Table" not in roles(plain)
    assert len(colours(plain)) == 1 < len(colours(normal))
    for said in ("1. The leak It was not repaired. We agree.", "Ask the Housing Ombudsman."):
        assert said in words(plain)


def test_a_copy_says_on_top_for_whom_it_is() -> None:
    copy = replace(letter(), copy_for="Copy for Tom Adeyemi, who speaks for Kezia Boateng")
    text = words(to_pdf(copy, HEAD, AT, fonts_dir=FONTS))
    assert "who speaks for Kezia Boateng Dear Ms Boateng Our answer" in text


def test_address_is_printed_only_if_it_is_posted() -> None:
    posted = LetterHead(**{**HEAD.__dict__, "channel": "", "address": "Ms K Boateng\n1 Road\nTown"})
    text = words(to_pdf(letter(), posted, AT, fonts_dir=FONTS))
    assert "Ms K Boateng 1 Road Town Dear Ms Boateng" in text
    assert "By e-mail only" not in text
    assert "1 Road" not in words(to_pdf(letter(), HEAD, AT, fonts_dir=FONTS))


def test_long_letter_numbers_its_pages_and_never_breaks_the_box() -> None:
    for length in range(20, 44, 3):
        remedy = "\n".join(["A line of text."] * length)
        pages = read(to_pdf(letter(part_remedy=remedy), HEAD, AT, fonts_dir=FONTS)).pages
        texts = [page.extract_text() for page in pages]
        with_box = [n for n, text in enumerate(texts) if "free and independent" in text]
        with_phone = [n for n, text in enumerate(texts) if "0300 111 3000" in text]
        assert with_box == with_phone and len(with_box) == 1
        signed = [n for n, text in enumerate(texts) if "Yours sincerely" in text]
        assert signed == [n for n, text in enumerate(texts) if "Amira Sethi" in text]
        if len(pages) > 1:
            assert all(f"Page {n} of {len(pages)}" in t for n, t in enumerate(texts, 1))
            assert "EX 7K4M 2QXD" in texts[1]
    assert len(pages) > 1


@pytest.mark.parametrize("plain", [False, True])
def test_no_signature_stands_on_a_page_without_a_word_above_it(plain: bool) -> None:
    for lines in range(20, 44):
        found = letter(part_answer="\n\n".join(["We looked into it."] * lines))
        pages = read(to_pdf(found, HEAD, AT, plain=plain, fonts_dir=FONTS)).pages
        (signed,) = [text for page in pages if "Yours sincerely" in (text := page.extract_text())]
        assert "0300 111 3000" in signed


def test_a_date_stays_on_one_line() -> None:
    for n in range(60, 90):
        said = "x" * n + " " + "by Wednesday 16 December 2026"
        found = letter(part_answer=" ".join([said[i : i + 9] for i in range(0, n, 9)]) + said[n:])
        text = read(to_pdf(found, HEAD, AT, fonts_dir=FONTS)).pages[0].extract_text()
        assert any("Wednesday 16 December 2026" in line for line in text.splitlines())


@pytest.mark.parametrize(
    "typed",
    [
        '#read("/etc/passwd")',
        '#eval("1+1") #{1+1} #panic()',
        "$ x^2 $ @ref <label> *a* _b_ `c` = h // d",
        "{{case_reference}} {{#if today}}x{{/if}}",
        "<script>alert(1)</script> &amp;",
        '\\u{41} \\n \\" " \' ~ -- ---',
        '#import "@preview/x:1.0.0": *',
        "#set page(fill: red)",
        "#sys.inputs",
    ],
)
def test_what_a_person_typed_is_printed_as_it_is(typed: str) -> None:
    points = [{"title": typed, "text": typed, "decision": typed}]
    head = LetterHead(**{**HEAD.__dict__, "address": typed, "channel": typed, "footer": typed})
    pdf = to_pdf(
        letter(part_answer=typed, part_remedy=typed, part_points=points, officer_name=typed),
        head,
        AT,
        fonts_dir=FONTS,
    )
    assert words(pdf).replace(" ", "").count(typed.replace(" ", "")) >= 8


def test_words_wider_than_the_page_are_broken() -> None:
    typed = "x" * 500
    pdf = to_pdf(letter(part_remedy=typed), HEAD, AT, fonts_dir=FONTS)
    lines = [line for page in read(pdf).pages for line in page.extract_text().split("\n")]
    assert max(len(line.replace("\u200b", "")) for line in lines if "xx" in line) < 120
    assert sum(line.count("x") for line in lines if "xx" in line) == 500


@pytest.mark.parametrize("typed", ["\U0001f9ff", "\u1230\u120b\u121d"])
def test_letter_with_characters_that_no_font_has_still_goes_and_the_log_does_not_quote_them(
    typed: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        pdf = to_pdf(letter(part_remedy=f"Ok {typed}"), HEAD, AT, fonts_dir=FONTS)
    (said,) = caplog.messages
    assert said == f"letter {HEAD.reference} printed without PDF/UA: a character has no font"
    assert "Replace" not in words(pdf) and "Ok" in words(pdf)
    assert "/H1" in roles(pdf)


def test_font_is_ours_or_typsts_own_if_the_folder_is_missing(tmp_path: Path) -> None:
    ours = to_pdf(letter(), HEAD, AT, fonts_dir=FONTS)
    other = to_pdf(letter(), HEAD, AT, fonts_dir=tmp_path / "nowhere")
    assert b"SourceSans3" in ours
    assert b"Libertinus" in other
    assert words(ours) == words(other) == words(to_pdf(letter(), HEAD, AT))


def test_same_letter_gives_the_same_bytes() -> None:
    assert to_pdf(letter(), HEAD, AT, fonts_dir=FONTS) == to_pdf(
        letter(), HEAD, AT, fonts_dir=FONTS
    )


def test_letter_with_a_gap_is_not_printed() -> None:
    with pytest.raises(ValueError, match="still lacks: answer"):
        to_pdf(letter(requires=("part_answer",), part_answer=""), HEAD, AT, fonts_dir=FONTS)


def test_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        to_pdf(letter(), HEAD, datetime(2026, 11, 26), fonts_dir=FONTS)  # noqa: DTZ001


def test_empty_letter_is_a_page_with_its_title() -> None:
    text = words(to_pdf(letter("{{today}}", today=""), HEAD, AT, fonts_dir=FONTS))
    assert "Our answer to your complaint Stage One" in text
