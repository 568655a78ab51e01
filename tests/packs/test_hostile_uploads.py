"""What is uploaded may be hostile: it is bound in clean, or left out with a reason. Never worse."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from pypdf import PdfReader

from app.packs import Bench, Chapter, LeftOut, Pack, PackNotMade, Pages, Paragraph, Rows, sandbox
from app.packs.bench import MOST_PAGES_OF_A_FILE
from tests.packs import uploads

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
PDF, JPEG, PNG, GIF = "application/pdf", "image/jpeg", "image/png", "image/gif"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as made:
        yield made


def bound(bench: Bench, *chapters: Chapter) -> PdfReader:
    cover, notice = [("Stage", "Two")], ["Confidential."]
    pack = Pack("Small Homes", "SM 1", "Kezia Boateng", "today", cover, notice, [*chapters])
    pdf, pages = bench.bind(pack, AT, None)
    read = PdfReader(io.BytesIO(pdf))
    assert len(read.pages) == pages
    return read


@pytest.mark.parametrize(
    ("media_type", "data", "why"),
    [
        ("video/mp4", lambda: b"\0\0\0\x18ftypmp42", "it cannot be shown on paper"),
        ("text/plain", lambda: b"hello", "it cannot be shown on paper"),
        (
            PDF,
            lambda: uploads.pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
            "a password",
        ),
        (PDF, lambda: b"%PDF-1.7 and then nothing of it", "it is damaged"),
        (PDF, lambda: uploads.pdf()[:150], "it is damaged"),
        (PDF, lambda: uploads.pdf(pages=MOST_PAGES_OF_A_FILE + 1), "it has 151 pages"),
        (PDF, lambda: uploads.pdf(box=[0, 0, 0, 0]), "too small or too large"),
        (PDF, lambda: uploads.pdf(box=[0, 0, 900_000, 900_000]), "too small or too large"),
        (PDF, lambda: uploads.unpacks_to(300), "far too large once it is opened"),
        (PDF, lambda: uploads.unpacks_to(900), "far too large once it is opened"),
        (PDF, lambda: uploads.with_picture_of(60_000, 60_000), "too many pixels"),
        (PNG, lambda: uploads.png_bomb(12_000), "it has too many pixels"),
        (PNG, lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "it is damaged"),
        (JPEG, lambda: uploads.photo()[:300], "it is damaged"),
        (GIF, lambda: b"GIF89a\xff\xff\xff\xff", "it is damaged"),
        (JPEG, lambda: uploads.pdf(), "it is damaged"),  # one kind that says it is another
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_bound_in_is_left_out_with_a_reason(
    bench: Bench, media_type: str, data: Callable[[], bytes], why: str
) -> None:
    with pytest.raises(LeftOut, match=why):
        bench.evidence(media_type, data())


def test_of_a_pdf_only_what_is_seen_is_kept(bench: Bench) -> None:
    made = bench.evidence(PDF, uploads.armed_form())
    book = bound(bench, Chapter("Evidence", [Pages("Form", "", made.file, 1)]))
    assert uploads.FILLED_IN in "".join(page.extract_text() for page in book.pages)
    whole = (bench.root / "pack.pdf").read_bytes()
    with pikepdf.open(io.BytesIO(whole)) as pdf:
        written = b"".join(repr(part).encode() for part in pdf.objects)
        assert not pdf.attachments
    for hostile in (b"JavaScript", b"OpenAction", b"EmbeddedFile", b"/AA"):
        assert hostile not in whole + written


def test_a_photo_stands_upright_and_tells_no_place(bench: Bench) -> None:
    made = bench.evidence(JPEG, uploads.photo(6000, 3000, turned=6))
    with Image.open(bench.root / made.file) as seen:
        assert seen.size == (1000, 2000)
        assert not dict(seen.getexif())
    assert b"Kezia" not in (bench.root / made.file).read_bytes()


def test_of_a_picture_that_moves_the_first_is_shown_and_the_reader_told(bench: Bench) -> None:
    assert bench.evidence(GIF, uploads.gif(3)).note == "It moves: only its first picture is shown."
    assert bench.evidence(GIF, uploads.gif(1)).note == ""


def test_a_pack_has_room_for_so_much(bench: Bench) -> None:
    bench.pages_left = 3
    assert bench.evidence(PDF, uploads.pdf(pages=2)).pages == 2
    with pytest.raises(LeftOut, match="it has 2 pages, more than there is room for"):
        bench.evidence(PDF, uploads.pdf(pages=2))
    bench.bytes_left = 10
    with pytest.raises(LeftOut, match="the pack is full"):
        bench.evidence(PDF, uploads.pdf())
    bench.until = 0
    with pytest.raises(LeftOut, match="no time left"):
        bench.evidence(PDF, uploads.pdf())


@pytest.mark.parametrize(
    "script",
    ["while True: pass", "x = bytearray(2_000_000_000)", "import os; os.abort()"],
    ids=["never ends", "wants all memory", "falls dead"],
)
def test_a_child_takes_no_more_than_its_time_and_memory(tmp_path: Path, script: str) -> None:
    (tmp_path / "hostile.py").write_text(script)
    with pytest.raises(sandbox.Failed):
        sandbox.run(tmp_path / "hostile.py", seconds=1, memory=500_000_000)


def test_every_page_has_its_number_and_every_part_a_bookmark(bench: Bench) -> None:
    made = bench.evidence(PDF, uploads.pdf(pages=2))
    words = '#import "x" $ <script> *not bold* ' + "w" * 200
    book = bound(
        bench,
        Chapter("Words", [Paragraph(words), Rows([("Question", "Answer")])]),
        Chapter("Evidence", [Pages("Evidence 1: report.pdf", "By Kezia", made.file, 2)]),
    )
    count = len(book.pages)
    texts = [page.extract_text() for page in book.pages]
    for n, text in enumerate(texts, 1):
        assert f"Pack page {n} of {count}" in text
    at = {str(mark.title): book.get_destination_page_number(mark) for mark in _flat(book.outline)}
    assert at["Evidence 1: report.pdf"] == count - 2
    assert "Surveyor page 1" in texts[at["Evidence 1: report.pdf"]]
    assert "#import" in texts[at["Words"]]  # what was typed stays what was typed


def _flat(outline: object) -> Iterator[object]:
    for mark in outline if isinstance(outline, list) else [outline]:
        yield from _flat(mark) if isinstance(mark, list) else [mark]


def test_a_pack_that_cannot_be_set_says_so(bench: Bench) -> None:
    with pytest.raises(PackNotMade):
        bound(bench, Chapter("Gone", [Pages("Gone", "", "nowhere.pdf", 1)]))


def test_nothing_stays_behind() -> None:
    with Bench() as bench:
        bench.evidence(PDF, uploads.pdf())
        folder = bench.root
    assert not folder.exists()
