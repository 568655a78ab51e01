"""The little Markdown of letters, read into a tree. Nothing that people type ever comes here.

Each tag is swapped for one character that nobody types before the Markdown is parsed, and found
again in the parsed text: so Markdown can neither take a tag apart nor make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.letters.nodes import (
    Block,
    Bullets,
    Conditional,
    Field,
    Heading,
    Inline,
    Paragraph,
    Part,
    Simple,
    Text,
)

TAG = re.compile(r"\{\{(.*?)\}\}")
COMPARISON = re.compile(r'#if\s+([A-Za-z_][A-Za-z0-9_]*)\s*(==|!=)\s*"([^"]*)"')
OWN_LINE = re.compile(r" {0,3}\{\{\s*(#if\s[^{}]*|#else\s*|/if\s*)\}\}[ \t]*")
FIRST_MARK = 0xF0000  # Supplementary Private Use Area-A: no character of any language
NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\U000f0000-\U0010ffff]")
MAX_TAGS = 2000

REFUSED = {
    "html_block": "HTML is not possible in a letter",
    "html_inline": "HTML is not possible in a letter",
    "image": "pictures are not possible in a letter",
    "link_open": "links are not possible in a letter; write the address as plain text",
    "code_inline": "code between ` signs is not possible in a letter",
    "fence": "code is not possible in a letter",
    "code_block": "this begins with four spaces or more; take them away",
    "blockquote_open": "quotations with > are not possible in a letter",
    "hr": "a line across the page is not possible in a letter",
    "em_open": "slanted text is not possible in a letter; use **bold**",
}


class Refusals:
    """Collects problems, each once, in the order in which they were found."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, problem: str, line: int | None = None) -> None:
        words = problem if line is None else f"Line {line}: {problem}."
        if words not in self.found:
            self.found.append(words)


@dataclass(frozen=True)
class Tag:
    kind: Literal["field", "if", "else", "end"]
    field: str = ""
    bold: bool = False
    value: str | None = None  # what an #if compares with
    equal: bool = True

    def named(self) -> str:
        """How its author wrote it."""
        sign = "==" if self.equal else "!="
        asked = self.field if self.value is None else f'{self.field} {sign} "{self.value}"'
        return f"{{{{#if {asked}}}}}"


@dataclass(frozen=True)
class _Body:
    """The Markdown with its tags swapped for marks; `lines` gives each line's place in the file."""

    markdown: str
    tags: list[Tag]
    lines: list[int]


def read_body(text: str, first_line: int, problems: Refusals) -> tuple[Block, ...]:
    """Parse the text of a letter. `first_line`: its first line's number in the file."""
    body = _swap_tags(text, first_line, problems)
    env: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").parse(body.markdown, env)
    if env.get("references"):
        problems.add("Links are not possible in a letter; write the address as plain text.")
    return tuple(_grouped(_Reader(body, problems).blocks(tokens), problems))


def _swap_tags(text: str, first_line: int, problems: Refusals) -> _Body:
    body: list[str] = []
    lines: list[int] = []
    tags: list[Tag] = []
    for number, line in enumerate(text.split("\n"), first_line):
        if NOT_TEXT.search(line):
            problems.add("a character here is not text", number)
            line = NOT_TEXT.sub("", line)

        def swap(found: re.Match[str], number: int = number) -> str:
            tag = _read_tag(found[1])
            if tag is None or len(tags) == MAX_TAGS:
                problems.add(
                    f"{found[0]} is not known; a letter understands {{{{field}}}}, "
                    '{{#if field}}, {{#if fact == "choice"}}, {{#if fact != "choice"}}, '
                    "{{#else}} and {{/if}}",
                    number,
                )
                return ""
            tags.append(tag)
            return chr(FIRST_MARK + len(tags) - 1)

        marked = TAG.sub(swap, line)
        if "{{" in marked or "}}" in marked:
            problems.add("{{ and }} must stand round one name, on one line", number)
        # A tag on a line of its own is about whole paragraphs: keep Markdown from joining them.
        added = ["", marked.strip(), ""] if OWN_LINE.fullmatch(line) else [marked]
        body += added
        lines += [number] * len(added)
    return _Body("\n".join(body), tags, lines)


def _read_tag(inner: str) -> Tag | None:
    if compared := COMPARISON.fullmatch(inner.strip()):
        return Tag("if", compared[1], value=compared[3], equal=compared[2] == "==")
    match inner.split():
        case ["/if"]:
            return Tag("end")
        case ["#else"]:
            return Tag("else")
        case ["#if", name] if _is_name(name):
            return Tag("if", name)
        case [name] if _is_name(name):
            return Tag("field", name)
    return None


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


@dataclass(frozen=True)
class _Reader:
    body: _Body
    problems: Refusals

    def blocks(self, tokens: Sequence[Token]) -> Iterator[tuple[int, Simple | Tag]]:
        """Yield each block with its line; a tag that stands alone is about whole blocks."""
        rest = iter(tokens)
        for token in rest:
            line = self._line(token)
            if token.type == "heading_open":
                level = self._level(token, line)
                yield line, Heading(level, self._inlines(next(rest), line))
                next(rest)
            elif token.type == "paragraph_open":
                yield line, self._paragraph(next(rest), line)
                next(rest)
            elif token.type in {"bullet_list_open", "ordered_list_open"}:
                yield line, self._list(token, rest)
            elif not token.type.endswith("_close"):
                self._refuse(token, line)

    def _line(self, token: Token) -> int:
        return self.body.lines[token.map[0]] if token.map else self.body.lines[0]

    def _level(self, token: Token, line: int) -> Literal[2, 3]:
        if token.tag not in {"h2", "h3"}:
            self.problems.add("headings begin with ## or ###; the title is set at the top", line)
        return 3 if token.tag == "h3" else 2

    def _paragraph(self, inline: Token, line: int) -> Paragraph | Tag:
        atoms = list(self._atoms(inline, line))
        if len(atoms) == 1 and isinstance(atoms[0], Tag) and atoms[0].kind != "field":
            return atoms[0]
        return Paragraph(self._conditions(atoms, line))

    def _list(self, opening: Token, rest: Iterator[Token]) -> Bullets:
        """Read up to the end of this list; each item must be one paragraph."""
        items: list[tuple[Inline, ...]] = []
        paragraphs = 0
        for token in rest:
            line = self._line(token)
            if token.type == opening.type.replace("_open", "_close"):
                break
            if token.type == "list_item_open":
                paragraphs = 0
            elif token.type == "inline":
                paragraphs += 1
                items.append(self._inlines(token, line))
            elif token.type not in {"paragraph_open", "paragraph_close", "list_item_close"}:
                self.problems.add("a point of a list is plain text, without lists in it", line)
            if paragraphs > 1:
                self.problems.add("a point of a list is one paragraph", line)
        start = int(opening.attrGet("start") or 1) if opening.type.startswith("ordered") else None
        return Bullets(start, tuple(items))

    def _inlines(self, inline: Token, line: int) -> tuple[Inline, ...]:
        return self._conditions(list(self._atoms(inline, line)), line)

    def _atoms(self, inline: Token, line: int) -> Iterator[Text | Tag]:
        bold = False
        for token in inline.children or ():
            match token.type:
                case "strong_open" | "strong_close":
                    bold = token.type == "strong_open"
                case "softbreak" | "hardbreak":
                    yield Text("\n", bold)
                case "text":
                    if "**" in token.content:
                        self.problems.add("** here does not make bold; check its partner", line)
                    yield from self._split(token.content, bold)
                case kind if not kind.endswith("_close"):
                    self._refuse(token, line)

    def _split(self, text: str, bold: bool) -> Iterator[Text | Tag]:
        """Split a text at its marks."""
        for piece in re.split("([\U000f0000-\U0010ffff])", text):
            if piece and ord(piece[0]) >= FIRST_MARK:
                yield replace(self.body.tags[ord(piece) - FIRST_MARK], bold=bold)
            elif piece:
                yield Text(piece, bold)

    def _conditions(self, atoms: Sequence[Text | Tag], line: int) -> tuple[Inline, ...]:
        """Join what stands between {{#if}} and {{/if}} within one paragraph."""
        found: Opened[Text | Field] = Opened(self.problems, "in its paragraph")
        done: list[Inline] = []
        for atom in atoms:
            if isinstance(atom, Text):
                done += found.take(atom)
            elif atom.kind == "field":
                done += found.take(Field(atom.field, atom.bold))
            else:
                done += found.turn(atom, line)
        if found.tag is not None:
            self.problems.add(f"{found.tag.named()} is not closed in its paragraph", line)
        return tuple(done)

    def _refuse(self, token: Token, line: int) -> None:
        self.problems.add(
            REFUSED.get(token.type, f"{token.type} is not possible in a letter"), line
        )


@dataclass
class Opened(Generic[Part]):
    """A condition that is being read: what stands before its {{#else}}, and after it."""

    problems: Refusals
    where: str  # in its paragraph, or on a line of its own
    tag: Tag | None = None
    line: int = 0
    parts: list[Part] = field(default_factory=list)
    otherwise: list[Part] | None = None

    def take(self, part: Part) -> list[Part]:
        """Keep a part of an open condition; hand it back where none is open."""
        if self.tag is None:
            return [part]
        (self.parts if self.otherwise is None else self.otherwise).append(part)
        return []

    def turn(self, tag: Tag, line: int) -> list[Conditional[Part]]:
        """Open, turn over or close the condition; return it when it is closed."""
        if tag.kind == "if":
            if self.tag is not None:
                self.problems.add("{{#if}} within {{#if}} is not possible", line)
            self.tag, self.line, self.parts, self.otherwise = tag, line, [], None
        elif self.tag is None:
            this = "{{#else}}" if tag.kind == "else" else "{{/if}}"
            self.problems.add(f"this {this} has no {{{{#if}}}} {self.where}", line)
        elif tag.kind == "else":
            if self.otherwise is not None:
                self.problems.add("an {{#if}} has one {{#else}} at most", line)
            self.otherwise = []
        else:
            asked, self.tag = self.tag, None
            kept = (tuple(self.parts), tuple(self.otherwise or ()))
            return [Conditional(asked.field, *kept, asked.value, asked.equal)]
        return []


def _grouped(blocks: Iterator[tuple[int, Simple | Tag]], problems: Refusals) -> Iterator[Block]:
    """Join the blocks between {{#if}} and {{/if}} on lines of their own."""
    found: Opened[Simple] = Opened(problems, "on a line of its own")
    for line, block in blocks:
        if isinstance(block, Tag):
            yield from found.turn(block, line)
            continue
        if found.tag is not None and _has_condition(block):
            problems.add("{{#if}} within {{#if}} is not possible", line)
        yield from found.take(block)
    if found.tag is not None:
        asked = found.tag.named()
        problems.add(f"{asked} has no {{{{/if}}}} on a line of its own", found.line)


def _has_condition(block: Simple) -> bool:
    lines = block.items if isinstance(block, Bullets) else (block.inlines,)
    return any(isinstance(inline, Conditional) for line in lines for inline in line)
