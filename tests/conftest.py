"""One landlord, its people, and a clock that tests move. Real engine, forms and database."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask, current_app
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, select, text

from app.clock import LONDON, SetClock
from app.db import db, prepare
from app.factory import create_app
from app.models import User
from app.models.base import new_id
from app.services import accounts, deployments, standing, tasks
from app.services.deployments import slugs
from app.settings import ROOT, Settings
from app.viewer import Viewer
from forms import BoundForm
from tests import once
from tests import postgres as postgresql

PROCESSES = ROOT / "processes"
# Any landlord will do: no test of the machinery knows one. That with the most stories shows most.
LANDLORD = max(slugs(PROCESSES), key=lambda slug: len([*PROCESSES.glob(f"{slug}/stories/*")]))
PASSWORD = "a long enough password"
WHEN = datetime(2026, 11, 24, 9, 0, 0, 123_456, LONDON)  # a Tuesday; real clocks have microseconds


# Two pages of the address bar's, which Chromium draws beside each of ours: most of its time.
# The others are Playwright's list, which ours replaces.
NOT_FOR_TESTS = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
    "HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,MediaRouter,"
    "NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "TcpPortRandomizationWin,ThirdPartyStoragePartitioning"
)
QUIET = (  # a browser that talks to nobody but the tests
    f"--disable-features={NOT_FOR_TESTS}",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests: two of Playwright's loops do not get on in one process."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield launched
        launched.close()


def weak_hasher() -> accounts.PasswordHasher:
    """Argon2 at its least: tests make many people."""
    return accounts.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Applications share what they compile, and their databases do not wait for the disk."""
    with once.compiled():
        yield


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as weak as it goes: the tests make many people."""
    weak = weak_hasher()
    monkeypatch.setattr(accounts, "HASHER", weak)
    monkeypatch.setattr(accounts, "NO_ONE", weak.hash("nobody"))


@pytest.fixture
def clock() -> SetClock:
    """Tuesday 24 November 2026, nine in the morning, until moved."""
    return SetClock(WHEN)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql", "both"), default="sqlite")


ON_BOTH = (  # with --database both: what depends on the database most, or all with PUTRIGHT_LONG
    "tests/bench/",
    "tests/proofs/",
    "tests/services/test_calendar_changes",
    "tests/services/test_counts",
    "tests/services/test_equality",
    "tests/services/test_floods",
    "tests/services/test_importing",
    "tests/services/test_jobs",
    "tests/services/test_operations",
    "tests/services/test_outbox",
    "tests/services/test_steps",
    "tests/web/test_busy",
)


BOTH = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With --database both, the proofs and some tests of services run on each."""
    here = metafunc.definition.path.relative_to(ROOT).as_posix()
    seldom = metafunc.definition.get_closest_marker("on_both_if_long")
    chosen = os.environ.get("PUTRIGHT_LONG") or (here.startswith(ON_BOTH) and not seldom)
    if metafunc.config.getoption("--database") != "both" or not chosen:
        return
    for each in {"database_url", "new_settings"}.intersection(metafunc.fixturenames):
        scope = "session" if each == "new_settings" else None
        metafunc.parametrize(each, BOTH, indirect=True, scope=scope)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """The worker's PostgreSQL."""
    with postgresql.started() as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, as --database says; none means SQLite in the test's own folder."""
    chosen = getattr(request, "param", request.config.getoption("--database"))
    if chosen != "postgresql":
        yield ""
        return
    server: postgresql.Server = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


def settings_in(folder: Path, database_url: str = "") -> Settings:
    """A server of its own in a folder of its own."""
    owner = postgresql.as_role(postgresql.OWNER, database_url) if database_url else ""
    return Settings(
        instance_dir=folder / "instance",
        database_url=database_url,
        owner_database_url=owner,
        heartbeat=False,
    )


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The test's server."""
    return settings_in(tmp_path, database_url)


@pytest.fixture(scope="session")
def new_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Settings]]:
    """Makes servers that several tests share, on the database that --database says."""
    chosen = getattr(request, "param", request.config.getoption("--database"))
    # asked for here, it outlives their databases
    server = request.getfixturevalue("postgres") if chosen == "postgresql" else None
    with ExitStack() as databases:

        def make() -> Settings:
            url = databases.enter_context(server.database()) if server else ""
            return settings_in(tmp_path_factory.mktemp("shared"), url)

        yield make


@pytest.fixture
def app(request: pytest.FixtureRequest, settings: Settings, clock: SetClock) -> Iterator[Flask]:
    """The application on an empty database. At the end each case stands where it says it does."""
    made = create_app(settings, clock)
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    once.make_tables(settings)
    with made.app_context():
        try:
            yield made
            db.session.remove()
            if not request.node.get_closest_marker("made_up_rows"):
                assert standing.look_again() == 0, "a case stands elsewhere than it says"
        finally:
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def landlord(app: Flask) -> str:
    """A landlord's shipped procedure, deployed."""
    deployments.deploy(LANDLORD, once.shipped(LANDLORD))
    return LANDLORD


def make_user(
    landlord_id: str | None, name: str, role: str = "staff", teams: tuple[str, ...] = ()
) -> Viewer:
    """Somebody who can sign in with PASSWORD, as a viewer."""
    user_id = accounts.add_user(
        landlord_id,
        email=f"{name}@{landlord_id or 'nowhere'}.example",
        name=name.title(),
        role=role,
        password=PASSWORD,
        teams=teams,
    )
    return accounts.viewer_for(db.session.scalars(select(User).where(User.id == user_id)).one())


@pytest.fixture
def person(landlord: str) -> Callable[..., Viewer]:
    """Makes a colleague: person("amira", teams=("customer_feedback",))."""

    def make(name: str, role: str = "staff", teams: tuple[str, ...] = ()) -> Viewer:
        return make_user(landlord, name, role, teams)

    return make


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript, and without CSRF tokens to carry."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[[Viewer], FlaskClient]:
    """Signs a viewer in through the page."""

    def as_viewer(viewer: Viewer) -> FlaskClient:
        email = db.session.scalars(select(User.email).where(User.id == viewer.user_id)).one()
        answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return as_viewer


def by_owner(statement: str) -> None:
    """What the application's role may not do on PostgreSQL, such as changing history."""
    db.session.rollback()
    engine = create_engine(current_app.extensions["settings"].owner_database)
    prepare(engine)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def filled(landlord_id: str, form: str, answers: dict[str, object]) -> BoundForm:
    """A form of the live deployment as somebody would post it, checked."""
    definition = deployments.live(landlord_id).forms[form]
    bound = tasks.bind(
        deployments.live(landlord_id), form, None, {}, typed=definition.as_typed(answers)
    )
    assert bound.check(), bound.errors
    return bound


def new_key() -> str:
    """What makes a submission one submission."""
    return new_id()


SLOW = frozenset(  # modules that search at random, start programs, or play many steps of a case
    {
        "test_equivalence",
        "test_form_conditions",
        "test_form_posts",
        "test_landlords",
        "test_stories",
        "test_played_stories",
        "test_policies",
        "test_calendar_against_walking",
        "test_cost",
        "test_form_answers",
        "test_diagrams",
        "test_picture",
        "test_inclusive",
        "test_commands",
        "test_built",
        "test_intake",
        "test_status",
        "test_workshop",
        "test_audit",
        "test_post",
        "test_outbox",
        "test_reporting",
        "test_kinds",
        "test_arrangements",
        "test_help",
        "test_cases",
        "test_put_right",
        "test_following_up",
        "test_drafts",
        "test_publishing",
        "test_publishing_pages",
        "test_new_landlord",
        "test_stories_of_drafts",
        "test_continuing",
        "test_again",
        "test_people_page",
        "test_dates_in_letters",
        "test_several_cases",
        "test_representatives",
        "test_promises",
        "test_demo",
        "test_recipients",
        "test_tasks",
        "test_inbox",
        "test_contacts",
        "test_contact",
        "test_packs",
        "test_hostile_uploads",
        "test_kills",
        "test_carried",
        "test_model",
        "test_races",
        "test_sweeps",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`./check --fast` leaves these out."""
    for item in items:
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
