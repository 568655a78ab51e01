"""Files: only what was agreed, under names that lead nowhere."""

from __future__ import annotations

import pytest

from app.errors import BadInput
from app.services import documents

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.png", PNG),
        ("photo.JPG", b"\xff\xd8\xff\xe0" + b"\0" * 20),
        ("letter.pdf", b"%PDF-1.7\n"),
        ("note.txt", "It drips — day and night".encode()),
        ("film.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 20),
    ],
)
def test_photos_films_and_papers_are_taken(landlord: str, name: str, data: bytes) -> None:
    assert documents.upload(landlord, name, data).name == name


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("drawing.svg", b"<svg onload='alert(1)'/>"),
        ("page.html", b"<script>alert(1)</script>"),
        ("photo.png", b"<script>alert(1)</script>"),
        ("photo.html", PNG),
        ("photo.png.html", PNG),
        ("bomb.zip", b"PK\x03\x04"),
        ("note.txt", b"\x00\x01"),
        ("note.txt", b"\xff\xfe\xfa"),
        ("empty.pdf", b""),
        ("run.exe", b"MZ"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(landlord: str, name: str, data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        documents.upload(landlord, name, data)
    assert refused.value.errors["file"].endswith(".")


def test_a_file_of_more_than_20_megabytes_is_refused(landlord: str) -> None:
    with pytest.raises(BadInput, match="20 MB"):
        documents.upload(landlord, "film.mp4", b"\0" * (documents.LARGEST + 1))


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "..\\..\\boot.txt", "a\0b\n.txt"])
def test_a_name_keeps_no_folders_and_no_control_characters(landlord: str, name: str) -> None:
    kept = documents.upload(landlord, name, b"hello").name
    assert not set(kept) & set("/\\\0\n")
