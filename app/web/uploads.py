"""Files chosen in a form: stored first, whatever becomes of the form, so that none is lost.

The file question's own value are ids of stored files. Its file input is called pr_file_<key>, so it
is the page's own and no answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.db import db
from app.errors import BadInput
from app.models import Blob
from app.services import documents
from forms import Field

PREFIX = "pr_file_"


def keep(
    landlord_id: str, by: str | None, fields: Iterable[Field], typed: MultiDict[str, str]
) -> dict[str, str]:
    """Store the chosen files and add their ids to what was typed. Returns what is wrong, by key."""
    errors = {}
    for field in fields:
        if field.type != "filepicker":
            continue
        for file in request.files.getlist(PREFIX + field.key):
            if not file.filename:
                continue
            try:
                blob = documents.upload(landlord_id, file.filename, file.read(), by)
            except BadInput as refused:
                errors[field.key] = f"{documents.safe_name(file.filename)}: {refused.message}"
            else:
                typed.add(field.key, blob.id)
    return errors


def names(landlord_id: str, ids: list[str]) -> list[tuple[str, str]]:
    """Id and name of stored files, in the order given; unknown ids are left out."""
    if not ids:
        return []
    rows = db.session.execute(
        select(Blob.id, Blob.name).where(Blob.landlord_id == landlord_id, Blob.id.in_(ids))
    )
    known = {identifier: name for identifier, name in rows}
    return [(identifier, known[identifier]) for identifier in ids if identifier in known]
