"""What a step asks of the database, however long its procedure: statements, commits, turns."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask, current_app
from sqlalchemy import insert, text

from app.clock import SetClock
from app.db import db
from app.factory import create_app
from app.models import Blob, Case, Instance, Letter, Outgoing, User
from app.services import (
    access,
    casefile,
    cases,
    documents,
    known_people,
    letters,
    open_cases,
    outbox,
    sweep,
    watch,
    worklist,
)
from app.services.open_cases import Wanted
from app.services.operations import health
from app.services.worklist import TABS, Filter
from app.settings import Settings
from app.viewer import Viewer
from tests.bench import row
from tests.bench.crowd import Crowd
from tests.conftest import PASSWORD, make_user
from tests.postgres import OWNER, Server, as_role
from tests.reading import rows_read, steps_taken
from tests.turns import Asked, Wire, asked, wire

FINISH, START, FIRE = 12, 17, 8  # statements of a step at most
POST = FINISH + 3  # BEGIN, who asks, and the task with all that its form shows
TURNS = {"start": 7, "finish": 4, "POST": 6, "fire": 5}  # on PostgreSQL, with BEGIN and COMMIT
P8 = 14, 5  # statements on SQLite and turns on PostgreSQL of a step of a case, at most
SEARCH = 8  # statements of a page of cases
SIZES = (4, 30)
OTHERS = 12  # cases


def counted(act: Callable[[], object]) -> Asked:
    """What it asks of the database, in a session of its own."""
    db.session.remove()
    with asked() as found:
        act()
    db.session.remove()
    return found


def posting(viewer: Viewer, reference: str) -> Callable[[], object]:
    """Finishes the case's open task when called, as a browser does after a sign-in."""
    task_id, user = row.open_task(reference), db.session.get_one(User, viewer.user_id)
    current_app.config["WTF_CSRF_ENABLED"] = False
    browser, known = current_app.test_client(), {"email": user.email, "password": PASSWORD}
    assert browser.post("/sign-in", data=known).status_code == 302

    def post() -> None:
        answer = browser.post(f"/tasks/{task_id}", data=row.ANSWERS)
        assert answer.status_code == 303, answer.text

    return post


@contextmanager
def due(reference: str, clock: SetClock) -> Iterator[sweep.Due]:
    """The key of a case's instance, at an instant when its first limit has passed."""
    its = db.session.query(Instance).join(Case).filter(Case.reference == reference).one()
    before, at = clock.at, its.next_due_at
    assert at
    clock.move_to(at + timedelta(minutes=1))
    yield sweep.Due(its.landlord_id, its.id)
    clock.move_to(before)


def steps(size: int, clock: SetClock) -> dict[str, Asked]:
    """What each kind of step asks, in the middle of a row of so many tasks."""
    viewer = row.officer(row.deploy(size))
    row.record(viewer)  # whatever is learnt once
    start = counted(row.recording(viewer))
    reference = row.record(viewer)
    row.finishing(viewer, reference)()
    finish = counted(row.finishing(viewer, reference))
    posted = counted(posting(viewer, reference))
    with due(row.record(viewer), clock) as key:
        fire = counted(lambda: sweep.fire(key))
    return {"start": start, "finish": finish, "POST": posted, "fire": fire}


def test_a_step_is_one_commit_and_few_statements_whatever_the_size_of_its_procedure(
    app: Flask, clock: SetClock
) -> None:
    short, long = (steps(size, clock) for size in SIZES)
    assert max(FINISH, FIRE) <= P8[0]
    mosts = {"start": START, "finish": FINISH, "POST": POST, "fire": FIRE}
    for name, most in mosts.items():
        assert len(short[name].statements) == len(long[name].statements), name
        assert len(short[name].statements) <= most, (name, "\n".join(short[name].statements))
        assert short[name].commits == long[name].commits == 1, name


def test_some_deadlines_together_are_one_commit_and_the_statements_of_one(
    app: Flask, clock: SetClock
) -> None:
    viewer = row.officer(row.deploy(4))
    for number in (1, 3):
        for _ in range(number):
            row.record(viewer)
        clock.move_to(clock.at + timedelta(days=2))
        fire = counted(sweep.run_due)
        said = set(fire.statements)  # SQLite is told of each revision by itself
        assert len(said) <= FIRE + 2, "\n".join(said)  # and looks what is due
        assert len(fire.statements) - len(said) <= number + 1
        assert fire.commits == 1


@pytest.fixture
def over_wire(postgres: Server, settings: Settings, clock: SetClock) -> Iterator[Wire]:
    """An application on PostgreSQL, whatever --database says, and what it waits for."""
    with postgres.database() as url, wire(url) as (there, address):
        owner = as_role(OWNER, url)
        named = {"database_url": address, "owner_database_url": owner}
        app = create_app(settings.model_copy(update=named), clock)
        with app.app_context():
            yield there
            db.session.remove()
            db.engine.dispose()


def test_a_wire_counts_each_time_that_a_client_waits(over_wire: Wire) -> None:
    db.session.execute(text("SELECT 1"))
    before = over_wire.turns
    for _ in range(3):
        db.session.execute(text("SELECT 1"))
    assert over_wire.turns == before + 3


def test_a_step_waits_for_postgresql_as_often_whatever_the_size(
    over_wire: Wire, clock: SetClock
) -> None:
    def turns(act: Callable[[], object]) -> int:
        db.session.remove()
        before = over_wire.turns
        act()
        return over_wire.turns - before

    assert max(TURNS["finish"], TURNS["fire"]) <= P8[1]
    for size in SIZES:
        viewer = row.officer(row.deploy(size))
        reference = row.record(viewer)
        row.finishing(viewer, reference)()
        assert turns(row.recording(viewer)) <= TURNS["start"]
        assert turns(row.finishing(viewer, reference)) <= TURNS["finish"]
        assert turns(posting(viewer, reference)) <= TURNS["POST"]
        with due(row.record(viewer), clock) as key:
            assert turns(lambda key=key: sweep.fire(key)) <= TURNS["fire"]


def test_a_step_does_not_go_through_the_people_of_each_case_before_there_are_statistics(
    over_wire: Wire,
) -> None:
    viewer = row.officer(row.deploy(4))
    first, *_ = [row.record(viewer) for _ in range(OTHERS)]
    task_id = row.open_task(first)

    def read() -> None:
        access.task_and_all(viewer, task_id)
        casefile.read_by_task(db.session(), viewer, task_id)

    for table in ("case", "party", "person"):
        assert rows_read(read, table) <= OTHERS, table


def test_nothing_of_a_case_stays_in_memory(app: Flask) -> None:
    viewer = row.officer(row.deploy(4))

    def left(cases: int) -> Counter[str]:
        for _ in range(cases):
            reference = row.record(viewer)
            row.finishing(viewer, reference)()
        db.session.remove()
        gc.collect()
        kinds = (type(each) for each in gc.get_objects())
        ours = (
            kind for kind in kinds if str(kind.__module__).startswith(("app.", "SpiffWorkflow."))
        )
        return Counter(kind.__qualname__ for kind in ours)

    left(2)  # what is learnt once
    assert left(1) == left(8)


LISTS = (
    Filter(),
    Filter(tab="teams"),
    Filter(tab="others"),
    Filter(tab="done"),
    Filter(after="2026-12-24|" + "0" * 32),
    Filter(stage="stage_3"),
    Filter(late=True),
    Filter(only="unclaimed"),
)
ROWS, PAGE = 6000, 11


@pytest.mark.made_up_rows
def test_an_inbox_reads_no_more_than_the_front_of_each_list(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd()
    crowd.fill(ROWS // 50, ROWS)
    for wanted in LISTS:
        listed = partial(worklist.first, crowd.member, wanted, PAGE)
        assert rows_read(listed, "task") <= len(crowd.member.teams) * (PAGE + 1), wanted
    counts = partial(worklist.count, crowd.member, *TABS)
    every = sum(counts().values())
    monkeypatch.setattr(worklist, "MOST", 100)
    assert rows_read(counts, "task") <= len(TABS) * worklist.MOST < every


RUNNING = (
    Wanted(),
    Wanted("late"),
    Wanted("today"),
    Wanted("unclaimed"),
    Wanted(stage="stage_3"),
    Wanted(kind="complaint"),
    Wanted(after="2026-12-24|" + "c" * 32),
)


def test_running_cases_ask_and_load_as_much_of_many_as_of_one(app: Flask) -> None:
    crowd = Crowd()
    manager = make_user(crowd.officer.landlord_id, "helen", "manager")
    watch.control_room(manager)  # whatever is learnt once
    one = counted(partial(watch.control_room, manager))
    crowd.fill(ROWS, ROWS * 9 // 10, limits=ROWS)
    many = counted(partial(watch.control_room, manager))
    assert len(many.statements) <= len(one.statements)
    room = watch.control_room(manager)
    assert room.numbers["open"] == ROWS + 1 and len(room.rows) == watch.PAGE
    loaded = Counter(type(each).__name__ for each in db.session.identity_map.values())
    assert max(loaded.values()) <= 2 * watch.PAGE, loaded
    every = open_cases.lots(manager)
    for wanted in RUNNING:
        listed = partial(open_cases.first, manager, wanted, watch.PAGE + 1, every)
        if db.engine.dialect.name == "sqlite":
            assert steps_taken(listed) <= 2 * watch.PAGE, wanted  # some 200 instructions a row
        else:
            assert rows_read(listed, "deadline") <= 8 * watch.PAGE, wanted
            assert rows_read(listed, "case") <= 8 * watch.PAGE, wanted


@pytest.mark.made_up_rows
def test_who_is_in_the_cases_of_a_list_is_looked_up_and_no_page_of_cases_sorts_them_all(
    app: Flask,
) -> None:
    crowd = Crowd()
    crowd.fill(ROWS // 2, ROWS)
    listed = partial(worklist.first, crowd.member, Filter(), PAGE)
    every = partial(cases.search, crowd.member, status="all")
    oldest = health.oldest_due
    assert len(counted(every).statements) <= SEARCH
    if db.engine.dialect.name == "sqlite":
        assert steps_taken(listed) <= 10 * PAGE
        assert steps_taken(every) <= 10 * cases.PAGE
        assert steps_taken(oldest) <= 1
        return
    for act, table in ((listed, "party"), (every, "case"), (every, "party"), (oldest, "instance")):
        assert rows_read(act, table) <= cases.PAGE * 20, act


@pytest.mark.made_up_rows
def test_a_sweep_with_nothing_due_looks_once_into_an_index(app: Flask) -> None:
    Crowd().fill(ROWS)
    assert rows_read(sweep.due_instances, "instance") == 0


@pytest.mark.made_up_rows
def test_a_beat_looks_at_nothing_that_has_gone_and_a_person_finds_their_cases(
    app: Flask, clock: SetClock
) -> None:
    crowd, now = Crowd(), clock.at
    its = {"landlord_id": crowd.case.landlord_id, "case_id": crowd.case.id}
    sent = {"channel": "email", "status": "sent", "sent_at": now, "queued_at": now}
    file = {"sha256": "", "name": "", "media_type": "", "data": b"", "at": now}
    names = [f"{n}" for n in range(ROWS)]
    db.session.execute(
        insert(Outgoing), [its | sent | {"key": name, "letter_id": name} for name in names]
    )
    db.session.execute(insert(Blob), [its | file | {"id": name} for name in names])
    written = {"template": "", "title": "", "blocks": {}, "written_at": now}
    db.session.add(Letter(**its, **written, id="7"))
    db.session.commit()
    crowd.fill(ROWS // 2)
    last = f"b{ROWS // 2:031x}"  # of the crowd
    looks: list[tuple[str, Callable[[], object]]] = [
        ("outgoing", outbox.send_due),
        ("outgoing", health.oldest_mail),
        ("outgoing", lambda: letters.letters_of(db.session(), crowd.case)),
        ("blob", documents.drop_unclaimed),
        ("party", partial(known_people.person_known, crowd.officer, last)),
    ]
    for table, act in looks:
        if db.engine.dialect.name == "sqlite":
            assert steps_taken(act) <= 20, (table, act)
        else:
            assert rows_read(act, table) <= 1, (table, act)
