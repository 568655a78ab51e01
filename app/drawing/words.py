"""How wide and high a text is in a diagram, in the widest face that it may be read in.

bpmn.io writes in Arial, 12 px inside shapes and 11 px outside; a computer without Arial takes
DejaVu Sans; our own pages write in Source Sans 3, 13 and 12 px.
"""

from __future__ import annotations

INSIDE_LINE = 15.6  # px that a line of a name inside a shape takes
LABEL_LINE = 14  # px that a line of a label outside takes
INSIDE, OUTSIDE = 12, 11  # font sizes, px
PADDING = 7  # px kept free inside a task's box
LABEL_WIDTH = 104  # px at which a label outside its shape is wrapped: bpmn.io's 90 in Arial
# The widest advance in thousandths of the font size, for the characters 32 to 126.
_ADVANCES = (
    "318 401 465 838 636 950 780 275 390 390 500 838 318 361 318 382 636 636 636 636 636 636 "
    "636 636 636 636 337 337 838 838 838 556 1015 684 686 722 770 667 611 778 752 295 523 667 "
    "557 863 748 787 667 787 722 667 611 732 684 989 685 667 685 390 382 390 838 556 591 613 "
    "635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 "
    "592 592 525 636 337 636 838"
)
_WIDTHS = {chr(32 + n): int(advance) for n, advance in enumerate(_ADVANCES.split())}
_OTHER = 640  # a character that is not in the table


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
    """Width and height in px of a label outside its shape: no wider than its lines need.

    An even break holds in a narrower face too, where a full line would take in one word more.
    """
    count = len(wrap(text, limit, OUTSIDE))
    words = text.split()
    runs = {" ".join(words[a:b]) for b in range(1, len(words) + 1) for a in range(b)}
    narrowest = min(
        (
            wide
            for wide in (width(run, OUTSIDE) for run in runs)
            if len(wrap(text, wide, OUTSIDE)) <= count and not breaks_a_word(text, wide, OUTSIDE)
        ),
        default=limit,
    )
    return round(narrowest) + 4, LABEL_LINE * count
