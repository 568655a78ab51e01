"""Every page, at a desk and on a phone: no fault for axe, no overflow, no word to the console.

On a phone axe looks with `./check --long` only: it is the same page, and it takes a second each.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.db import db
from app.models import Case, Letter, Task, User
from app.services import accounts, actions, deaths, people
from app.services.workshop import drafts, playing, publishing
from app.services.workshop.acting import Asked
from app.viewer import Viewer
from tests.browser.conftest import (
    DESK,
    LANDLORD,
    WIDTHS,
    Open,
    Site,
    faults_of,
    sign_in,
    wider_than_the_window,
)
from tests.browser.visits import private_link
from tests.conftest import PASSWORD
from tests.web.filling import right_for

# Words in braces stand for something of the demo: see things_of.
PUBLIC = (
    "/",
    "/sign-in",
    f"/{LANDLORD}/complain",
    f"/{LANDLORD}/complain/form",
    f"/{LANDLORD}/complain/help-now",
    f"/{LANDLORD}/complain/return/a-link-that-is-too-old",
    f"/{LANDLORD}",
    f"/{LANDLORD}/learning",
    "{link}",
    "{link}/add",
    "{link}/actions/{offer}",
    "{closed_link}",
    "{late_link}",
    f"/{LANDLORD}/status/a-link-of-nobody",
    "/nothing-here",
)
LANDLORD = ("teams", "contacts", "calendar", "outside", "targets", "code")
PAGES = {
    "amira_sethi": (
        "/inbox",
        "/inbox?tab=teams",
        "/inbox?tab=others",
        "/inbox?tab=done",
        "/inbox?late=1",
        "/inbox?q=nobody-of-that-name",
        "/record",
        "/record?name=a&address=a",
        "/record?person=new",
        "/record/{case}",
        "/cases",
        "/cases?status=closed",
        "/cases?q=nobody",
        "/cases/{case}?tab=letters",
        "/cases/{case}?tab=documents",
        "/cases/{case}?tab=notes",
        "/cases/{case}?tab=people",
        "/cases/{case}?tab=history",
        "/cases/{case}/letters/{letter}",
        "/cases/{case}/actions/{offer}",
        "/cases/{case}/begin",
        "/cases/{case}/points",
        "/cases/{case}/people/add",
        "/cases/{case}/people/add?new=1",
        "/cases/{case}/people/{other}/contact",
        "/cases/{case}/people/{other}/off",
        "/cases/{case}/people/{other}/died",
        "/cases/{case}/people/{died}/carried-on",
        "/cases/{case}/people/{died}/not-died",
        "/cases/{case}/contact?person={other}",
        "/cases/{case}/representatives",
        "/cases/{case}/representatives/{speaker}",
        "/cases/{case}/points/1/own",
        "/cases/{case}/notes",
        "/cases/{case}/hazard",
        "/cases/{case}/documents",
        "/cases/{case}/contact",
        "/cases/{case}/kept-out",
        "/cases/{case}/diagrams/stage_1",
        "/tasks/{task}/hand-over",
        "/post",
        "/learning",
        "/help",
        "/help/policy",
        "/procedures",
        "/people",  # not for staff
        "/cases/NOTHING",
    ),
    "maya_lindqvist": (
        "/running",
        "/running?show=late",
        "/running/calendar",
        "/arrangements",
        "/incidents",
        "/learning",
        "/learning?show=published",
        "/report",
        "/report?period=2026-10-01..2026-12-31",
        "/report?first=2026-11-30&last=2026-11-01",
        "/report/cases?period=2026-10-01..2026-12-31&of=received",
        "/report/cases?period=2001-01-01..2001-03-31&of=received",
        "/inbox",
        "/post",
        "/help",
    ),
    "oliver_pike": (
        "/procedures/complaint",
        "/procedures/stage_1",
        "/procedures/acceptance",
        "/procedures/drafts",
        "/procedures/drafts/{draft}",
        "/procedures/moving",
        "/procedures/drafts/{draft}/ids",
        "/procedures/drafts/{proposed}/ids",
        "/procedures/drafts/{draft}/compare",
        "/procedures/drafts/{draft}/folder",
        "/procedures/drafts/{draft}/publish",
        "/procedures/drafts/{proposed}/publish",
        "/procedures/compare",
        "/procedures/compare?from=1&to=1",
        "/procedures/history",
        "/procedures/drafts/{draft}/play",  # not yet: it lacks a letter
        "/procedures/drafts/{played}/play",
        "/procedures/drafts/{played}/play/do?does={todo}",
        "/procedures/drafts/{fresh}/play",
        "/procedures/drafts/{draft}/stories",
        "/procedures/drafts/{fresh}/stories/arrangement_in_force",
        "/procedures/drafts/{draft}/forms",
        "/procedures/drafts/{draft}/forms/stage_1_response",
        "/procedures/drafts/{draft}/letters",
        "/procedures/drafts/{draft}/letters/stage_1_response",
        "/procedures/drafts/{draft}/tables",
        "/procedures/drafts/{draft}/tables/acceptance",
        "/procedures/drafts/{draft}/tables/acceptance/drawn",
        "/procedures/drafts/{draft}/facts",
        "/procedures/drafts/{draft}/facts/raised_on",
        *(f"/procedures/drafts/{{draft}}/landlord/{part}" for part in LANDLORD),
        "/procedures/drafts/{draft}/forms/stage_1_response/drawn",
        "/procedures/drafts/{draft}/bring-in",
        "/procedures/drafts/{draft}/diagrams/complaint.bpmn",
        "/procedures/drafts/{draft}/outline/stage_1",
        "/help",
        "/help/procedures",
    ),
    "ruth_adeyemi": (
        "/histories",
        "/histories?q=nobody",
        "/histories/{case}",
        "/report?period=2026-10-01..2026-12-31",
        "/help",
        "/help/policy?show=hole",
    ),
    "nora_none": ("/people", "/procedures/new-landlord"),
    "sam_field": ("/people", "/people/add", "/people/{person}", "/people/days-off", "/help"),
}
# Shown only after something was done in the same visit: test_states.py looks at them.
AFTER_DOING = {"intake.done", "intake.saved", "learning.edit", "status.letter"}
# Needs a panel or an incident, which the demo of this landlord has not: tests/web looks at them.
NOT_HERE = {"monitor.skip", "packs.packs"}
FILES = {
    "session.signed_in",
    "static",
    "audit.export",
    "audit.taken",
    "calendar.table",
    "cases.diagram",
    "cases.document",
    "cases.letter_pdf",
    "cases.letter_text",
    "help.picture",
    "drafting.file",
    "folders.taken_away",
    "folders.version",
    "health.livez",
    "modeller.known",
    "playing.letter",
    "health.metrics_page",
    "health.readyz",
    "monitor.diagram",
    "packs.pack",
    "post.print_all",
    "publishing.history_table",
    "report.export",
    "status.letter_pdf",
    "workshop.source",
}
REDIRECTS = {"intake.leave", "landlord_editor.landlord"}


def with_more_people(reference: str) -> dict[str, str]:
    """A second resident and a representative on a case, once."""
    amira = db.session.scalars(select(User).where(User.name == "Amira Sethi")).one()
    viewer = accounts.viewer_for(amira)
    people.add_new(viewer, reference, {"name": "Kofi Mensah-Boateng"})
    people.add_new(viewer, reference, {"name": "Mary Doyle"})
    speaker = people.add_representative(viewer, reference, {"name": "Sam Lee"})
    case = db.session.scalars(select(Case).where(Case.reference == reference)).one()
    ids = {person.name: person.id for person in case.residents}
    late = ids["Mary Doyle"]
    told = deaths.Told(None, "Her son", not_known=True)
    deaths.record(viewer, reference, late, told, deaths.Carrier(deaths.NOBODY))
    return {"other": ids["Kofi Mensah-Boateng"], "died": late, "speaker": speaker}


def two_drafts() -> dict[str, str]:
    """A draft that lacks a letter and has an unsafe id, and one that waits for a second person."""
    oliver = db.session.scalars(select(User).where(User.name == "Oliver Pike")).one()
    owner = accounts.viewer_for(oliver)
    begun = drafts.begin(owner, "Without one letter")
    letters = [path for path in drafts.get(owner, begun).files if path.startswith("letters/")]
    drafts.remove(owner, begun, min(letters))
    one = drafts.get(owner, begun).files["complaint.bpmn"]
    over = re.findall(rb'<bpmn:endEvent id="(\w+)"', one)[0]
    drafts.put(owner, begun, "complaint.bpmn", one.replace(over, b"sid-1A"))
    waits = drafts.begin(owner, "Ask again")
    files = drafts.get(owner, waits).files
    task = rb'(<bpmn:userTask [^>]*name=")'
    diagram = re.sub(task, rb"\g<1>Again: ", files["stage_1.bpmn"], count=1)
    drafts.put(owner, waits, "stage_1.bpmn", diagram)
    drafts.put(owner, waits, min(letters), files[min(letters)] + b"\nGood night.\n")
    publishing.propose(owner, waits, "It reads better.")
    return {"draft": begun, "proposed": waits}


def an_administrator_of_none(site: Site) -> None:
    """Who makes landlords."""
    accounts.add_user(
        None,
        email=site.email_of("nora_none"),
        name="Nora None",
        role="administrator",
        password=PASSWORD,
    )


def a_played_case() -> dict[str, str]:
    """A draft on which a case was begun, the task that is open in it, and a draft for none yet."""
    oliver = db.session.scalars(select(User).where(User.name == "Oliver Pike")).one()
    owner = accounts.viewer_for(oliver)
    begun, fresh = (drafts.begin(owner, title) for title in ("Played", "Not played yet"))
    form = playing.beginnings(drafts.get(owner, begun))[0].start_form
    first = Asked(form, kind="complaint", on=date(2026, 11, 24))
    fill_in(owner, begun, first)
    stands = playing.shown(owner, begun).standing
    assert stands
    return {"played": begun, "fresh": fresh, "todo": stands.tasks[0].does}


def fill_in(owner: Viewer, draft: str, asked: Asked) -> None:
    typed: MultiDict[str, str] = MultiDict()
    for _ in range(5):  # an answer may bring up further questions
        try:
            return playing.act(owner, draft, asked, typed)
        except playing.SheetRefused as refused:
            form = refused.sheet.form
            for field in (field for field in form.applicable if field.key in form.errors):
                typed.update(right_for(field))
    raise AssertionError(form.errors)


def things_of(site: Site) -> dict[str, str]:
    """A case that has been answered, its newest letter and what it offers; one closed, one late."""
    with site.app.app_context():
        its = select(func.count(Letter.id)).where(Letter.case_id == Case.id).scalar_subquery()
        query = select(Case).where(its > 0).order_by(its.desc())
        busy = next(
            case
            for case in db.session.scalars(query)
            if case.status == "open" and actions.offered(case, "resident")
        )
        letter = select(Letter.id).where(Letter.case_id == busy.id)
        overdue = Task.due_on.is_not(None) & (Task.status == "open")
        late = db.session.scalars(select(Task).where(overdue).order_by(Task.due_on)).first()
        closed = db.session.scalars(select(Case).where(Case.status == "closed")).first()
        team_task = select(Task.id).where(Task.status == "open", Task.claimed_by.is_(None))
        assert late and closed
        things = {
            "case": busy.reference,
            "late": late.case.reference,
            "closed": closed.reference,
            "letter": db.session.scalars(letter.order_by(Letter.written_at.desc())).first(),
            "offer": actions.offered(busy, "resident")[0].name,
            "task": db.session.scalars(team_task).first(),
            "person": db.session.scalars(select(User.id)).first(),
        }
        things |= with_more_people(busy.reference) | two_drafts() | a_played_case()
        an_administrator_of_none(site)
        db.session.remove()
    links = {"link": "case", "late_link": "late", "closed_link": "closed"}
    return things | {name: private_link(site, things[of]) for name, of in links.items()}


@pytest.fixture(scope="module")
def things(demo_site: Site) -> dict[str, str]:
    return things_of(demo_site)


def faults_at(page: Page, paths: Iterable[str]) -> dict[str, list[str]]:
    wide = page.viewport_size is None or page.viewport_size["width"] == DESK
    look = faults_of if wide or os.environ.get("PUTRIGHT_LONG") else wider_than_the_window
    found = {}
    for path in paths:
        page.goto(path)
        if faults := look(page):
            found[path] = faults
    return found


def test_no_page_is_forgotten(demo_site: Site) -> None:
    known = demo_site.app.url_map
    pages = {rule.endpoint for rule in known.iter_rules() if "GET" in (rule.methods or ())}
    match = known.bind("localhost").match
    opened = {"cases.case", "tasks.task"}  # below, one in each state
    for paths in (PUBLIC, *PAGES.values()):
        for path in paths:
            asked = urlsplit(path.replace("{link}", f"/{LANDLORD}/status/some"))
            if asked.path.startswith("/") and not asked.path.startswith("/nothing"):
                opened.add(match(asked.path)[0])
    assert pages - opened - AFTER_DOING - NOT_HERE - FILES - REDIRECTS == set()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_public_pages(
    demo_site: Site, things: dict[str, str], open_page: Open, width: int
) -> None:
    page = open_page(demo_site, width)
    assert faults_at(page, (path.format(**things) for path in PUBLIC)) == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_each_role(
    demo_site: Site, things: dict[str, str], open_page: Open, name: str, width: int
) -> None:
    page = open_page(demo_site, width)
    sign_in(page, demo_site, name)
    assert faults_at(page, (path.format(**things) for path in PAGES[name])) == {}


def cases_in_each_state(site: Site) -> list[str]:
    with site.app.app_context():
        found = {
            (case.stage, case.status, case.hazard): f"/cases/{case.reference}"
            for case in db.session.scalars(select(Case))
        }
        db.session.remove()
    return list(found.values())


def tasks_of_each_kind(site: Site, name: str) -> list[str]:
    """One task of each kind that is work for a person's teams, whoever has claimed it."""
    with site.app.app_context():
        user = db.session.scalars(select(User).where(User.email == site.email_of(name))).one()
        teams = {membership.team for membership in user.memberships}
        tasks = {
            task.element: f"/tasks/{task.id}"
            for task in db.session.scalars(select(Task).where(Task.status == "open"))
            if task.team in teams
        }
        db.session.remove()
    return list(tasks.values())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["amira_sethi", "nadia_rahman", "helen_marsh"])
def test_each_kind_of_task(demo_site: Site, open_page: Open, name: str, width: int) -> None:
    tasks = tasks_of_each_kind(demo_site, name)
    assert tasks
    page = open_page(demo_site, width)
    sign_in(page, demo_site, name)
    assert faults_at(page, tasks) == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_cases_in_each_state(demo_site: Site, open_page: Open, width: int) -> None:
    cases = cases_in_each_state(demo_site)
    assert len(cases) > 5
    page = open_page(demo_site, width)
    sign_in(page, demo_site, "amira_sethi")
    assert faults_at(page, cases) == {}
