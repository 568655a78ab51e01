"""The one reader of XML: what it lets in, what it refuses, and that it touches nothing else."""

from __future__ import annotations

import pytest
from audit import watched

from app.engine.xml import MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, XmlRefused, read_xml

ENTITY = '<!DOCTYPE a [<!ENTITY x "boo">]><a>&x;</a>'
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
OUTSIDE = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><a/>'
LAUGHS = (
    "<!DOCTYPE a ["
    + '<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]><a>&l9;</a>"
)
QUADRATIC = f'<!DOCTYPE a [<!ENTITY x "{"x" * 50_000}">]><a>{"&x;" * 5_000}</a>'
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("attack", [ENTITY, EXTERNAL, OUTSIDE, PARAMETER, LAUGHS, QUADRATIC])
def test_a_document_type_is_refused_in_every_encoding(attack: str, encoding: str) -> None:
    declared = (
        "" if encoding.startswith("utf-8") else f'<?xml version="1.0" encoding="{encoding}"?>'
    )
    raw = (declared + attack).encode(encoding)
    with watched() as touched, pytest.raises(XmlRefused, match=r"DOCTYPE|UTF-8"):
        read_xml(raw)
    assert touched == []


@pytest.mark.parametrize("encoding", ["cp037", "utf-7", "utf-16", "utf-32-be"])
def test_another_encoding_is_refused_or_read_as_utf_8(encoding: str) -> None:
    """So that no letters of a document type can be written in other bytes."""
    raw = (f'<?xml version="1.0" encoding="{encoding}"?>' + ENTITY).encode(encoding)
    with pytest.raises(XmlRefused):
        read_xml(raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<a>" + b" " * MAX_BYTES + b"</a>", "larger than 2 MB"),
        (b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>", "more than 5000 elements"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "nested more than 60 deep"),
        (b"<a>" * 5_000 + b"</a>" * 5_000, "nested more than 60 deep"),
        (
            b"<a " + b" ".join(b"x%d='1'" % n for n in range(MAX_ATTRIBUTES + 1)) + b"/>",
            "more than 32 attributes",
        ),
        (b"<a><b></a>", "not well-formed"),
        (b"", "not well-formed"),
        (b"\0\1\2", "not in UTF-8"),
        (b'{"type": "default"}', "not well-formed"),
    ],
)
def test_what_is_too_big_or_broken_is_refused_with_the_reason(raw: bytes, says: str) -> None:
    with pytest.raises(XmlRefused, match=says):
        read_xml(raw)


@pytest.mark.parametrize("declared", ["", '<?xml version="1.0" encoding="UTF-8"?>'])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_plain_xml_is_read(declared: str, mark: bytes) -> None:
    assert read_xml(mark + f'{declared}<a name="é"/>'.encode()).get("name") == "é"


def test_includes_and_stylesheets_are_not_followed() -> None:
    raw = (
        b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>'
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/hostname"/></a>'
    )
    with watched() as touched:
        root = read_xml(raw)
    assert touched == []
    assert len(root) == 1
    assert not (root[0].text or "")
