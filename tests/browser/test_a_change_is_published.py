"""A process owner who has never seen code changes a procedure, and open cases follow it.

A limit of 10 working days becomes 8, an approval with a form of its own and a letter are added; a
second person publishes; open cases are rehearsed, moved with their dates, and one is put back.
`./check --long` does it with 300 cases.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.drawing.layout.draw import draw
from app.factory import create_app
from app.models import Case, Deadline, Task
from app.services import deployments, sweep
from app.services.access import instance_of
from app.services.operations import jobs
from app.services.references import spaced
from app.settings import Settings
from app.viewer import Viewer
from tests import small
from tests.browser.conftest import WHEN, Open, Site, faults_of, sign_in
from tests.services.test_moving import FACTS, pieces

CHECK = small.form("check", {"key": "checked", "type": "textfield", "label": "Who checks?"})
REFUSED = "The case stands at “check”, which is gone."
STORY = b"""
landlord = "small-homes"
title = "The answer is due in ten days"

[[step]]
at = "2026-01-05 10:00"
who = "complaints/grace"
does = "record_complaint"
answers = { resident_name = "Ann Lee", resident_email = "ann@example.org" }
expect.open = { answer = "complaints" }
expect.deadlines = { late = "2026-01-19" }
"""
CHECKED = b"""
landlord = "small-homes"
title = "It is checked before it goes"

[[step]]
at = "2026-01-05 10:00"
who = "complaints/grace"
does = "record_complaint"
answers = { resident_name = "Ann Lee", resident_email = "ann@example.org" }

[[step]]
at = "2026-01-06 10:00"
who = "complaints/grace"
does = "answer"
answers = { answer = "We are sorry.", next_place = "ombudsman" }

[[step]]
at = "2026-01-06 11:00"
who = "complaints/idris"
does = "check"
answers = { checked = "Idris" }
expect.letters = ["answer"]
"""
ON_A_PAGE = 100
CASES = 300 if os.environ.get("PUTRIGHT_LONG") else 6


@pytest.fixture
def shop(settings: Settings) -> Iterator[Site]:
    """A landlord with a procedure, a process owner and a manager."""
    clock = SetClock(WHEN)
    app = create_app(settings, clock)
    with app.app_context():
        db.create_all()
        told = {"stories/first.toml": STORY, "stories/checked.toml": CHECKED}
        more = {"forms/check.form": CHECK, **told}
        deployments.deploy(small.SMALL, drawn("check") | more)
        db.session.remove()
    made = Site(app, clock, small.SMALL)
    made.add("olu", "process_owner")
    made.add("maya", "manager", "complaints")
    yield made
    made.stop()


def drawn(*more: str) -> dict[str, bytes]:
    """The landlord's folder, with its diagram laid out; more: steps before the answer goes."""
    files = small.files(*pieces(more), facts=FACTS)
    body = files["complaint.bpmn"].replace(
        b'name="approve" camunda:formKey="asks"', b'name="Approve" camunda:formKey="approval"'
    )
    return files | {"complaint.bpmn": draw(body)}


class Stands(NamedTuple):
    """What is open of a case: its task, and when the answer is due."""

    task: str
    due_on: str


def as_it_stands(site: Site) -> dict[str, Stands]:
    with site.app.app_context():
        found = {}
        for case in db.session.scalars(select(Case)):
            task = db.session.scalars(
                select(Task).where(Task.case_id == case.id, Task.status == "open")
            ).one()
            due = db.session.scalars(
                select(Deadline.due_on).where(
                    Deadline.case_id == case.id, Deadline.element == "late"
                )
            ).one()
            found[case.reference] = Stands(task.id, str(due))
        db.session.remove()
    return found


def begin_cases(site: Site, number: int, by: str = "grace") -> Viewer:
    """So many complaints that wait for their answer."""
    with site.app.app_context():
        officer = small.officer(by)
        for _ in range(number):
            small.complaint(officer)
        db.session.remove()
    return officer


def one_goes_on(site: Site, officer: Viewer) -> str:
    """One of them is answered, and waits for the check. Returns its reference as it is written."""
    with site.app.app_context():
        case = db.session.scalars(select(Case).order_by(Case.reference)).first()
        assert case
        small.does(officer, case, answer="We are sorry.", next_place="ombudsman")
        reference = spaced(case.reference)
        db.session.remove()
    return reference


def work(site: Site) -> None:
    """What the worker does within seconds."""
    with site.app.app_context():
        jobs.run_waiting(sweep.JOBS)
        db.session.remove()


def approval(folder: Path) -> list[Path]:
    """What somebody drew in another editor: an approval step instead of the check, and its form."""
    form = small.form(
        "approval", {"key": "approved", "type": "textfield", "label": "Who approves?"}
    )
    files = {"complaint.bpmn": drawn("approve")["complaint.bpmn"], "approval.form": form}
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return [folder / name for name in files]


def test_a_change_goes_from_draft_to_published_and_open_cases_follow(
    shop: Site, open_page: Open, tmp_path: Path
) -> None:
    answered = one_goes_on(shop, begin_cases(shop, CASES))
    before = as_it_stands(shop)
    owner = open_page(shop)
    sign_in(owner, shop, "olu")
    draft = begin(owner, "An approval before the answer goes")

    owner.goto(f"{draft}/bring-in")
    owner.get_by_label("Files").set_input_files(approval(tmp_path))
    owner.get_by_role("button", name="Bring in").click()
    write_letter(owner, draft)
    tell_the_story_anew(shop, owner, draft)
    propose(owner, draft, "Nobody sends an answer alone any more.")
    work(shop)

    manager = open_page(shop)
    sign_in(manager, shop, "maya")
    manager.goto(f"{draft}/publish")
    expect(manager.get_by_text("Nobody sends an answer alone any more.")).to_be_visible()
    assert faults_of(manager) == []
    manager.get_by_role("button", name="Approve and publish").click()
    expect(manager.get_by_text("It is published")).to_be_visible()

    manager.goto("/procedures/moving")
    moving = CASES - 1
    plain = f"{moving} cases keep every date that we owe"
    expect(manager.get_by_role("heading", name=plain)).to_be_visible()
    assert faults_of(manager) == []
    manager.get_by_role("link", name="1 cannot move").click()
    stays = manager.get_by_role("region", name="1 case stays on the old version")
    expect(stays).to_contain_text(answered)
    expect(stays).to_contain_text(REFUSED)
    assert faults_of(manager) == []
    manager.get_by_role("link", name=f"{moving} keep every date").click()
    some = "Move those that are ticked" if moving <= ON_A_PAGE else f"Move all {moving}"
    manager.get_by_role("button", name=some).click()
    work(shop)
    manager.goto("/procedures/moving")
    expect(manager.get_by_text(f"{moving} cases moved.", exact=True)).to_be_visible()
    assert as_it_stands(shop) == before, "tasks and dates are kept to the day"

    manager.get_by_role("button", name="back").first.click()
    expect(manager.get_by_text("is back on the version it was on")).to_be_visible()
    assert on_version(shop, 1) == 2 and on_version(shop, 2) == CASES - 2
    assert as_it_stands(shop) == before, "also of the one that was put back"
    assert faults_of(manager) == []


def test_ten_days_become_eight_in_the_table_and_a_manager_says_why(
    shop: Site, open_page: Open
) -> None:
    begin_cases(shop, 2)
    owner = open_page(shop)
    sign_in(owner, shop, "olu")
    draft = begin(owner, "Eight working days")
    owner.goto(f"{draft}/outline/complaint")
    field = owner.locator('[name="late.number"]')
    assert field.input_value() == "10"
    field.fill("8")
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("8 working days after").first).to_be_visible()
    let_the_story_follow(shop, owner, draft)
    propose(owner, draft, "The board promised eight days.")
    work(shop)

    manager = open_page(shop)
    sign_in(manager, shop, "maya")
    manager.goto(f"{draft}/publish")
    manager.get_by_role("button", name="Approve and publish").click()
    manager.goto("/procedures/moving")
    expect(
        manager.get_by_text("Tuesday 8 December 2026, then Friday 4 December 2026").first
    ).to_be_visible()
    manager.get_by_label("Why may these dates move?").fill("The board promised it to all.")
    manager.get_by_role("button", name="with their new dates").first.click()
    work(shop)
    assert {each.due_on for each in as_it_stands(shop).values()} == {"2026-12-04"}
    begin_cases(shop, 1, "amira")
    assert {each.due_on for each in as_it_stands(shop).values()} == {"2026-12-04"}


def tell_the_story_anew(shop: Site, owner: Page, draft: str) -> None:
    """A step of it is gone and another has come: that is played, and the rest is left out."""
    owner.goto(f"{draft}/stories")
    owner.get_by_role("button", name="Play them now").click()
    work(shop)
    owner.reload()
    expect(owner.get_by_text("1 of 2 stories does not hold.")).to_be_visible()
    expect(owner.get_by_text("“Approve” is to be done then.")).to_be_visible()
    assert faults_of(owner) == []
    owner.get_by_role("link", name="open the story in Play").click()
    owner.get_by_role("button", name="Open it in Play").click()
    expect(owner.get_by_role("heading", name="The case stops here")).to_be_visible()
    assert faults_of(owner) == []
    owner.get_by_role("link", name="Approve").click()
    owner.get_by_label("Who approves?").fill("Maya")
    owner.get_by_role("button", name="Do it").click()
    owner.get_by_role("button", name="Or leave that step out, and all after it").click()
    owner.get_by_label("What does it show?").fill("It is approved before it goes")
    owner.get_by_label("Name of its file").fill("checked")
    owner.get_by_label("It takes the place of the story").check()
    owner.get_by_role("button", name="Save the story").click()
    expect(owner.get_by_text("Saved as stories/checked.toml")).to_be_visible()


def let_the_story_follow(shop: Site, owner: Page, draft: str) -> None:
    """It says what it expected and what was found, and expects that once somebody has looked."""
    owner.goto(f"{draft}/stories")
    owner.get_by_role("button", name="Play them now").click()
    work(shop)
    owner.reload()
    expect(owner.get_by_text("1 of 2 stories does not hold.")).to_be_visible()
    row = owner.get_by_role("row").filter(has_text="5 January 2026, 10:00am")
    expect(row).to_contain_text("late: 19 January 2026")
    expect(row).to_contain_text("late: 15 January 2026")
    assert faults_of(owner) == []
    owner.get_by_role("link", name="The whole story").click()
    expect(owner.get_by_role("row").filter(has_text="Open tasks")).to_contain_text("answer")
    assert faults_of(owner) == []
    owner.get_by_role("button", name="Let this story expect what was found").click()
    work(shop)
    owner.reload()
    expect(owner.get_by_text("All 2 stories hold.")).to_be_visible()


def begin(page: Page, title: str) -> str:
    """Begin a draft; returns its path."""
    page.goto("/procedures/drafts")
    page.get_by_label("What is the change about?").fill(title)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name=title).wait_for()
    return page.url.removeprefix(page.url[: page.url.index("/procedures")])


def write_letter(page: Page, draft: str) -> None:
    page.goto(f"{draft}/letters")
    page.get_by_label("Title").fill("We need more time")
    page.get_by_label("Name in the diagram").fill("more_time")
    page.get_by_label("Begin with the words of").select_option("answer")
    page.get_by_role("button", name="Begin the letter").click()
    page.wait_for_url("**/letters/more_time")
    assert faults_of(page) == []


def propose(page: Page, draft: str, says: str) -> None:
    page.goto(f"{draft}/publish")
    page.get_by_label("What changes, and why?").fill(says)
    page.get_by_role("button", name="Propose to a second person").click()
    page.get_by_text("proposes this").wait_for()


def on_version(site: Site, number: int) -> int:
    with site.app.app_context():
        rows = {row.id: row.number for row in deployments.history(small.SMALL)}
        on = [rows[instance_of(case).deployment_id] for case in db.session.scalars(select(Case))]
        db.session.remove()
    return on.count(number)
