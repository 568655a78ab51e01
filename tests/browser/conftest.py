"""A real server in a thread and a real Chromium; the clock is the test's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from app.clock import SetClock
from app.db import db
from app.factory import create_app
from app.models import User
from app.services import accounts, demo, deployments
from app.settings import ROOT, Settings
from tests.cases import first_team
from tests.conftest import PASSWORD, WHEN, weak_hasher
from tests.once import make_tables

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = "tests.answer"  # where the environment of a request holds its answer
LANDLORD = "stockport-homes"  # whose procedure this folder walks: S17 is a case of theirs
DESK, PHONE = 1280, 375
WIDTHS = (DESK, PHONE)

# What axe finds against a page. All that it finds good would be long in coming out of the browser.
AXE = """
axe.run(document, {resultTypes: ['violations']}).then(
  (found) => found.violations.map((each) => `${each.id}: ${each.nodes[0].target}`))
"""
# The page tells the console itself when the content policy stops something.
TELL_OF_POLICY = """
addEventListener('securitypolicyviolation', (event) => console.error(
  `policy: ${event.effectiveDirective} stopped ${event.blockedURI} ${event.sample}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


class Handler(WSGIRequestHandler):
    """Closes the answer to a browser that went away: the development server leaves it open."""

    def connection_dropped(
        self, error: BaseException, environ: WSGIEnvironment | None = None
    ) -> None:
        answer = (environ or {}).get(ANSWER)
        if answer is not None:
            answer.close()


class Site:
    """A running Putright: its address, its app, its clock, and who has signed in before."""

    def __init__(self, app: Flask, clock: SetClock, landlord: str = LANDLORD) -> None:
        self.app, self.clock, self.landlord = app, clock, landlord
        self.server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=Handler
        )
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        said = {"public_url": self.address}  # which residents are given
        app.extensions["settings"] = app.extensions["settings"].model_copy(update=said)
        self.cookies: dict[str, Any] = {}
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[ANSWER] = answer = self.app(environ, start_response)
        return answer

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        with self.app.app_context():
            db.engine.dispose()

    def email_of(self, name: str) -> str:
        return f"{name}@{self.landlord}.example"

    def add(self, name: str, role: str, *teams: str) -> None:
        """Somebody who can sign in with the tests' password."""
        with self.app.app_context():
            accounts.add_user(
                self.landlord,
                email=self.email_of(name),
                name=name.replace("_", " ").title(),
                role=role,
                password=PASSWORD,
                teams=teams,
                job_title="Officer",
                phone="0161 496 0000",
            )


def make_site(settings: Settings, clock: SetClock, landlord: str = LANDLORD) -> Site:
    app = create_app(settings, clock)
    make_tables(settings)
    with app.app_context():
        deployments.deploy_from_disk(landlord, ROOT / "processes", ROOT / "forms" / "definitions")
        db.session.remove()
    return Site(app, clock, landlord)


def make_demo(settings: Settings) -> Site:
    """A server with the demo's people and cases; everybody has the tests' password."""
    made = make_site(settings, SetClock(WHEN))
    with made.app.app_context():
        demo.people(LANDLORD)
        demo.play_all(LANDLORD, WHEN.date(), lambda _line: None)
        for user in db.session.scalars(select(User)):
            user.password_hash = accounts.HASHER.hash(PASSWORD)
        db.session.commit()
        db.session.remove()
    return made


@pytest.fixture(scope="session", autouse=True)
def weak_passwords() -> Iterator[None]:
    """Argon2 as weak as it goes, for the whole browser session."""
    with pytest.MonkeyPatch.context() as patch:
        weak = weak_hasher()
        patch.setattr(accounts, "HASHER", weak)
        patch.setattr(accounts, "NO_ONE", weak.hash("nobody"))
        yield


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """An empty server of its own."""
    made = make_site(settings, SetClock(WHEN))
    yield made
    made.stop()


@pytest.fixture
def team(site: Site) -> str:
    """The team that records complaints, with two people in it."""
    found = first_team(LANDLORD)
    for name in ("amira", "grace"):
        site.add(name, "staff", found)
    return found


@pytest.fixture(scope="session")
def demo_site(new_settings: Callable[[], Settings], weak_passwords: None) -> Iterator[Site]:
    """A server with the demo's people and cases, on a Tuesday. Look, do not change."""
    made = make_demo(new_settings())
    yield made
    made.stop()


class Open:
    """Opens pages: open_page(site, width=375, javascript=False).

    Each has a browser profile of its own. What a page complains of to the console, what the content
    policy stops and what cannot be loaded is kept in `complaints`, and fails the test.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(self, site: Site, width: int = DESK, javascript: bool = True) -> Page:
        context = self.browser.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            locale="en-GB",
        )
        self.contexts.append(context)
        context.add_init_script(TELL_OF_POLICY)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._answered)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        # A page that answers 404, 409 or 422 is meant; its files are looked at in _answered.
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            self.complaints.append(f"{response.status} {response.url}")


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    opened = Open(chromium)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.complaints == []


def sign_in(page: Page, site: Site, name: str) -> None:
    """Through the page the first time; after that, the same person is still signed in."""
    if name in site.cookies:
        page.context.add_cookies(site.cookies[name])
        page.goto("/")
        return
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(site.email_of(name))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)
    site.cookies[name] = page.context.cookies()


def faults_of(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than the window."""
    for view in page.locator(".pr-diagram__view").all():
        view.and_(page.locator("[data-drawn]")).wait_for()
    for modeller in page.locator("[data-modeller]").all():
        modeller.and_(page.locator("[data-drawn]")).wait_for(state="attached")
    for table in page.locator("#table-editor").all():
        table.locator("tbody tr").first.wait_for(state="attached")
    page.evaluate(Axe().axe_script)
    return page.evaluate(AXE) + wider_than_the_window(page)


def wider_than_the_window(page: Page) -> list[str]:
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    return [f"wider than {page.viewport_size}"] if page.evaluate(wide) else []


def faults_at_each_width(page: Page) -> dict[int, list[str]]:
    """The same for a page in a state that took some doing, at a desk and on a phone."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if faults := faults_of(page):
            found[width] = faults
    return found
