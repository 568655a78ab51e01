"""The page on which open cases are rehearsed, moved and put back."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from importlib import import_module

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Case
from app.services import deployments, sweep
from app.services.access import instance_of
from app.services.moving import rehearsing
from app.services.operations import jobs
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.crowd import crowd
from tests.services.test_moving import open_tasks, version, version_of, with_approval

SignIn = Callable[[Viewer], FlaskClient]
PAGE = "/procedures/moving"
VIEW = import_module("app.web.workshop.moving")


@pytest.fixture
def officer(app: Flask) -> Viewer:
    version()
    return small.officer()


@pytest.fixture
def manager(officer: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(small.SMALL, "maya", "manager", teams=("complaints",)))


def as_owner(sign_in: SignIn) -> FlaskClient:
    return sign_in(make_user(small.SMALL, "olu", "process_owner"))


def move(client: FlaskClient, *ids: str, **more: str) -> str:
    sent = {"to": "2", "cases": list(ids), **more}
    answer = client.post(PAGE, data=sent, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    jobs.run_waiting(sweep.JOBS)
    return client.get(PAGE).text


def test_the_page_is_found_from_the_procedure_and_from_the_running_cases(
    officer: Viewer, manager: FlaskClient, sign_in: SignIn
) -> None:
    link = f'href="{PAGE}"'
    assert all(link in manager.get(page).text for page in ("/procedures", "/running"))
    assert link in as_owner(sign_in).get("/procedures").text
    assert link not in sign_in(officer).get("/procedures").text


def test_there_is_nothing_to_move_while_all_are_on_the_live_version(
    officer: Viewer, manager: FlaskClient
) -> None:
    small.complaint(officer)
    page = manager.get(PAGE).text
    assert "Every open case is on version 1" in page and "1 open case</b> on version 1" in page


def test_a_case_is_shown_with_place_and_dates_moved_and_put_back(
    officer: Viewer, manager: FlaskClient, sign_in: SignIn
) -> None:
    case = small.complaint(officer)
    with_approval()
    page = manager.get(PAGE).text
    assert "1 case keeps every date that we owe" in page
    assert "Answer: Tuesday 8 December 2026" in page

    page = move(manager, instance_of(case).id)
    assert '<div class="pr-said pr-no-print"><p>1 case moved.</p></div>' in page
    assert version_of(case) == 2
    history = f"/cases/{case.reference}?tab=history"
    number = r"By version 1 of the procedure at first, and by version 2 from no\. (\d+) on\."
    told = re.search(number, manager.get(history).text)
    assert told
    row = manager.get(history).text.split(f'data-l="No.">{told[1]}</td>')[1].split("</tr>")[0]
    assert "Moved from version 1 to 2" in row
    put_back = re.search(r'action="(/procedures/moving/\w+/undo)"', page)
    assert put_back
    page = manager.post(put_back[1], follow_redirects=True).text
    assert "is back on the version it was on" in page and "Undone" in page
    assert version_of(case) == 1
    page = manager.get(history).text
    assert ", by version 2 from no." in page and "and by version 1 from no." in page
    owners = as_owner(sign_in).get(PAGE).text
    assert "pr-said" not in owners and re.search(r"The last time, [^:]+:\d\d[ap]m: 1 case", owners)


def test_moved_dates_ask_for_a_reason_next_to_the_field(
    officer: Viewer, manager: FlaskClient
) -> None:
    case = small.complaint(officer)
    version(days=8)
    page = manager.get(PAGE).text
    assert "Tuesday 8 December 2026, then Friday 4 December 2026" in page
    ids = [instance_of(case).id]
    answer = manager.post(PAGE, data={"to": "2", "cases": ids, "which": "asking", "reason": " "})
    assert answer.status_code == 422 and "Say why these dates may move" in answer.text
    assert version_of(case) == 1
    move(manager, *ids, which="asking", reason="The board decided it.")
    assert version_of(case) == 2


def crowds(officer: Viewer, number: int) -> Case:
    """One case, and so many more like it."""
    case = small.complaint(officer)
    crowd(case, number)
    return case


def test_many_cases_are_told_in_numbers_and_shown_page_by_page(
    officer: Viewer, manager: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VIEW, "ON_A_PAGE", 10)
    case = crowds(officer, 12)
    version(days=8)
    page = manager.get(PAGE).text
    assert "<b>13 cases of 13</b> can move" in page and "13 of them only with a" in page
    assert "Answer: <b>earlier in 13 cases</b>" in page
    assert page.count('name="cases"') == 10 and "1 to 10 of 13 cases" in page
    assert manager.get(f"{PAGE}?page=2").text.count('name="cases"') == 3
    assert "<p>None.</p>" in manager.get(f"{PAGE}?show=happens").text
    assert manager.get(f"{PAGE}?show=dates&page=2").text.count('name="cases"') == 3

    some = case.reference[:4].lower() + " " + case.reference[4:]
    page = manager.get(f"{PAGE}?q={some}&show=staying").text
    assert page.count('name="cases"') == 1 and "1 case of this list has" in page


def test_a_whole_list_moves_at_once_if_it_is_as_it_was_seen(
    officer: Viewer, manager: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VIEW, "ON_A_PAGE", 2)
    case = crowds(officer, 2)
    with_approval()
    assert 'name="all" value="3"' in manager.get(PAGE).text
    sent = {"to": "2", "which": "plain", "show": "plain"}
    answer = manager.post(PAGE, data=sent | {"all": "2"})
    assert answer.status_code == 422
    assert "There were 2 cases, and now there are 3." in answer.text
    assert "3 cases moved." in move(manager, all="3", which="plain", show="plain")
    assert version_of(case) == 2


def test_beyond_the_most_that_are_rehearsed_the_next_are_a_link_away(
    officer: Viewer, manager: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsing, "MOST", 2)
    crowds(officer, 2)
    with_approval()
    page = manager.get(PAGE).text
    assert "3 cases wait in all, and 2 are looked at here." in page
    onward = re.search(r'href="([^"]*)">Look at those after them', page)
    assert onward
    page = manager.get(unescape(onward[1])).text
    assert page.count('name="cases"') == 1 and "Back to the first" in page


def test_a_process_owner_sees_dates_that_move_and_leaves_them_to_a_manager(
    officer: Viewer, sign_in: SignIn
) -> None:
    small.complaint(officer)
    version(days=8)
    page = as_owner(sign_in).get(PAGE).text
    assert "Only a manager can move these" in page
    assert "/cases/" not in page, "a process owner reads no cases"


def test_a_case_that_cannot_move_says_why(officer: Viewer, manager: FlaskClient) -> None:
    small.complaint(officer)
    version(task="reply")
    page = manager.get(PAGE).text
    assert "The case stands at “answer”, which is gone." in page


def test_no_case_chosen_is_said(officer: Viewer, manager: FlaskClient) -> None:
    small.complaint(officer)
    with_approval()
    answer = manager.post(PAGE, data={"to": "2"})
    assert answer.status_code == 422 and "Choose at least one case" in answer.text


def test_a_task_goes_on_under_its_new_name(officer: Viewer, manager: FlaskClient) -> None:
    case = small.complaint(officer)
    with_approval()
    move(manager, instance_of(case).id)
    (task,) = open_tasks(case).values()
    assert deployments.history(small.SMALL)[0].number == 2
    small.does(officer, case, answer="We are sorry.")
    assert list(open_tasks(case)) == ["approve"] and task.status == "done"
