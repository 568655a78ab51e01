"""Attachments: uploaded in a step of their own, claimed by a form or a case later."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import PurePath

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotFound
from app.models import Blob, Case, HearingPack, Letter
from app.models.base import new_id
from app.services import steps
from app.services.access import get_case, instance_of
from app.viewer import Viewer

LARGEST = 20 * 1024 * 1024  # bytes
UNCLAIMED = timedelta(days=7)
# what a file starts with decides what it is; its name must agree. No SVG, HTML or archives.
KINDS: dict[str, tuple[bytes, frozenset[str]]] = {
    "application/pdf": (b"%PDF-", frozenset({".pdf"})),
    "image/jpeg": (b"\xff\xd8\xff", frozenset({".jpg", ".jpeg"})),
    "image/png": (b"\x89PNG\r\n\x1a\n", frozenset({".png"})),
    "image/gif": (b"GIF8", frozenset({".gif"})),
}
FTYP_KINDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"isom": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}
FTYP_NAMES = {
    "image/heic": {".heic", ".heif"},
    "video/mp4": {".mp4", ".m4v"},
    "video/quicktime": {".mov"},
}


def media_type(name: str, data: bytes) -> str:
    """What a file is, by its first bytes and its name. Raises BadInput for anything else."""
    suffix = PurePath(name).suffix.lower()
    for kind, (magic, suffixes) in KINDS.items():
        if data.startswith(magic) and suffix in suffixes:
            return kind
    if data[4:8] == b"ftyp":
        kind = FTYP_KINDS.get(data[8:12], "")
        if suffix in FTYP_NAMES.get(kind, set()):
            return kind
    if suffix == ".txt" and b"\0" not in data:
        try:
            data.decode()
        except UnicodeDecodeError:
            pass
        else:
            return "text/plain"
    raise BadInput(
        {"file": "We can take photos, short films, PDF and text files. This file is none of them."}
    )


def upload(landlord_id: str, name: str, data: bytes, by: str | None = None) -> Blob:
    """Keep a file until a form claims it. Raises BadInput for an empty, large or unknown file."""
    if not data:
        raise BadInput({"file": "This file is empty. Choose another."})
    if len(data) > LARGEST:
        raise BadInput({"file": "This file is larger than 20 MB. Choose a smaller one."})
    kind = media_type(name, data)
    with transaction() as session:
        return keep(session, landlord_id, safe_name(name), kind, data, by)


def keep(
    session: Session,
    landlord_id: str,
    name: str,
    kind: str,
    data: bytes,
    by: str | None,
    case_id: str | None = None,
) -> Blob:
    """Keep bytes in the session's transaction. kind: media type. Without a case for 7 days."""
    blob = Blob(
        landlord_id=landlord_id,
        id=new_id(),
        sha256=hashlib.sha256(data).hexdigest(),
        case_id=case_id,
        name=name,
        media_type=kind,
        data=data,
        at=clock.now(),
        by=by,
    )
    session.add(blob)
    session.flush()
    return blob


def safe_name(name: str) -> str:
    """A file's own name without folders and control characters."""
    plain = name.replace("\\", "/").split("/")[-1]
    return "".join(c for c in plain if c.isprintable())[-200:] or "file"


def get_document(viewer: Viewer, reference: str, blob_id: str) -> Blob:
    """A document of a case that the viewer may read. Hearing packs are `packs.get`."""
    case = get_case(viewer, reference)
    blob = db.session.get(Blob, (viewer.landlord_id, blob_id))
    if blob is None or blob.case_id != case.id or _is_pack(blob):
        raise NotFound
    return blob


def _is_pack(blob: Blob) -> bool:
    packs = select(HearingPack.id).where(
        HearingPack.landlord_id == blob.landlord_id, HearingPack.blob_id == blob.id
    )
    return db.session.scalar(packs) is not None


def get_letter(viewer: Viewer, reference: str, letter_id: str) -> tuple[Case, Letter]:
    """A letter of a case that the viewer may read."""
    case = get_case(viewer, reference)
    letter = db.session.get(Letter, (viewer.landlord_id, letter_id))
    if letter is None or letter.case_id != case.id:
        raise NotFound
    return case, letter


def add_to_case(viewer: Viewer, reference: str, name: str, data: bytes) -> None:
    """Add a document to a case."""
    get_case(viewer, reference, "work")
    blob = upload(viewer.landlord_id, name, data, viewer.user_id)
    with transaction() as session:
        case = get_case(viewer, reference, "work")
        claimed = session.get(Blob, (viewer.landlord_id, blob.id))
        if claimed is None:
            raise NotFound
        claimed.case_id = case.id
        step = steps.open_step(session, instance_of(case), viewer)
        step.write("document_added", name=claimed.name)


def drop_unclaimed() -> None:
    """Files that nobody claimed go after 7 days."""
    old = Blob.case_id.is_(None), Blob.at < clock.now() - UNCLAIMED
    if db.session.scalar(select(Blob.id).where(*old).limit(1)) is not None:
        with transaction() as session:
            session.execute(delete(Blob).where(*old))
