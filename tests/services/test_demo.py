"""The demo: played once, finished when it was broken off, never told to a landlord with cases."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app import clock as clocks
from app.clock import SetClock
from app.db import db
from app.models import Case
from app.services import demo, deployments, stories
from tests.cases import RECORDED, first_team, london, recorded


class Stop(Exception):
    """Somebody pressed Ctrl-C."""


def cases() -> int:
    return db.session.scalar(select(func.count()).select_from(Case)) or 0


@pytest.fixture
def short(landlord: str) -> str:
    """A landlord with three demo stories."""
    files = {
        path: body
        for path, body in deployments.live(landlord).files.items()
        if not path.startswith("demo/")
    }
    for n in range(3):
        files[f"demo/{n}.toml"] = (
            f'landlord = "{landlord}"\ntitle = "Story {n}"\n[[step]]\nat = "-{n + 1}wd 10:00"\n'
            f'who = "{first_team(landlord)}/amira"\ndoes = "record_complaint"\n[step.answers]\n'
            + "".join(f"{key} = {json.dumps(value)}\n" for key, value in RECORDED.items())
        ).encode()
    deployments.deploy(landlord, files)
    return landlord


def test_a_demo_that_was_broken_off_is_finished_and_no_story_is_told_twice(short: str) -> None:
    def stop(_line: str) -> None:
        raise Stop

    assert len(demo.to_play(short)) == 3
    with pytest.raises(Stop):
        demo.play_all(short, clocks.today(), stop)
    assert len(demo.to_play(short)) == 2
    heard: list[str] = []
    assert demo.play_all(short, clocks.today(), heard.append) == 2
    assert [line.split(maxsplit=1)[1] for line in heard] == ["Story 1", "Story 2"]
    assert cases() == 3 and demo.to_play(short) == []


def test_a_landlord_with_cases_of_its_own_gets_no_demo(short: str) -> None:
    recorded(short)
    assert demo.to_play(short) == []


def test_minutes_count_back_from_now_whatever_the_time_of_day(
    landlord: str, clock: SetClock
) -> None:
    def played(until: datetime) -> datetime:
        clock.move_to(until)
        step: dict[str, Any] = {"at": "-90min", "who": f"{first_team(landlord)}/amira"}
        step |= {"does": "record_complaint", "answers": RECORDED}
        story = {"landlord": landlord, "title": "Now", "step": [step]}
        told = stories.play(story, until=until, sends=False)
        assert told.failures == []
        found = select(Case.opened_at).where(Case.reference == told.reference)
        return db.session.scalars(found).one()

    for end in (london("2026-11-24 15:00"), london("2026-11-25 00:20")):
        assert played(end) == end - timedelta(minutes=90)
