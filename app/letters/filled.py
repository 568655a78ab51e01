"""A letter that says something to somebody: a small tree of text, frozen when it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

GAP_WORDS = "Not answered yet. The letter cannot go without it."


@dataclass(frozen=True)
class Run:
    """Text in one face. "\n" ends a line. typed: staff wrote it for this letter."""

    text: str
    bold: bool = False
    typed: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    level: int  # 1: the letter's title, 2 and 3 as in the template
    runs: Line
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True)
class Paragraph:
    runs: Line
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list. `start`: its first number, or None for bullets."""

    start: int | None
    items: tuple[Line, ...]
    kind: Literal["list"] = "list"


@dataclass(frozen=True)
class Point:
    """One point complained about: the words for it, what we found, what we decided."""

    title: str
    text: tuple[str, ...] = ()  # paragraphs; staff typed them
    decision: str = ""
    gap: bool = False  # must be answered before the letter can go


@dataclass(frozen=True)
class Points:
    points: tuple[Point, ...]
    kind: Literal["points"] = "points"


@dataclass(frozen=True)
class Gap:
    """Stands where a part that the letter requires is missing."""

    part: str
    kind: Literal["gap"] = "gap"


@dataclass(frozen=True)
class Box:
    """The Ombudsman's contacts under their heading; never broken over two pages."""

    blocks: tuple[Heading | Paragraph | Bullets, ...]
    kind: Literal["box"] = "box"


Simple = Heading | Paragraph | Bullets
Block = Heading | Paragraph | Bullets | Points | Gap | Box


@dataclass(frozen=True)
class FilledLetter:
    """A letter as it reads.

    missing: the parts that it requires and does not have, in words ("how investigated").
    empty: the fields that it printed although they had nothing to say.
    copy_for: what marks it as somebody's copy, such as "Copy for Tom, who speaks for Ama"; or "".
    """

    id: str
    title: str
    to: str
    blocks: tuple[Block, ...]
    missing: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    copy_for: str = ""

    def with_title(self) -> tuple[Block, ...]:
        """The blocks with the title among them: after a salutation, else first; a mark on top."""
        title = Heading(1, (Run(self.title),))
        mark = (Paragraph((Run(self.copy_for, bold=True),)),) if self.copy_for else ()
        after = self.greeting_ends
        return (*mark, *self.blocks[:after], title, *self.blocks[after:])

    @property
    def greeting_ends(self) -> int:
        """How many blocks the greeting has: 1, or 0 where nobody is greeted."""
        return 1 if _is_salutation(self.blocks) else 0

    def typed(self) -> str:
        """All that people typed for this letter."""
        return "\n".join(text for block in self.blocks for text in _typed(block))

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values; from_json() gives the same letter back."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> FilledLetter:
        """Read what to_json() gave. Raise KeyError or TypeError for anything else."""
        fields = dict(stored)
        for name in ("missing", "empty"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields | {"blocks": tuple(_read_block(block) for block in stored["blocks"])})


def words_of(runs: Line) -> str:
    """The text of runs, without their faces."""
    return "".join(run.text for run in runs)


def _typed(block: Block) -> Iterator[str]:
    match block:
        case Heading(runs=runs) | Paragraph(runs=runs):
            yield from (run.text for run in runs if run.typed)
        case Bullets(items=items):
            yield from (run.text for item in items for run in item if run.typed)
        case Points(points=points):
            yield from (text for point in points for text in point.text)
        case Box(blocks=blocks):
            for inside in blocks:
                yield from _typed(inside)


def _is_salutation(blocks: tuple[Block, ...]) -> bool:
    first = blocks[0] if blocks else None
    return isinstance(first, Paragraph) and words_of(first.runs).startswith("Dear ")


def _read_runs(stored: list[dict[str, Any]]) -> Line:
    return tuple(Run(**run) for run in stored)


def _read_simple(stored: dict[str, Any]) -> Simple:
    match stored:
        case {"kind": "heading", "level": level, "runs": runs}:
            return Heading(level, _read_runs(runs))
        case {"kind": "paragraph", "runs": runs}:
            return Paragraph(_read_runs(runs))
        case {"kind": "list", "start": start, "items": items}:
            return Bullets(start, tuple(_read_runs(item) for item in items))
    raise TypeError(f"not a block of a letter: {stored.get('kind')!r}")


def _read_block(stored: dict[str, Any]) -> Block:
    match stored:
        case {"kind": "points", "points": points}:
            return Points(tuple(Point(**p | {"text": tuple(p["text"])}) for p in points))
        case {"kind": "gap", "part": part}:
            return Gap(part)
        case {"kind": "box", "blocks": blocks}:
            return Box(tuple(_read_simple(block) for block in blocks))
    return _read_simple(stored)
