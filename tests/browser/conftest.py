"""A real server in a thread and a real Chromium; the clock is the test's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from app import create_app
from app.clock import SetClock
from app.db import db
from app.models import User
from app.services import accounts, demo, deployments
from app.settings import ROOT, Settings
from tests.conftest import LANDLORD, PASSWORD, WHEN, weak_hasher

WIDTHS = (1280, 375)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


class Site:
    """A running Putright: its address, its app, its clock."""

    def __init__(self, app: Flask, clock: SetClock) -> None:
        self.app, self.clock = app, clock
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()

    def email_of(self, name: str) -> str:
        return f"{name}@{LANDLORD}.example"

    def add(self, name: str, role: str, *teams: str) -> None:
        """Somebody who can sign in with the tests' password."""
        with self.app.app_context():
            accounts.add_user(
                LANDLORD,
                email=self.email_of(name),
                name=name.replace("_", " ").title(),
                role=role,
                password=PASSWORD,
                teams=teams,
                job_title="Officer",
                phone="0161 496 0000",
            )


def make_site(folder: Path, clock: SetClock) -> Site:
    settings = Settings(instance_dir=folder / "instance", heartbeat=False)
    app = create_app(settings, clock)
    with app.app_context():
        db.create_all()
        deployments.deploy_from_disk(LANDLORD, ROOT / "processes", ROOT / "forms" / "definitions")
    return Site(app, clock)


@pytest.fixture(scope="session", autouse=True)
def weak_passwords() -> Iterator[None]:
    """Argon2 as weak as it goes, for the whole browser session."""
    with pytest.MonkeyPatch.context() as patch:
        weak = weak_hasher()
        patch.setattr(accounts, "HASHER", weak)
        patch.setattr(accounts, "NO_ONE", weak.hash("nobody"))
        yield


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty server of its own."""
    made = make_site(tmp_path, SetClock(WHEN))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory, weak_passwords: None) -> Iterator[Site]:
    """A server with the demo's people and cases, on a Tuesday. Look, do not change."""
    made = make_site(tmp_path_factory.mktemp("demo"), SetClock(WHEN))
    with made.app.app_context():
        demo.people(LANDLORD)
        demo.play_all(LANDLORD, WHEN.date(), lambda _line: None)
        for user in db.session.scalars(select(User)):
            user.password_hash = accounts.HASHER.hash(PASSWORD)
        db.session.commit()
        db.session.remove()
    yield made
    made.stop()


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens a page: open_page(site, width=375, javascript=False). Console errors fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(site: Site, width: int = 1280, javascript: bool = True) -> Page:
        context = chromium.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, site: Site, name: str) -> None:
    """Through the page."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(site.email_of(name))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def faults_of(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the window."""
    found = [
        f"{violation['id']}: {violation['nodes'][0]['target']}"
        for violation in Axe().run(page).response["violations"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"wider than {page.viewport_size}")
    return found
