"""A name that nobody typed: made from a title."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count
from unicodedata import normalize

LONGEST = 38  # characters; what makes it unique may come on top


def code_of(title: str, taken: Container[str]) -> str:
    """ "Répairs: new" is repairs_new, or repairs_new_2 if that is taken; empty without a letter."""
    plain = normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    code = "_".join(re.findall(r"[a-z0-9]+", plain)).lstrip("0123456789_")[:LONGEST].rstrip("_")
    if not code or code not in taken:
        return code
    return next(name for n in count(2) if (name := f"{code}_{n}") not in taken)
