"""What another worker has is passed over: nobody waits for it. Always on a PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, select

from app.clock import SetClock
from app.db import db
from app.models import Instance, Outgoing
from app.services import outbox, sweep
from tests.postgres import Server
from tests.proofs import town

CASES = 4
SOON = 2  # seconds: nobody waits for a lock any longer than 5


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: SQLite has no rows that are locked."""
    with postgres.database() as url:
        yield url


@contextmanager
def held(model: type[Instance | Outgoing], first: ColumnElement[object]) -> Iterator[None]:
    """Another worker has the first row."""
    db.session.rollback()
    with db.engine.begin() as other:
        row = select(model.id).order_by(first).limit(1).with_for_update()
        assert other.execute(row).one()
        began = time.monotonic()
        yield
        assert time.monotonic() - began < SOON


@pytest.fixture
def recorded(app: Flask) -> None:
    """Some cases, with something due on the same day."""
    grace = town.deploy()
    for n in range(CASES):
        town.record(grace, f"case-{n}")


def test_a_sweep_fires_all_but_the_case_that_another_worker_has(
    recorded: None, clock: SetClock
) -> None:
    clock.move_to(town.DAY[1])
    with held(Instance, Instance.next_due_at):
        assert sweep.run_due().fired == CASES - 1
    assert sweep.run_due().fired == 1


def test_the_outbox_sends_all_but_the_letter_that_another_worker_has(
    recorded: None, clock: SetClock
) -> None:
    clock.move_to(town.DAY[1])
    sweep.run_due()
    with held(Outgoing, Outgoing.queued_at):
        assert outbox.send_due() == CASES - 1
    assert outbox.send_due() == 1
