"""Where things stand on the pages that show diagrams."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.db import db
from app.models import Case, Deadline, Task, User
from tests.browser.conftest import DESK, PHONE, Open, Site, faults_of, sign_in
from tests.browser.conftest import LANDLORD as OWN

COVERED = """() => {
  const cross = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const all = (what) => [...document.querySelectorAll(what)];
  const box = (one) => one.getBoundingClientRect();
  const seen = (one) => getComputedStyle(one).visibility === 'visible';
  const names = all('.djs-visual > text.djs-label').filter(seen).map(box);
  const cards = all('.pr-count:not(.pr-count--key)').map(box);
  return [names.length, cards.filter((card) => names.some((name) => cross(card, name))).length];
}"""


def address_of(site: Site, stage: str) -> str:
    """A case of the demo that is in this stage, with the most time left: what is due unfolds."""
    with site.app.app_context():
        due = select(func.min(Deadline.due_on)).where(
            Deadline.case_id == Case.id, Deadline.kind == "duty", Deadline.met_on.is_(None)
        )
        in_stage = select(Case).where(Case.stage == stage, Case.status == "open")
        most = in_stage.order_by(due.scalar_subquery().desc().nulls_last(), Case.id)
        reference = db.session.scalars(most).first()
        assert reference
        found = f"/cases/{reference.reference}"
        db.session.remove()
    return found


def manager_of(site: Site) -> str:
    with site.app.app_context():
        wanted = select(User.email).where(User.role == "manager", User.landlord_id == OWN)
        email = db.session.scalars(wanted).first()
        db.session.remove()
    assert email
    return email.partition("@")[0]


@pytest.mark.parametrize("stage", ["intake", "stage_1"])
def test_deadlines_points_and_actions_are_seen_at_once_beside_the_diagram(
    demo_site: Site, open_page: Open, stage: str
) -> None:
    page = open_page(demo_site, DESK)
    sign_in(page, demo_site, manager_of(demo_site))
    page.goto(address_of(demo_site, stage))
    for title in ("Deadlines", "Points complained about"):
        box = page.get_by_role("heading", name=title).bounding_box()
        assert box and box["y"] < 900, title
    outer = page.locator("details.pr-diagram__view")
    assert outer.count() >= 1 and not outer.first.evaluate("one => one.open")
    outer.first.locator("summary").click()
    drawn = outer.first.locator(".djs-container > svg")
    expect(drawn).to_be_visible()
    assert outer.first.locator(".pr-live").first.is_visible()
    assert faults_of(page) == []


def test_on_a_phone_the_next_deadline_stands_before_the_diagrams(
    demo_site: Site, open_page: Open
) -> None:
    page = open_page(demo_site, PHONE)
    sign_in(page, demo_site, manager_of(demo_site))
    page.goto(address_of(demo_site, "stage_1"))
    deadlines = page.get_by_role("heading", name="Deadlines").bounding_box()
    diagram = page.locator(".pr-diagram").bounding_box()
    assert deadlines and diagram and deadlines["y"] < 1_000 and deadlines["y"] < diagram["y"]


def test_how_many_are_somewhere_covers_no_name(demo_site: Site, open_page: Open) -> None:
    page = open_page(demo_site, DESK)
    sign_in(page, demo_site, manager_of(demo_site))
    page.goto("/running")
    page.locator(".pr-diagram__view[data-drawn]").first.wait_for()
    page.wait_for_timeout(300)  # the cards are spread in the next frame
    assert page.locator(".pr-count:not(.pr-count--key)").count() >= 3
    assert page.evaluate(COVERED)[1] == 0
    for _ in range(4):  # from afar the diagram's own names are hidden
        page.get_by_role("button", name="Zoom in").first.click()
    page.wait_for_timeout(300)
    names, covered = page.evaluate(COVERED)
    assert names > 10 and covered == 0


CUT = """(box) => {
  const frame = box.getBoundingClientRect();
  return [...box.querySelectorAll('.pr-flag')].filter((flag) => {
    const seen = flag.getBoundingClientRect();
    return seen.top < frame.top || seen.bottom > frame.bottom
      || seen.left < frame.left || seen.right > frame.right;
  }).map((flag) => flag.textContent);
}"""


def test_every_black_label_of_what_a_case_waits_for_is_seen_whole(
    demo_site: Site, open_page: Open
) -> None:
    with demo_site.app.app_context():
        kind = Case.kind == "contact_arrangement"
        reference = db.session.scalars(select(Case.reference).where(kind)).first()
        db.session.remove()
    for width in (DESK, PHONE):
        page = open_page(demo_site, width)
        sign_in(page, demo_site, manager_of(demo_site))
        page.goto(f"/cases/{reference}")
        page.locator(".pr-diagram__view[data-drawn] .pr-flag").first.wait_for()
        canvas = page.locator(".pr-diagram__canvas").last
        assert canvas.locator(".pr-flag").count() == 2
        assert canvas.evaluate(CUT) == []


def test_a_legend_of_two_lines_stands_inside_its_box(demo_site: Site, open_page: Open) -> None:
    with demo_site.app.app_context():
        wanted = select(Task.id, User.email).join(User, User.id == Task.claimed_by)
        points = (Task.status == "open", Task.form == "stage_1_response")
        task_id, email = db.session.execute(wanted.where(*points)).first() or ("", "")
        db.session.remove()
    page = open_page(demo_site, PHONE)
    sign_in(page, demo_site, email.partition("@")[0])
    page.goto(f"/tasks/{task_id}")
    box = page.locator("fieldset.pr-issue").first
    legend = box.locator("legend").first
    legend.evaluate("one => { one.textContent = 'A letter '.repeat(12); }")
    around, inside = box.bounding_box(), legend.bounding_box()
    assert around and inside and inside["height"] > 40
    assert inside["y"] > around["y"] + 8
    assert faults_of(page) == []
