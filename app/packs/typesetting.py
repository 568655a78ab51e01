"""Sets a pack. Runs alone in the sandbox: it imports nothing of ours.

    typesetting.py FOLDER FONTS MADE_AT

FOLDER holds pack.typ, pack.json and the files; pack.pdf is made in it. MADE_AT: seconds since 1970.
Prints how many pages the pack has.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import typst


def main(folder: str, fonts: str, made_at: str) -> None:
    made = typst.compile(
        Path(folder) / "pack.typ",
        root=Path(folder),
        font_paths=[Path(fonts)] if fonts else [],
        format="pdf",
        timestamp=datetime.fromtimestamp(int(made_at), UTC),
    )
    target = Path(folder) / "pack.pdf"
    assert isinstance(made, bytes)  # typst gives a list for pictures only
    target.write_bytes(made)
    with pikepdf.open(target) as pdf:
        sys.stdout.write(str(len(pdf.pages)))


if __name__ == "__main__":
    main(*sys.argv[1:])
