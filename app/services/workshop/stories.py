"""All stories of a set of files, each played on a database of its own: do they still hold?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.services.contents import Files
from app.services.workshop import players
from app.services.workshop.stage_of_stories import plan_of, staged

ONE_STORY = 30  # seconds that a story may take; the longest takes about one
ALL_STORIES = 300  # seconds for all of them together


@dataclass(frozen=True)
class Told:
    """What came of a story. failures: each with the step and its date; none: it holds.

    differences: those of them that retelling.py can take over, as JSON. stopped: see
    services.stories.Stopped, as JSON.
    """

    path: str
    title: str
    failures: list[str]
    differences: list[dict[str, Any]]
    stopped: dict[str, Any] | None


def paths_of(files: Files) -> list[str]:
    """The stories among the files, in the order in which they are played."""
    return sorted(path for path in files if path.startswith("stories/"))


def play_all(landlord_id: str, files: Files, longest: float = ONE_STORY) -> Iterator[Told]:
    """Play each story of the files against the files, which lint must have found sound.

    longest: seconds that one of them may take.
    """
    paths, begun = paths_of(files), time.monotonic()
    if not paths:
        return

    def seconds() -> float:
        return min(longest, ALL_STORIES - (time.monotonic() - begun))

    plan, number = plan_of(landlord_id, files), players.number_for(len(paths))
    if number > 1:
        for path, told in zip(paths, players.play(plan, paths, seconds, number), strict=True):
            yield Told(path, **told)
        return
    with staged(plan) as stage:
        for path in paths:
            yield Told(path, **stage.play(path, files[path], seconds()).told)
