"""PostgreSQL holds the landlords apart, whatever a query forgot. Always on a PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import flask_migrate
import pytest
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, select, text
from sqlalchemy.exc import ProgrammingError

from app import clock, wall
from app.db import Base, db, look_at, prepare
from app.factory import create_app
from app.models import Case, Event, ProcedureEvent
from app.models.base import Owned
from app.services.operations import migrations
from app.services.operations.migrations import NotAtHead
from app.settings import ROOT, Settings
from app.viewer import Viewer
from app.web.policy import allow
from tests import small
from tests.conftest import make_user
from tests.postgres import APPLICATION, OWNER, Server, as_role
from tests.services import elm_homes as elm

SUPERUSER = "postgres"
BOTH = sorted((elm.ELM, small.SMALL))
WALLED = """
    SELECT relname, qual FROM pg_class
    LEFT JOIN pg_policies ON tablename = relname AND policyname = 'of_landlord'
    WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'
"""
OWNED = {
    mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, Owned)
}
OF_ALL = {"landlord", "calendar", "day_off", "beat", "ended_session", "flood", "quarantine"}
PEOPLE = text('SELECT id FROM "user" UNION SELECT user_id || team FROM membership')
EVENTS = select(Event.landlord_id).distinct()


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: SQLite has no wall."""
    with postgres.database() as url:
        yield url


@contextmanager
def engine_of(role: str, address: str) -> Iterator[Engine]:
    engine = create_engine(as_role(role, address))
    prepare(engine)
    yield engine
    engine.dispose()


def walled(address: str) -> dict[str, str]:
    """The tables with a wall that holds their owner, too, and what it lets through."""
    with engine_of(OWNER, address) as engine, engine.connect() as connection:
        return {name: says for name, says in connection.execute(text(WALLED))}


@pytest.fixture
def two_landlords(app: Flask) -> None:
    """A case of each."""
    elm.deploy()
    elm.recorded("2026-11-02")
    small.deploy()
    small.complaint(small.officer())
    db.session.remove()


# --- every table ---------------------------------------------------------------------------------


def test_every_table_has_the_wall_however_it_was_made(
    app: Flask, settings: Settings, postgres: Server
) -> None:
    made = walled(settings.database)
    assert made.keys() == Base.metadata.tables.keys()
    assert {name for name, lets_through in made.items() if lets_through == "true"} == OF_ALL
    assert len({made[name] for name in OWNED}) == 1
    with postgres.database("template1") as url:
        fresh = settings.model_copy(
            update={"database_url": url, "owner_database_url": as_role(OWNER, url)}
        )
        with create_app(fresh).app_context():
            migrations.upgrade()
            assert walled(url) == made
            flask_migrate.downgrade(revision="0007")
            assert walled(url) == {}
            migrations.upgrade()
            assert walled(url) == made
            db.engine.dispose()


def test_a_table_that_is_made_later_gets_its_wall_by_itself(app: Flask, settings: Settings) -> None:
    later = Table("later", MetaData(), Column("landlord_id", String(60), primary_key=True))
    with engine_of(OWNER, settings.database) as engine:
        later.create(engine)
    assert "later" in walled(settings.database)


# --- the application's role, and one that would have passed --------------------------------------


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (APPLICATION, {elm.ELM}),
        (OWNER, {elm.ELM}),
        (SUPERUSER, {elm.ELM, small.SMALL}),
    ],
)
def test_a_query_without_a_condition_shows_one_landlord_and_a_superuser_two(
    two_landlords: None, settings: Settings, role: str, sees: set[str]
) -> None:
    theirs = text(
        "UPDATE \"case\" SET outcome = 'x' WHERE landlord_id <> :own RETURNING landlord_id"
    )
    with sight({elm.ELM}), engine_of(role, settings.database) as engine, engine.begin() as asked:
        assert set(asked.scalars(EVENTS)) == sees
        assert set(asked.scalars(theirs, {"own": elm.ELM})) == sees - {elm.ELM}


def test_nobody_sees_who_works_for_another_landlord_administrators_of_all_are_seen(
    app: Flask, settings: Settings
) -> None:
    elm.deploy()
    small.deploy()
    root, amira = make_user(None, "root", "administrator"), make_user(elm.ELM, "amira")
    grace = small.officer()
    seen = {}
    for role in (APPLICATION, SUPERUSER):
        with (
            sight({elm.ELM}),
            engine_of(role, settings.database) as engine,
            engine.begin() as asked,
        ):
            seen[role] = set(asked.scalars(PEOPLE))
    assert seen[APPLICATION] >= {root.user_id, amira.user_id}
    assert seen[SUPERUSER] - seen[APPLICATION] == {grace.user_id, f"{grace.user_id}complaints"}


@pytest.mark.parametrize("table", ["event", "procedure_event"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET landlord_id = landlord_id", "DELETE FROM {}"])
def test_history_can_be_added_to_and_no_more_by_a_superuser_it_can(
    two_landlords: None, settings: Settings, table: str, statement: str
) -> None:
    published = {"at": clock.now(), "action": "published"}
    db.session.add_all(ProcedureEvent(landlord_id=slug, id=slug, **published) for slug in BOTH)
    db.session.commit()
    said = text(statement.format(table))
    denied = pytest.raises(ProgrammingError, match=f"permission denied for table {table}")
    with engine_of(APPLICATION, settings.database) as engine, engine.connect() as asked, denied:
        asked.execute(said)
    with engine_of(SUPERUSER, settings.database) as engine, engine.begin() as connection:
        assert connection.execute(said).rowcount >= 2


def test_nothing_is_written_in_the_name_of_a_landlord_out_of_sight(
    two_landlords: None, settings: Settings
) -> None:
    new = text("INSERT INTO payload (landlord_id, id, values) VALUES (:landlord, 'x', '{}')")
    with engine_of(APPLICATION, settings.database) as engine, sight({elm.ELM}):
        with engine.begin() as connection:
            connection.execute(new, {"landlord": elm.ELM})
        with engine.begin() as connection, pytest.raises(ProgrammingError, match="row-level"):
            connection.execute(new, {"landlord": small.SMALL})


def test_who_does_not_say_who_is_in_sight_sees_nothing(
    two_landlords: None, settings: Settings
) -> None:
    engine = create_engine(settings.database)
    with engine.connect() as connection:
        assert connection.scalars(EVENTS).all() == []
    engine.dispose()


@contextmanager
def sight(landlord_ids: set[str]) -> Iterator[None]:
    look_at(landlord_ids)
    yield
    look_at(None)


# --- requests ------------------------------------------------------------------------------------


def forgetting(app: Flask) -> Flask:
    """The application with pages whose query has no condition at all."""

    def everything(**_: str) -> Response:
        cases = select(Case.landlord_id).distinct().order_by(Case.landlord_id)
        return jsonify(list(db.session.scalars(cases)))

    whole = partial(allow, "public", of_no_landlord=True)
    pages = {"/everything": partial(allow, "signed_in"), "/whole": whole}
    pages["/<slug>/everything"] = partial(allow, "public")
    for path, declare in pages.items():
        app.add_url_rule(path, path, declare()(lambda **slug: everything(**slug)))
    return app


SignIn = Callable[[Viewer], FlaskClient]


def test_a_page_that_forgot_its_condition_shows_the_viewers_landlord(
    two_landlords: None, app: Flask, client: FlaskClient, sign_in: SignIn
) -> None:
    forgetting(app)
    for slug, sees in {elm.ELM: [elm.ELM], "nowhere": [], "*": [], ",".join(BOTH): []}.items():
        assert client.get(f"/{slug}/everything").json == sees
    assert client.get("/whole").json == BOTH
    sign_in(make_user(small.SMALL, "amira"))
    assert client.get("/everything").json == [small.SMALL]
    assert client.get(f"/{elm.ELM}/everything").json == BOTH  # hers, and what is public there
    client.post("/sign-out")
    sign_in(make_user(None, "root", "administrator"))
    assert client.get("/everything").json == []
    assert client.post("/people/landlord", data={"landlord": elm.ELM}).status_code == 303
    assert client.get("/everything").json == [elm.ELM]
    assert len(set(db.session.scalars(EVENTS))) == 2  # after a request, a thread sees all again


def test_the_same_page_shows_everything_to_a_superuser(
    two_landlords: None, settings: Settings
) -> None:
    address = as_role(SUPERUSER, settings.database)
    app = forgetting(create_app(settings.model_copy(update={"database_url": address})))
    with app.app_context():
        assert app.test_client().get(f"/{elm.ELM}/everything").json == BOTH
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    ("role", "warned"), [(APPLICATION, False), (OWNER, False), (SUPERUSER, True), ("passer", True)]
)
def test_a_role_for_which_the_wall_does_not_stand_is_told_of_in_the_log(
    settings: Settings, role: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_of(SUPERUSER, settings.database) as engine, engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS passer"))
        connection.execute(text("CREATE ROLE passer LOGIN BYPASSRLS"))
    with engine_of(role, settings.database) as engine:
        wall.warn_if_passed(engine)
    assert ["putright roles" in said for said in caplog.messages] == [True] * warned


@pytest.mark.slow
def test_gunicorn_tells_of_it_once_at_its_start(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    flask_migrate.stamp()
    monkeypatch.setenv("PUTRIGHT_DATABASE_URL", as_role(SUPERUSER, settings.database))
    monkeypatch.setenv("PUTRIGHT_INSTANCE_DIR", str(settings.instance_dir))
    words = [sys.executable, "-c", "import app.wsgi"]
    started = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr
    assert started.stderr.count("putright roles") == 1


# --- the tables of this version ------------------------------------------------------------------


def test_only_the_owner_makes_tables_and_others_say_who_must(
    settings: Settings, postgres: Server
) -> None:
    with postgres.database("template1") as url:
        ours = settings.model_copy(update={"database_url": url, "owner_database_url": ""})
        with create_app(ours).app_context():
            for refused in (migrations.upgrade, migrations.check):
                with pytest.raises(NotAtHead, match=r"at nothing.*putright migrate"):
                    refused()
            db.engine.dispose()
        owners = ours.model_copy(update={"owner_database_url": as_role(OWNER, url)})
        with create_app(owners).app_context():
            migrations.upgrade()
            db.engine.dispose()
        with create_app(ours).app_context():
            migrations.check()
            migrations.upgrade()  # nothing is to be done, which it may
            db.engine.dispose()


def test_two_roles_are_needed() -> None:
    one = "postgresql+psycopg://putright@host/putright"
    with pytest.raises(wall.OneRole):
        wall.roles(one, one)
    assert wall.grants_between(one, one) == ()
