"""The shipped folders of a landlord, also lent to procedures that are drawn for tests."""

from __future__ import annotations

import re
import tomllib
from functools import cache

from app.services.contents import Contents
from app.services.deployments import read_folders
from app.settings import ROOT

TABLE = re.compile(r"(?m)^(?=\[)")


@cache
def contents_of(landlord_id: str) -> Contents:
    """What is shipped of a landlord, read once: nothing in it changes."""
    return Contents(read_folders(landlord_id, ROOT / "processes", ROOT / "forms" / "definitions"))


def landlord_words(landlord_id: str) -> bytes:
    """Its landlord.toml without the parts that name facts, since other facts are declared."""
    text = (ROOT / "processes" / landlord_id / "landlord.toml").read_text("utf-8")
    return "".join(part for part in TABLE.split(text) if not part.startswith("[report]")).encode()


def with_facts(shipped: bytes, more: str) -> bytes:
    """Declarations of facts, and those of more that are not among them."""
    declared = tomllib.loads(shipped.decode())
    new = [
        part
        for part in TABLE.split(more)
        if part.strip() and part[1 : part.index("]")] not in declared
    ]
    return shipped + ("\n" + "".join(new)).encode()
