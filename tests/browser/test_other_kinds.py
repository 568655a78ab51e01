"""Pages of other kinds of case, and of somebody under a contact arrangement, at both widths."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db import db
from app.models import Task
from tests.browser.conftest import LANDLORD, WIDTHS, Open, Site, faults_of, sign_in
from tests.browser.test_pages import faults_at
from tests.browser.typing import fill
from tests.cases import first_team
from tests.kinds import COMPLIMENT, arranged, deploy_kinds


@pytest.fixture
def reference(site: Site, team: str) -> str:
    """A complaint of somebody under a contact arrangement, on the next day."""
    with site.app.app_context():
        deploy_kinds(LANDLORD)
        complaint, _ = arranged(LANDLORD, arrangement_from_on="2026-11-24")
        found = complaint.reference
        db.session.remove()
    site.add("maya", "manager", first_team(LANDLORD))
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_staff(site: Site, open_page: Open, reference: str, width: int) -> None:
    with site.app.app_context():
        task = db.session.scalars(select(Task.id).where(Task.status == "open")).first()
        db.session.remove()
    page = open_page(site, width)
    sign_in(page, site, "maya")
    paths = [
        "/record",
        "/record?name=kezia",
        "/record?kind=compliment&person=new",
        f"/record?kind=contact_arrangement&about={reference}",
        f"/cases/{reference}/begin",
        f"/cases/{reference}/notes",
        f"/cases/{reference}/contact",
        f"/tasks/{task}",
        "/arrangements",
        "/cases?kind=contact_arrangement",
    ]
    assert faults_at(page, paths) == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("javascript", [True, False])
def test_a_compliment_is_sent(
    site: Site, open_page: Open, reference: str, width: int, javascript: bool
) -> None:
    page = open_page(site, width, javascript)
    page.goto(f"/{LANDLORD}/complain")
    page.get_by_role("link", name="a compliment").click()
    page.get_by_label("No, everyone is safe").check()
    page.get_by_role("button", name="Continue").click()
    fill(page, **COMPLIMENT)
    page.get_by_role("button", name="Send my compliment").click()
    page.wait_for_url("**/tell-us/compliment/done")
    if javascript:
        assert faults_of(page) == []
    page.locator("a[href*='/status/']").click()
    assert "We have your compliment" in page.locator("h1").inner_text().replace("\n", " ")
    if javascript:
        assert faults_of(page) == []


def test_what_was_chosen_last_counts_for_the_person_who_was_found(
    site: Site, open_page: Open, reference: str
) -> None:
    page = open_page(site)
    sign_in(page, site, "maya")
    page.goto("/record?name=kezia")
    page.get_by_label("Compliment").check()
    page.get_by_role("button", name="Record it for this person").first.click()
    page.get_by_role("button", name="Record the compliment").wait_for()
    assert page.locator("[name=resident_name]").input_value() == "Kezia Boateng"
