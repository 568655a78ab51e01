"""The second wall between landlords: PostgreSQL shows no rows but of those who are in sight.

The first is the condition on landlord_id in each query. The wall holds where one was forgotten, not
where somebody can say SQL of their own: that one could say who is in sight. SQLite has none.

Every table has it: one that belongs to nobody says that all may see it. Outside stand Alembic's and
procrastinate's own, which hold the ids of a landlord and of a job, and no more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection, Engine, Table, event, make_url, text

from app import pipeline
from app.errors import PutrightError

logger = logging.getLogger(__name__)

SETTING = "app.landlord"  # of a transaction: landlords with commas between, or *
EVERYBODY = "*"
# history: the application adds to it, and changes nothing of it
APPEND_ONLY = ("event", "procedure_event")
# a subquery is worked out once in a statement, not once for each row
IN_SIGHT = f"(SELECT string_to_array(current_setting('{SETTING}', true), ','))::text[]"
SEEN = f"landlord_id = ANY ({IN_SIGHT}) OR '{EVERYBODY}' = ANY ({IN_SIGHT})"
# where no landlord is in the key; what is not here either, such as a day off, is for all
NOT_OWNED = {
    "user": f"landlord_id IS NULL OR {SEEN}",  # NULL: an administrator of all landlords
    "membership": 'EXISTS (SELECT 1 FROM "user" WHERE id = user_id)',  # behind the same wall
}
PASSES = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
SLUG = re.compile(r"[a-z][a-z0-9-]{1,58}")

_in_sight: ContextVar[str] = ContextVar("in_sight", default=EVERYBODY)


class OneRole(PutrightError):
    """The addresses name no two roles."""

    def __init__(self) -> None:
        super().__init__(
            "Name two roles: PUTRIGHT_DATABASE_URL is the application's address, and "
            "PUTRIGHT_OWNER_DATABASE_URL that of the owner of the tables."
        )


def look_at(landlord_ids: Iterable[str] | None) -> None:
    """Only these, from the next transaction of this thread on. None: all, as at first.

    What is no landlord's id, such as a part of somebody's address, is left out.
    """
    ids = (EVERYBODY,) if landlord_ids is None else filter(SLUG.fullmatch, landlord_ids)
    _in_sight.set(",".join(ids))


def tell(connection: Connection) -> None:
    """Tell PostgreSQL who is in sight until the transaction ends."""
    if connection.dialect.name != "postgresql":
        return
    statement = "SELECT set_config(%s, %s, true)"
    driver = connection.connection.driver_connection
    if isinstance(driver, pipeline.Connection):
        pipeline.first(connection, statement, (SETTING, _in_sight.get()))
    else:
        connection.exec_driver_sql(statement, (SETTING, _in_sight.get()))


def warn_if_passed(engine: Engine) -> None:
    """Say so in the log where the wall does not stand for the role that we are."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        if connection.scalar(text(PASSES)):
            logger.warning(
                "PostgreSQL shows the role of PUTRIGHT_DATABASE_URL the rows of all landlords, "
                "since it is a superuser or has BYPASSRLS: use the roles that putright roles prints"
            )


def seen(table: Table) -> str:
    """The condition on the rows that are let through."""
    if "landlord_id" in table.primary_key.columns:
        return SEEN
    return NOT_OWNED.get(table.name, "true")


@event.listens_for(Table, "after_create")
def _build(table: Table, connection: Connection, **_: Any) -> None:
    """A table that a migration makes gets its wall by itself, which holds its owner, too."""
    if connection.dialect.name != "postgresql" or table.name == "alembic_version":
        return
    for statement in (
        f'CREATE POLICY of_landlord ON "{table.name}" USING ({seen(table)})',
        f'ALTER TABLE "{table.name}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table.name}" FORCE ROW LEVEL SECURITY',
    ):
        connection.execute(text(statement))


def grants(role: str) -> tuple[str, ...]:
    """What the application's role may do: no more than its work, and nothing to the tables."""
    return (
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"',  # procrastinate's
        *(_add_only(table, role) for table in APPEND_ONLY),
        f'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM "{role}"',
    )


def _add_only(table: str, role: str) -> str:
    """Takes the right to change what is there. A migration on its way may lack the table."""
    revoke = f'REVOKE UPDATE, DELETE ON "{table}" FROM "{role}"'
    there = f"to_regclass('{table}') IS NOT NULL"
    return f"DO $do$ BEGIN IF {there} THEN {revoke}; END IF; END $do$"


def grants_between(owner_address: str, address: str) -> tuple[str, ...]:
    """The grants where owner and application are two roles; none where they are one."""
    owner, application = make_url(owner_address).username, make_url(address).username
    return grants(application) if application and application != owner else ()


def roles(owner_address: str, address: str) -> str:
    """SQL for whoever runs the server: the two roles and their database. Passwords come after.

    Raises OneRole.
    """
    there = make_url(address)
    owner, application = make_url(owner_address).username, there.username
    if not application or application == owner:
        raise OneRole
    return f"""\
CREATE ROLE "{owner}" LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB;  -- CREATEDB: for putright drill
CREATE ROLE "{application}" LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
CREATE DATABASE "{there.database}" OWNER "{owner}";
-- Next, give both a password, in psql: \\password {owner}
-- Then: putright migrate, which makes the tables and says what {application} may do with them."""
