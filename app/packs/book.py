"""What a pack says, in the shapes that pack.typ draws."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A bookmark inside a chapter; note: who, when."""

    text: str
    note: str = ""
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class Paragraph:
    text: str
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Rows:
    """Questions and what was said, or a date and what happened."""

    rows: list[tuple[str, str]]
    kind: str = field(default="rows", init=False)


@dataclass(frozen=True)
class Table:
    head: list[str]
    rows: list[list[str]]
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Pages:
    """The pages of a file on the bench, each on a page of its own. words: for a screen reader."""

    title: str
    note: str
    file: str
    pages: int
    words: str = ""
    kind: str = field(default="pages", init=False)


Block = Heading | Paragraph | Rows | Table | Pages


@dataclass(frozen=True)
class Chapter:
    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Pack:
    """cover: label and lines. notice: what stands in a box on the cover."""

    landlord: str
    reference: str
    who: str
    made: str
    cover: list[tuple[str, str]]
    notice: list[str]
    chapters: list[Chapter]
