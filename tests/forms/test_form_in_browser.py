"""app/frontend/conditions.js and drafts.js in Chromium, on a page that the templates drew."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from form_kit import ROOT, TODAY, component, form, group
from playwright.sync_api import Browser, Page, expect
from test_form_pages import page_template

from forms import Row

pytestmark = pytest.mark.browser

HEAD = """<!doctype html><html lang="en"><title>A form</title>
<script type="module" src="/conditions.js"></script><script type="module" src="/drafts.js"></script>
"""
STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'"

DEFINITION = form(
    component("radio", "channel", "Channel", values="post email phone"),
    group(
        "By post",
        component("textarea", "address", "Address"),
        component("checkbox", "large", "Large print"),
        component("textfield", "size", "Size", hide="=large != true"),
        hide='=channel != "post"',
    ),
    component("textfield", "email", "Address for mail", hide='=channel != "email"'),
    component("checklist", "never", "Never", values="post text"),
    component("textfield", "why_never", "Why not post",
              hide='=not(list contains(never, "post"))'),
    component("number", "award", "Award", properties={"money": "true"}),
    component("textfield", "approver", "Approver", hide="=award = null or award <= 250"),
    component("datetime", "visit_on", "Visit"),
    component("textfield", "about", "About the visit", hide="=visit_on = null"),
    group("Points", component("radio", "outcome", "Outcome", values="upheld partly"),
          component("textfield", "rest", "The rest", hide='=outcome != "partly"'),
          properties={"for_each": "point"}),
)  # fmt: skip
POINTS = {"point": [Row("1", "The leak"), Row("2", "The visit")]}


class Server:
    """A small server of the page: it keeps the drafts that arrive and answers as it is told."""

    def __init__(self) -> None:
        self.drafts: list[dict[str, list[str]]] = []
        self.arrived = threading.Condition()
        self.status = 204
        self.values: dict[str, str] = {}
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.place = f"http://127.0.0.1:{self.http.server_port}/"

    def keep(self, body: str) -> None:
        with self.arrived:
            self.drafts.append(parse_qs(body, keep_blank_values=True))
            self.arrived.notify_all()

    def wait_for_drafts(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.drafts) >= count, timeout=10)

    def page(self) -> str:
        bound = DEFINITION.bind(values=self.values, rows=POINTS, today=TODAY)
        whole = page_template(False).render(bound=bound, slot=False)
        token = '<input type="hidden" name="csrf_token" value="t0ken">'
        opening = f'<form action="/" data-draft-url="/draft">{token}'
        closing = '<p role="status" data-draft-status></p><button>Send</button></form>'
        body = whole.split('<div id="again">')[0] + "</main>"
        return HEAD + body.replace("<form>", opening).replace("</form>", closing)


class Handler(BaseHTTPRequestHandler):
    def __init__(self, server: Server, *rest: Any) -> None:
        self.behind = server
        super().__init__(*rest)

    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        if name.endswith(".js"):
            self.reply(200, (ROOT / "app/frontend" / name).read_text(), "text/javascript")
        else:
            self.reply(200, self.behind.page(), "text/html")

    def do_POST(self) -> None:
        self.behind.keep(self.rfile.read(int(self.headers["content-length"])).decode())
        self.reply(self.behind.status, "", "text/plain")

    def reply(self, status: int, body: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-security-policy", STRICT)
        if status == 302:
            self.send_header("location", "/")
        if status != 204:
            self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing in the tests."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield found
    found.http.shutdown()
    thread.join()
    found.http.server_close()


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    said: list[str] = []
    opened = chromium.new_page()
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.clock.install(time=0)
    opened.goto(server.place)
    opened.clock.pause_at(60)  # from here on time only passes when a test says so
    yield opened
    opened.close()
    assert said == []


def field(page: Page, key: str):
    return page.locator(f"[name='{key}']").first


def test_questions_come_and_go_and_keep_what_was_typed(page):
    expect(field(page, "address")).to_be_hidden()
    expect(field(page, "address")).to_be_disabled()
    page.get_by_label("Post", exact=True).first.check()
    expect(page.get_by_label("Address (optional)")).to_be_visible()
    page.get_by_label("Address (optional)").fill("12 Elm Row")
    page.get_by_label("Email", exact=True).check()
    expect(field(page, "address")).to_be_hidden()
    expect(field(page, "email")).to_be_visible()
    page.get_by_label("Post", exact=True).first.check()
    expect(field(page, "address")).to_have_value("12 Elm Row")
    expect(field(page, "address")).to_be_enabled()


def test_what_stands_in_a_hidden_group_is_hidden_and_counts_as_not_answered(page):
    page.get_by_label("Post", exact=True).first.check()
    page.get_by_label("Large print").check()
    expect(field(page, "size")).to_be_visible()
    page.get_by_label("Phone").check()
    expect(field(page, "size")).to_be_disabled()
    page.get_by_label("Post", exact=True).first.check()
    expect(field(page, "size")).to_be_visible()
    page.get_by_label("Large print").uncheck()
    expect(field(page, "size")).to_be_hidden()


def test_every_kind_of_answer_can_decide(page):
    field(page, "never").check()
    expect(field(page, "why_never")).to_be_visible()
    field(page, "award").fill("£1,000")
    expect(field(page, "approver")).to_be_visible()
    field(page, "award").fill("250")
    expect(field(page, "approver")).to_be_hidden()
    for part, typed in (("day", "31"), ("month", "nov"), ("year", "2026")):
        field(page, f"visit_on-{part}").fill(typed)
    expect(field(page, "about")).to_be_hidden()
    field(page, "visit_on-day").fill("30")
    expect(field(page, "about")).to_be_visible()
    page.locator("[name='outcome__2'][value='partly']").check()
    expect(field(page, "rest__2")).to_be_visible()
    expect(field(page, "rest__1")).to_be_hidden()


def test_the_page_starts_as_its_answers_say(page, server):
    server.values = {"channel": "email", "email": "a@b.org"}
    page.goto(server.place)
    expect(field(page, "email")).to_be_visible()
    expect(field(page, "address")).to_be_hidden()


def test_a_change_is_saved_after_two_seconds_with_the_forms_own_token(page, server):
    field(page, "award").fill("150")
    page.clock.run_for(1_900)
    assert server.drafts == []
    page.clock.run_for(200)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Draft saved at \d\d?:\d\d[ap]m$"))
    assert server.drafts == [{"csrf_token": ["t0ken"], "award": ["150"]}]


def test_only_what_changed_since_is_sent_and_unticking_is_a_change(page, server):
    boxes = page.locator("[name='never']")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.clock.run_for(2_100)
    expect(page.get_by_role("status")).to_contain_text("Draft saved")
    boxes.nth(0).uncheck()
    boxes.nth(1).uncheck()
    page.clock.run_for(2_100)
    server.wait_for_drafts(2)
    sent = [{k: v for k, v in draft.items() if k != "csrf_token"} for draft in server.drafts]
    # "Why not post" came and went with the first box; its empty text is no change.
    assert sent == [{"never": ["post", "text"], "why_never": [""]}, {"never": [""]}]
    kept = {name: texts for draft in sent for name, texts in draft.items()}
    assert DEFINITION.bind(typed=kept, rows=POINTS).answers["never"] == []


@pytest.mark.parametrize("status", [500, 302, 403])
def test_what_could_not_be_saved_is_said_and_tried_again(page, server, status):
    server.status = status
    field(page, "award").fill("150")
    page.clock.run_for(2_100)
    expect(page.get_by_role("status")).to_have_text("Not saved yet. We will try again.")
    server.status = 204
    page.clock.run_for(5_100)
    expect(page.get_by_role("status")).to_contain_text("Draft saved at")
    assert [draft["award"] for draft in server.drafts] == [["150"], ["150"]]


def test_leaving_the_page_saves_at_once_and_sending_the_form_does_not(page, server):
    field(page, "award").fill("150")
    page.goto(server.place + "elsewhere")
    server.wait_for_drafts(1)
    assert server.drafts[0]["award"] == ["150"]
    field(page, "award").fill("175")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/?*award=175*")
    page.goto(server.place)
    assert len(server.drafts) == 1
