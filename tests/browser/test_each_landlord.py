"""One whole path of each landlord through the browser: its longest story, typed into the pages.

`./check` takes the landlord whose longest is the shortest, `./check --long` each of them.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import Case, Task, User
from app.services import accounts, outbox, sweep
from app.services.deployments import slugs
from app.settings import ROOT, Settings
from tests.browser.conftest import WHEN, Open, Site, make_site, sign_in, wider_than_the_window
from tests.browser.typing import fill, finish, record
from tests.browser.visits import private_link
from tests.cases import london

PROCESSES = ROOT / "processes"
OWN_WAYS = {"about", "case", "claims"}  # what only a story can do
Step = dict[str, Any]


def longest(landlord: str) -> Path:
    """The story in which people do most, all of it on pages of one case."""

    def length(path: Path) -> int:
        steps: list[Step] = tomllib.loads(path.read_text("utf-8"))["step"]
        if any(OWN_WAYS & step.keys() or "refused" in step.get("expect", {}) for step in steps):
            return 0
        return sum(step.get("who", "resident") != "resident" for step in steps)

    return max(sorted((PROCESSES / landlord / "stories").glob("*.toml")), key=length)


class Player:
    """Plays a story in the browser: each person has a window of their own."""

    def __init__(self, site: Site, open_page: Open) -> None:
        self.site, self.open_page = site, open_page
        self.pages: dict[str, Page] = {}
        self.people: dict[str, set[str]] = {}

    def at(self, when: str) -> None:
        """Time passes: limits strike, letters leave."""
        self.site.clock.move_to(london(when))
        with self.site.app.app_context():
            sweep.run_due()
            self._send()
            db.session.remove()

    def _send(self) -> None:
        outbox.send_due(self.site.landlord)
        someone = db.session.scalars(select(User).limit(1)).first()
        viewer = accounts.viewer_for(someone) if someone else None
        for row in outbox.page(viewer).to_post if viewer else ():
            outbox.mark_posted(viewer, row.outgoing.id, self.site.clock().date())

    def page_of(self, who: str) -> Page:
        """The window of team/person, made at first mention."""
        name = self.known(who)
        if name not in self.pages:
            self.pages[name] = self.open_page(self.site)
            sign_in(self.pages[name], self.site, name)
        return self.pages[name]

    def known(self, who: str) -> str:
        """The colleague team/person: an account with all teams that the story names."""
        _team, _, name = who.partition("/")
        if name not in self.people:
            self.site.add(name, "staff", *self.teams_of[name])
            self.people[name] = self.teams_of[name]
        return name

    def play(self, story: dict[str, Any]) -> None:
        """Every step, as the people of the story would do it."""
        self.teams_of = teams_in(story)
        for step in story["step"]:
            self.at(step["at"])
            if does := step.get("does"):
                self.act(does, step)

    def act(self, does: str, step: Step) -> None:
        if not self.reference:
            return self.begin(step)
        if step.get("who", "resident") == "resident":
            return self.on_their_page(does, step)
        page = self.page_of(step["who"])
        if task := self.open_task(does, step["who"]):
            page.goto(f"/tasks/{task}")
            fill(page, **self.typed(page, step))
            finish(page)
        else:
            page.goto(f"/cases/{self.reference}/actions/{does}")
            fill(page, **self.typed(page, step))
            record(page)
        assert not wider_than_the_window(page)
        return None

    def on_their_page(self, does: str, step: Step) -> None:
        """What the resident does, on a phone."""
        page = self.open_page(self.site, 375)
        page.goto(f"{private_link(self.site, self.reference)}/actions/{does}")
        fill(page, **self.typed(page, step))
        page.locator(".pr-bar button[type=submit]").click()
        page.wait_for_load_state()
        faults = page.locator(".govuk-error-summary")
        assert not faults.count(), faults.inner_text()

    def begin(self, step: Step) -> None:
        """The case is recorded by staff."""
        page = self.page_of(step["who"])
        page.goto("/record?person=new")
        fill(page, **self.typed(page, step))
        page.locator("button[type=submit]").last.click()
        page.wait_for_load_state()
        assert self.reference, page.locator("main").inner_text()

    @property
    def reference(self) -> str:
        """Of the one case that there is; empty before it is recorded."""
        with self.site.app.app_context():
            found = db.session.scalars(select(Case.reference)).first() or ""
            db.session.remove()
            return found

    def open_task(self, element: str, who: str) -> str:
        """The open task at an element, their own before others'; empty for none."""
        with self.site.app.app_context():
            me = db.session.scalars(
                select(User.id).where(User.email == self.site.email_of(who.partition("/")[2]))
            ).first()
            rows = db.session.scalars(
                select(Task).where(Task.element == element, Task.status == "open")
            ).all()
            rows = sorted(rows, key=lambda task: task.claimed_by != me)
            found = rows[0].id if rows else ""
            db.session.remove()
            return found

    def typed(self, page: Page, step: Step) -> dict[str, Any]:
        """The answers as they are chosen and typed."""
        return {
            key: self.said(page, key, value)
            for key, value in step.get("answers", {}).items()
            if value not in (False, [], "")
        }

    def said(self, page: Page, key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self.said(page, key, each) for each in value]
        who = str(value)
        if who.partition("/")[2] in self.teams_of and who.partition("/")[0].isidentifier():
            name = self.known(who)
            page.reload()  # somebody new can be chosen now
            with self.site.app.app_context():
                email = self.site.email_of(name)
                user = db.session.scalars(select(User).where(User.email == email)).one()
                found = user.id
                db.session.remove()
            return found
        return value if isinstance(value, bool) else str(value)


def teams_in(story: dict[str, Any]) -> dict[str, set[str]]:
    """The people of a story with their teams, wherever they are named."""
    found: dict[str, set[str]] = {}

    def look(value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, dict):
            for each in value.values():
                look(each)
        elif isinstance(value, str) and value.count("/") == 1 and " " not in value:
            team, name = value.split("/")
            if team.isidentifier() and name.isidentifier():
                found.setdefault(name, set()).add(team)

    for step in story["step"]:
        look(step.get("who"))
        look(step.get("answers", {}))
    return found


def told(landlord: str) -> int:
    """How many steps its longest story has."""
    return len(tomllib.loads(longest(landlord).read_text("utf-8"))["step"])


ALL = slugs(PROCESSES)


@pytest.fixture(params=ALL if os.environ.get("PUTRIGHT_LONG") else [min(ALL, key=told)])
def landlord_site(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Site]:
    """An empty server of one landlord."""
    made = make_site(settings, SetClock(WHEN), request.param)
    yield made
    made.stop()


def test_a_whole_story_can_be_typed_into_the_pages(landlord_site: Site, open_page: Open) -> None:
    path = longest(landlord_site.landlord)
    story = tomllib.loads(path.read_text("utf-8"))
    player = Player(landlord_site, open_page)

    player.play(story)

    with landlord_site.app.app_context():
        case = db.session.scalars(select(Case)).first()
        assert case is not None
        last = story["step"][-1].get("expect", {})
        assert case.status == last.get("status", case.status)
        assert case.outcome == last.get("outcome", case.outcome)
        db.session.remove()
