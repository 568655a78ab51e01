"""What somebody asked us to do differently, as far as Putright does it by itself.

Adjustments are codes or words, one wish each: "large_print" and "Large print" are the same.
"""

from __future__ import annotations

import re

from app.letters.pdf import TINTS, Tint
from app.models import Person

PAPER = re.compile(r"coloured_paper[\W_]*([a-z]*)")
CREAM: Tint = "cream"  # of coloured paper whose colour nobody named
ENGLISH = frozenset({"", "en", "english"})


def wishes(person: Person) -> frozenset[str]:
    """The wishes as codes, such as large_print."""
    return frozenset(re.sub(r"[\s-]+", "_", wish.strip().casefold()) for wish in person.adjustments)


def paper_of(person: Person) -> Tint:
    """The colour of the paper: "coloured_paper:yellow", or cream where no colour is named."""
    asked = [found for wish in sorted(wishes(person)) if (found := PAPER.match(wish))]
    if not asked:
        return ""
    colours = {tint: tint for tint in TINTS}
    return next((colours[found[1]] for found in asked if found[1] in colours), CREAM)


def language_of(person: Person) -> str:
    """The language to write in, if it is not English; else empty."""
    language = person.language.strip()
    return "" if language.casefold() in ENGLISH else language


def in_words(wish: str) -> str:
    """A wish as people read it: "Coloured paper: yellow"."""
    words = re.sub(r"\s*:\s*", ": ", wish.replace("_", " ")).strip()
    return f"{words[:1].upper()}{words[1:]}"
