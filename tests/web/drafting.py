"""A draft in the hands of a process owner, for the tests of its editors."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from app.services import deployments
from app.services.workshop import drafts
from app.viewer import Viewer
from tests import small

ANOTHER = "another-landlord"


def deploy_another() -> None:
    """A second landlord, whose people must not see the first one's drafts."""
    theirs = small.LANDLORD.replace(small.SMALL, ANOTHER).replace('"SM"', '"AN"')
    deployments.deploy(ANOTHER, small.files(landlord=theirs))


def path_of(viewer: Viewer, title: str = "Eight days") -> str:
    """The address of a new draft."""
    return f"/procedures/drafts/{drafts.begin(viewer, title)}"


def file_of(viewer: Viewer, draft: str, path: str) -> bytes:
    """A file of a draft as it is saved."""
    return drafts.get(viewer, draft.rsplit("/", 1)[-1]).files[path]


def put(viewer: Viewer, draft: str, path: str, body: bytes | str) -> None:
    """Save a file of a draft past the pages."""
    body = body if isinstance(body, bytes) else body.encode()
    drafts.put(viewer, draft.rsplit("/", 1)[-1], path, body)


def filled_in(html: str, form: str = "") -> dict[str, Any]:
    """What a browser would send of a page's form: the one that holds this text."""
    forms = re.findall(r"<form\b.*?</form>", html, re.DOTALL) or [html]
    html = next(found for found in forms if form in found)
    typed: dict[str, Any] = {}

    def add(name: str, value: str) -> None:
        typed.setdefault(unescape(name), []).append(unescape(value))

    for tag in re.findall(r"<input\b[^>]*>", html):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = re.search(r"\schecked\b", tag) or said.get("type") not in ("checkbox", "radio")
        if said.get("name") and ticked and said.get("type") != "file":
            add(said["name"], said.get("value", ""))
    for attributes, text in re.findall(r"<textarea\b([^>]*)>(.*?)</textarea>", html, re.DOTALL):
        add(re.search(r'name="([^"]*)"', attributes)[1], text.removeprefix("\n"))  # type: ignore[index]
    for attributes, inside in re.findall(r"<select\b([^>]*)>(.*?)</select>", html, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"([^>]*)>', inside)
        chosen = [value for value, rest in options if "selected" in rest]
        add(re.search(r'name="([^"]*)"', attributes)[1], (chosen or [options[0][0]])[0])  # type: ignore[index]
    return typed
