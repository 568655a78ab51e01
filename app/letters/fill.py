"""Fills a letter's template with values. The values are text and stay text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from app.letters import nodes
from app.letters.fields import OMBUDSMAN_CONTACTS, is_part, part_words
from app.letters.filled import (
    Block,
    Box,
    Bullets,
    FilledLetter,
    Gap,
    Heading,
    Line,
    Paragraph,
    Point,
    Points,
    Run,
    Simple,
)
from app.letters.template import LetterTemplate
from timers.deadlines import long_date

# Control characters, lone surrogates, marks that turn the direction of what follows them, and
# code points that are no characters.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\uf8ff"
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
NOTHING = frozenset({"", "0", "0.00", "£0", "£0.00"})  # as good as nothing, if a fact says it


def fill(template: LetterTemplate, values: Mapping[str, Any]) -> FilledLetter:
    """Put values into a template.

    Values are text, dates, numbers or None; a part may be a list of texts, or for points of
    {"title", "text", "decision"}. A value that is absent is empty. An empty part that the template
    requires leaves a gap and is named in `missing`.
    """
    filling = _Filling(template, values)
    blocks = tuple(_boxed(_joined(filling.blocks(template.body))))
    missing = tuple(part_words(name) for name in template.requires if name in filling.gaps)
    return FilledLetter(
        id=template.id,
        title=template.title,
        to=template.to,
        blocks=blocks,
        missing=missing,
        empty=tuple(sorted(filling.empty)),
    )


def clean(text: str) -> str:
    """Take out what cannot be printed; ends of lines are "\\n"."""
    return UNPRINTABLE.sub("", re.sub(r"\r\n?|\u2028|\u2029|\x85", "\n", text)).strip()


def in_words(value: object) -> str:
    """Print one value as text. Several are joined by commas."""
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case date():
            return long_date(value)
        case list() | tuple():
            return ", ".join(filter(None, map(in_words, value)))
        case {"title": title}:
            return in_words(title)
    return clean(str(value))


@dataclass
class _Filling:
    """One letter being filled: what was left open, and which blocks name the Ombudsman."""

    template: LetterTemplate
    values: Mapping[str, Any]
    gaps: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)

    def blocks(self, body: Iterable[nodes.Block]) -> Iterator[tuple[Block, frozenset[str]]]:
        """Yield each filled block with the fields that it prints."""
        for block in body:
            if isinstance(block, nodes.Conditional):
                chosen = self._chosen(block)
                yield from self.blocks(chosen)
                continue
            names = frozenset(nodes.fields_of([block], asked=False))
            for filled in self._filled(block):
                yield filled, names

    def _chosen(self, asked: nodes.Conditional[nodes.Part]) -> tuple[nodes.Part, ...]:
        """What a condition lets be printed."""
        if asked.value is None:
            holds = self._says_something(asked.field)
        else:
            holds = (self.values.get(asked.field) == asked.value) is asked.equal
        return asked.parts if holds else asked.otherwise

    def _says_something(self, name: str) -> bool:
        if name in self.template.requires:
            return True  # missing or not, its gap must be seen
        words = in_words(self.values.get(name))
        return words != "" if is_part(name) else words not in NOTHING

    def _filled(self, block: nodes.Simple) -> Iterator[Block]:
        gaps_before = set(self.gaps)
        if isinstance(block, nodes.Bullets):
            items = [self._line(item) for item in block.items]
            if items := [item for item in items if item]:
                yield Bullets(block.start, tuple(items))
        elif isinstance(block, nodes.Heading):
            if line := self._line(block.inlines):
                yield Heading(block.level, line)
        elif sole := _sole_field(block):
            yield from self._whole(sole)
            return
        elif line := self._line(block.inlines):
            yield Paragraph(line)
        for part in sorted(self.gaps - gaps_before):
            yield Gap(part)

    def _line(self, inlines: Sequence[nodes.Inline]) -> Line:
        return tidy(self._runs(inlines))

    def _runs(self, inlines: Iterable[nodes.Inline]) -> Iterator[Run]:
        for inline in inlines:
            match inline:
                case nodes.Conditional():
                    chosen = self._chosen(inline)
                    yield from self._runs(chosen)
                case nodes.Field(name=name, bold=bold):
                    text = in_words(self.values.get(name))
                    self._note(name, text)
                    yield Run(re.sub(r"\n\s*\n", "\n", text), bold, is_part(name))
                case nodes.Text(text=text, bold=bold):
                    yield Run(text, bold)

    def _whole(self, sole: nodes.Field) -> Iterator[Block]:
        """A field that is a whole paragraph may become several paragraphs, a list, or points."""
        value = self.values.get(sole.name)
        typed = is_part(sole.name)
        text = in_words(value)
        self._note(sole.name, text)
        if not text:
            if sole.name in self.gaps:
                yield Gap(sole.name)
        elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
            yield self._points(sole.name, value)
        elif isinstance(value, list | tuple):
            items = [Run(words, sole.bold, typed) for item in value if (words := in_words(item))]
            yield Bullets(None, tuple((item,) for item in items))
        else:
            for paragraph in re.split(r"\n\s*\n", text):
                yield Paragraph(tidy([Run(paragraph, sole.bold, typed)]))

    def _points(self, name: str, value: Sequence[Any]) -> Points:
        """Points must be answered one by one where the letter requires them."""
        given = [item for item in value if isinstance(item, Mapping)]
        decided = any(in_words(item.get("decision")) for item in given)
        points = []
        for item in given:
            words = in_words(item.get("text"))
            decision = in_words(item.get("decision"))
            gap = name in self.template.requires and (not words or (decided and not decision))
            if gap:
                self.gaps.add(name)
            paragraphs = tuple(p for p in re.split(r"\n\s*\n", words) if p)
            points.append(Point(in_words(item.get("title")), paragraphs, decision, gap))
        return Points(tuple(points))

    def _note(self, name: str, text: str) -> None:
        if not text:
            (self.gaps if name in self.template.requires else self.empty).add(name)


def _sole_field(block: nodes.Paragraph) -> nodes.Field | None:
    inlines = [i for i in block.inlines if not (isinstance(i, nodes.Text) and not i.text.strip())]
    return inlines[0] if len(inlines) == 1 and isinstance(inlines[0], nodes.Field) else None


def tidy(runs: Iterable[Run]) -> Line:
    """Drop lines that say nothing, and white space at the ends of lines; join runs of one face."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        first, *others = run.text.split("\n")
        lines[-1].append(replace(run, text=first))
        lines += [[replace(run, text=other)] for other in others]
    kept = [line for line in map(_stripped, lines) if line]
    joined: list[Run] = []
    for number, line in enumerate(kept):
        if number:
            line[0] = replace(line[0], text="\n" + line[0].text)
        for run in line:
            if joined and (joined[-1].bold, joined[-1].typed) == (run.bold, run.typed):
                joined[-1] = replace(run, text=joined[-1].text + run.text)
            else:
                joined.append(run)
    return tuple(joined)


def _stripped(line: Sequence[Run]) -> list[Run]:
    runs = [run for run in line if run.text]
    while runs and not runs[0].text.strip():
        runs.pop(0)
    while runs and not runs[-1].text.strip():
        runs.pop()
    if runs:
        runs[0] = replace(runs[0], text=runs[0].text.lstrip())
        runs[-1] = replace(runs[-1], text=runs[-1].text.rstrip())
    return runs


Marked = tuple[Block, frozenset[str]]


def _joined(blocks: Iterable[Marked]) -> list[Marked]:
    """Join lists that only a condition between them had split."""
    joined: list[Marked] = []
    for block, names in blocks:
        last = joined[-1][0] if joined else None
        if (
            isinstance(block, Bullets)
            and isinstance(last, Bullets)
            and (block.start is None) == (last.start is None)
        ):
            items = (*last.items, *block.items)
            joined[-1] = (replace(last, items=items), joined[-1][1] | names)
        else:
            joined.append((block, names))
    return joined


def _boxed(blocks: Sequence[Marked]) -> Iterator[Block]:
    """Put a heading and what follows it into a box, as far as it is about the Ombudsman.

    It must give at least one way to reach the Ombudsman; a sentence that only names them stays
    where it is.
    """
    at = 0
    while at < len(blocks):
        block, _ = blocks[at]
        box: list[Simple] = []
        named: frozenset[str] = frozenset()
        if isinstance(block, Heading):
            box.append(block)
            for follower, names in blocks[at + 1 :]:
                about = any(name.startswith("ombudsman_") for name in names)
                if not about or not isinstance(follower, Paragraph | Bullets):
                    break
                box.append(follower)
                named |= names
        if named & OMBUDSMAN_CONTACTS:
            yield Box(tuple(box))
            at += len(box)
        else:
            yield block
            at += 1
