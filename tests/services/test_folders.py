"""A landlord's folder goes out as a zip and comes in again; what is hostile is refused whole."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from flask import Flask

from app.errors import BadInput, NotOffered
from app.services import deployments
from app.services.contents import content_hash
from app.services.workshop import drafts, folders
from app.settings import ROOT
from app.viewer import Viewer
from tests import small
from tests.conftest import LANDLORD, make_user
from tests.shipped import contents_of
from tests.small import SMALL

PLACE = "processes/small-homes/"


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return out.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = 0o120777 << 16
    return entry


def encrypted(raw: bytes) -> bytes:
    """Its first entry says that it needs a password."""
    at = raw.index(b"PK\x01\x02") + 8
    return raw[:at] + struct.pack("<H", 1) + raw[at + 2 :]


def renamed(raw: bytes, old: bytes, new: bytes) -> bytes:
    """Another name of the same length, as no zip program would write it."""
    assert len(old) == len(new) and old in raw
    return raw.replace(old, new)


def lying() -> bytes:
    """Says that it is small, and is not."""
    raw = zipped((PLACE + "policy.toml", b"a" * 30_000_000))
    at = raw.index(b"PK\x01\x02") + 24
    return raw[:at] + struct.pack("<I", 1000) + raw[at + 4 :]


OK = (PLACE + "policy.toml", b"a = 1")
HOSTILE = {
    "nothing": (b"", "Choose a zip"),
    "no zip": (b"GIF89a", "no zip"),
    "cut off": (zipped(OK)[:-10], "no zip"),
    "too large": (b"PK" + bytes(folders.LARGEST_ZIP), "larger than 3 MB"),
    "up and out": (zipped(OK, ("processes/../../etc/passwd", b"")), "points out"),
    "from the root": (zipped(("/etc/passwd", b"")), "points out"),
    "a drive": (zipped(("C:/windows.toml", b"")), "no name of a file"),
    "backslashes": (zipped(("processes\\small-homes\\a.toml", b"")), "no name of a file"),
    "a zero byte": (renamed(zipped((PLACE + "policyX.toml", b"")), b"policyX", b"policy\0"), "no "),
    "a link": (zipped((link(PLACE + "policy.toml"), b"/etc/passwd")), "is a link"),
    "a password": (encrypted(zipped(OK)), "encrypted"),
    "another packing": (zipped(OK, how=zipfile.ZIP_LZMA), "ordinary zip"),
    "twice": (renamed(zipped(OK, (PLACE + "policz.toml", b"")), b"policz", b"policy"), "twice"),
    "not utf-8": (
        renamed(zipped((PLACE + "policyA.toml", b"")), b"policyA", b"policy\xe9"),
        "UTF-8",
    ),
    "a bomb": (zipped((PLACE + "policy.toml", bytes(1_900_000))), "grow more than"),
    "a bomb that lies": (lying(), ""),
    "many entries": (zipped(*((f"{PLACE}{n}.dmn", b"") for n in range(1100))), "entries"),
    "many files": (zipped(*((f"{PLACE}a{n}.dmn", b"") for n in range(600))), "at most 500"),
    "elsewhere": (zipped(("other/policy.toml", b"")), "lies neither"),
    "a program": (zipped((PLACE + "run.py", b"")), "no file of a procedure"),
    "two landlords": (zipped(OK, ("processes/oak-homes/facts.toml", b"")), "several landlords"),
    "empty": (zipped(("README.md", b"hello")), "no file of a procedure"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_refused_with_a_sentence(name: str) -> None:
    raw, says = HOSTILE[name]
    with pytest.raises(BadInput) as refused:
        folders.unpacked(raw)
    assert says in refused.value.errors["zip"]
    assert refused.value.errors["zip"].endswith("Nothing was taken from it.")


def test_too_much_in_all_is_refused() -> None:
    noise = (ROOT / "app" / "help" / "case.png").read_bytes()
    body = (noise * (1_900_000 // len(noise) + 1))[:1_900_000]
    raw = zipped(*((f"{PLACE}a{n}.dmn", body) for n in range(12)))
    with pytest.raises(BadInput, match="larger than"):
        folders.unpacked(raw)


def test_a_folder_comes_in_as_it_went_out() -> None:
    files = contents_of(LANDLORD).files
    raw = folders.packed(LANDLORD, files)
    assert content_hash(folders.unpacked(raw)) == content_hash(files)
    assert folders.packed(LANDLORD, files) == raw, "the same files are the same zip"


def test_it_lies_on_disk_as_a_landlord_does(tmp_path_factory: pytest.TempPathFactory) -> None:
    files = contents_of(LANDLORD).files
    disk = tmp_path_factory.mktemp("disk")
    with zipfile.ZipFile(io.BytesIO(folders.packed(LANDLORD, files))) as archive:
        archive.extractall(disk)
    read = deployments.read_folders(LANDLORD, disk / "processes", disk / "forms" / "definitions")
    assert content_hash(read) == content_hash(files)


def test_what_machines_leave_in_a_zip_is_left_out() -> None:
    raw = zipped(OK, ("__MACOSX/processes/._x", b""), (PLACE + ".DS_Store", b""), (PLACE, b""))
    assert folders.unpacked(raw) == {"policy.toml": b"a = 1"}


@pytest.fixture
def olu(app: Flask) -> Viewer:
    small.deploy()
    return make_user(SMALL, "olu", "process_owner")


def test_a_draft_is_then_as_the_zip(olu: Viewer) -> None:
    draft = drafts.begin(olu, "From elsewhere")
    after = small.files() | {"policy.toml": b"a = 1"}
    del after["letters/answer.md"]
    raw = folders.packed(SMALL, after)
    assert set(folders.incoming(olu, draft, raw)) == {"policy.toml", "letters/answer.md"}
    assert drafts.get(olu, draft).changed == {}, "only looked at"
    seen = drafts.get(olu, draft).row.revision
    assert folders.take(olu, draft, raw, seen) == 2
    assert drafts.get(olu, draft).files == after
    with pytest.raises(NotOffered):
        folders.take(olu, draft, raw, seen)


def test_a_zip_with_a_file_that_is_none_of_its_kind_is_refused_whole(olu: Viewer) -> None:
    draft = drafts.begin(olu, "From elsewhere")
    cut_off = small.files()["complaint.bpmn"][:-100]
    raw = folders.packed(
        SMALL, small.files() | {"complaint.bpmn": cut_off, "policy.toml": b"a = 1"}
    )
    for attempt in (
        folders.incoming,
        lambda *it: folders.take(*it, drafts.get(olu, draft).row.revision),
    ):
        with pytest.raises(BadInput) as refused:
            attempt(olu, draft, raw)
        assert refused.value.errors["zip"].startswith("complaint.bpmn: ")
    assert drafts.get(olu, draft).changed == {}
