"""A resident's visit: what is typed outlives a crash of the page, and leaves nothing behind."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import LANDLORD, Open, Site, faults_of
from tests.browser.typing import fill
from tests.browser.visits import COMPLAINT, begin_complaint, complain

STORY = "Water comes through the ceiling"


def kept(page: Page) -> int:
    found: int = page.evaluate("sessionStorage.length")
    return found


def test_what_was_typed_is_there_again_after_loading_the_page_anew(
    site: Site, open_page: Open
) -> None:
    page = open_page(site)
    begin_complaint(page)
    fill(page, story=STORY, triage_hazard="yes", contact_use="email")
    page.reload()
    expect(page.locator("[name=story]")).to_have_value(STORY)
    assert page.locator("[name=triage_hazard][value=yes]").is_checked()
    assert (
        "What you typed before is here again" in page.locator("[role=status]").all_inner_texts()[0]
    )
    assert faults_of(page) == []


def test_a_form_with_errors_keeps_the_newest_words_and_sending_it_forgets_them(
    site: Site, open_page: Open
) -> None:
    page = open_page(site)
    begin_complaint(page)
    fill(page, story=STORY)
    page.get_by_role("button", name="Send my complaint").click()
    page.locator(".govuk-error-summary").wait_for()
    assert page.locator("[name=story]").input_value() == STORY
    page.goto(f"/{LANDLORD}/complain/form")
    expect(page.locator("[name=story]")).to_have_value(STORY)
    fill(page, **COMPLAINT)
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_url("**/complain/done")
    assert kept(page) == 0
    begin_complaint(page)
    assert page.locator("[name=story]").input_value() == ""


def test_clear_and_leave_forgets_it_and_the_way_back_shows_nothing(
    site: Site, open_page: Open
) -> None:
    page = open_page(site)
    page.route("**/leave", lambda route: route.fulfill(body="Weather"))
    begin_complaint(page)
    fill(page, story=STORY)
    assert kept(page) == 1
    page.get_by_role("link", name="Clear and leave").click()
    page.wait_for_url("**/leave")
    page.goto(f"/{LANDLORD}/complain")
    assert kept(page) == 0


def test_the_first_page_and_the_help_page_leave_no_step_in_the_history(
    site: Site, open_page: Open
) -> None:
    page = open_page(site)
    page.goto("/sign-in")
    begin_complaint(page, danger="now")
    page.go_back()
    assert page.url.endswith("/sign-in")


def test_without_scripts_the_steps_are_the_same(site: Site, open_page: Open) -> None:
    page = open_page(site, javascript=False)
    begin_complaint(page, danger="now")
    assert page.locator("[data-visit-status]").inner_text() == ""


def test_no_title_of_a_public_page_tells_what_the_visit_is_about(
    site: Site, open_page: Open
) -> None:
    page = open_page(site)
    titles = []
    for path in ("", f"{LANDLORD}/complain", f"{LANDLORD}/complain/help-now", f"{LANDLORD}/no"):
        page.goto(f"/{path}")
        titles.append(page.title())
    begin_complaint(page)
    titles.append(page.title())
    link = complain(page)
    titles.append(page.title())
    for path in ("", "/add"):
        page.goto(f"{link}{path}")
        titles.append(page.title())
    for title in titles:
        assert title.endswith("Your landlord"), title
        assert not {"complain", "complaint", "stockport", "putright"} & set(
            title.lower().split()
        ), title
