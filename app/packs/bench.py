"""Where a pack is put together: a folder of its own, gone afterwards."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from time import monotonic
from types import TracebackType

import pikepdf

from app.packs import sandbox
from app.packs.book import Pack

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
KINDS = {  # what can be bound in, by media type: (kind, ending of the cleaned file)
    "application/pdf": ("pdf", "pdf"),
    "image/jpeg": ("picture", "jpg"),
    "image/png": ("picture", "jpg"),
    "image/gif": ("picture", "jpg"),
}
MEGABYTE = 1024 * 1024
MOST_PAGES = 400  # of evidence, in one pack
MOST_PAGES_OF_A_FILE = 150
MOST_BYTES = 60 * MEGABYTE  # of evidence, in one pack
MOST_SECONDS = 90  # for all evidence of one pack
CLEANING = {"seconds": 15, "memory": 1024 * MEGABYTE}
TYPESETTING = {"seconds": 60, "memory": 4096 * MEGABYTE}


class LeftOut(Exception):
    """A file cannot be bound in; the text says why, after "Separate, because"."""


class PackNotMade(RuntimeError):
    """The pack could not be set; the text says why, for the people who run the server."""


@dataclass(frozen=True)
class Inlined:
    """A file that lies ready on the bench. note: what a reader must know, or ""."""

    file: str
    pages: int
    note: str = ""


class Bench:
    """A context. Letters are ours and are taken as they are; evidence is cleaned first."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pack-")
        self.root = Path(self._folder.name)
        self.files = 0
        self.pages_left, self.bytes_left = MOST_PAGES, MOST_BYTES
        self.until = monotonic() + MOST_SECONDS

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.cleanup()

    def letter(self, pdf: bytes) -> Inlined:
        """A letter, as it was sent."""
        name = self._name("pdf")
        (self.root / name).write_bytes(pdf)
        with pikepdf.open(BytesIO(pdf)) as opened:
            return Inlined(name, len(opened.pages))

    def evidence(self, media_type: str, data: bytes) -> Inlined:
        """An upload, cleaned. Raises LeftOut."""
        if media_type not in KINDS:
            raise LeftOut("it cannot be shown on paper")
        if monotonic() > self.until:
            raise LeftOut("there was no time left to read it")
        kind, ending = KINDS[media_type]
        name = self._name(ending)
        source, target = self.root / "upload", self.root / name
        source.write_bytes(data)
        most = str(min(self.pages_left, MOST_PAGES_OF_A_FILE))
        try:
            said = sandbox.run(
                HERE / "cleaning.py", kind, str(source), str(target), most, **CLEANING
            )
            made = json.loads(said)
        except (sandbox.Failed, ValueError) as failed:
            logger.warning("an upload could not be read: %s", failed)
            raise LeftOut("it could not be read safely") from None
        if "reason" in made:
            raise LeftOut(str(made["reason"]))
        return self._kept(Inlined(name, int(made["pages"]), str(made["note"])))

    def _kept(self, made: Inlined) -> Inlined:
        size = (self.root / made.file).stat().st_size
        if size > self.bytes_left or made.pages > self.pages_left:
            raise LeftOut("the pack is full")
        self.bytes_left -= size
        self.pages_left -= made.pages
        return made

    def _name(self, ending: str) -> str:
        self.files += 1
        return f"{self.files}.{ending}"

    def bind(self, pack: Pack, made_at: datetime, fonts_dir: Path | None) -> tuple[bytes, int]:
        """The pack as PDF, and how many pages it has. Raises PackNotMade."""
        shutil.copy(HERE / "pack.typ", self.root)
        (self.root / "pack.json").write_text(json.dumps(asdict(pack)), "utf-8")
        fonts = str(fonts_dir) if fonts_dir and fonts_dir.is_dir() else ""
        seconds = str(int(made_at.timestamp()))
        try:
            pages = sandbox.run(
                HERE / "typesetting.py", str(self.root), fonts, seconds, **TYPESETTING
            )
        except sandbox.Failed as failed:
            raise PackNotMade(str(failed)) from failed
        return (self.root / "pack.pdf").read_bytes(), int(pages)
