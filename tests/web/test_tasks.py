"""A task's page: what it shows, what it refuses, and that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.engine import EngineRefused
from app.errors import ChangedMeanwhile
from app.models import Answer, Case, Draft, Letter, Task
from app.services import steps, tasks
from app.viewer import Viewer
from tests import small
from tests.cases import first_team, open_task, recorded
from tests.engine.drawing import end, flows, send, start, user
from tests.web.filling import good_answers, post_of, until_letter

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def browser(officer: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(officer)


@pytest.fixture
def case(landlord: str) -> Case:
    return recorded(landlord, contact_use="email", contact_never=["post"])


@pytest.fixture
def letter_task(case: Case, officer: Viewer, person: Make) -> Task:
    """A task that writes a letter; other people did what came before it."""
    return until_letter(person("amos"), case)


def text_field(viewer: Viewer, task: Task) -> str:
    """The name of the first question that is answered in words of one's own."""
    fields = tasks.get_open(viewer, task.id).form.fields
    return next(field.key for field in fields if field.kind == "lines")


def answers_to(task: Task) -> int:
    query = select(func.count()).select_from(Answer).where(Answer.task_id == task.id)
    return db.session.scalar(query) or 0


def draft_of(viewer: Viewer, task: Task) -> dict[str, list[str]]:
    db.session.expire_all()
    kept = db.session.get(Draft, (viewer.landlord_id, task.id, viewer.user_id))
    return dict(kept.values) if kept else {}


def test_the_page_shows_who_why_this_date_the_words_the_points_and_what_is_safe(
    browser: FlaskClient, case: Case
) -> None:
    task = open_task(case)
    page = browser.get(f"/tasks/{task.id}").text
    for words in (
        "Keeping Kezia safe",
        "No post.",
        "Putright sends no letter.",
        "Water comes through my ceiling.",
        "The leak was not repaired",
        "Nobody rang me back",
        "working days after",
        'class="pr-ruler"',
        "Nobody has claimed it",
    ):
        assert words in page, words
    assert f"<title>{task.name}: Kezia Boateng, due " in " ".join(page.split())


def test_errors_come_back_with_everything_that_was_typed(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    key = text_field(officer, letter_task)
    typed = {key: ["Mine <b>own</b> words"]}
    answer = browser.post(f"/tasks/{letter_task.id}", data=typed)
    assert answer.status_code == 422
    assert "There is a problem" in answer.text and "<title>Error: " in answer.text
    assert "Mine &lt;b&gt;own&lt;/b&gt; words" in answer.text
    assert "<b>own</b>" not in answer.text
    assert answers_to(letter_task) == 0


def test_a_letter_is_shown_whole_before_it_goes_and_goes_with_the_second_button(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    post = post_of(officer, letter_task)
    address = f"/tasks/{letter_task.id}"
    page = browser.post(address, data=post | {"pr_step": "check"})
    assert page.status_code == 200 and "Finish; it is then sent by e-mail" in page.text
    assert answers_to(letter_task) == 0
    for name, values in post.items():
        for value in values:
            assert f'name="{name}" value="{value}"' in page.text

    changed = browser.post(address, data=post | {"pr_step": "edit"})
    assert "Check and finish" in changed.text and answers_to(letter_task) == 0

    done = browser.post(address, data=post | {"pr_step": "finish"})
    assert (done.status_code, done.headers["Location"]) == (303, "/inbox")
    assert answers_to(letter_task) == 1
    assert "The letter goes by e-mail." in browser.get("/inbox").text
    assert db.session.scalars(select(Letter.status).order_by(Letter.written_at.desc())).first() in {
        "queued",
        "written",
    }


def test_a_letter_that_no_way_is_safe_for_is_announced_as_held_back(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    letter_task.case.resident.contact_never = ["post", "email"]
    db.session.commit()
    page = browser.post(f"/tasks/{letter_task.id}", data=post_of(officer, letter_task)).text
    assert "The letter will not leave" in page and "Finish; it is then held back" in page


def test_a_task_without_a_letter_is_finished_at_once(
    browser: FlaskClient, officer: Viewer, case: Case
) -> None:
    task = open_task(case)
    assert tasks.get_open(officer, task.id).letter is None
    answer = browser.post(f"/tasks/{task.id}", data=post_of(officer, task))
    assert answer.status_code == 303 and answers_to(task) == 1


def test_pressing_finish_twice_does_it_once_and_scares_nobody(
    browser: FlaskClient, officer: Viewer, case: Case
) -> None:
    task = open_task(case)
    post = post_of(officer, task)
    browser.post(f"/tasks/{task.id}", data=post)
    again = browser.post(f"/tasks/{task.id}", data=post)
    assert again.status_code == 303 and answers_to(task) == 1
    assert "You have already finished this task." in browser.get("/inbox").text
    assert draft_of(officer, task) == {}


def test_without_scripts_the_letter_can_be_shown_again_and_the_text_saved(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    key = text_field(officer, letter_task)
    address = f"/tasks/{letter_task.id}"
    shown = browser.post(address, data={key: "Words for the letter", "pr_step": "preview"})
    assert shown.status_code == 200
    assert "<mark>Words for the letter</mark>" in shown.text
    assert "There is a problem" not in shown.text

    saved = browser.post(address, data={key: "Better words", "pr_step": "save"})
    assert (saved.status_code, saved.headers["Location"]) == (303, "/inbox")
    assert "Better words" in browser.get(address).text
    assert answers_to(letter_task) == 0


def test_the_draft_of_a_page_adds_what_changed_to_what_was_kept(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    whole = post_of(officer, letter_task)
    tasks_address = f"/tasks/{letter_task.id}"
    browser.post(tasks_address, data=whole | {"pr_step": "save"})
    key = text_field(officer, letter_task)
    answer = browser.post(f"{tasks_address}/draft", data={key: "Changed"})
    assert answer.json == {"saved": "9:00am"}
    kept = draft_of(officer, letter_task)
    assert kept[key] == ["Changed"]
    assert {name for name, values in whole.items() if values} <= set(kept)


def test_a_draft_with_a_name_that_no_question_has_is_refused(
    browser: FlaskClient, officer: Viewer, letter_task: Task
) -> None:
    typed = {text_field(officer, letter_task): "Changed", "no_question": "x"}
    assert browser.post(f"/tasks/{letter_task.id}/draft", data=typed).status_code == 400
    assert draft_of(officer, letter_task) == {}


def test_the_live_letter_is_a_piece_of_the_page_with_what_is_missing_marked(
    browser: FlaskClient, officer: Viewer, letter_task: Task, case: Case
) -> None:
    key = text_field(officer, letter_task)
    piece = browser.post(f"/tasks/{letter_task.id}/letter", data={key: "Live <i>words</i>"})
    assert piece.status_code == 200 and "<html" not in piece.text
    assert "Live &lt;i&gt;words&lt;/i&gt;" in piece.text and "pr-gap" in piece.text
    assert draft_of(officer, letter_task) == {}


def test_a_task_without_a_letter_has_no_live_letter(browser: FlaskClient, case: Case) -> None:
    assert browser.post(f"/tasks/{open_task(case).id}/letter").status_code == 404


def test_a_task_of_another_team_gives_its_reason_instead_of_the_form(
    case: Case, person: Make, sign_in: SignIn, officer: Viewer
) -> None:
    task = open_task(case)
    post = post_of(officer, task)
    outsider = person("otto", teams=())
    browser = sign_in(outsider)
    page = browser.get(f"/tasks/{task.id}").text
    assert "Not for you" in page and 'id="task-form"' not in page
    refused = browser.post(f"/tasks/{task.id}", data=post)
    assert refused.status_code == 403 and answers_to(task) == 0
    assert draft_of(outsider, task)  # the page says that nothing is lost


def test_what_a_colleague_is_doing_cannot_be_done_twice(
    browser: FlaskClient, officer: Viewer, case: Case, person: Make, landlord: str
) -> None:
    task, post = open_task(case), post_of(officer, open_task(case))
    tasks.claim(person("idris", teams=(first_team(landlord),)), task.id)
    page = browser.get(f"/tasks/{task.id}").text
    assert "Idris is doing this" in page and 'id="task-form"' not in page
    assert browser.post(f"/tasks/{task.id}", data=post).status_code == 403
    assert answers_to(task) == 0 and draft_of(officer, task)


def test_a_change_of_the_case_at_the_same_moment_keeps_the_text_and_says_so(
    browser: FlaskClient, officer: Viewer, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, post = open_task(case), post_of(officer, open_task(case))

    def lost(*_: object) -> None:
        raise ChangedMeanwhile

    monkeypatch.setattr(steps, "finish_task", lost)
    answer = browser.post(f"/tasks/{task.id}", data=post)
    assert answer.status_code == 409 and "Your text is kept" in answer.text
    assert draft_of(officer, task) and 'id="task-form"' in answer.text


def test_a_procedure_that_cannot_go_on_keeps_the_text_as_it_promises(
    browser: FlaskClient, officer: Viewer, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, post = open_task(case), post_of(officer, open_task(case))

    def stuck(*_: object) -> None:
        raise EngineRefused("nobody can move this")

    monkeypatch.setattr(steps, "finish_task", stuck)
    answer = browser.post(f"/tasks/{task.id}", data=post)
    assert answer.status_code == 409 and "kept as your draft" in answer.text
    assert draft_of(officer, task)


def test_handing_over_offers_only_those_who_may_and_says_who_has_it(
    browser: FlaskClient, case: Case, person: Make, landlord: str
) -> None:
    task = open_task(case)
    person("otto", teams=())
    idris = person("idris", teams=(first_team(landlord),))
    page = browser.get(f"/tasks/{task.id}/hand-over").text
    assert "Idris" in page and "Otto" not in page
    wrong = browser.post(f"/tasks/{task.id}/hand-over", data={"to": "nobody"})
    assert wrong.status_code == 422 and "Choose a colleague" in wrong.text
    right = browser.post(f"/tasks/{task.id}/hand-over", data={"to": idris.user_id})
    assert right.status_code == 303
    assert "Idris has" in browser.get("/inbox").text


def test_a_claimed_task_can_be_given_back(browser: FlaskClient, case: Case) -> None:
    task = open_task(case)
    answer = browser.post(f"/tasks/{task.id}/claim")
    assert answer.headers["Location"] == f"/tasks/{task.id}"
    assert "Claimed by you" in browser.get(f"/tasks/{task.id}").text
    assert browser.post(f"/tasks/{task.id}/release").status_code == 303
    assert open_task(case).claimed_by is None


def test_an_unknown_task_is_not_found(browser: FlaskClient) -> None:
    for address in ("/tasks/nothing", "/tasks/nothing/hand-over"):
        assert browser.get(address).status_code == 404
    for what in ("claim", "release", "draft", "letter", "kept/note", "kept/let-go"):
        assert browser.post(f"/tasks/nothing/{what}").status_code == 404, what


def test_earlier_answers_stand_on_the_page_in_words(
    browser: FlaskClient, officer: Viewer, letter_task: Task, case: Case
) -> None:
    page = browser.get(f"/tasks/{letter_task.id}").text
    assert "What was recorded before" in page and "Amira" in page
    assert good_answers(tasks.get_open(officer, letter_task.id))


def test_what_somebody_else_recorded_lies_open_for_whoever_decides_about_it(
    app: Flask, sign_in: SignIn
) -> None:
    small.deploy(
        start(),
        user("answer", writes="answer"),
        user("asks", not_the_handler_of="answer"),
        send("send_answer", letter="answer"),
        end(),
        flows("begun > answer > asks > send_answer > done"),
    )
    grace, tom = small.officer(), small.officer("tom")
    case = small.complaint(grace)
    known = '<details class="govuk-details"{}><summary class="govuk-details__summary">'
    known += '<span class="govuk-details__summary-text">What was recorded before'
    writing = sign_in(grace).get(f"/tasks/{open_task(case).id}").text
    assert known.format("") in writing
    small.does(grace, case, answer="You are right.")
    deciding = sign_in(tom).get(f"/tasks/{open_task(case).id}").text
    assert known.format(" open") in deciding and "You are right." in deciding
