"""How wide and high a text is in bpmn.io (Arial; 12 px inside shapes, 11 px outside)."""

from __future__ import annotations

LINE_HEIGHT = 1.2
LABEL_LINE = 14  # px that a line of a label outside takes
INSIDE, OUTSIDE = 12, 11  # font sizes, px
PADDING = 7  # px kept free inside a task's box
LABEL_WIDTH = 90  # px at which bpmn.io wraps a label outside its shape
# Arial's advance widths in thousandths of the font size, for the characters 32 to 126.
_ADVANCES = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 "
    "556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 "
    "722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 "
    "556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 "
    "260 334 584"
)
_WIDTHS = {chr(32 + n): int(advance) for n, advance in enumerate(_ADVANCES.split())}
_OTHER = 600  # a character that is not in the table


def width(text: str, size: int) -> float:
    """Return the width in px of one line of text."""
    return sum(_WIDTHS.get(character, _OTHER) for character in text) * size / 1000


def wrap(text: str, limit: float, size: int) -> list[str]:
    """Lines as bpmn.io breaks them: at blanks, inside a word only when there is no other way."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if width(longer, size) <= limit:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, limit, size)
            lines += full
        lines.append(line)
    return lines


def _pieces(word: str, limit: float, size: int) -> list[str]:
    pieces: list[str] = []
    while width(word, size) > limit and len(word) > 1:
        cut = len(word)
        while cut > 1 and width(word[:cut], size) > limit:
            cut -= 1
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


def breaks_a_word(text: str, limit: float, size: int) -> bool:
    """Whether some word is too long for a line."""
    return any(width(word, size) > limit for word in text.split())


def label_size(text: str, limit: float = LABEL_WIDTH) -> tuple[int, int]:
    """Width and height in px of a label outside its shape, wrapped at `limit`."""
    lines = wrap(text, limit, OUTSIDE)
    return round(max(width(line, OUTSIDE) for line in lines)) + 4, LABEL_LINE * len(lines)
