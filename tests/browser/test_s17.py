"""Scenario S17 through the browser: from the public form to the final letter, date by date."""

from __future__ import annotations

from io import BytesIO

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader
from sqlalchemy import select

from app.db import db
from app.models import Case, Task
from app.services import sweep
from tests.browser.conftest import Open, Site, sign_in
from tests.browser.typing import check, fill, finish, record
from tests.cases import first_team, london
from tests.conftest import LANDLORD

STORY = "The back gate has hung off its hinge since October, and two visits were missed."


class Walk:
    """One case on its way, seen by several people, each in a browser of their own."""

    def __init__(self, site: Site, open_page: Open) -> None:
        self.site, self.open_page = site, open_page
        self.pages: dict[str, Page] = {}
        self.reference = ""
        self.link = ""

    def at(self, when: str) -> None:
        """Time passes, and the heartbeat beats."""
        self.site.clock.move_to(london(when))
        with self.site.app.app_context():
            sweep.run_due()
            db.session.remove()

    def person(self, name: str) -> Page:
        if name not in self.pages:
            self.pages[name] = self.open_page(self.site)
            sign_in(self.pages[name], self.site, name)
        return self.pages[name]

    def task(self, name: str, element: str) -> Page:
        """The page of the open task, reached by its address as from a bookmark."""
        with self.site.app.app_context():
            row = db.session.scalars(
                select(Task).where(Task.element == element, Task.status == "open")
            ).one()
            task_id = row.id
            db.session.remove()
        page = self.person(name)
        page.goto(f"/tasks/{task_id}")
        return page

    def case(self, name: str) -> Page:
        page = self.person(name)
        page.goto(f"/cases/{self.reference}")
        return page

    def act(self, name: str, link: str) -> Page:
        page = self.case(name)
        page.get_by_role("link", name=link).click()
        return page


@pytest.fixture
def walk(site: Site, open_page: Open) -> Walk:
    team = first_team(LANDLORD)
    site.add("amira", "staff", team)
    site.add("nadia", "staff", "investigating_officers")
    site.add("helen", "staff", "heads_of_service")
    return Walk(site, open_page)


def send_complaint(walk: Walk) -> None:
    """The resident complains on the website."""
    page = walk.open_page(walk.site, 375)
    page.goto(f"/{LANDLORD}/complain")
    page.get_by_label("No, everyone is safe").check()
    page.get_by_role("button", name="Continue").click()
    fill(
        page,
        triage_safeguarding="no",
        story=STORY,
        desired_outcome="Mend the gate and tell me why nobody came.",
        quick_route_agreed=True,
        standing="tenant",
        resident_title="Mr",
        resident_name="Euan Sorrell",
        resident_address="14 Lantern Brow, Stockport",
        resident_postcode="SK1 9ZA",
        resident_email="euan.sorrell@example.org",
        contact_use="email",
    )
    if page.locator("[name=triage_hazard]").count():
        fill(page, triage_hazard="no")
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_url("**/done")
    walk.link = page.locator("a[href*='/status/']").first.get_attribute("href") or ""
    with walk.site.app.app_context():
        walk.reference = db.session.scalars(select(Case.reference)).one()
        db.session.remove()
    assert walk.reference[-4:] in page.locator("main").inner_text()


def test_s17_from_the_public_form_to_the_final_letter(walk: Walk) -> None:
    walk.at("2023-12-21 10:15")
    send_complaint(walk)
    resident = walk.open_page(walk.site, 375)
    resident.goto(walk.link)
    assert "Tuesday 2 January 2024" in resident.locator("main").inner_text()
    assert "Sorrell" not in resident.content()

    page = walk.task("amira", "log_complaint")
    assert STORY in page.locator("main").inner_text()
    fill(page, points="The gate is not repaired\nTwo visits were missed", quick_route_agreed=True)
    finish(page)

    walk.at("2024-01-02 09:30")
    page = walk.task("amira", "resolve_quickly")
    assert "Due today" in page.locator("main").inner_text()
    assert "Tuesday 2 January 2024" in page.locator("main").inner_text()
    fill(
        page,
        quick_outcome="not_agreed",
        contact_made="Rang Mr Sorrell on 22 and 28 December and today.",
        not_agreed_because="The joiner cannot come before 20 January.",
    )
    finish(page)
    page = walk.task("amira", "acceptance")
    fill(page, acceptance_decision="accept")
    finish(page)
    page = walk.task("amira", "acknowledge")
    fill(
        page,
        understanding="Your back gate has been broken since October.",
        outcome_sought="The gate mended, and a reason why nobody came.",
        ours__1="yes",
        ours__2="yes",
    )
    check(page)
    assert "Tuesday 16 January 2024" in page.locator("main").inner_text()
    page.get_by_role("button", name="Finish;").click()

    page = walk.task("amira", "assign_officer")
    fill(page, investigating_officer="Nadia")
    finish(page)

    walk.at("2024-01-12 14:00")
    page = walk.act("nadia", "More time asked for")
    fill(
        page,
        more_time_agreed="yes",
        stage_1_extension="10",
        reason="The joiner measures the gate on 22 January.",
    )
    record(page)
    shown = walk.case("nadia").locator("main").inner_text()
    assert "Tue 30 Jan" in shown and "Tuesday 16 January 2024 to Tuesday 30 January 2024" in shown

    walk.at("2024-01-30 11:00")
    page = walk.task("nadia", "investigate")
    fill(page, spoke_on="2024-01-10", investigation_notes="The diary shows visits nobody made.")
    finish(page)
    page = walk.task("nadia", "stage_1_response")
    why = "extended by 10 with the resident's agreement on Friday 12 January 2024"
    assert why in page.locator("main").inner_text()
    fill(
        page,
        answer="You are right about the visits, and I am sorry.",
        stage_1_outcome="partly_upheld",
        how_investigated="I spoke with you and read the repair diary.",
        findings__1="The gate was reported on 12 October.",
        outcome__1="upheld",
        remedies="Mend the gate: Paul Ames, joiner, Friday 9 February 2024.",
        lesson="A visit without a named person is not sent out.",
    )
    check(page)
    assert page.locator(".govuk-error-summary").count(), "a point was not answered"
    fill(page, findings__2="One visit was missed by us.", outcome__2="partly_upheld")
    finish(page)
    shown = walk.case("amira").locator("main").inner_text()
    assert "Tue 27 Feb" in shown and "With resident" in shown

    walk.at("2024-02-28 00:05")
    resident.reload()
    assert "Ombudsman" in resident.locator("main").inner_text()

    walk.at("2024-03-11 09:20")
    page = walk.act("amira", "Resident asks late")
    fill(
        page,
        late_because="In hospital from 9 February to 8 March.",
        what_to_look_at="I was at home for both visits.",
    )
    record(page)
    page = walk.task("amira", "check_request")
    fill(page, request_mitigation=True, stage_2_decision="accept")
    finish(page)
    page = walk.task("amira", "assign_reviewer")
    fill(page, reviewing_officer="Helen")
    finish(page)
    assert "Wed 10 Apr" in walk.case("helen").locator("main").inner_text()

    page = walk.task("nadia", "hear_resident")
    assert "Not for you" in page.locator("main").inner_text()
    page = walk.task("helen", "hear_resident")
    fill(page, heard_how="phone", hearing_notes="He was at home all day.", council_works="no")
    finish(page)

    walk.at("2024-04-05 12:00")
    page = walk.act("helen", "More time asked for")
    fill(
        page,
        more_time_agreed="yes",
        stage_2_extension="10",
        reason="The tracker of the van comes from the contractor.",
    )
    record(page)
    assert "Wed 24 Apr" in walk.case("helen").locator("main").inner_text()

    walk.at("2024-04-24 15:30")
    page = walk.task("helen", "stage_2_response")
    fill(
        page,
        answer="You are right about both visits. I am sorry that we doubted you.",
        stage_2_outcome="upheld",
        how_reviewed="I spoke with you and had the van's tracker.",
        findings__1="The gate was mended on 9 February, four months late.",
        outcome__1="upheld",
        findings__2="The van was never in your road on 17 November.",
        outcome__2="upheld",
        remedies="Nothing more is needed.",
    )
    finish(page)

    page = walk.case("helen")
    page.goto(f"/cases/{walk.reference}?tab=letters")
    final = page.locator("a[href$='/letter.pdf'], a[href*='/letters/']").first
    letter = (final.get_attribute("href") or "").removesuffix("/letter.pdf") + "/letter.pdf"
    answer = page.request.get(walk.site.address + letter)
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.body())).pages)
    assert "Housing Ombudsman" in text and "0300 111 3000" in text and "PR2 0ET" in text
    assert "The van was never in your road" in text
