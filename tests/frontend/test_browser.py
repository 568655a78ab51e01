"""The pages in a real Chromium, under the strict security policy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from tests.frontend.conftest import BUILT
from timers.calendar import calendar_for
from timers.deadlines import ruler

pytestmark = pytest.mark.browser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = [1280, 375]


class Server:
    """Serves the pages beside this file. Remembers what was claimed and what was sent."""

    def __init__(self, templates: Environment) -> None:
        self.templates = templates
        self.claimed: set[int] = set()
        self.sent: list[str] = []
        self.http = make_server("127.0.0.1", 0, self.answer, threaded=True)
        self.address = f"http://127.0.0.1:{self.http.server_port}"

    @Request.application
    def _answer(self, request: Request) -> Response:
        response = self.page(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    def answer(self, environ: Any, start_response: Any) -> Any:
        return self._answer(environ, start_response)

    def page(self, request: Request) -> Response:
        if request.path.startswith("/static/build/"):
            file = BUILT / request.path.removeprefix("/static/build/")
            return send_file(file, request.environ)
        if request.path == "/diagram.bpmn":
            return send_file(Path(__file__).parent / "diagram.bpmn", request.environ)
        if request.path == "/claim":
            self.claimed.add(int(request.form["task"]))
            return Response(status=303, headers={"Location": "/inbox"})
        if request.path == "/slow":
            self.sent.append(request.form["go"])
            sleep(0.4)
            return Response("Sent")
        if request.path == "/neutral":
            return Response("Weather")
        if request.path in ("/inbox", "/case", "/resident"):
            return self.template(request.path.strip("/"))
        return Response("Nothing here", status=404)

    def template(self, name: str) -> Response:
        staff = SimpleNamespace(name="Amira Sethi", landlord_name="A Landlord")
        html = self.templates.get_template(f"{name}.html").render(
            viewer=None if name == "resident" else staff,
            landlord_name="A Landlord",
            leave_href="/neutral",
            claimed=self.claimed,
            days=ruler(
                calendar_for("ENG"), date(2026, 11, 13), date(2026, 11, 27), date(2026, 11, 24)
            ),
        )
        return Response(html, content_type="text/html; charset=utf-8")


@pytest.fixture(scope="module")
def server(templates: Environment) -> Iterator[Server]:
    running = Server(templates)
    thread = threading.Thread(target=running.http.serve_forever)
    thread.start()
    yield running
    running.http.shutdown()
    thread.join()
    running.http.server_close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(server: Server, chromium: Browser) -> Iterator[Visit]:
    """visit("inbox", 375): a page in a window of its own; its complaints fail the test."""
    complaints: list[str] = []
    contexts = []

    def open_page(name: str, width: int = 1280, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.goto(f"{server.address}/{name}")
        if name == "case":
            page.wait_for_selector(".pr-diagram__view[data-drawn] >> nth=2")
        if options.get("java_script_enabled", True):
            page.evaluate("document.fonts.ready.then(() => null)")  # they move what is measured
        return page

    yield open_page
    for context in contexts:
        context.close()
    allowed = ("missing.bpmn", "the server responded with a status of 404")
    assert [said for said in complaints if not any(word in said for word in allowed)] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["inbox", "case", "resident"])
def test_a_page_obeys_the_policy_fits_and_is_accessible(
    visit: Visit, name: str, width: int
) -> None:
    page = visit(name, width)
    found = Axe().run(page).response["violations"]
    assert [(broken["id"], [node["html"] for node in broken["nodes"]]) for broken in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.fonts.check('16px \"Source Sans 3\"')")


def test_a_task_is_claimed_without_scripts(visit: Visit, server: Server) -> None:
    page = visit("inbox", java_script_enabled=False)
    page.locator("#task-35").get_by_role("button").click()
    page.wait_for_selector("#task-35 [data-result]")
    assert 35 in server.claimed


def test_claiming_keeps_the_place_and_says_so(visit: Visit, server: Server) -> None:
    page = visit("inbox")
    page.evaluate("document.fonts.ready.then(() => null)")  # fonts that arrive move the row
    row = page.locator("#task-30")
    row.get_by_role("button").hover()  # once it stands still
    before = row.bounding_box()
    row.get_by_role("button").click()
    page.wait_for_selector("#task-30 [data-result]")
    page.evaluate("document.fonts.ready.then(() => null)")
    after = row.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    assert page.evaluate("document.activeElement.textContent") == "You"
    assert 30 in server.claimed


def test_a_second_press_sends_nothing(visit: Visit, server: Server) -> None:
    page = visit("resident")
    server.sent.clear()
    page.evaluate(
        "() => { const b = document.querySelector('button[name=go]'); b.click(); b.click(); }"
    )
    page.wait_for_url("**/slow")
    assert server.sent == ["on"]


def test_leaving_goes_to_a_neutral_page_that_back_does_not_undo(visit: Visit) -> None:
    page = visit("inbox")
    page.goto(page.url.replace("inbox", "resident"))
    page.get_by_role("link", name="Clear and leave").click()
    page.wait_for_url("**/neutral")
    page.go_back()
    assert page.url.endswith("/inbox")


def test_a_diagram_opens_at_the_live_element_and_shows_what_is_known(visit: Visit) -> None:
    page = visit("case")
    path, counts, missing = page.locator(".pr-diagram__view").all()
    live = path.locator("[data-element-id=second]").bounding_box()
    canvas = path.locator(".pr-diagram__canvas").bounding_box()
    assert live and canvas
    middle = live["x"] + live["width"] / 2 - canvas["x"]
    assert abs(middle - canvas["width"] / 2) < 20
    assert path.locator(".pr-step").all_text_contents() == ["1, 3"]
    assert path.locator(".pr-flag").all_text_contents() == ["Now: Amira"]
    taken = path.locator(".pr-done.djs-connection").evaluate_all(
        "all => all.map(one => one.dataset.elementId).sort()"
    )
    assert taken == ["f1", "f2", "f3"]
    assert counts.locator(".pr-count em").all_text_contents() == ["3 late"]
    assert "cannot be shown" in missing.inner_text()
    for view in (path, counts):
        assert view.locator(".bjs-powered-by").is_visible()


def test_a_diagram_is_moved_by_buttons_and_keys_and_lets_the_page_scroll(visit: Visit) -> None:
    page = visit("case")
    view = page.locator(".pr-diagram__view").first
    task = view.locator("[data-element-id=second]")

    def width() -> float:
        box = task.bounding_box()
        assert box
        return box["width"]

    before = width()
    view.get_by_role("button", name="Zoom out").click()
    assert width() < before
    view.get_by_role("button", name="Where it is").click()
    assert abs(width() - before) < 1
    view.locator("svg[role=img]").focus()
    place = task.bounding_box()
    page.keyboard.press("ArrowRight")
    moved = task.bounding_box()
    assert place and moved and moved["x"] < place["x"]
    view.locator(".pr-diagram__canvas").hover()
    scrolled = page.evaluate("scrollY")
    page.mouse.wheel(0, 120)
    page.wait_for_function("before => scrollY > before", arg=scrolled)
    assert abs(width() - before) < 1
