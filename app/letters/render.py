"""Shows a filled letter as HTML and as the plain text of an e-mail."""

from __future__ import annotations

from markupsafe import Markup, escape

from app.letters.filled import (
    GAP_WORDS,
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
    words_of,
)

GAP = Markup('<p class="pr-gap">{}</p>').format(GAP_WORDS)
BREAK = Markup("<br>")


def to_html(letter: FilledLetter, preview: bool = True, level: int = 3) -> Markup:
    """Show a letter in a page, its title as a heading of this level.

    preview: shade what staff typed, and show a gap where a required part is missing.
    """
    return Markup("\n").join(_html(block, preview, level) for block in letter.with_title())


def _html(block: Block, preview: bool, level: int) -> Markup:
    match block:
        case Heading(level=depth, runs=runs):
            tag = f"h{min(level + depth - 1, 6)}"
            return Markup("<{0}>{1}</{0}>").format(Markup(tag), _runs(runs, preview))
        case Paragraph(runs=runs):
            return Markup("<p>{}</p>").format(_runs(runs, preview))
        case Bullets():
            return _list(block, preview)
        case Points(points=points):
            return Markup("\n").join(_point(point, preview) for point in points)
        case Box(blocks=blocks):
            inner = Markup("\n").join(_html(inside, preview, level) for inside in blocks)
            return Markup('<div class="pr-letter-box">\n{}\n</div>').format(inner)
        case Gap():
            return GAP if preview else Markup("")


def _list(block: Bullets, preview: bool) -> Markup:
    items = Markup("").join(
        Markup("<li>{}</li>").format(_runs(item, preview)) for item in block.items
    )
    if block.start is None:
        return Markup("<ul>{}</ul>").format(items)
    start = Markup("") if block.start == 1 else Markup(' start="{}"').format(block.start)
    return Markup("<ol{}>{}</ol>").format(start, items)


def _point(point: Point, preview: bool) -> Markup:
    merely_named = not (point.text or point.decision or point.gap)
    title = Run(point.title, bold=not merely_named)
    lines = [Markup("<p>{}</p>").format(_run(title, preview))] if point.title else []
    lines += [Markup("<p>{}</p>").format(_run(Run(p, typed=True), preview)) for p in point.text]
    if point.decision:
        decision = Run(point.decision, bold=True, typed=True)
        lines.append(Markup("<p>{}</p>").format(_run(decision, preview)))
    if point.gap and preview:
        lines.append(GAP)
    return Markup("\n").join(lines)


def _runs(runs: Line, preview: bool) -> Markup:
    return Markup("").join(_run(run, preview) for run in runs)


def _run(run: Run, preview: bool) -> Markup:
    html = BREAK.join(escape(line) for line in run.text.split("\n"))
    if run.bold:
        html = Markup("<b>{}</b>").format(html)
    return Markup("<mark>{}</mark>").format(html) if run.typed and preview else html


def to_plain(letter: FilledLetter) -> str:
    """Write a letter as the text of an e-mail, ending with a newline. Gaps are left out."""
    blocks = [text for block in letter.with_title() if (text := _plain(block))]
    return "\n\n".join(blocks) + "\n"


def _plain(block: Block) -> str:
    match block:
        case Heading(runs=runs) | Paragraph(runs=runs):
            return words_of(runs)
        case Bullets(start=start, items=items):
            marks = ["-" if start is None else f"{start + n}." for n in range(len(items))]
            lines = [words_of(item).replace("\n", "\n  ") for item in items]
            return "\n".join(f"{mark} {line}" for mark, line in zip(marks, lines, strict=True))
        case Points(points=points):
            return "\n\n".join(_plain_point(point) for point in points)
        case Box(blocks=blocks):
            return "\n\n".join(_plain(inside) for inside in blocks)
        case Gap():
            return ""


def _plain_point(point: Point) -> str:
    return "\n\n".join(filter(None, (point.title, *point.text, point.decision)))
