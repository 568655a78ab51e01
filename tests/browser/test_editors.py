"""The editors of a draft in a real browser: fields put into a letter, dmn-js, form-js."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import User
from app.services import accounts
from app.services.workshop import drafts
from app.settings import Settings
from tests.browser.conftest import Open, Site, faults_of, make_site, sign_in
from tests.conftest import WHEN
from tests.shipped import contents_of


class Workshop:
    """A site with one draft of Oliver's."""

    def __init__(self, site: Site) -> None:
        self.site = site
        site.add("oliver", "process_owner")
        with site.app.app_context():
            user = db.session.scalars(select(User).where(User.name == "Oliver")).one()
            self.viewer = accounts.viewer_for(user)
            self.draft = drafts.begin(self.viewer, "In the browser")
            db.session.remove()

    def saved(self, path: str) -> str:
        with self.site.app.app_context():
            body = drafts.get(self.viewer, self.draft).files[path].decode()
            db.session.remove()
        return body

    def put(self, path: str, body: str) -> None:
        with self.site.app.app_context():
            drafts.put(self.viewer, self.draft, path, body.encode())
            db.session.remove()

    def open(self, page: Page, path: str) -> None:
        sign_in(page, self.site, "oliver")
        page.goto(f"/procedures/drafts/{self.draft}/{path}")


@pytest.fixture(scope="module")
def workshop(new_settings: Callable[[], Settings], weak_passwords: None) -> Iterator[Workshop]:
    site = make_site(new_settings(), SetClock(WHEN))
    yield Workshop(site)
    site.stop()


def some(workshop: Workshop, ending: str) -> str:
    """The name of a file of the landlord, without folder and ending."""
    files = contents_of(workshop.site.landlord).files
    return Path(min(path for path in files if path.endswith(ending))).stem


def test_a_field_is_put_where_the_cursor_stands_and_the_letter_follows(
    workshop: Workshop, open_page: Open
) -> None:
    page = open_page(workshop.site)
    name = some(workshop, ".md")
    workshop.open(page, f"letters/{name}")
    area = page.locator("#body")
    area.fill("Dear \n\nGoodbye")
    area.evaluate("area => area.setSelectionRange(5, 5)")
    page.get_by_label("Find a field").fill("greeted")
    page.get_by_role("button", name="{{recipient_salutation}}").click()
    expect(area).to_have_value("Dear {{recipient_salutation}}\n\nGoodbye")
    expect(page.locator("[data-letter]")).to_contain_text("Dear Ms Okafor")
    area.fill("{{nobody_knows_it}}")
    expect(page.locator("[data-letter]")).to_contain_text("is not a field of letters")


def asks_when_left(page: Page) -> bool:
    """Whether a page asks before it is left by a tab of the draft. If it does, one stays there."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    parts = page.get_by_role("navigation", name="Parts of the draft")
    parts.get_by_role("link", name="Folder").click(no_wait_after=True)
    while not asked and not page.url.endswith("/folder"):
        page.wait_for_timeout(20)
    if not asked:
        page.remove_listener("dialog", stay)
    return asked == ["beforeunload"]


def test_a_letter_is_saved_after_a_look_at_its_pdf_and_nobodys_words_are_lost(
    workshop: Workshop, open_page: Open
) -> None:
    page = open_page(workshop.site)
    name = some(workshop, ".md")
    workshop.open(page, f"letters/{name}")
    page.get_by_label("What is known").select_option("bare")
    page.locator("#body").press_sequentially("Mine. ")
    assert asks_when_left(page)
    with page.expect_popup() as paper:
        page.get_by_role("button", name="Open as PDF").click()
    paper.value.close()
    page.get_by_role("button", name="Save the letter").click()
    expect(page.get_by_text("The letter is saved in the draft.")).to_be_visible()
    assert "Mine. " in workshop.saved(f"letters/{name}.md")
    theirs = workshop.saved(f"letters/{name}.md").replace("Mine. ", "Theirs. ")
    workshop.put(f"letters/{name}.md", theirs)
    page.locator("#body").press_sequentially("And mine. ")
    page.get_by_role("button", name="Save the letter").click()
    expect(page.locator(".govuk-error-summary")).to_contain_text("Somebody else has changed")
    assert asks_when_left(page)
    with page.expect_popup() as other:
        page.get_by_role("link", name="See what the other person saved").click()
    expect(other.value.locator("#body")).to_have_value(re.compile("^Theirs. "))
    other.value.close()
    page.get_by_role("button", name="Save the letter").click()
    expect(page.get_by_text("The letter is saved in the draft.")).to_be_visible()
    assert "And mine. " in workshop.saved(f"letters/{name}.md")


def test_words_that_are_typed_and_not_saved_are_asked_about(
    workshop: Workshop, open_page: Open
) -> None:
    process = some(workshop, "stages.bpmn")
    page = open_page(workshop.site)
    for path in (f"outline/{process}", "publish"):
        workshop.open(page, path)
        field = page.locator("form[data-unsaved] :is(input.govuk-input, textarea)").first
        before = field.input_value()
        field.press_sequentially("x")
        assert asks_when_left(page)
        field.fill(before)
        assert not asks_when_left(page)


def test_a_cell_changed_in_dmn_js_is_saved_and_judged(workshop: Workshop, open_page: Open) -> None:
    page = open_page(workshop.site)
    name = some(workshop, ".dmn")
    workshop.open(page, f"tables/{name}/drawn")
    expect(page.locator(".bjs-powered-by, .powered-by").first).to_be_visible()
    cell = page.locator("#table-editor td.input-cell").first
    cell.click()
    page.keyboard.press("Control+A")
    page.keyboard.type('"nothing of that kind" and unknown_fact')
    page.locator("#table-editor td.input-cell").nth(1).click()
    expect(page.locator("[data-saved]")).to_have_text("Saved in the draft.")
    expect(page.locator("[data-problems]")).to_contain_text("unknown_fact")
    body = workshop.saved(f"{name}.dmn")
    assert "unknown_fact" in body
    second = re.sub(r'\bid="', 'id="second_', body[body.index("<decision ") : body.index("</def")])
    workshop.put(f"{name}.dmn", body.replace("</definitions>", f"{second}</definitions>"))
    page.goto(f"{page.url.partition('?')[0]}?decision=second_{name}")
    expect(page.locator("#table-editor td.input-cell").first).to_be_visible()
    page.locator("#table-editor td.input-cell").nth(1).click()
    page.keyboard.type("true")
    page.locator("#table-editor td.input-cell").first.click()
    expect(page.locator("[data-saved]")).to_have_text("Saved in the draft.")
    one, two = workshop.saved(f"{name}.dmn").split("<decision ")[1:]
    assert one in body and two not in second, "another table was opened"


def test_what_putright_does_with_a_question_is_chosen_in_form_js(
    workshop: Workshop, open_page: Open
) -> None:
    page = open_page(workshop.site)
    name = some(workshop, "response.form")
    workshop.open(page, f"forms/{name}/drawn")
    field = page.locator("#form-editor .fjs-form-field-textarea").first
    before = field.bounding_box()
    field.click()
    ours = page.locator("[data-ours]")
    expect(ours).to_contain_text("What Putright does with")
    assert field.bounding_box() == before, "the page jumps"
    assert faults_of(page) == []
    ours.get_by_label("What is said when it is left empty").fill("Say it in a sentence")
    ours.get_by_label("What is said when it is left empty").press("Tab")
    expect(page.locator("[data-saved]")).to_have_text("Saved in the draft.")
    expect(page.locator("[data-problems]")).to_have_text("Nothing.")
    first = json.loads(workshop.saved(f"forms/{name}.form"))["components"][0]
    assert first["properties"]["error"] == "Say it in a sentence"
    page.set_viewport_size({"width": 375, "height": 900})
    expect(page.get_by_text("This editor needs a wider screen.")).to_be_visible()
    assert faults_of(page) == []


COVERED = """(view) => {
  const boxes = (of) => [...view.querySelectorAll(of)].map((one) => [one.textContent,
    one.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right && b.left < a.right
    && a.top < b.bottom && b.top < a.bottom;
  const names = boxes('.djs-visual text');
  return boxes('.pr-differs').flatMap(
    ([, word]) => names.filter(([, name]) => meet(word, name)).map(([said]) => said));
}"""


def test_what_has_changed_is_said_beside_the_names(workshop: Workshop, open_page: Open) -> None:
    page = open_page(workshop.site)
    path = f"{some(workshop, 'stages.bpmn')}.bpmn"
    named = r'(<bpmn:(?:startEvent|exclusiveGateway|boundaryEvent|endEvent)[^>]* name="[^"]*)'
    changed, count = re.subn(named, r"\1.", workshop.saved(path))
    workshop.put(path, changed)
    workshop.open(page, "compare")
    views = page.locator(".pr-diagram__view[data-drawn]:has(.pr-differs)")
    expect(views).to_have_count(2)
    for view in views.all():
        assert view.locator(".pr-differs").count() == count > 5
        assert view.evaluate(COVERED) == []
