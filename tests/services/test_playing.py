"""A draft is played: a made-up case on a simulated clock, and nothing of it is real."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.db import db
from app.models import Alert, Case, Letter, Person, User
from app.services.workshop import drafts, playing, scenes
from app.services.workshop.acting import Asked
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user

MONDAY = date(2026, 1, 5)
FIRST = Asked("record_complaint", "complaints/alex", "complaint", on=MONDAY)
SAID = {"resident_title": "Ms", "resident_name": "Kezia Boateng"}
ANSWER = Asked("answer", "complaints/alex")


@pytest.fixture(autouse=True)
def no_scene_is_known() -> Iterator[None]:
    scenes._scenes.clear()
    yield
    scenes._scenes.clear()


@pytest.fixture
def olu(app: Flask) -> Viewer:
    small.deploy()
    return make_user(small.SMALL, "olu", "process_owner")


@pytest.fixture
def draft(olu: Viewer) -> str:
    return drafts.begin(olu, "To be played")


def acts(olu: Viewer, draft: str, asked: Asked, said: dict[str, Any]) -> None:
    playing.act(olu, draft, asked, MultiDict(said))


def answered(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    acts(olu, draft, ANSWER, {"answer": "You are right.", "next_place": "ombudsman"})


def test_a_case_goes_its_way_on_its_own_clock(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    stands = playing.shown(olu, draft).standing
    assert stands and stands.at.date() == MONDAY
    assert [(todo.does, todo.words) for todo in stands.tasks] == [("answer", "Complaints team")]
    acts(olu, draft, ANSWER, {"answer": "You are right.", "next_place": "ombudsman"})
    stands = playing.shown(olu, draft).standing
    assert stands and [letter.title for letter in stands.letters] == ["Our answer"]
    assert "You are right." in stands.letters[0].body
    assert [limit.due_on for limit in stands.limits] == [date(2026, 2, 2)]
    assert {todo.does for todo in stands.messages} == {"asks"}
    playing.pass_time(olu, draft, "deadline")
    stands = playing.shown(olu, draft).standing
    assert stands and (stands.at.date(), stands.status) == (date(2026, 2, 3), "closed")


def test_no_row_of_a_real_case_is_made_and_no_mail_goes(
    app: Flask, olu: Viewer, draft: str
) -> None:
    tables = (Case, Person, Letter, Alert, User)
    before = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    answered(olu, draft)
    playing.pass_time(olu, draft, "deadline")
    after = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert after == before == [0, 0, 0, 0, 1]
    assert not [*Path(app.instance_path).rglob("*.eml")]
