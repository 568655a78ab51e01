"""A list that people fill in: it grows and shrinks by the keyboard; nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.db import db
from app.models import Promise, Task
from tests.browser.conftest import LANDLORD, WIDTHS, Open, Site, faults_at_each_width, sign_in
from tests.browser.typing import fill, finish
from tests.cases import RECORDED, told
from tests.putting_right import put_right, staff


@pytest.fixture
def task(site: Site, team: str) -> str:
    """The address of a task whose form has such a list."""
    with site.app.app_context():
        put_right(LANDLORD)
        step = staff(LANDLORD, "amira", "2026-11-24 09:00", "record_complaint", answers=RECORDED)
        case = told(LANDLORD, [step])
        task_id = db.session.scalars(select(Task.id).where(Task.case_id == case.id)).one()
        db.session.remove()
    return f"/tasks/{task_id}"


def headings(page: Page) -> list[str]:
    page.wait_for_load_state()
    return page.locator("[data-row]:visible > legend").all_inner_texts()


def what(page: Page, row: int) -> Locator:
    return page.locator(f"[name=promise_text__{row}]")


def test_rows_are_added_and_removed_by_the_keyboard_alone(
    site: Site, open_page: Open, task: str
) -> None:
    page = open_page(site)
    sign_in(page, site, "grace")
    page.goto(task)
    assert headings(page) == ["Promise 1"]

    for number, text in enumerate(("Repair the gate", "Ring you", "Paint the wall"), 1):
        what(page, number).fill(text)
        page.get_by_role("button", name="Add another promise").press("Enter")
        expect(what(page, number + 1)).to_be_focused()
    assert headings(page) == ["Promise 1", "Promise 2", "Promise 3", "Promise 4"]
    expect(page.get_by_role("group", name="Promise 4")).to_be_visible()

    page.get_by_role("button", name="Remove promise 2").press("Enter")

    assert headings(page) == ["Promise 1", "Promise 2", "Promise 3"]
    expect(page.locator("[data-row]:visible > legend").nth(1)).to_be_focused()
    expect(what(page, 2)).to_have_value("Paint the wall")
    expect(what(page, 3)).to_have_value("")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    page.reload()
    assert headings(page) == ["Promise 1", "Promise 2"]
    expect(what(page, 2)).to_have_value("Paint the wall")


def test_the_last_row_offers_no_further_one_and_the_only_row_is_emptied(
    site: Site, open_page: Open, task: str
) -> None:
    page = open_page(site)
    sign_in(page, site, "grace")
    page.goto(task)
    more = page.get_by_role("button", name="Add another promise")
    for _ in range(4):
        more.click()
    expect(more).to_be_hidden()
    assert len(headings(page)) == 5
    for _ in range(4):
        page.get_by_role("button", name="Remove promise 1").click()
    what(page, 1).fill("Ring you")
    page.get_by_role("button", name="Remove promise 1").click()
    assert headings(page) == ["Promise 1"]
    expect(what(page, 1)).to_have_value("")
    expect(more).to_be_visible()


def test_a_row_that_is_removed_takes_its_errors_with_it(
    site: Site, open_page: Open, task: str
) -> None:
    page = open_page(site)
    sign_in(page, site, "grace")
    page.goto(task)
    fill(page, answer="We are sorry.", promise_text__1="Ring you")
    page.get_by_role("button", name="Check and finish").click()
    expect(page.locator("[data-row]:visible .govuk-error-message")).to_have_count(2)
    assert faults_at_each_width(page) == {}

    page.get_by_role("button", name="Remove promise 1").click()

    expect(page.locator("[data-row]:visible .govuk-error-message")).to_have_count(0)
    expect(page.locator("[data-row]:visible .govuk-input--error")).to_have_count(0)
    finish(page)
    with site.app.app_context():
        assert db.session.scalars(select(Promise)).all() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_without_scripts_rows_are_asked_for_and_the_page_goes_on_at_them(
    site: Site, open_page: Open, task: str, width: int
) -> None:
    page = open_page(site, width, javascript=False)
    sign_in(page, site, "grace")
    page.goto(task)
    assert len(headings(page)) == 3
    what(page, 3).fill("Ring you")
    page.get_by_role("button", name="Show more rows").click()
    assert len(headings(page)) == 5
    assert page.url.endswith("#row-4")
    expect(what(page, 3)).to_have_value("Ring you")


def test_the_pages_of_promises_are_sound(site: Site, open_page: Open, task: str) -> None:
    """The list with a few rows, the task that follows up, and what the case tells."""
    page = open_page(site)
    sign_in(page, site, "grace")
    page.goto(task)
    fill(page, answer="We are sorry.", promise_text__1="Repair the gate that leads to the yard",
         promise_who__1="Repairs", promise_by__1="2026-12-04", award="150",
         payment_for=["loss"], payment_reason="Three visits at £50.",
         payment_by="2026-12-08")  # fmt: skip
    page.get_by_role("button", name="Add another promise").click()
    assert faults_at_each_width(page) == {}
    finish(page)
    with site.app.app_context():
        opened = select(Task).where(Task.status == "open")
        approve = db.session.scalars(opened).one().id
        reference = db.session.scalars(opened).one().case.reference
        db.session.remove()
    page.goto(f"/tasks/{approve}")
    fill(page, answer_fits=True)
    finish(page)
    with site.app.app_context():
        follow_up = db.session.scalars(opened).one().id
        db.session.remove()
    page.goto(f"/tasks/{follow_up}")
    assert faults_at_each_width(page) == {}
    page.goto(f"/cases/{reference}?tab=put_right")
    assert faults_at_each_width(page) == {}
