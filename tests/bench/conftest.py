"""The bench: everything as in earnest. Commits wait for the disk on both databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from app.db import db
from app.settings import ROOT
from tests import postgres as postgresql
from tests.bench.table import DATABASES, Table

Tell = Callable[..., None]


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> None:
    """Not shared between applications, and every commit waits for the disk."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """A PostgreSQL whose commits outlive a crash."""
    with postgresql.started(settings=()) as server:
        yield server


@pytest.fixture(scope="session")
def whole_table() -> Iterator[Table]:
    """The table of the run."""
    table = Table()
    yield table
    table.beside["load at the end"] = os.getloadavg()[0]
    print("\n")
    print(*table.lines(), sep="\n")
    print("; ".join(f"{name}: {value}" for name, value in table.beside.items()))
    table.keep(ROOT / ".pytest_cache" / "bench.json")


@pytest.fixture
def database(app: Flask, whole_table: Table) -> str:
    """The name of the test's database."""
    if db.engine.dialect.name == "sqlite":
        return DATABASES[0]
    whole_table.beside["PostgreSQL"] = db.session.scalar(text("SHOW server_version"))
    assert db.session.scalar(text("SHOW fsync")) == "on"
    db.session.remove()
    return DATABASES[1]


@pytest.fixture
def told(whole_table: Table, database: str) -> Tell:
    """told("a measure", 2.5, ">= 2"): a number on the test's database."""
    return lambda name, value, target="": whole_table.tell(database, name, value, target)
