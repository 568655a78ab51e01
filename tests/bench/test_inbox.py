"""The inbox and the sweep among a hundred times as many rows (P11, P15), and what they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from app.clock import SetClock
from app.db import db
from app.factory import create_app
from app.services import inbox, sweep, worklist
from app.services.worklist import TABS, Filter
from app.settings import Settings
from tests.bench.conftest import Tell
from tests.bench.crowd import Crowd
from tests.bench.table import in_turn
from tests.postgres import OWNER, Server, as_role
from tests.reading import rows_read

SMALL, BIG = 10_000, 1_000_000
PER_CASE = 50  # open tasks
ROUNDS = 15
PAGE = 51
RATIO = {"SQLite": "<= 1.5", "PostgreSQL": "<= 1.25"}
LISTS = {
    "page 1": Filter(),
    "page 1 of all teams": Filter(tab="teams"),
    "page 1 of others": Filter(tab="others"),
    "keyset page": Filter(after="2026-12-24|" + "0" * 32),
    "one stage": Filter(stage="stage_3"),
    "late only": Filter(late=True),
    "unclaimed only": Filter(only="unclaimed"),
}
Places = dict[int, tuple[Flask, Crowd]]


@contextmanager
def filled(settings: Settings, clock: SetClock, rows: int) -> Iterator[tuple[Flask, Crowd]]:
    """An application with so many open tasks."""
    app = create_app(settings, clock)
    with app.app_context():
        if not settings.database_url:
            db.create_all()
        crowd = Crowd()
        crowd.fill(rows // PER_CASE, rows, waiting=rows)
        yield app, crowd
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def places(
    request: pytest.FixtureRequest, settings: Settings, clock: SetClock, tmp_path: Path
) -> Iterator[Places]:
    """A small and a big inbox, each in a database of its own."""
    big = settings.model_copy(update={"instance_dir": tmp_path / "big"})
    if not settings.database_url:
        with filled(settings, clock, SMALL) as small, filled(big, clock, BIG) as large:
            yield {SMALL: small, BIG: large}
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        owner = as_role(OWNER, url)
        big = big.model_copy(update={"database_url": url, "owner_database_url": owner})
        with filled(settings, clock, SMALL) as small, filled(big, clock, BIG) as large:
            yield {SMALL: small, BIG: large}


def compared(places: Places, act: Callable[[Crowd], object]) -> dict[int, float]:
    """The median milliseconds in each place, each time as in a request of its own."""

    def inside(rows: int) -> Callable[[], None]:
        app, crowd = places[rows]

        def request() -> None:
            with app.app_context():
                act(crowd)

        return request

    taken = in_turn(ROUNDS, **{str(rows): inside(rows) for rows in places})
    return {rows: taken[str(rows)] for rows in places}


@pytest.mark.made_up_rows
def test_the_inbox_and_the_sweep_among_a_million_cases(
    app: Flask, places: Places, told: Tell, database: str
) -> None:
    acts: dict[str, Callable[[Crowd], object]] = {
        f"inbox, {name}": lambda crowd, wanted=wanted: worklist.first(crowd.member, wanted, PAGE)
        for name, wanted in LISTS.items()
    }
    acts["inbox, counts of tabs"] = lambda crowd: worklist.count(crowd.member, *TABS)
    acts["inbox, stages"] = lambda crowd: worklist.stages(crowd.member)
    acts["inbox, whole page"] = lambda crowd: inbox.inbox(crowd.member, Filter())
    for name, act in acts.items():
        taken = compared(places, act)
        aimed = RATIO[database] if name.endswith((" page 1", "keyset page")) else ""
        told(f"{name}: 1M, ms", taken[BIG])
        told(f"{'P11 ' if aimed else ''}{name}: 1M / 10k", taken[BIG] / taken[SMALL], aimed)
    for rows, (place, crowd) in places.items():
        groups = 2 * len(crowd.member.teams)  # free and claimed by each team
        with place.app_context():
            for name, wanted in LISTS.items():
                read = rows_read(partial(worklist.first, crowd.member, wanted, PAGE), "task")
                assert read <= groups * PAGE, (rows, name, read)
    idle = compared(places, lambda _crowd: sweep.due_instances())
    told("P15 idle sweep: 1M / 10k cases wait", idle[BIG] / idle[SMALL], "<= 1.5")
    with places[BIG][0].app_context():
        assert rows_read(sweep.due_instances, "instance") == 0
