"""The one reader of XML. Everything an owner uploads comes through here before anything reads it.

Limits (security.md, row 3): UTF-8 only, so that a document type cannot hide in another encoding; no
document type, so no entity exists; nothing is fetched; size, number and depth of elements and
attributes are bounded.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from app.engine.problems import EngineRefused

MAX_BYTES = 2_000_000
MAX_ELEMENTS = 5_000
MAX_DEPTH = 60
MAX_ATTRIBUTES = 32
_DOCTYPE = (
    "the file declares a document type (<!DOCTYPE>), which is not allowed; take that line away"
)
_TOO_DEEP = f"elements are nested more than {MAX_DEPTH} deep"


class XmlRefused(EngineRefused):
    """The file is no XML that we read; the message says why, in the owner's words."""


def read_xml(raw: bytes, *, comments: bool = False) -> etree._Element:
    """Return the root element of a file. Raise XmlRefused when it is unsafe, too big or broken.

    comments: leave them in. Whoever reads what a file means wants none.
    """
    if len(raw) > MAX_BYTES:
        raise XmlRefused(f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise XmlRefused("the file is not in UTF-8; save it again with that encoding")
    if "<!doctype" in text.lower():
        raise XmlRefused(_DOCTYPE)
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the file says of itself
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not comments,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        said = error.msg or ""
        too_deep = "Excessive depth" in said  # the reader's own limit, far beyond ours
        raise XmlRefused(
            _TOO_DEEP
            if too_deep
            else f"the file is not well-formed XML: {said}. Save it again from the modeller"
        ) from None
    info: Any = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise XmlRefused(_DOCTYPE)
    _check_size(root)
    return root


def _check_size(root: etree._Element) -> None:
    level, depth, count = [root], 0, 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_DEPTH:
            raise XmlRefused(_TOO_DEEP)
        if count > MAX_ELEMENTS:
            raise XmlRefused(f"the file has more than {MAX_ELEMENTS} elements")
        for element in level:
            if len(element.attrib) > MAX_ATTRIBUTES:
                raise XmlRefused(f"an element has more than {MAX_ATTRIBUTES} attributes")
        level = [child for element in level for child in element]
