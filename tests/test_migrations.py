"""The migrations make the very tables that the models describe, and hold nobody up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from app.db import Base, db
from app.factory import create_app
from app.models import CalendarRow
from app.services.operations import health, migrations
from app.settings import MIGRATIONS, ROOT, Settings
from tests import postgres as postgresql
from tests.migrating import blocks, statements

FIRST_HELD = 8  # after this migration, the tables are large somewhere
CHANGES = re.compile(
    r"\s*(--.*\s+)*(CREATE|ALTER|DROP|UPDATE|INSERT|DELETE|DO|GRANT)\b", re.IGNORECASE
)
ENDS = "UPDATE alembic_version"
WAIT = 3.0  # seconds that a migration waits for a lock (env.py)


def test_the_migrations_make_what_the_models_describe(tmp_path: Path) -> None:
    app = create_app(Settings(instance_dir=tmp_path, heartbeat=False))
    with app.app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert [str(d) for d in differences] == []
        flask_migrate.downgrade(revision="0001")
        flask_migrate.upgrade()
        db.engine.dispose()


def test_a_calendar_that_was_kept_gets_the_bank_holidays_it_has_been_counted_by(
    tmp_path: Path,
) -> None:
    app = create_app(Settings(instance_dir=tmp_path, heartbeat=False))
    with app.app_context():
        flask_migrate.upgrade(revision="0014")
        kept = "INSERT INTO calendar (nation, version, days) VALUES ('SCT', '0.109', '[]')"
        with db.engine.begin() as connection:
            connection.execute(text(kept))
        flask_migrate.upgrade(revision="0015")
        row = db.session.scalars(sa.select(CalendarRow)).one()
        assert row.bank_holidays is not None
        assert ["2026-11-30", "Saint Andrew's Day"] in row.bank_holidays
        db.session.remove()
        db.engine.dispose()


def later() -> Iterator[Callable[[], None]]:
    found = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    later = (r for r in found if int(r.revision) > FIRST_HELD)
    yield from (r.module.upgrade for r in later)


def test_no_later_migration_holds_up_a_large_table() -> None:
    assert [line for upgrade in later() for line in blocks(statements(upgrade))] == []


def _not_null() -> None:
    op.alter_column("event", "element", nullable=False)


def _column() -> None:
    op.add_column("event", sa.Column("more", sa.Integer(), nullable=False))


def _index() -> None:
    op.create_index("ix_event_at", "event", ["at"])


def _key() -> None:
    op.create_foreign_key("fk_x", "event", "user", ["actor_id"], ["id"])


@pytest.mark.parametrize("upgrade", [_not_null, _column, _index, _key])
def test_a_migration_that_would_hold_up_others_is_found(upgrade: Callable[[], None]) -> None:
    assert len(list(blocks(statements(upgrade)))) == 1


def _careful() -> None:
    op.create_table("fresh", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_index("ix_fresh", "fresh", ["id"])
    op.add_column("event", sa.Column("more", sa.Integer(), nullable=False, server_default="0"))
    with op.get_context().autocommit_block():
        op.create_index("ix_event_at", "event", ["at"], postgresql_concurrently=True)


def test_what_is_new_or_done_beside_the_work_is_let_pass() -> None:
    assert list(blocks(statements(_careful))) == []


@pytest.fixture
def owner(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The owner's address of a PostgreSQL without tables, which is the running app's."""
    server: postgresql.Server = request.getfixturevalue("postgres")
    with server.database(like="template1") as url:
        address = postgresql.as_role(postgresql.OWNER, url)
        where = {"instance_dir": tmp_path, "database_url": url, "owner_database_url": address}
        with create_app(Settings(**where, heartbeat=False)).app_context():
            yield address
            db.session.remove()
            db.engine.dispose()


def test_a_migration_waits_for_nobody_for_long_and_nobody_for_it(owner: str) -> None:
    flask_migrate.upgrade(revision="0007")
    somebody = create_engine(owner)
    with somebody.connect() as connection:
        connection.execute(text("SELECT count(*) FROM instance"))  # and goes for a coffee
        slowest = reading(owner, is_refused)
    assert slowest < WAIT + 2
    assert health.revision() == "0007"
    migrations.upgrade()
    migrations.check()
    somebody.dispose()


class BrokenOff(Exception):
    """The disk is full, the line is dead, or somebody pressed Ctrl-C."""


@contextmanager
def broken_off_before_each_once() -> Iterator[set[str]]:
    """Each statement that is in no transaction, or ends a migration, the first time it is said."""
    tried: set[str] = set()

    def breaks(connection: sa.Connection, _: object, statement: str, *_1: object) -> None:
        alone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        if (alone or ENDS in statement) and CHANGES.match(statement) and statement not in tried:
            tried.add(statement)
            raise BrokenOff

    sa.event.listen(sa.Engine, "before_cursor_execute", breaks)
    try:
        yield tried
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", breaks)


@pytest.mark.slow
def test_what_a_broken_off_migration_has_not_done_the_next_one_does(owner: str) -> None:
    flask_migrate.upgrade(revision=f"{FIRST_HELD:04}")
    with broken_off_before_each_once() as tried:
        while not is_done():
            pass
    assert len(tried) > 50
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert [str(d) for d in compare_metadata(context, Base.metadata)] == []


def is_done() -> bool:
    with suppress(BrokenOff):
        migrations.upgrade()
        return True
    return False


def is_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not str(name).startswith("procrastinate_")


def is_refused() -> None:
    with pytest.raises(migrations.InUse, match="Run putright migrate again"):
        migrations.upgrade()


def reading(address: str, meanwhile: Callable[[], object]) -> float:
    """Seconds that the slowest of many readers waits meanwhile."""
    slowest, stop = [0.0], threading.Event()
    engine = create_engine(address)

    def read() -> None:
        while not stop.is_set():
            began = time.monotonic()
            with engine.connect() as connection:
                connection.execute(text("SELECT count(*) FROM instance"))
            slowest[0] = max(slowest[0], time.monotonic() - began)
            time.sleep(0.05)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        meanwhile()
    finally:
        stop.set()
        thread.join()
        engine.dispose()
    return slowest[0]


@pytest.mark.slow
def test_two_machines_that_start_at_once_migrate_one_after_the_other(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """One builds indexes beside the work meanwhile, and would wait for a transaction that waits."""
    server: postgresql.Server = request.getfixturevalue("postgres")
    with server.database(like="template1") as url:
        says = os.environ | {
            "PUTRIGHT_INSTANCE_DIR": str(tmp_path),
            "PUTRIGHT_DATABASE_URL": url,
            "PUTRIGHT_OWNER_DATABASE_URL": postgresql.as_role(postgresql.OWNER, url),
        }
        command = [sys.executable, "-m", "app.cli", "migrate"]
        both = [
            subprocess.Popen(command, env=says, cwd=ROOT, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        said = [machine.communicate(timeout=60)[1] for machine in both]
        assert [machine.returncode for machine in both] == [0, 0], said
