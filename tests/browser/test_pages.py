"""Every page, at a desk and on a phone: no fault for axe, no overflow, no word to the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.db import db
from app.models import Case, Task, User
from tests.browser.conftest import WIDTHS, Open, Site, faults_of, sign_in
from tests.conftest import LANDLORD

PUBLIC = ("/", "/sign-in", f"/{LANDLORD}/complain", f"/{LANDLORD}/complain/form", "/nothing-here")
PAGES = {
    "amira_sethi": (
        "/inbox",
        "/inbox?tab=teams",
        "/inbox?tab=others",
        "/inbox?tab=done",
        "/inbox?q=nobody-of-that-name",
        "/record",
        "/record?new=1",
        "/cases",
        "/cases?status=closed",
        "/cases?q=nobody",
        "/post",
        "/help",
        "/procedures",
    ),
    "maya_lindqvist": ("/running", "/running?show=late", "/incidents", "/inbox", "/help"),
    "oliver_pike": (
        "/procedures",
        "/procedures/complaint",
        "/procedures/stage_1",
        "/procedures/upload",
        "/help",
        "/help/procedures",
    ),
    "ruth_adeyemi": ("/histories", "/help", "/procedures"),
    "sam_field": ("/people", "/people/add", "/people/days-off", "/help"),
}


def faults_at(page: Page, paths: tuple[str, ...] | list[str]) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        page.goto(path)
        if faults := faults_of(page):
            found[path] = faults
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_the_public_pages(demo_site: Site, open_page: Open, width: int) -> None:
    assert faults_at(open_page(demo_site, width), PUBLIC) == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_each_role(demo_site: Site, open_page: Open, name: str, width: int) -> None:
    page = open_page(demo_site, width)
    sign_in(page, demo_site, name)
    assert faults_at(page, PAGES[name]) == {}


def cases_and_tasks(site: Site, name: str) -> tuple[list[str], list[str]]:
    """The addresses of a case in each state, and of a task of each kind that is this person's."""
    with site.app.app_context():
        cases = {
            (case.stage, case.status, case.hazard): f"/cases/{case.reference}"
            for case in db.session.scalars(select(Case))
        }
        user = db.session.scalars(select(User).where(User.email == site.email_of(name))).one()
        teams = {membership.team for membership in user.memberships}
        tasks = {
            task.element: f"/tasks/{task.id}"
            for task in db.session.scalars(select(Task).where(Task.status == "open"))
            if task.team in teams
        }
        db.session.remove()
    return list(cases.values()), list(tasks.values())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["amira_sethi", "nadia_rahman", "helen_marsh"])
def test_each_kind_of_task(demo_site: Site, open_page: Open, name: str, width: int) -> None:
    _, tasks = cases_and_tasks(demo_site, name)
    assert tasks
    page = open_page(demo_site, width)
    sign_in(page, demo_site, name)
    assert faults_at(page, tasks) == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_cases_in_each_state(demo_site: Site, open_page: Open, width: int) -> None:
    cases, _ = cases_and_tasks(demo_site, "amira_sethi")
    assert len(cases) > 5
    tabs = [f"{cases[0]}?tab={t}" for t in ("letters", "documents", "notes", "people", "history")]
    page = open_page(demo_site, width)
    sign_in(page, demo_site, "amira_sethi")
    assert faults_at(page, cases + tabs) == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_histories_of_the_auditor(demo_site: Site, open_page: Open, width: int) -> None:
    cases, _ = cases_and_tasks(demo_site, "ruth_adeyemi")
    page = open_page(demo_site, width)
    sign_in(page, demo_site, "ruth_adeyemi")
    assert faults_at(page, [case.replace("/cases/", "/histories/") for case in cases[:4]]) == {}
