"""All letters that wait to be posted, as one file for the printer."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typst

from app.errors import NotFound
from app.services import outbox, paper
from app.viewer import Viewer

PAGE = re.compile(rb"/Type\s*/Page\b")  # in the files that typst makes, where objects are plain


def print_all(viewer: Viewer) -> bytes:
    """The letters to post, one after the other. Raises NotFound when there are none."""
    rows = outbox.page(viewer).to_post
    if not rows:
        raise NotFound("There is no letter to print now.")
    return bundle([paper.pdf_of(row.case, row.letter) for row in rows])


def bundle(letters: Sequence[bytes]) -> bytes:
    """Join PDFs. Each begins on the front of a sheet: nobody's letter on the back of another's."""
    pages = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number, letter in enumerate(letters):
            (root / f"{number}.pdf").write_bytes(letter)
            count = len(PAGE.findall(letter))
            pages += [
                f'image("{number}.pdf", page: {page}, width: 100%)' for page in range(1, count + 1)
            ]
            if count % 2 and number < len(letters) - 1:
                pages.append("[~]")
        book = '#set page(paper: "a4", margin: 0pt)\n#' + "\n#pagebreak()\n#".join(pages)
        (root / "all.typ").write_text(book)
        made = typst.compile(root / "all.typ", root=root, format="pdf")
    assert isinstance(made, bytes)
    return made
