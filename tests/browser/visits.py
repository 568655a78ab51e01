"""What people do on the way to the page that a test is about."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page
from sqlalchemy import func, select

from app.db import db
from app.models import Case, Task
from app.services.private_links import hash_token
from tests.browser.conftest import LANDLORD, Site
from tests.browser.typing import fill
from tests.cases import RECORDED, recorded

DANGER = {
    "now": "Yes, or I am not sure",
    "home": "Nobody is hurt, but something at home is not safe",
    "no": "No, everyone is safe",
}
COMPLAINT = {
    "triage_hazard": "no",
    "triage_safeguarding": "no",
    "standing": RECORDED["standing"],
    "story": RECORDED["story"],
    "desired_outcome": RECORDED["desired_outcome"],
    "resident_name": RECORDED["resident_name"],
    "resident_address": RECORDED["resident_address"],
    "resident_postcode": RECORDED["resident_postcode"],
    "resident_email": RECORDED["resident_email"],
    "contact_use": "email",
}


def begin_complaint(page: Page, danger: str = "no") -> None:
    """Answer the first page; where somebody is in danger, read the numbers and go on."""
    page.goto(f"/{LANDLORD}/complain")
    page.get_by_label(DANGER[danger]).check()
    page.get_by_role("button", name="Continue").click()
    if danger == "now":
        page.wait_for_url("**/complain/help-now")
        assert page.locator("a[href='tel:999']").count()
        page.get_by_role("button", name="Go on with my complaint").click()
    page.wait_for_url("**/complain/form")


def complain(page: Page, danger: str = "no", **answers: Any) -> str:
    """Make a complaint on the website; returns the address of its private page."""
    begin_complaint(page, danger)
    fill(page, **COMPLAINT | answers)
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_url("**/complain/done")
    link = page.get_by_role("link", name="/status/").get_attribute("href")
    assert link
    return link


def new_case(site: Site, **answers: Any) -> tuple[str, str]:
    """A complaint that staff recorded: the addresses of its case and of its open task."""
    with site.app.app_context():
        case = recorded(LANDLORD, **answers)
        task = db.session.scalars(select(Task.id).where(Task.case_id == case.id)).one()
        found = f"/cases/{case.reference}", f"/tasks/{task}"
        db.session.remove()
    return found


def how_many_cases(site: Site) -> int:
    with site.app.app_context():
        found = db.session.scalar(select(func.count()).select_from(Case)) or 0
        db.session.remove()
    return found


def private_link(site: Site, reference: str) -> str:
    """A new private page for a case, as if staff had given the resident a new link."""
    token = f"a-link-for-{reference}"
    with site.app.app_context():
        case = db.session.scalars(select(Case).where(Case.reference == reference)).one()
        case.link_hash = hash_token(token)
        db.session.commit()
        db.session.remove()
    return f"/{site.landlord}/status/{token}"
