"""Every landlord's stories are played through the real engine, forms, letters and services."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import play_file
from app.settings import ROOT, Settings

STORIES = sorted((ROOT / "processes").glob("*/stories/*.toml"))


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", STORIES, ids=name_of)
def test_the_story_holds(path: Path) -> None:
    played = play_file(path, Settings())

    assert played.failures == []
    assert played.rows
