"""A landlord's folder as a zip: as it lies on disk, to be committed, changed elsewhere, brought in.

What comes in was made by anybody. Nothing is unpacked onto the disk, and nothing is read further
than the limits say, whatever the zip says of itself.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from zlib import error as ZlibError  # noqa: N812

from app.db import transaction
from app.errors import BadInput, NotOffered
from app.services.contents import Files
from app.services.workshop import bringing, drafts
from app.services.workshop.drafts import LARGEST, MOST_FILES, PATH
from app.viewer import Viewer

LARGEST_ZIP = 3_000_000  # bytes; the largest shipped folder packs to 250 kB
LARGEST_UNPACKED = 20_000_000  # bytes of all files together
STEEPEST = 100  # times smaller than what comes out; texts and diagrams shrink to a tenth
SMALL = 100_000  # bytes: below this a file may shrink as it likes
FORMS = ("forms", "definitions")
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
OTHERS = ("README.md", ".DS_Store", "Thumbs.db")  # of people and of their machines: left out
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files are the same zip


def packed(slug: str, files: Files) -> bytes:
    """The files as a zip of the two folders in which a landlord lies on disk."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in sorted(files.items()):
            form = path.removeprefix("forms/")
            place = ("/".join(FORMS), slug, form) if form != path else ("processes", slug, path)
            entry = zipfile.ZipInfo("/".join(place), LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    return out.getvalue()


def unpacked(raw: bytes) -> dict[str, bytes]:
    """The files of a zip, by the path they have in a deployment.

    Raises BadInput, under `zip`, with what is wrong with it.
    """
    if not raw:
        raise _refused("Choose a zip file.")
    if len(raw) > LARGEST_ZIP:
        raise _refused(f"The zip is larger than {LARGEST_ZIP // 1_000_000} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _read(archive)
    except UnicodeDecodeError:
        raise _refused("A name in the zip is not in UTF-8.") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ZlibError, OSError):
        raise _refused("The file is no zip that can be read, or it is damaged.") from None


def _refused(says: str) -> BadInput:
    return BadInput({"zip": f"{says} Nothing was taken from it."})


def _read(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > 2 * MOST_FILES:
        raise _refused(f"The zip has {len(entries)} entries. A procedure has at most {MOST_FILES}.")
    wanted = dict(_places(entries))
    if not wanted:
        raise _refused("There is no file of a procedure in the zip.")
    if len(wanted) > MOST_FILES:
        raise _refused(f"A procedure has at most {MOST_FILES} files.")
    files, total = {}, 0
    for path, entry in wanted.items():
        with archive.open(entry) as source:
            body = source.read(LARGEST + 1)  # whatever size the zip says it has
        total += len(body)
        if len(body) > LARGEST:
            raise _refused(f"{entry.filename} is larger than {LARGEST // 1_000_000} MB.")
        if total > LARGEST_UNPACKED:
            most = LARGEST_UNPACKED // 1_000_000
            raise _refused(f"The files are larger than {most} MB together.")
        files[path] = body
    return files


def _places(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """(path in a deployment, entry) of each file of the procedure. Raises BadInput."""
    seen: set[str] = set()
    slugs: set[str] = set()
    for entry in entries:
        _refuse_hostile(entry)
        name = entry.filename
        if entry.is_dir() or name.startswith("__MACOSX/") or PurePosixPath(name).name in OTHERS:
            continue
        slug, path = _place(name)
        slugs.add(slug)
        if path in seen:
            raise _refused(f"{name} is in the zip twice.")
        if len(slugs) > 1:
            raise _refused(f"There are several landlords in the zip: {', '.join(sorted(slugs))}.")
        seen.add(path)
        yield path, entry


def _refuse_hostile(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename  # as it stands there, also behind a zero byte
    parts = name.replace("\\", "/").split("/")
    if "\0" in name or "\\" in name or ":" in name or not name.isprintable():
        raise _refused(f"“{name!r}” is no name of a file that we take.")
    if name.startswith("/") or ".." in parts:
        raise _refused(f"“{name}” points out of the folder.")
    if not name.isascii() and not entry.flag_bits & 0x800:
        raise _refused("A name in the zip is not in UTF-8.")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(f"“{name}” is a link, not a file.")
    if entry.flag_bits & 0x1:
        raise _refused("The zip is encrypted. Pack it without a password.")
    if entry.compress_type not in PACKED:
        raise _refused(f"“{name}” is packed in a way that we do not read. Use an ordinary zip.")
    if entry.file_size > max(SMALL, STEEPEST * entry.compress_size):
        raise _refused(f"“{name}” would grow more than {STEEPEST} times when unpacked.")


def _place(name: str) -> tuple[str, str]:
    """(landlord, path in a deployment) of a name in the zip."""
    match tuple(name.split("/")):
        case ("processes", slug, *rest) if rest:
            path = "/".join(rest)
        case ("forms", "definitions", slug, file):
            path = f"forms/{file}"
        case _:
            raise _refused(
                f"“{name}” lies neither in processes/<landlord>/ nor in "
                "forms/definitions/<landlord>/."
            )
    if not PATH.fullmatch(path):
        raise _refused(f"“{name}” is no file of a procedure.")
    return slug, path


def incoming(viewer: Viewer, draft_id: str, raw: bytes) -> Mapping[str, bytes | None]:
    """What a zip would change in a draft, by path; None for a file that is not in it."""
    return _differing(drafts.get(viewer, draft_id).files, unpacked(raw))


def _differing(there: Files, files: Files) -> dict[str, bytes | None]:
    """Raises BadInput with each new file that is none of its kind: cut off, or called wrongly."""
    changes = drafts.differing(there, files)
    wrong = []
    for path, body in changes.items():
        try:
            changes[path] = None if body is None else bringing.checked(path, body)
        except BadInput as bad:
            wrong.append(f"{path}: {next(iter(bad.errors.values()))}")
    if wrong:
        raise _refused(" ".join(wrong))
    return changes


def take(viewer: Viewer, draft_id: str, raw: bytes, seen: int) -> int:
    """Let a draft be as the zip is; returns how many files that changed.

    seen: the revision that the viewer was shown the difference to.
    """
    drafts.get(viewer, draft_id)  # who may not see the draft is told nothing of the zip
    files = unpacked(raw)
    with transaction() as session:
        row = drafts.locked(session, viewer, draft_id)
        if row.revision != seen:
            raise NotOffered("The draft was changed meanwhile. Bring the zip in again to compare.")
        now = drafts.sketch(session, viewer.landlord_id, draft_id).files
        changes = _differing(now, files)
        for path, body in changes.items():
            drafts.keep(session, viewer, draft_id, path, body)
        if changes:
            drafts.touched(session, row, viewer)
        return len(changes)
