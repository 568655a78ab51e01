"""Every landlord's stories are played through the real engine, forms, letters and services."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.cli.procedures import player
from app.services import stories
from app.services.operations.verifying import verify_cases
from app.services.stories import Played
from app.settings import ROOT, Settings
from tests.conftest import LANDLORD
from tests.turns import asked

STORIES = sorted((ROOT / "processes").glob("*/stories/*.toml"))
LONGEST = 5  # seconds of CPU; the longest story takes less than one
FEW, MOST = 6, 60  # stories, and the statements of a step, letters and all: they take about 50


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


@pytest.fixture(scope="module")
def play_file() -> Iterator[Callable[[Path], Played]]:
    """Plays a story; at its end histories and cases are whole, as the drill asks of them."""
    play = stories.play

    def play_and_look(story: dict[str, Any]) -> Played:
        played = play(story)
        played.failures.extend(check.says for check in verify_cases() if not check.ok)
        return played

    with pytest.MonkeyPatch.context() as patch, player(Settings()) as found:
        patch.setattr(stories, "play", play_and_look)
        yield found


@pytest.mark.parametrize("path", STORIES, ids=name_of)
def test_the_story_holds(path: Path, play_file: Callable[[Path], Played]) -> None:
    begun = time.process_time()
    played = play_file(path)

    assert played.failures == []
    assert played.rows
    assert time.process_time() - begun < LONGEST


def test_a_step_of_a_story_asks_little_of_the_database(
    play_file: Callable[[Path], Played],
) -> None:
    here = [path for path in STORIES if path.parent.parent.name == LANDLORD]
    play_file(here[0])  # whatever is learnt once
    with asked(Engine) as found:
        steps = sum(len(play_file(path).rows) for path in here[:FEW])
    assert len(found.statements) <= MOST * steps
