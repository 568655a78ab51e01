"""The stories of a draft are played beside the running service, and always come to an end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.db import db, transaction
from app.models import Case, Deployment, Landlord
from app.services import deployments
from app.services.stories import Played
from app.services.workshop import players, stories
from app.services.workshop.players import Player
from app.services.workshop.stage_of_stories import Plan, plan_of
from app.settings import Settings
from tests import small
from tests.services.test_publishing import story
from tests.small import SMALL

SECONDS = 60  # for two dozen short stories; on a machine that does nothing else they take four
FILES = small.files() | {"stories/first.toml": story()}


def count(of: type[Case] | type[Deployment]) -> int:
    return db.session.scalar(select(func.count()).select_from(of)) or 0


@pytest.fixture
def live(app: Flask) -> None:
    small.deploy()


def test_nothing_of_the_running_service_is_touched(
    live: None, app: Flask, settings: Settings
) -> None:
    now = clock.now()
    (told,) = stories.play_all(SMALL, FILES)
    assert (told.title, told.failures) == ("It is answered", [])
    assert clock.now() == now and (count(Case), count(Deployment)) == (0, 1)
    assert not Path(settings.instance_dir, "outbox").exists()
    assert deployments.live(SMALL).files == small.files()


def test_they_are_played_in_a_thread_while_somebody_else_writes(live: None, app: Flask) -> None:
    told: list[stories.Told] = []

    def play() -> None:
        with app.app_context():
            told.extend(stories.play_all(SMALL, FILES))

    player = Thread(target=play)
    player.start()
    for n in range(20):
        with transaction() as session:
            session.add(Landlord(id=f"oak-{n}", name="Oak"))
    player.join()
    assert [each.failures for each in told] == [[]]
    assert count(Case) == 0


def test_a_story_that_takes_too_long_is_ended_with_its_date(live: None) -> None:
    (told,) = stories.play_all(SMALL, FILES, longest=0)
    assert "the story does not come to an end" in told.failures[0]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"no [ toml", "StoryRefused"),
        (story().replace(b"small-homes", b"oak-homes"), "one of oak-homes"),
        (story().replace(b"record_complaint", b"nothing"), "before a case is recorded"),
        (story().replace(b"2026-01-05 10:00", b"soon"), "is no time"),
    ],
)
def test_a_story_that_is_none_says_what_is_wrong(live: None, body: bytes, says: str) -> None:
    (told,) = stories.play_all(SMALL, {**FILES, "stories/first.toml": body})
    assert says in told.failures[0]


@pytest.fixture
def plan(live: None) -> Plan:
    paths = [f"stories/{number}.toml" for number in range(3)]
    return plan_of(SMALL, small.files() | dict.fromkeys(paths, story()))


def test_a_player_that_dies_is_told_and_the_next_story_has_another(plan: Plan) -> None:
    player = Player(plan)
    first, second, third = sorted(plan.files.keys() - small.files().keys())
    assert player.play(first, 30) == Played("It is answered").told
    assert "does not come to an end" in player.play(first, 0)["failures"][0]
    assert player.process
    os.kill(player.process.pid, signal.SIGKILL)
    assert player.play(second, 30)["failures"] == ["whoever played it stopped in the middle."]
    assert player.play(third, 30)["failures"] == []
    last = player.process
    player.end()
    assert last.poll() is not None, "no process is left behind"


def test_many_stories_are_played_by_several_players_and_told_in_order(live: None) -> None:
    titles = [f"Number {n:02}" for n in range(2 * players.WORTH_ONE)]
    assert players.number_for(len(titles)) == min(2, os.cpu_count() or 1)
    each = {
        f"stories/{title[-2:]}.toml": story().replace(b"It is answered", title.encode())
        for title in titles
    }
    begun = time.monotonic()
    told = list(stories.play_all(SMALL, small.files() | each))
    assert [(one.title, one.failures) for one in told] == [(title, []) for title in titles]
    assert time.monotonic() - begun < SECONDS


def test_what_was_tried_is_not_kept_in_memory(live: None) -> None:
    deployments.live(SMALL)
    before = set(deployments._contents), set(deployments._digests)
    list(stories.play_all(SMALL, FILES))
    assert set(deployments._contents) <= before[0]
    assert set(deployments._digests) <= before[1]
