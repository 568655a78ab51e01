"""A new landlord begins as a copy, is adapted and published by two people, and is complained to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.factory import create_app
from app.models import Case
from app.services import accounts, deployments, sweep
from app.services.operations import jobs
from app.settings import Settings
from tests.browser.conftest import (
    PHONE,
    WHEN,
    Open,
    Site,
    faults_at_each_width,
    faults_of,
    sign_in,
)
from tests.browser.test_a_change_is_published import propose
from tests.browser.typing import fill
from tests.conftest import PASSWORD
from tests.processes.test_code import MODEL
from tests.proofs.fleet import LONG
from tests.shipped import contents_of

OAK, NAME = "oak-homes", "Oak Homes"
TEAM = "complaints_team"
CONTACT = "Ngozi Adeyemi"
LIMIT = b"acknowledge_due"


def model() -> dict[str, bytes]:
    """The model landlord's files, with all stories or only those that name the limit."""
    files = contents_of(MODEL).files
    return {
        path: body
        for path, body in files.items()
        if LONG or not path.startswith("stories/") or LIMIT in body
    }


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server with the model landlord alone, and an administrator who belongs to none."""
    clock = SetClock(WHEN)
    app = create_app(Settings(instance_dir=tmp_path / "instance", heartbeat=False), clock)
    made = Site(app, clock, MODEL)
    with app.app_context():
        db.create_all()
        deployments.deploy(MODEL, model())
        accounts.add_user(
            None,
            email=made.email_of("sam"),
            name="Sam",
            role="administrator",
            password=PASSWORD,
        )
        db.session.remove()
    yield made
    made.stop()


def work(site: Site) -> None:
    """What the worker does within seconds."""
    with site.app.app_context():
        jobs.run_waiting(sweep.JOBS)
        sweep.run_due()
        db.session.remove()


def make_landlord(page: Page) -> dict[str, str]:
    """The administrator fills in one page. Returns the first passwords by e-mail address."""
    page.goto("/procedures/new-landlord")
    fill(page, name=NAME, slug=OAK, prefix="OH", source=MODEL)
    for role in ("owner", "manager"):
        fill(page, **{f"{role}_name": role.title(), f"{role}_email": f"{role}@oak.example"})
    page.get_by_role("button", name="Make the landlord").click()
    expect(page.get_by_role("heading", name=f"{NAME} is made")).to_be_visible()
    rows = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
    return {email: password for _, email, _, password in rows}


def as_first_time(opened: Page, email: str, passwords: dict[str, str]) -> Page:
    """Somebody signs in with the password that they were given."""
    opened.goto("/sign-in")
    opened.get_by_label("E-mail address").fill(email)
    opened.get_by_label("Password", exact=True).fill(passwords[email])
    opened.get_by_role("button", name="Sign in").click()
    opened.wait_for_url(lambda url: "sign-in" not in url)
    return opened


def let_the_stories_follow(site: Site, owner: Page, draft: str) -> None:
    """Those in which the old date stands expect the new one, once the owner has looked."""
    owner.goto(f"{draft}/stories")
    owner.get_by_role("button", name="Play them now").click()
    work(site)
    owner.reload()
    expect(owner.get_by_text("stories do not hold")).to_be_visible()
    assert faults_of(owner) == []
    owner.get_by_role("button", name=re.compile(r"Let all \d+ expect what was found")).click()
    work(site)
    owner.reload()
    expect(owner.get_by_text(re.compile(r"All \d+ stories hold"))).to_be_visible()


def complain(page: Page) -> None:
    """A resident complains on a phone."""
    page.goto(f"/{OAK}/complain")
    page.get_by_label("No, everyone is safe").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(NAME).first).to_be_visible()
    fill(
        page,
        triage_safeguarding="no",
        story="The lift has not worked since Monday.",
        desired_outcome="A lift that works.",
        resident_title="Ms",
        resident_name="Kezia Boateng",
        resident_address="Flat 14, Oak Court",
        resident_email="kezia@example.org",
        contact_use="email",
    )
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_url("**/done")


def test_a_copy_is_adapted_published_and_complained_to(site: Site, open_page: Open) -> None:
    sam = open_page(site)
    sign_in(sam, site, "sam")
    passwords = make_landlord(sam)

    owner = as_first_time(open_page(site), "owner@oak.example", passwords)
    owner.goto("/procedures/drafts")
    owner.get_by_role("link", name="The first version").click()
    owner.get_by_role("heading", name="The first version").wait_for()
    draft = "/procedures" + owner.url.partition("/procedures")[2]
    owner.goto(f"{draft}/landlord/contacts")
    owner.locator("[name^='contact_person.'][name$='.name']").fill(CONTACT)
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Saved in the draft.")).to_be_visible()
    owner.goto(f"{draft}/outline/stage_1")
    days = owner.locator("[name='acknowledge_due.number']")
    expect(days).to_have_value("5")
    days.fill("4")
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("4 working days after").first).to_be_visible()
    let_the_stories_follow(site, owner, draft)
    propose(owner, draft, "We acknowledge in four days.")

    manager = as_first_time(open_page(site), "manager@oak.example", passwords)
    manager.goto(f"{draft}/publish")
    expect(manager.get_by_text(re.compile(r"All \d+ stories hold"))).to_be_visible()
    manager.get_by_role("button", name="Approve and publish").click()
    expect(manager.get_by_text("It is published")).to_be_visible()

    complain(open_page(site, PHONE))
    work(site)
    with site.app.app_context():
        case = db.session.scalars(select(Case)).one()
        reference = case.reference
        assert (case.landlord_id, reference[:2]) == (OAK, "OH")
        db.session.remove()
    site.landlord = OAK
    site.add("grace", "staff", TEAM)
    grace = open_page(site)
    sign_in(grace, site, "grace")
    grace.goto(f"/cases/{reference}")
    limit = grace.get_by_role("listitem").filter(has_text="Acknowledge, define and log").first
    expect(limit).to_contain_text("4 days left")
    expect(limit).to_contain_text("Due Mon 30 Nov")
    assert faults_at_each_width(grace) == {}
    assert faults_of(manager) == []
