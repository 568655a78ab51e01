"""Pages of promises: the list in a form, the case, the resident, the control room."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import html

from app.clock import SetClock
from app.db import db
from app.models import Case, Task
from app.services.complaints import hash_token
from app.viewer import Viewer
from tests.cases import RECORDED, first_team, london, open_task, told
from tests.putting_right import put_right, staff

SignIn = Callable[[Viewer], FlaskClient]
TOKEN = "a-private-link"
ANSWER = {
    "answer": "We were late. We are sorry.",
    "promise_text__1": "Repair the gate",
    "promise_who__1": "Repairs",
    "promise_by__1": "2026-12-04",
    "award": "150",
    "payment_for": ["time_and_trouble"],
    "payment_reason": "Three visits at £50.",
    "payment_by": "2026-12-08",
}


@pytest.fixture
def team(landlord: str) -> str:
    put_right(landlord)
    return first_team(landlord)


@pytest.fixture
def browser(team: str, person: Callable[..., Viewer], sign_in: SignIn) -> FlaskClient:
    return sign_in(person("idris", "manager", teams=(team,)))


def to_write(landlord: str) -> Task:
    """A case whose answer is to be written."""
    step = staff(landlord, "amira", "2026-11-24 09:00", "record_complaint", answers=RECORDED)
    return open_task(told(landlord, [step]))


def answered(landlord: str, *more: dict[str, Any]) -> Case:
    """A case whose answer, with a promise and a payment, went on 25 November 2026."""
    steps = [
        staff(landlord, "amira", "2026-11-24 09:00", "record_complaint", answers=RECORDED),
        staff(landlord, "grace", "2026-11-24 15:00", "answer", answers=ANSWER),
        staff(landlord, "head", "2026-11-25 10:00", "approve", answers={"answer_fits": True}),
    ]
    return told(landlord, [*steps, *more])


def words_of(page: str) -> str:
    """What can be read in the main part of a page."""
    (main,) = html.fromstring(page).xpath("//main")
    return " ".join(main.text_content().split())


def shown_rows(page: str) -> list[str]:
    rows = html.fromstring(page).xpath("//*[@data-row][not(@hidden)]/legend")
    return [row.text for row in rows]


def test_three_rows_are_shown_and_more_on_request_and_nothing_typed_is_lost(
    browser: FlaskClient, landlord: str
) -> None:
    task = to_write(landlord)
    first = browser.get(f"/tasks/{task.id}").text
    assert shown_rows(first) == ["Promise 1", "Promise 2", "Promise 3"]

    typed = {"answer": "Half a", "promise_text__2": "Ring you", "pr_rows": "6"}
    answer = browser.post(f"/tasks/{task.id}", data=typed)

    assert answer.status_code == 200
    assert len(shown_rows(answer.text)) == 5  # all that the form allows
    assert "Half a" in answer.text and 'value="Ring you"' in answer.text
    assert "Show more rows" not in answer.text
    assert open_task(task.case).id == task.id


def test_the_enter_key_checks_the_form_and_asks_for_no_rows(
    browser: FlaskClient, landlord: str
) -> None:
    page = html.fromstring(browser.get(f"/tasks/{to_write(landlord).id}").text)
    first = page.xpath("//form[@id='task-form']//button[@type='submit']")[0]
    assert (first.get("name"), first.get("value")) == ("pr_step", "check")


def test_half_a_row_is_refused_beside_what_it_lacks(browser: FlaskClient, landlord: str) -> None:
    task = to_write(landlord)
    typed = {"answer": "Sorry.", "promise_text__1": "Ring you", "pr_step": "check"}
    answer = browser.post(f"/tasks/{task.id}", data=typed)

    assert answer.status_code == 422
    assert "(promise 1)" in answer.text and "promise_text__2-error" not in answer.text


def test_the_letter_shows_the_promises_while_they_are_typed(
    browser: FlaskClient, landlord: str
) -> None:
    task = to_write(landlord)
    typed = {"answer": "Sorry.", "promise_text__1": "Ring you", "promise_who__1": "Ms Holt"}
    day = {"promise_by__1-day": "4", "promise_by__1-month": "12", "promise_by__1-year": "2026"}
    letter = browser.post(f"/tasks/{task.id}/letter", data=typed | day).text

    said = re.sub(r"<[^>]*>", "", letter)
    assert "Ring you — Ms Holt, by Friday 4 December 2026" in said


def test_the_case_tells_what_was_promised_and_paid_and_how_it_stands(
    browser: FlaskClient, landlord: str
) -> None:
    moved = staff(
        landlord, "grace", "2026-12-03 09:00", "follow_up",
        answers={"promise_new_by__1": "2026-12-11", "promise_note__1": "The hinge is made.",
                 "promise_done_on__2": "2026-12-02"},
    )  # fmt: skip
    case = answered(landlord, moved)

    said = words_of(browser.get(f"/cases/{case.reference}?tab=put_right").text)

    for words in (
        "1. Repair the gate Repairs Friday 11 December 2026",
        "Moved from Friday 4 December 2026 to Friday 11 December 2026: The hinge is made.",
        "2. Pay £150.00: time and trouble Three visits at £50. Head Tuesday 8 December 2026",
        "PaidPaid on Wednesday 2 December 2026",  # the tag, then the day
    ):
        assert words in said, words
    overview = words_of(browser.get(f"/cases/{case.reference}").text)
    assert "Promise moved: Repair the gate" in overview
    assert "Paid: Pay £150.00: time and trouble" in overview


def test_a_case_without_promises_says_so(browser: FlaskClient, landlord: str) -> None:
    case = to_write(landlord).case
    page = browser.get(f"/cases/{case.reference}?tab=put_right").text
    assert "Nothing was promised yet" in page


def test_the_task_asks_for_each_open_promise(
    browser: FlaskClient, landlord: str, clock: SetClock
) -> None:
    case = answered(landlord)
    clock.move_to(london("2026-12-07 09:00"))
    task = open_task(case)
    page = browser.get(f"/tasks/{task.id}").text
    said = words_of(page)
    assert "1. Repair the gate — Repairs, by Friday 4 December 2026 (1 day late)" in said
    assert "Promised, and not done yet" not in said

    day = {"promise_new_by__1-day": "9", "promise_new_by__1-month": "12"}
    answer = browser.post(f"/tasks/{task.id}", data=day | {"promise_new_by__1-year": "2026"})
    assert answer.status_code == 422
    assert 'id="promise_note__1-error"' in answer.text and "Say why the date moves" in answer.text


def test_another_task_shows_the_open_promises_beside_it(
    browser: FlaskClient, landlord: str
) -> None:
    asked = {"at": "2026-11-26 09:00", "who": "resident", "does": "asks_again", "answers": {}}
    case = answered(landlord, asked)
    task = next(t for t in db.session.query(Task).filter_by(case_id=case.id, status="open")
                if t.element == "answer")  # fmt: skip

    said = words_of(browser.get(f"/tasks/{task.id}").text)
    assert "Promised, and not done yet (2)" in said
    assert "Repair the gate — Repairs, by Friday 4 December 2026" in said


def test_the_resident_reads_what_we_promised_only_after_the_second_fact(
    client: FlaskClient, team: str, landlord: str, clock: SetClock
) -> None:
    done = staff(landlord, "grace", "2026-12-03 09:00", "follow_up",
                 answers={"promise_done_on__1": "2026-12-02"})  # fmt: skip
    case = answered(landlord, done)
    case.link_hash = hash_token(TOKEN)
    db.session.commit()
    clock.move_to(london("2026-12-10 09:00"))
    page = f"/{landlord}/status/{TOKEN}"
    assert "What we promised" not in client.get(page).text

    client.post(f"{page}/unlock", data={"fact": RECORDED["resident_postcode"]})
    said = words_of(client.get(page).text)

    assert "Repair the gateDone on Wednesday 2 December 2026" in said
    assert (
        "Pay £150.00: time and troubleWe said by Tuesday 8 December 2026. "
        "We are 2 working days late. We are sorry." in said
    )
    assert "Three visits" not in said  # how it was worked out is ours


def test_a_promise_hides_neither_the_answer_nor_the_time_to_ask_again(
    client: FlaskClient, team: str, landlord: str
) -> None:
    case = answered(landlord)
    case.link_hash = hash_token(TOKEN)
    db.session.commit()

    said = words_of(client.get(f"/{landlord}/status/{TOKEN}").text)

    assert "You have our answer" in said
    assert "What you can do: lapse. The last day is Tuesday 15 December 2026" in said


def test_the_manager_counts_late_promises_of_closed_cases_too(
    browser: FlaskClient, landlord: str
) -> None:
    case = answered(landlord, {"at": "2026-12-17 09:00"})
    assert case.status == "closed"

    page = browser.get("/running?show=promises").text
    assert case.reference.replace(" ", "") in page.replace(" ", "")
    assert "Promises late, least time left first" in page
    assert case.resident.name not in words_of(browser.get("/running").text)
