"""Makes an uploaded file fit to be bound in. Runs alone in the sandbox, without our other modules.

    cleaning.py KIND SOURCE TARGET MOST_PAGES

KIND: pdf, or picture. Prints JSON: {"pages": 3, "note": ""}, or {"reason": "it is damaged"}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import pikepdf
import typst
from PIL import Image, ImageOps

LONGEST_SIDE = 2000  # pixels of a picture in a pack: sharp on A4, and no larger than it must be
MOST_PIXELS = 100_000_000
MOST_BYTES = 256 * 1024 * 1024  # of one part of a PDF once it is unpacked
SIDES = (18, 14_400)  # points: the smallest and the largest page
PICTURES = ("JPEG", "PNG", "GIF")
TOO_LARGE = "it is far too large once it is opened"
FIRST_ONLY = "It moves: only its first picture is shown."


class Refused(Exception):
    """Why a file cannot be bound in, in words."""


def clean_pdf(source: str, target: str, most: int) -> dict[str, object]:
    """Keep only the pages, with what was filled in or stamped on them drawn into them."""
    try:
        pdf = pikepdf.open(source)
    except pikepdf.PasswordError:
        raise Refused("it is protected with a password") from None
    count = len(pdf.pages)
    if not count:
        raise Refused("it has no pages")
    if count > most:
        raise Refused(f"it has {count} pages, more than there is room for")
    pdf.generate_appearance_streams()
    pdf.flatten_annotations("all")
    bare = pikepdf.new()  # without scripts, attachments, forms and everything else around the pages
    for page in pdf.pages:
        _check_size(page)
        if "/AA" in page:
            del page["/AA"]
        bare.pages.append(page)
    bare.remove_unreferenced_resources()
    _check_parts(bare)
    bare.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return {"pages": count, "note": ""}


def _check_size(page: pikepdf.Page) -> None:
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    for side in (abs(right - left), abs(top - bottom)):
        if not SIDES[0] <= side <= SIDES[1]:
            raise Refused("a page of it is too small or too large to be shown")


def _check_parts(pdf: pikepdf.Pdf) -> None:
    """Nothing in it may grow beyond measure when somebody opens the pack."""
    for part in pdf.objects:
        if not isinstance(part, pikepdf.Stream):
            continue
        if part.get("/Subtype") == "/Image":
            if int(part.get("/Width", 0)) * int(part.get("/Height", 0)) > MOST_PIXELS:
                raise Refused("a picture in it has too many pixels")
            continue
        if len(part.read_bytes()) > MOST_BYTES:
            raise Refused(TOO_LARGE)


def clean_picture(source: str, target: str) -> dict[str, object]:
    """A JPEG that stands upright, without the place and the device that a camera writes into it."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit is below
    with Image.open(source, formats=PICTURES) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise Refused("it has too many pixels")
        moves = getattr(picture, "n_frames", 1) > 1
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        seen = upright.convert("RGBA")
        paper = Image.new("RGB", seen.size, "white")
        paper.paste(seen, mask=seen.getchannel("A"))
        paper.save(target, "JPEG", quality=85)
    return {"pages": 1, "note": FIRST_ONLY if moves else ""}


def try_out(target: str, pages: int) -> None:
    """Bind it in once: what typst cannot take fails here, alone."""
    made = Path(target)
    several = made.suffix == ".pdf"
    drawn = [
        f'#image("{made.name}"' + (f", page: {page})" if several else ")")
        for page in range(1, pages + 1)
    ]
    book = made.with_suffix(".typ")
    book.write_text("#set page(margin: 0mm)\n" + "\n#pagebreak()\n".join(drawn))
    typst.compile(book, root=book.parent, format="pdf", ignore_system_fonts=True)


def main(kind: str, source: str, target: str, most: str) -> None:
    try:
        made = (
            clean_pdf(source, target, int(most)) if kind == "pdf" else clean_picture(source, target)
        )
        try_out(target, int(str(made["pages"])))
    except Refused as refused:
        answer({"reason": str(refused)})
    except MemoryError:
        answer({"reason": TOO_LARGE})
    except Exception:  # whatever a hostile file makes a reader do
        answer({"reason": "it is damaged"})
    answer(made)


def answer(said: dict[str, object]) -> NoReturn:
    sys.stdout.write(json.dumps(said))
    sys.exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
