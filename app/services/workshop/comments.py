"""Comments of a diagram's XML (<!-- … -->), which bpmn-js and our own reader leave out."""

from __future__ import annotations

from typing import Any

from lxml import etree

from app.engine import EngineRefused
from app.engine.diagram import BPMN
from app.engine.xml import read_xml

REFERENCES = (f"{BPMN}incoming", f"{BPMN}outgoing", f"{BPMN}flowNodeRef")  # an id is all they hold


def kept(written: bytes, *before: bytes) -> bytes:
    """A diagram as it was written, with the comments of the file that it comes from.

    Each stands again before, after or inside the element at which it stood; that of an element
    which is no longer there goes with it. before: that file, then older ones, which count for an
    element that is back and was not in the first. A file written with comments is left as it is.
    """
    if not any(b"<!--" in body for body in before):
        return written
    try:
        sources = [read_xml(body, comments=True) for body in before]
        after = read_xml(written, comments=True)
    except EngineRefused:
        return written
    if [*_around(after, True), *_around(after, False), *after.iter(etree.Comment)]:
        return written
    known: set[str | None] = set()
    for source in sources:
        places = _Places(source, after)
        for comment in source.iter(etree.Comment):
            if not known or _near(comment) not in known:
                places.put(comment)
        known |= {None, *_by_id(source)}
    return whole(after, sources[0])


def whole(root: etree._Element, source: etree._Element) -> bytes:
    """The file of a root, with the comments that stand around that of its source."""
    above, below = _around(source, True), _around(source, False)
    parts = [*reversed(above), etree.tostring(root, encoding="unicode"), *below]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *parts, ""]).encode()


def _around(root: etree._Element, above: bool) -> list[str]:
    """The comments above or below the root, from near to far."""
    found = root.itersiblings(etree.Comment, preceding=above)
    return [etree.tostring(one, encoding="unicode", with_tail=False) for one in found]


def _by_id(root: etree._Element) -> dict[str, etree._Element]:
    return {node.get("id", ""): node for node in root.iter("*") if node.get("id")}


def _near(comment: Any) -> str | None:
    """The id of the element that a comment is about, or stands in."""
    about = _next(comment)
    nodes = [comment.getparent(), *comment.iterancestors()] if about is None else []
    nodes = nodes or [about, *about.iterancestors()]
    return next((node.get("id") for node in nodes if node.get("id")), None)


def _next(comment: Any) -> Any:
    return next(comment.itersiblings("*"), None)


def _on_the_line_of(comment: Any) -> Any:
    """The element before a comment that ends its line; else None."""
    before = comment.getprevious()
    ends = "\n" in (comment.tail or "")
    if before is None or not ends or before.tag is etree.Comment or "\n" in (before.tail or ""):
        return None
    return before


class _Places:
    """Where the elements of one file are in another."""

    def __init__(self, source: etree._Element, after: etree._Element) -> None:
        self.source, self.after = source, after
        self.old, self.new = _by_id(source), _by_id(after)

    def put(self, comment: Any) -> None:
        """The same comment at the element in the other file, if that is there."""
        fresh = etree.Comment(comment.text)
        before, about = _on_the_line_of(comment), _next(comment)
        if before is not None:
            if (node := self.there(before)) is not None and node is not self.after:
                _behind(node, fresh)
        elif about is not None and (node := self.there(about)) is not None:
            _in_front_of(node, fresh)
        elif about is None or not about.get("id"):
            node = self.home(comment.getparent())
            if node is not None:
                _at_the_end_of(node, fresh)

    def home(self, node: Any) -> Any:
        """The same element, or, of one without an id that is gone, that in which it was."""
        found = self.there(node)
        return found if found is not None or node.get("id") else self.home(node.getparent())

    def there(self, node: Any) -> Any:
        """The same element in the other file; None if it is not there."""
        if node is self.source:
            return self.after
        if (known := self.new.get(node.get("id", ""))) is not None:
            return known
        holder = self.there(node.getparent())
        if holder is None:
            return None
        was = [*node.getparent().iterchildren(node.tag)]
        now = [*holder.iterchildren(node.tag)]
        if node.get("id"):  # it has another id now, or is gone
            at = was.index(node)
            renamed = len(was) == len(now) and now[at].get("id") not in self.old
            return now[at] if renamed else None
        if said := _said(node):
            return next((one for one in now if _said(one) == said), None)
        return now[was.index(node)] if was.index(node) < len(now) else None


def _said(node: Any) -> str:
    """By what an element without an id is known among others of its kind; empty: by its place."""
    return (node.text or "").strip() if node.tag in REFERENCES else node.get("name", "")


def _in_front_of(node: Any, comment: Any) -> None:
    holder, before = node.getparent(), node.getprevious()
    comment.tail = _blank(holder.text if before is None else before.tail)
    holder.insert(holder.index(node), comment)


def _behind(node: Any, comment: Any) -> None:
    holder = node.getparent()
    comment.tail, node.tail = node.tail, " "
    holder.insert(holder.index(node) + 1, comment)


def _at_the_end_of(node: Any, comment: Any) -> None:
    if len(node):
        comment.tail, node[-1].tail = node[-1].tail, _blank(node.text)
    node.append(comment)


def _blank(text: str | None) -> str:
    """The line break and indentation that stand in front of an element."""
    return text if text and not text.strip() else ""
