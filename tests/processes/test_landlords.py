"""Every landlord's folders can be published as they are, and its demo plays."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask

from app.clock import LONDON, SetClock
from app.db import db
from app.factory import create_app
from app.services import checking, demo, deployments, stories
from app.services.deployments import in_words, read_folders, slugs
from app.services.outline import pictures
from app.settings import ROOT, Settings
from tests.shipped import contents_of

LANDLORDS = slugs(ROOT / "processes")
# The day after Easter Monday, and the last working day before Christmas. `./check --long` plays
# each demo on both, else every landlord has one of them.
DAYS = [date(2026, 4, 7), date(2026, 12, 24)]
PLAYED = [
    (landlord, day)
    for number, landlord in enumerate(LANDLORDS)
    for day in (DAYS if os.environ.get("PUTRIGHT_LONG") else [DAYS[number % 2]])
]


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Flask]:
    """An app of its own, whose clock can be moved."""
    settings = Settings(
        instance_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/demo.db", heartbeat=False
    )
    app = create_app(settings, SetClock(datetime(2026, 4, 7, 7, 30, tzinfo=LONDON)))
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_nothing_is_wrong_with_the_folders(landlord: str) -> None:
    files = read_folders(landlord, ROOT / "processes", ROOT / "forms" / "definitions")

    found = checking.check(files)
    holes = [p for p in found if p.file == "policy.toml" and p.severity == "warning"]
    assert [in_words(p) for p in found if p not in holes] == []  # holes: see test_coverage.py


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_a_page_names_a_diagram_without_the_landlord(landlord: str) -> None:
    deployed = deployments.Deployed(landlord, "", contents_of(landlord))
    called = {deployed.landlord.name, deployed.landlord.short_name, landlord.split("-")[0]}

    names = [picture.name for picture in pictures(deployed)]
    found = [n for n in names for each in called if n.casefold().startswith(f"{each.casefold()}:")]
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize(("landlord", "today"), PLAYED, ids=str)
def test_the_demo_plays_on_any_working_day(landlord: str, today: date, past: Flask) -> None:
    settings = past.extensions["settings"]
    clock = past.extensions["clock"]
    deployments.deploy_from_disk(landlord, settings.processes_dir, settings.forms_dir)
    demo.people(landlord)
    clock.move_to(datetime(today.year, today.month, today.day, 7, 30, tzinfo=LONDON))
    files = deployments.live(landlord).files
    cases = [
        body for path, body in files.items() if path.startswith("demo/") and "people" not in path
    ]

    played = [stories.play(stories.read_story(body), today) for body in cases]

    assert [failure for story in played for failure in story.failures] == []
