"""Pages that exist only after something was done in the same visit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app import clock
from app.db import db
from app.models import Case, Lesson, Letter
from app.services.operations import quarantine
from tests.browser.conftest import LANDLORD, WIDTHS, Open, Site, faults_of, sign_in
from tests.browser.typing import fill
from tests.browser.visits import COMPLAINT, begin_complaint, complain, new_case, private_link


@pytest.mark.parametrize("width", WIDTHS)
def test_a_form_with_errors_and_the_receipt(site: Site, open_page: Open, width: int) -> None:
    page = open_page(site, width)
    begin_complaint(page)
    page.get_by_role("button", name="Send my complaint").click()
    page.locator(".govuk-error-summary").wait_for()
    assert faults_of(page) == []
    complain(page)
    assert faults_of(page) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_link_of_a_form_that_is_kept_for_later(site: Site, open_page: Open, width: int) -> None:
    page = open_page(site, width)
    begin_complaint(page)
    fill(page, story=COMPLAINT["story"])
    page.locator("button[value=save]:visible").click()
    page.wait_for_url("**/complain/saved")
    assert faults_of(page) == []
    link = page.get_by_text("/complain/return/").first.inner_text()
    page.goto(link.strip())
    assert page.locator("[name=story]").input_value() == COMPLAINT["story"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_letter_read_by_its_resident(demo_site: Site, open_page: Open, width: int) -> None:
    with demo_site.app.app_context():
        sent = select(Letter.case_id).where(Letter.to == "resident")
        case = db.session.scalars(select(Case).where(Case.id.in_(sent))).first()
        assert case
        reference, postcode = case.reference, case.resident.postcode
        db.session.remove()
    page = open_page(demo_site, width)
    page.goto(private_link(demo_site, reference))
    fill(page, fact=postcode)
    page.get_by_role("button", name="Show").first.click()
    page.locator("a[href*='/letters/']").first.click()
    expect(page.locator("main")).to_contain_text("Dear")
    assert faults_of(page) == []


def learned(site: Site) -> None:
    """A lesson of a new case, as a form of staff would have told it."""
    new_case(site)
    with site.app.app_context():
        case = db.session.scalars(select(Case)).one()
        lesson = Lesson(landlord_id=case.landlord_id, case_id=case.id, element="answer")
        lesson.text, lesson.change, lesson.at = "Nobody rang back.", "We ring now.", clock.now()
        db.session.add(lesson)
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_lesson_is_written_for_everybody_and_published(
    site: Site, open_page: Open, team: str, width: int
) -> None:
    learned(site)
    site.add("helen", "manager", team)
    page = open_page(site, width)
    sign_in(page, site, "helen")
    page.goto("/learning")
    assert faults_of(page) == []
    page.get_by_role("link", name="Write the text for the website").click()
    page.get_by_label("What residents may read").fill("Kezia was not rung back.")
    page.get_by_role("button", name="Publish on the website").click()
    page.get_by_role("link", name="Take out “Kezia”").wait_for()
    assert faults_of(page) == []
    page.get_by_label("What residents may read").fill("We ring back within a day now.")
    page.get_by_role("button", name="Publish on the website").click()
    page.get_by_role("button", name="Take off the page").wait_for()
    assert faults_of(page) == []
    page.goto(f"/{LANDLORD}/learning")
    assert "We ring back within a day now." in page.locator("main").inner_text()
    assert faults_of(page) == []


@pytest.fixture
def held(site: Site) -> Iterator[None]:
    """The site is a restored copy."""
    with site.app.app_context():
        quarantine.begin("Restored from a backup")
    yield
    with site.app.app_context():
        quarantine.release("the test")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_banner_of_a_restored_copy(
    site: Site, open_page: Open, team: str, held: None, width: int
) -> None:
    site.add("helen", "manager", team)
    page = open_page(site, width)
    sign_in(page, site, "helen")
    for path in ("/inbox", "/cases", "/running"):
        page.goto(path)
        expect(page.get_by_role("note", name="A restored copy")).to_be_visible()
        assert faults_of(page) == []
