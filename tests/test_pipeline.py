"""PostgreSQL is asked seldom, and nothing goes unnoticed because of it. Always on a PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import LargeBinary, delete, event, func, literal, select, text, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from app import many
from app.db import db, start_over, transaction
from app.errors import ChangedMeanwhile
from app.models import Case, Instance, Note, Task
from app.models.base import new_id
from app.pipeline import Connection
from app.services import firing, tasks
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.postgres import Server
from tests.services.test_steps import accept

MOST_ROUND_TRIPS = 4  # of a step, with BEGIN, who is in sight, and COMMIT
MOST_STATEMENTS = 9

Make = Callable[..., Viewer]


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """Whatever --database says: SQLite knows no round trips."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def officer(app: Flask, person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One item for each time that somebody waits for PostgreSQL."""
    waits: list[str] = []
    really = psycopg.Pipeline.sync

    def counted(pipe: psycopg.Pipeline) -> None:
        waits.append("sync")
        really(pipe)

    monkeypatch.setattr(psycopg.Pipeline, "sync", counted)
    commit = Connection.commit
    monkeypatch.setattr(Connection, "commit", lambda c: (waits.append("commit"), commit(c))[1])
    return waits


def note(case: Case, id: str | None = None) -> Note:
    return Note(
        landlord_id=case.landlord_id, id=id or new_id(), case_id=case.id,
        at=case.opened_at, by=None, text="Rang again",
    )  # fmt: skip


def test_a_finished_task_is_few_statements_and_fewer_round_trips(
    landlord: str, officer: Viewer, trips: list[str]
) -> None:
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, one, *_: said.append(one))
    for _ in range(2):  # the first also reads the calendar
        task = open_task(recorded(landlord))
        form = accept(officer, task)
        db.session.rollback()
        assert db.session.get_one(Task, (landlord, task.id)).case  # as its page has read it
        said.clear()
        trips.clear()
        tasks.submit(officer, task.id, form)
    assert len(trips) <= MOST_ROUND_TRIPS, "what the page has read in goes on"
    assert len(said) <= MOST_STATEMENTS
    assert trips[-2:] == ["commit", "sync"], "all that is written goes out at once"


def test_a_step_after_a_page_sees_what_was_committed_meanwhile_and_saves_nothing_of_the_page(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    assert db.session.get_one(Case, (landlord, case.id)).story == "Water comes through my ceiling."
    with db.engine.begin() as other:
        other.execute(update(Case).where(Case.id == case.id).values(story="Said meanwhile"))
    with transaction() as session:
        assert session.get_one(Case, (landlord, case.id)).story == "Said meanwhile"
    case.story = "Changed by a page"
    with transaction() as session:
        assert session.get_one(Case, (landlord, case.id)).story == "Said meanwhile"
    with pytest.raises(Exception, match="division by zero"):
        db.session.execute(text("SELECT 1 / 0"))
    with transaction() as session:
        assert session.get_one(Case, (landlord, case.id)).story == "Said meanwhile"


def test_of_two_who_change_an_instance_the_second_is_told(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    with pytest.raises(ChangedMeanwhile), transaction() as session:
        instance = session.scalars(select(Instance).where(Instance.case_id == case.id)).one()
        session.execute(
            update(Instance)
            .where(Instance.id == instance.id)
            .values(revision=Instance.revision + 1)
            .execution_options(synchronize_session=False)
        )
        instance.held = True


def test_many_rows_changed_alike_are_counted_together(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    with transaction() as session:
        session.add_all((note(case), note(case), note(case)))
    with transaction() as session:
        for row in session.scalars(select(Note).where(Note.case_id == case.id)):
            row.text = "Rang a third time"
    db.session.rollback()
    texts = db.session.scalars(select(Note.text).where(Note.case_id == case.id)).all()
    assert texts == ["Rang a third time"] * 3
    with pytest.raises(ChangedMeanwhile), transaction() as session:
        one, *others = session.scalars(select(Note).where(Note.case_id == case.id))
        gone = delete(Note).where(Note.id == one.id)
        session.execute(gone.execution_options(synchronize_session=False))
        for row in (one, *others):
            row.text = "Nobody was there"


def test_what_the_database_refuses_is_refused_and_the_connection_goes_on(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    one = new_id()
    with transaction() as session:
        session.add(note(case, one))
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(note(case))
        session.flush()
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        session.expunge_all()
        session.add(note(case, one))
    assert len(db.session.scalars(select(Note).where(Note.case_id == case.id)).all()) == 1


def test_a_connection_that_breaks_in_the_middle_is_a_passing_trouble(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    with pytest.raises(firing.PASSING) as broken, transaction() as session:
        session.add(note(case))
        own = session.connection().connection.driver_connection
        own.pgconn.finish()
        session.flush()
    assert isinstance(broken.value, OperationalError)
    assert db.session.get(Case, (case.landlord_id, case.id)) is not None


def test_reading_prepares_once(landlord: str, officer: Viewer) -> None:
    """A rollback after reading leaves what was prepared, and a broken transaction nothing open."""
    case = recorded(landlord)
    own = db.session.connection().connection.driver_connection
    known = text(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM \"case\"%'"
    )
    for _ in range(8):
        db.session.scalars(select(Case)).all()
    for _ in range(3):
        db.session.rollback()
        assert db.session.scalar(known) == 1
        db.session.add(note(case))
        db.session.flush()
        assert db.session.connection().connection.driver_connection is own
    with pytest.raises(Exception, match="division by zero"):
        db.session.execute(text("SELECT 1 / 0"))
    db.session.rollback()
    assert db.session.scalar(text("SELECT 1")) == 1
    own = db.session.connection().connection.driver_connection
    assert own.info.transaction_status == TransactionStatus.INTRANS


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError for what takes longer."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_what_is_larger_than_a_socket_takes_at_once_arrives(app: Flask) -> None:
    large = b"a photo " * 1_000_000
    with at_most(30):
        for _ in range(10):
            length = select(func.octet_length(literal(large, LargeBinary)))
            assert db.session.scalar(length) == len(large)
            start_over()


def test_words_that_are_too_long_are_refused_not_cut(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord)
    start_over()
    row = {
        "landlord_id": landlord,
        "case_id": case.id,
        "at": case.opened_at,
        "by": None,
        "text": "",
    }
    notes = [row | {"id": new_id() + more} for more in ("", "more than an id may have")]
    with pytest.raises(DataError), transaction() as session:
        many.add(session.connection(), db.metadata.tables["note"], notes)
