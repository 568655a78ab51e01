"""Two people at one task: the second one loses the race, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import Alert, Case, Draft, Note, Task
from app.viewer import Viewer
from tests.cases import first_team, recorded
from tests.web.filling import finish, post_of, until_letter

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def faster(person: Make, landlord: str) -> Viewer:
    return person("idris", teams=(first_team(landlord),))


@pytest.fixture
def case(landlord: str) -> Case:
    return recorded(landlord)


@pytest.fixture
def task(case: Case, person: Make) -> Task:
    """A task with a letter, so that there is something to write."""
    return until_letter(person("amos"), case)


@pytest.fixture
def lost(
    officer: Viewer, faster: Viewer, task: Task, sign_in: SignIn, clock: SetClock
) -> tuple[FlaskClient, str, dict[str, list[str]]]:
    """The officer has typed; a colleague finishes; three minutes later the officer does."""
    typed = post_of(officer, task)
    words = next(k for k, v in typed.items() if v[0].startswith("Words for"))
    typed[words] = ["Only mine:\nthe damp in the hall"]
    browser = sign_in(officer)
    finish(faster, task)
    clock.move_to(clock() + timedelta(minutes=3))
    answer = browser.post(f"/tasks/{task.id}", data=typed | {"pr_step": "finish"})
    assert answer.status_code == 409
    return browser, answer.text, typed


def test_the_page_says_who_was_faster_and_shows_both_texts(
    lost: tuple[FlaskClient, str, dict[str, list[str]]], task: Task
) -> None:
    _, page, _ = lost
    assert "Someone else did this first" in page
    assert f"Idris finished “{task.name}”" in page and "3 minutes before you" in page
    assert "Nothing that you typed is lost" in page and "What Idris recorded" in page
    assert "<mark>the damp in the hall <b>only yours</b></mark>" in page
    assert "until Tuesday 1 December 2026" in page


def test_the_text_is_kept_for_its_writer_alone(
    lost: tuple[FlaskClient, str, dict[str, list[str]]],
    officer: Viewer,
    faster: Viewer,
    task: Task,
    sign_in: SignIn,
) -> None:
    browser, _, typed = lost
    kept = db.session.scalars(select(Draft).where(Draft.task_id == task.id)).one()
    assert kept.user_id == officer.user_id and kept.values == typed
    again = browser.get(f"/tasks/{task.id}")
    assert again.status_code == 409 and "the damp in the hall" in again.text
    browser.post("/sign-out")
    theirs = sign_in(faster).get(f"/tasks/{task.id}")
    assert theirs.status_code == 409 and "You have already finished this" in theirs.text
    assert "the damp in the hall" not in theirs.text


def test_the_text_can_be_kept_as_a_note(
    lost: tuple[FlaskClient, str, dict[str, list[str]]], task: Task, case: Case
) -> None:
    browser, _, _ = lost
    answer = browser.post(f"/tasks/{task.id}/kept/note")
    assert answer.headers["Location"] == f"/cases/{case.reference}?tab=notes"
    note = db.session.scalars(select(Note)).one()
    assert "the damp in the hall" in note.text and task.name in note.text
    assert db.session.scalars(select(Draft)).all() == []
    assert browser.post(f"/tasks/{task.id}/kept/note").status_code == 404


def test_the_text_can_be_let_go(
    lost: tuple[FlaskClient, str, dict[str, list[str]]], task: Task
) -> None:
    browser, _, _ = lost
    assert browser.post(f"/tasks/{task.id}/kept/let-go").status_code == 303
    assert db.session.scalars(select(Draft)).all() == []
    assert db.session.scalars(select(Note)).all() == []


def test_a_page_that_still_saves_its_draft_is_not_told_that_it_failed(
    lost: tuple[FlaskClient, str, dict[str, list[str]]], task: Task
) -> None:
    browser, _, typed = lost
    name = next(iter(typed))
    answer = browser.post(f"/tasks/{task.id}/draft", data={name: "Later still"})
    assert answer.status_code == 200
    kept = db.session.scalars(select(Draft).where(Draft.task_id == task.id)).one()
    db.session.refresh(kept)
    assert kept.values == typed | {name: ["Later still"]}


def test_a_danger_in_a_lost_text_is_passed_on_at_once(
    officer: Viewer, faster: Viewer, task: Task, case: Case, sign_in: SignIn
) -> None:
    typed = post_of(officer, task) | {"triage_hazard": ["yes"]}
    browser = sign_in(officer)
    finish(faster, task)
    answer = browser.post(f"/tasks/{task.id}", data=typed | {"pr_step": "finish"})
    assert answer.status_code == 409
    told = db.session.scalars(select(Alert.text).where(Alert.case_id == case.id)).all()
    assert any("Somebody may be in danger" in text for text in told)
    db.session.refresh(case)
    assert case.hazard


def test_somebody_who_typed_nothing_only_hears_that_it_is_done(
    officer: Viewer, faster: Viewer, task: Task, sign_in: SignIn
) -> None:
    finish(faster, task)
    answer = sign_in(officer).get(f"/tasks/{task.id}")
    assert answer.status_code == 409 and "Idris finished" in answer.text
    assert "What you typed" not in answer.text
