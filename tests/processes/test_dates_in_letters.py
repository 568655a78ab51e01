"""The dates that letters print are the dates that count, also those that begin with the letter."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from app.clock import SetClock, system_clock
from app.db import db
from app.factory import create_app
from app.models import Letter
from app.services import deployments, stories
from app.settings import ROOT, Settings

STORY = ROOT / "processes/stockport-homes/stories/s17_quick_route_to_stage_two.toml"
SAYS = {
    "acknowledgement": "Tuesday 16 January 2024",
    "stage_1_extension": "Tuesday 30 January 2024",
    "stage_1_response": "Tuesday 27 February 2024",
    "stage_2_acknowledgement": "Wednesday 10 April 2024",
    "stage_2_extension": "Wednesday 24 April 2024",
}
REASON = "The joiner measures the gate on 22 January."  # typed when more time was agreed


def texts(blocks: Any) -> str:
    """All texts of a stored letter, in order."""
    if isinstance(blocks, dict):
        return " ".join(texts(value) for value in blocks.values())
    if isinstance(blocks, list):
        return " ".join(texts(value) for value in blocks)
    return str(blocks)


@pytest.fixture(scope="module")
def letters() -> dict[str, str]:
    """The letters of scenario S17 as they were sent: name -> text."""
    settings, story = Settings(), stories.read_story(STORY.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        trial = settings.model_copy(
            update={"instance_dir": Path(folder), "database_url": f"sqlite:///{folder}/s.db"}
        )
        with create_app(trial, SetClock(system_clock())).app_context():
            db.create_all()
            deployments.deploy_from_disk(
                story["landlord"], settings.processes_dir, settings.forms_dir
            )
            assert stories.play(story).failures == []
            found = {row.template: texts(row.blocks) for row in db.session.query(Letter)}
            db.session.remove()
            db.engine.dispose()
    return found


@pytest.mark.parametrize("letter", SAYS)
def test_the_letter_says_the_date(letter: str, letters: dict[str, str]) -> None:
    assert SAYS[letter] in letters[letter]


def test_the_reason_for_more_time_is_in_the_letter(letters: dict[str, str]) -> None:
    assert REASON in letters["stage_1_extension"]
