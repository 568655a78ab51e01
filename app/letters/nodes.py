"""The tree of a letter's template, as the process owner wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

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
    """{{#if field}}: its parts are printed if the field has something to say, else the otherwise.

    With a value the field is compared with it: equal, or not equal.
    """

    field: str
    parts: tuple[Part, ...]
    otherwise: tuple[Part, ...] = ()
    value: str | None = None
    equal: bool = True


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


def comparisons_of(blocks: Iterable[Block]) -> set[tuple[str, str]]:
    """Return the fields that #if compares, each with the value that it compares with."""
    return {
        (asked.field, asked.value) for asked in _conditionals(blocks) if asked.value is not None
    }


def _conditionals(blocks: Iterable[Block]) -> Iterator[Conditional[Any]]:
    for block in blocks:
        if isinstance(block, Conditional):
            yield block
            yield from _conditionals((*block.parts, *block.otherwise))
        else:
            lines = block.items if isinstance(block, Bullets) else (block.inlines,)
            yield from (i for line in lines for i in line if isinstance(i, Conditional))


def fields_of(blocks: Iterable[Block], *, asked: bool = True) -> set[str]:
    """Return the fields that are printed, and unless asked=False those that #if asks about."""
    return set(_fields(blocks, asked))


def _fields(blocks: Iterable[Block], asked: bool) -> Iterator[str]:
    for block in blocks:
        match block:
            case Conditional(field=field, parts=parts, otherwise=otherwise):
                if asked:
                    yield field
                yield from _fields((*parts, *otherwise), asked)
            case Bullets(items=items):
                for item in items:
                    yield from _inline_fields(item, asked)
            case Heading(inlines=inlines) | Paragraph(inlines=inlines):
                yield from _inline_fields(inlines, asked)


def _inline_fields(inlines: Iterable[Inline], asked: bool) -> Iterator[str]:
    for inline in inlines:
        match inline:
            case Conditional(field=field, parts=parts, otherwise=otherwise):
                if asked:
                    yield field
                yield from _inline_fields((*parts, *otherwise), asked)
            case Field(name=name):
                yield name
