"""The tree of a letter's template, as the process owner wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Part = TypeVar("Part")


@dataclass(frozen=True)
class Text:
    text: str  # "\n" ends a line
    bold: bool = False


@dataclass(frozen=True)
class Field:
    name: str
    bold: bool = False


@dataclass(frozen=True)
class Conditional(Generic[Part]):
    """{{#if field}}: its parts are printed if the field has something to say."""

    field: str
    parts: tuple[Part, ...]


Inline = Text | Field | Conditional[Text | Field]


@dataclass(frozen=True)
class Heading:
    level: Literal[2, 3]
    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    inlines: tuple[Inline, ...]


@dataclass(frozen=True)
class Bullets:
    """A list. `start`: its first number, or None for bullets."""

    start: int | None
    items: tuple[tuple[Inline, ...], ...]


Simple = Heading | Paragraph | Bullets
Block = Simple | Conditional[Simple]


def fields_of(blocks: Iterable[Block], *, asked: bool = True) -> set[str]:
    """Return the fields that are printed, and unless asked=False those that #if asks about."""
    return set(_fields(blocks, asked))


def _fields(blocks: Iterable[Block], asked: bool) -> Iterator[str]:
    for block in blocks:
        match block:
            case Conditional(field=field, parts=parts):
                if asked:
                    yield field
                yield from _fields(parts, asked)
            case Bullets(items=items):
                for item in items:
                    yield from _inline_fields(item, asked)
            case Heading(inlines=inlines) | Paragraph(inlines=inlines):
                yield from _inline_fields(inlines, asked)


def _inline_fields(inlines: Iterable[Inline], asked: bool) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Conditional(field=field, parts=parts):
                if asked:
                    yield field
                yield from _inline_fields(parts, asked)
            case Field(name=name):
                yield name
