"""Typing goes on though the session ends: in another tab, or because nothing was done for long."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Site, faults_at_each_width, faults_of, sign_in
from tests.browser.typing import fill
from tests.browser.visits import new_case
from tests.conftest import PASSWORD

AGAIN = 15_000  # milliseconds after which a page that is signed out tries again
SIGNED_OUT = "You are signed out. Sign in in a new tab; your text stays here."


def sign_in_anew(page: Page, site: Site, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(site.email_of(name))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def test_a_draft_waits_until_its_writer_has_signed_in_again_and_is_then_saved(
    site: Site, team: str, open_page: Open
) -> None:
    case, _ = new_case(site)
    page = open_page(site)
    page.clock.install()
    sign_in_anew(page, site, "amira")
    page.goto(f"{case}/notes")
    other = page.context.new_page()
    other.goto("/inbox")
    other.get_by_role("button", name="Sign out").click()
    words = page.locator("[name=text]")
    words.fill("The leak came back")
    said = page.locator("[data-draft-status]")
    expect(said).to_have_text(SIGNED_OUT, timeout=10_000)
    sign_in_anew(other, site, "grace")
    page.clock.fast_forward(AGAIN)
    expect(said).to_contain_text("Somebody else is signed in now", timeout=60_000)
    other.get_by_role("button", name="Sign out").click()
    sign_in_anew(other, site, "amira")
    page.clock.fast_forward(AGAIN)
    expect(said).to_contain_text("Draft saved at", timeout=60_000)
    expect(words).to_have_value("The leak came back")
    fill(page, kind="call", triage_hazard="no", triage_safeguarding="no")
    page.get_by_role("button", name="Keep the note").click()  # with what the page carries now
    page.wait_for_url("**tab=notes")
    open_page.complaints.clear()  # the refused drafts


def test_the_page_after_the_session_ended_gives_the_text_and_the_way_back_into_its_form(
    site: Site, team: str, open_page: Open
) -> None:
    case, _ = new_case(site)
    page = open_page(site)
    sign_in(page, site, "amira")
    page.goto(f"{case}/notes")
    fill(page, kind="call", text="The leak came back")
    page.context.clear_cookies()
    page.get_by_role("button", name="Keep the note").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    assert page.get_by_label("Text").input_value() == "The leak came back"
    assert faults_at_each_width(page) == {}
    sign_in_anew(page.context.new_page(), site, "amira")
    page.reload()  # what was sent is sent once more, with the new session
    expect(page.locator("[name=text]")).to_have_value("The leak came back")
    assert "What you typed is still here" in page.locator("main").inner_text()
    assert faults_at_each_width(page) == {}
    page.get_by_role("button", name="Keep the note").wait_for()


def test_a_call_that_is_being_recorded_survives_a_crash_of_its_tab(
    site: Site, team: str, open_page: Open
) -> None:
    page = open_page(site)
    sign_in(page, site, "amira")
    page.goto("/record?person=new")
    page.locator("[name=story]").fill("The boiler went out on Sunday")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved", timeout=10_000)
    page.close()
    again = open_page.contexts[-1].new_page()
    again.goto("/record?person=new")
    assert "You typed this on Tuesday 24 November 2026" in again.locator("main").inner_text()
    assert faults_of(again) == []
    again.get_by_role("button", name="Go on with it").click()
    expect(again.locator("[name=story]")).to_have_value("The boiler went out on Sunday")


def test_a_page_warns_before_its_person_is_signed_out_and_one_can_stay(
    site: Site, team: str, open_page: Open
) -> None:
    page = open_page(site)
    sign_in(page, site, "amira")
    site.app.config["PERMANENT_SESSION_LIFETIME"] = 8
    page.goto("/inbox")
    stay = page.get_by_role("button", name="Stay signed in")
    stay.wait_for(timeout=10_000)
    assert "You will be signed out at" in page.locator("[data-stay]").inner_text()
    assert page.title().startswith("Signed out soon")
    assert faults_of(page) == []
    stay.click()
    expect(page.locator("[data-stay]")).to_be_empty()
    expect(page.locator("[data-stay]")).to_contain_text("You were signed out", timeout=20_000)
    assert faults_of(page) == []
