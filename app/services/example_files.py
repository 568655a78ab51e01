"""Files that a story or a played case adds in a form: made up, small, and always the same.

A story names them, as in files = ["photo.png"]; each time, that file is uploaded anew.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from app.errors import PutrightError
from app.services import documents
from forms import FormDefinition

FILES = {
    "photo.png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
        "gg=="
    ),
    "note.txt": b"A note for trying things out.\n",
}
BY_ID = {sha256(name.encode()).hexdigest()[:32]: name for name in FILES}  # as a form chooses them


class NoSuchFile(PutrightError):
    """A story names a file that is none of these."""

    http_status = 422


def is_asked_for(definition: FormDefinition, name: str) -> bool:
    """Whether a question, by its key or its key and row, asks for files."""
    key = name.partition("__")[0]
    return any(field.key == key and field.type == "filepicker" for field in definition.fields)


def uploaded(
    landlord_id: str, definition: FormDefinition, answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The answers with the ids of files that were uploaded, for their names. Raises NoSuchFile."""
    return {
        name: _ids(landlord_id, value) if is_asked_for(definition, name) else value
        for name, value in answers.items()
    }


def _ids(landlord_id: str, names: Iterable[str]) -> list[str]:
    if unknown := [name for name in names if name not in FILES]:
        raise NoSuchFile(f"There is no example file “{unknown[0]}”: choose {' or '.join(FILES)}.")
    return [documents.upload(landlord_id, name, FILES[name]).id for name in names]
