"""PostgreSQL restarts, or is away for a while: pages say so, and go on. Always on a PostgreSQL."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from app import wall
from app.db import db, look_at
from app.factory import create_app
from app.pipeline import Connection
from app.services import access, watch
from app.settings import SILENCE
from app.viewer import Viewer
from app.web import sight
from tests.conftest import settings_in
from tests.postgres import Server, as_role
from tests.test_running import until

AWAY = "This service cannot reach its records just now. Nothing was saved."


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: nobody hangs up on SQLite."""
    with postgres.database() as url:
        yield url


def waiting() -> Connection:
    """The connection that waits in the pool."""
    db.session.remove()
    own = db.session.connection().connection.driver_connection
    assert isinstance(own, Connection)
    db.session.remove()
    return own


def heard(connection: Connection) -> bool:
    """Whether there is something to read on it."""
    return bool(select.select([connection.pgconn.socket], [], [], 0)[0])


def by_superuser(database_url: str, *statements: str) -> None:
    """From another database of the same server."""
    there = make_url(as_role("postgres", database_url)).set(database="postgres")
    engine = create_engine(there, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def hang_up(database_url: str) -> None:
    """End every connection to the database, as a restart does."""
    name = make_url(database_url).database
    end = f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
    by_superuser(database_url, end)


def let_in(database_url: str, anybody: bool) -> None:
    name = make_url(database_url).database
    by_superuser(database_url, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {anybody}')


def test_the_page_after_a_restart_is_answered_on_a_new_connection(
    landlord: str, client: FlaskClient, database_url: str
) -> None:
    for _ in range(3):
        lost = waiting()
        hang_up(database_url)
        assert client.get(f"/{landlord}").status_code == 200
        assert waiting() is not lost


def test_what_is_told_to_an_idle_connection_is_taken_in_and_it_stays(
    app: Flask, database_url: str
) -> None:
    own = waiting()
    own.execute("LISTEN somebody")
    with db.engine.connect() as first, db.engine.connect() as second:
        held = {first.connection.driver_connection, second.connection.driver_connection}
        assert own in held
    other = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(text("NOTIFY somebody"))
    other.dispose()
    until(lambda: heard(own))
    with db.engine.connect() as first, db.engine.connect() as second:
        assert {first.connection.driver_connection, second.connection.driver_connection} == held
    assert not heard(own)


def test_while_postgresql_is_away_everybody_is_told_so_and_when_it_is_back_it_goes_on(
    landlord: str,
    person: Callable[..., Viewer],
    sign_in: Callable[[Viewer], FlaskClient],
    app: Flask,
    database_url: str,
) -> None:
    staff, resident = sign_in(person("grace", role="manager")), app.test_client()
    assert staff.get("/running").status_code == 200
    waiting()
    let_in(database_url, False)
    try:
        hang_up(database_url)
        for _ in range(2):
            ready = resident.get("/readyz")
            assert ready.status_code == 503 and ready.json is not None
            assert not ready.json["ready"] and ready.json["checks"]["disk"].startswith("ok")
            told = resident.get(f"/{landlord}/complain")
            assert told.status_code == 503 and AWAY in told.text
            assert "If somebody is in danger now, call 999." in told.text
            assert f'href="/{landlord}/leave"' in told.text
            sent = resident.post(f"/{landlord}/complain/form", data={"story": "x"})
            assert sent.status_code == 503 and "999" in sent.text
            told = staff.get("/running")
            assert told.status_code == 503 and AWAY in told.text and "999" not in told.text
            assert resident.get("/livez").status_code == 200
    finally:
        let_in(database_url, True)
    assert resident.get(f"/{landlord}/complain").status_code == 200
    assert staff.get("/running").status_code == 200


@pytest.fixture
def staff(
    landlord: str, person: Callable[..., Viewer], sign_in: Callable[[Viewer], FlaskClient]
) -> FlaskClient:
    return sign_in(person("grace", role="manager"))


def test_a_connection_that_is_lost_in_the_middle_of_a_page_is_told_alike(
    staff: FlaskClient, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Its viewer is known by then, and the staff's header would read more."""
    room = watch.control_room

    def lost(*words: Any, **more: Any) -> Any:
        hang_up(database_url)
        return room(*words, **more)

    monkeypatch.setattr(watch, "control_room", lost)
    told = staff.get("/running")
    assert told.status_code == 503 and AWAY in told.text
    monkeypatch.setattr(watch, "control_room", room)
    assert staff.get("/running").status_code == 200


def test_a_connection_that_is_lost_once_it_is_known_who_asks_is_told_alike(
    staff: FlaskClient, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """What narrows their sight does not go through SQLAlchemy, which knows of no loss then."""
    tell = wall.tell

    def lost(connection: Any) -> None:
        hang_up(database_url)
        tell(connection)

    def knows(landlord_ids: Any) -> None:
        with monkeypatch.context() as patch:
            if landlord_ids:
                patch.setattr(wall, "tell", lost)
            look_at(landlord_ids)

    monkeypatch.setattr(sight, "look_at", knows)
    told = staff.get("/running")
    assert told.status_code == 503 and AWAY in told.text


def test_readiness_is_told_by_json_even_if_the_connection_is_lost_at_its_begin(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(Connection, "is_lost", lambda _: False)
    waiting()
    hang_up(database_url)
    told = client.get("/readyz")
    assert told.status_code == 503 and told.json is not None
    assert told.json["checks"]["database"] == "wrong: OperationalError"


def test_a_network_that_goes_silent_is_noticed_soon_or_as_the_address_says(
    database_url: str, tmp_path: Path
) -> None:
    """On loopback nothing goes silent: what libpq is told is all that can be seen here."""
    own = make_url(database_url).update_query_dict({"tcp_user_timeout": "1000"})
    settings = settings_in(tmp_path, own.render_as_string(False))
    with create_app(settings).app_context():
        ours = waiting().info.get_parameters()
        db.engine.dispose()
    owners = create_engine(settings.owner_database, poolclass=NullPool)
    with owners.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        theirs = driver.info.get_parameters()
    for told in (ours, theirs):
        assert {name: told[name] for name in SILENCE} == SILENCE | {"tcp_user_timeout": "1000"}


def test_a_lock_that_is_said_on_a_lost_connection_is_such_an_error_too(
    app: Flask, database_url: str
) -> None:
    session = db.session()
    locks: list[Callable[[], object]] = [
        lambda: access.one_at_a_time(session, "key"),
        lambda: access.lock_by_task(session, Viewer("nowhere"), "task"),
    ]
    for lock in locks:
        session.connection()
        hang_up(database_url)
        with pytest.raises(OperationalError):
            lock()
        session.rollback()
