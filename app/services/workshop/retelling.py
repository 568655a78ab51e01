"""A story that a change breaks expects what was found, or does first what comes first now.

Nobody needs to write TOML for it. The file keeps its words, its comments and its order; only values
that were found to be others are changed, and the step that was missing is put in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.items import InlineTable, Table

from app.errors import NotOffered
from app.services.contents import Files
from app.services.stories import read_story
from app.services.story_acts import StoryRefused
from app.services.workshop import drafts, trials
from app.services.workshop.stories import paths_of
from app.services.workshop.story_words import Broken, broken
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


@dataclass(frozen=True)
class Added:
    """A task that is to be done where stories stop. places: their paths, each with the step.

    like, title: the path and the title of a story that does it, if there is one.
    """

    element: str
    name: str
    places: Mapping[str, int]
    like: str = ""
    title: str = ""


def to_be_added(broken: Iterable[Broken], files: Files) -> list[Added]:
    """The tasks at which stories stop, each with all stories that stop there.

    What is open in some of these stories only, beside another task, is not what they wait for.
    """
    stops: dict[tuple[str, str], dict[str, int]] = {}
    for one in broken:
        for task in one.stuck.todo.items() if one.stuck else ():
            stops.setdefault(task, {})[one.path] = one.stuck.step if one.stuck else 0
    found = []
    for (element, name), places in stops.items():
        if any(places.keys() < others.keys() for others in stops.values()):
            continue
        rest = (path for path in paths_of(files) if path not in places)
        like = next((path for path in rest if _does(files[path], element)), "")
        title = str(read_story(files[like])["title"]) if like else ""
        found.append(Added(element, name, places, like, title))
    return found


def _does(body: bytes, element: str) -> bool:
    try:
        return any(step.get("does") == element for step in read_story(body)["step"])
    except StoryRefused:
        return False


def add_step(viewer: Viewer, draft_id: str, element: str, seen: int) -> int:
    """Let the stories that stop where a task is open do it first, as another story does it.

    They are played again then. seen: as for take_over. Returns how many stories were changed.
    Raises NotOffered where no story shows how, and what drafts.put_all raises.
    """
    sketch = drafts.get(viewer, draft_id)
    played = trials.result(viewer.landlord_id, sketch.files)
    wanted = to_be_added(broken(played, sketch.contents), sketch.files) if played else []
    one = next((each for each in wanted if each.element == element and each.like), None)
    if one is None:
        raise NotOffered("No story shows how this is done. Do it in one of them in Play first.")
    steps = read_story(sketch.files[one.like])["step"]
    step = next(each for each in steps if each.get("does") == element)
    files = {path: with_step(sketch.files[path], n, step) for path, n in one.places.items()}
    drafts.put_all(viewer, draft_id, files, seen)
    trials.ask(viewer, draft_id)
    return len(files)


def with_step(body: bytes, number: int, step: Mapping[str, Any]) -> bytes:
    """A story with a step before one of its own, at the same time and for the same case."""
    story = tomlkit.parse(body.decode())
    steps: Any = story["step"]
    table = tomlkit.table()
    own = steps[number - 1]
    table.update({"at": own["at"]} | {key: step[key] for key in ("who", "does") if key in step})
    if "case" in own:
        table["case"] = own["case"]
    if answers := step.get("answers"):
        table["answers"] = tomlkit.item(answers)
    steps.insert(number - 1, table)
    return tomlkit.dumps(story).encode()


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
