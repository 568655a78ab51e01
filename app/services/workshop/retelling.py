"""A story that a change breaks expects from now on what was found.

Nobody needs to write TOML for it. The file keeps its words, its comments and its order; only values
that were found to be others are changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from app.errors import NotOffered
from app.services.workshop import drafts, trials
from app.viewer import Viewer


def take_over(viewer: Viewer, draft_id: str, paths: Collection[str], seen: int) -> int:
    """Let these stories expect what was found when they were played; they are played again then.

    seen: the revision of the draft whose stories the viewer has looked at. Returns how many stories
    were changed. Raises NotOffered where they were not played or do not come to their end, and what
    drafts.put_all raises.
    """
    sketch = drafts.get(viewer, draft_id)
    played = trials.result(viewer.landlord_id, sketch.files)
    if played is None:
        raise NotOffered("The stories have not been played with these files yet. Play them first.")
    told = {each["path"]: each for each in trials.broken(played) if each["path"] in paths}
    if any(len(each["differences"]) < len(each["failures"]) for each in told.values()):
        raise NotOffered("A story that cannot be played to its end has nothing to take over.")
    if not told:
        raise NotOffered("These stories hold already.")
    files = {path: retold(sketch.files[path], told[path]["differences"]) for path in told}
    drafts.put_all(viewer, draft_id, files, seen)
    trials.ask(viewer, draft_id)
    return len(files)


def retold(body: bytes, differences: Iterable[Mapping[str, Any]]) -> bytes:
    """A story that expects what was found. differences: as stories.Difference has them."""
    story = tomlkit.parse(body.decode())
    for told in differences:
        expect: Any = story["step"][told["step"] - 1]["expect"]
        _expect(expect, told["name"], told["found"])
    return tomlkit.dumps(story).encode()


def _expect(expect: Table | InlineTable, name: str, found: Any) -> None:
    if isinstance(found, dict):
        found = {key: value for key, value in found.items() if value is not None}
        there: Any = expect[name]
        if found and there.keys() == found.keys():
            there.update({key: value for key, value in found.items() if there[key] != value})
            return
        anew = tomlkit.inline_table()
        anew.update(found)
        found = anew
    if found is None or found == "" or (found == {} and name != "open"):
        del expect[name]
    else:
        expect[name] = found
