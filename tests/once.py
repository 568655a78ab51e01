"""What tests make once in a process and then share: compiled code, tables, a landlord's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.pool import StaticPool
from werkzeug.routing import Rule

from app.db import Base, prepare
from app.services.contents import Files
from app.services.deployments import read_folders
from app.settings import ROOT, Settings

NO_WAIT = "PRAGMA synchronous=OFF"


class Kept(BytecodeCache):
    """Compiled templates: every application of the tests has the same ones."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


@contextmanager
def compiled() -> Iterator[None]:
    """Templates, addresses and SQL are compiled once in a process, not for each application.

    A test's database is gone after the test: nothing waits for the disk.
    """
    dialects: dict[str, Dialect] = {}
    statements: MutableMapping[Any, Any] = {}

    def share(engine: Engine) -> None:
        prepare(engine)
        engine.dialect = dialects.setdefault(engine.dialect.name, engine.dialect)
        engine.update_execution_options(compiled_cache=statements)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: connection.execute(NO_WAIT))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", Kept())
        patch.setattr("app.factory.prepare", share)
        patch.setattr(Rule, "_compile_builder", _once(Rule._compile_builder))
        yield


def _once(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """What builds an address from a rule depends on the rule alone."""
    built: dict[Any, Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = str(rule._trace), str(rule.defaults), rule.rule, append_unknown
        if key not in built:
            built[key] = compile_builder(rule, append_unknown)
        return built[key]

    return compiled


def make_tables(settings: Settings) -> None:
    """In a new database of these settings. On PostgreSQL it was made with them."""
    if settings.sqlite_file and not settings.sqlite_file.exists():
        settings.sqlite_file.write_bytes(_only_tables())


@cache
def _only_tables() -> bytes:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    made: Any = engine.raw_connection().driver_connection
    return bytes(made.serialize())


@cache
def shipped(landlord: str) -> Files:
    """The files of a landlord's folders."""
    return read_folders(landlord, ROOT / "processes", ROOT / "forms" / "definitions")
