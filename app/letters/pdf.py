"""Prints a filled letter: an accessible PDF, made by typst from letter.typ beside this file.

The words go in as one JSON text, so nothing in them can be typst code. typst reads no other file
but fonts. The same letter gives the same bytes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import typst

from app.letters.filled import Block, FilledLetter, Heading, Paragraph, Point, Points

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
FONT = "Source Sans 3"
EMBEDDED_FONT = "Libertinus Serif"  # comes with typst

Tint = Literal["", "cream", "yellow", "blue", "green", "pink", "peach", "lilac"]
TINTS: tuple[Tint, ...] = get_args(Tint)[1:]  # the colours of paper; letter.typ has each

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]

# Points go into a table only if they fit its columns, in characters of a text and of a word.
LONGEST_TEXT = {"title": 120, "text": 300, "decision": 40}
LONGEST_WORD = {"title": 18, "text": 36, "decision": 16}

NO_FONT = "could not be displayed with"  # what typst says then

NORMAL_SIZE, LARGE_SIZE = 12, 18  # points


class PdfNotMade(RuntimeError):
    """typst could not print the letter; the text says why, for the people who run the server."""


@dataclass(frozen=True)
class LetterHead:
    """What stands on a letter besides its text.

    address: where it is posted to, in lines; "" if it is not posted.
    channel: how it goes, such as "By e-mail only"; date: in words.
    """

    landlord: str
    landlord_address: str
    reference: str
    date: str
    channel: str = ""
    address: str = ""
    footer: str = ""


def to_pdf(
    letter: FilledLetter,
    head: LetterHead,
    made_at: datetime,
    *,
    large_print: bool = False,
    plain: bool = False,
    tint: Tint = "",
    fonts_dir: Path | None = None,
) -> bytes:
    """Print a letter as a tagged PDF on A4: PDF/UA-1 and PDF/A-2a, if its characters can be drawn.

    plain: one column in black, without tables, boxes and colours. tint: the colour of the paper.
    made_at: an aware instant, written into the file. fonts_dir: a folder with Source Sans 3 as TTF
    files, at any depth; without it typst's own serif font is used.
    Raise PdfNotMade if typst fails, ValueError for a naive instant or a letter with gaps.
    """
    if made_at.tzinfo is None:
        raise ValueError(f"need an aware datetime, got {made_at!r}")
    if letter.missing:
        raise ValueError(f"the letter still lacks: {', '.join(letter.missing)}")
    fonts = _fonts(str(fonts_dir) if fonts_dir and fonts_dir.is_dir() else "")
    data = _data(letter, head, large_print, plain, tint)
    compiler = typst.Compiler(
        input=HERE / "letter.typ",
        root=HERE,
        font_paths=fonts,
        sys_inputs={"letter": json.dumps(data)},
    )
    try:
        return _compile(compiler, STANDARDS, made_at)
    except typst.TypstError as failed:
        # Mostly a character that no font here has. The letter must go all the same: tagged, but
        # not to the standard, which wants every character drawn. typst quotes it, the log must not.
        why = "a character has no font" if NO_FONT in failed.message else "typst refused"
        logger.warning("letter %s printed without PDF/UA: %s", head.reference, why)
    try:
        return _compile(compiler, [], made_at)
    except typst.TypstError as failed:
        raise PdfNotMade(" ".join([failed.message, *failed.hints])) from failed


def _compile(
    compiler: typst.Compiler, standards: list[typst.PDFStandard], made_at: datetime
) -> bytes:
    made = compiler.compile(
        format="pdf", pdf_standards=standards, timestamp=made_at.replace(microsecond=0)
    )
    assert isinstance(made, bytes)  # typst gives a list for pictures only
    return made


@lru_cache(maxsize=4)
def _fonts(folder: str) -> typst.Fonts:
    # The system's fonts come last: they print names in scripts that ours do not have.
    return typst.Fonts(
        include_system_fonts=True,
        include_embedded_fonts=True,
        font_paths=[folder] if folder else [],
    )


def _data(
    letter: FilledLetter, head: LetterHead, large_print: bool, plain: bool, tint: Tint
) -> dict[str, Any]:
    heading, _, subheading = letter.title.rpartition(": ")
    blocks = letter.with_title()
    title_at = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.level == 1)
    rest = [*blocks[:title_at], *blocks[title_at + 1 :]]
    return {
        "head": asdict(head)
        | {
            "title": f"{letter.title}, {head.reference}" if head.reference else letter.title,
            "heading": heading or subheading,
            "subheading": subheading if heading else "",
        },
        "style": {
            "size": LARGE_SIZE if large_print else NORMAL_SIZE,
            "large": large_print,
            "plain": plain,
            "tint": tint,
            "fonts": [FONT, EMBEDDED_FONT],
        },
        "blocks": [_block(block, large_print or plain) for block in rest],
        "title_at": title_at,
        "panel_at": title_at if not plain and _opens_with_the_decision(rest[title_at:]) else -1,
    }


def _opens_with_the_decision(blocks: Sequence[Block]) -> bool:
    """A first paragraph that begins in bold is the decision; it gets a tinted panel."""
    first = blocks[0] if blocks else None
    return isinstance(first, Paragraph) and first.runs[0].bold


def _block(block: Block, one_column: bool) -> dict[str, Any]:
    stored = asdict(block)
    if isinstance(block, Points):
        stored["table"] = not one_column and all(map(_fits_a_table, block.points))
    return stored


def _fits_a_table(point: Point) -> bool:
    cells = {"title": point.title, "text": " ".join(point.text), "decision": point.decision}
    return bool(point.text) and all(
        len(cell) <= LONGEST_TEXT[name]
        and max(map(len, cell.split()), default=0) <= LONGEST_WORD[name]
        for name, cell in cells.items()
    )
