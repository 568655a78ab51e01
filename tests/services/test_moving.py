"""Open cases move to another version: rehearsed, moved with their dates, undone until they act."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import NotAllowed, NotOffered
from app.models import Case, CaseMove, Deadline, Event, Outgoing, Task
from app.services import deployments, kept_out, sweep, tasks
from app.services.access import instance_of
from app.services.moving import moves, rehearsing
from app.services.operations import jobs
from app.viewer import Viewer
from tests import small
from tests.cases import london
from tests.conftest import make_user
from tests.engine.drawing import end, first_of, flows, message, send, start, sub, timer, user

FACTS = small.FACTS + '\n[received_on]\ntype = "date"\nlabel = "Received"\n'


def pieces(more: tuple[str, ...] = (), days: int = 10, task: str = "answer") -> tuple[str, ...]:
    """A limit on the answer, and steps before it goes."""
    way = " > ".join((task, *more))
    return (
        start(sets="received_on"), user(task, form="answer", writes="answer"),
        *(user(each, form="asks" if each == "approve" else each) for each in more),
        timer("late", f"working_days({days}, received_on)", on=task, label="Answer"), end("told"),
        send("send_answer", letter="answer", sets="answered_on"), first_of("wait"),
        message("asks", form="asks", offered_to="staff, resident"),
        timer("window", "working_days(20, answered_on, copy_pauses)", label="Ask again"),
        end("again", outcome="again"), end("over", outcome="over"),
        flows(f"begun > {way} > send_answer > wait > asks > again", "wait > window > over",
              "late > told"),
    )  # fmt: skip


def version(*more: str, days: int = 10, task: str = "answer") -> None:
    """Publish a version of the small landlord."""
    small.deploy(*pieces(more, days, task), facts=FACTS)


def with_approval(**how: int) -> None:
    version("approve", **how)


@pytest.fixture
def first(app: Flask) -> None:
    version()


@pytest.fixture
def manager(first: None) -> Viewer:
    return make_user(small.SMALL, "maya", "manager", teams=("complaints",))


@pytest.fixture
def owner(first: None) -> Viewer:
    return make_user(small.SMALL, "olu", "process_owner")


def begun(officer: Viewer) -> Case:
    return small.complaint(officer)


def deadline(case: Case, element: str) -> Deadline:
    return db.session.scalars(
        select(Deadline).where(Deadline.case_id == case.id, Deadline.element == element)
    ).one()


def open_tasks(case: Case) -> dict[str, Task]:
    rows = db.session.scalars(select(Task).where(Task.case_id == case.id, Task.status == "open"))
    return {task.element: task for task in rows}


def move(viewer: Viewer, *some: Case, reason: str = "") -> None:
    ids = [instance_of(case).id for case in some]
    moves.ask(viewer, deployments.history(small.SMALL)[0].number, ids, reason)
    jobs.run_waiting(sweep.JOBS)
    db.session.rollback()


def version_of(case: Case) -> int:
    db.session.rollback()
    instance = instance_of(case)
    rows = {row.id: row.number for row in deployments.history(small.SMALL)}
    return rows[instance.deployment_id]


def test_a_rehearsal_shows_place_and_every_date_and_saves_nothing(
    manager: Viewer, owner: Viewer
) -> None:
    case = begun(small.officer())
    with_approval()
    rehearsal = rehearsing.rehearse(owner)
    (one,) = rehearsal.plain
    assert (one.case.id, one.number, one.before, one.after) == (case.id, 1, ["answer"], ["answer"])
    (due,) = one.dates
    assert (due.name, due.was, due.now) == ("Answer", date(2026, 12, 8), date(2026, 12, 8))
    assert version_of(case) == 1


def test_a_case_moves_with_its_claim_and_its_date_and_goes_the_new_way(
    manager: Viewer, owner: Viewer
) -> None:
    officer = small.officer()
    case = begun(officer)
    task = open_tasks(case)["answer"]
    tasks.claim(officer, task.id)
    with_approval()
    move(owner, case)
    assert version_of(case) == 2
    (kept,) = open_tasks(case).values()
    assert (kept.id, kept.claimed_by) == (task.id, officer.user_id)
    assert deadline(case, "late").due_on == date(2026, 12, 8)
    small.does(officer, case, answer="We are sorry.")
    assert list(open_tasks(case)) == ["approve"]
    actions = db.session.scalars(select(Event.action).order_by(Event.n)).all()
    assert "moved_to_version" in actions


def test_a_date_that_we_owe_moves_only_for_a_managers_reason(
    manager: Viewer, owner: Viewer
) -> None:
    case = begun(small.officer())
    version(days=8)
    (one,) = rehearsing.rehearse(owner).asking
    (due,) = one.moved_duties
    assert (due.was, due.now) == (date(2026, 12, 8), date(2026, 12, 4))

    move(owner, case)
    assert version_of(case) == 1
    with pytest.raises(NotAllowed):
        moves.ask(owner, 2, [one.instance_id], "I say so")
    move(manager, case, reason="The board decided it for all.")
    assert version_of(case) == 2
    assert deadline(case, "late").due_on == date(2026, 12, 4)
    kept = db.session.scalars(select(CaseMove)).one()
    assert kept.moved == [["Answer", "2026-12-08", "2026-12-04"]]
    assert kept.reason == "The board decided it for all."


def test_a_case_at_a_step_that_is_gone_stays_and_says_why(manager: Viewer, owner: Viewer) -> None:
    case = begun(small.officer())
    version(task="reply")
    (one,) = rehearsing.rehearse(owner).staying
    assert one.refused == "The case stands at “answer”, which is gone."
    move(manager, case, reason="All of them")
    assert version_of(case) == 1


def test_a_move_is_undone_until_the_case_acts(manager: Viewer, owner: Viewer) -> None:
    officer = small.officer()
    case, other = begun(officer), begun(officer)
    before = instance_of(case).state, dict(instance_of(case).facts)
    version(days=8)
    move(manager, case, other, reason="All of them")
    one, two = moves.made(owner)
    assert one.undo and two.undo

    mine = next(each for each in (one, two) if each.case.id == case.id)
    moves.undo(owner, mine.row.id)
    assert version_of(case) == 1
    instance = instance_of(case)
    assert instance.facts == before[1]
    assert deadline(case, "late").due_on == date(2026, 12, 8)
    assert deadline(case, "late").ended_at is None
    assert list(open_tasks(case)) == ["answer"]
    with pytest.raises(NotOffered):
        moves.undo(owner, mine.row.id)

    small.does(officer, other, answer="We are sorry.")
    theirs = next(each for each in moves.made(owner) if each.case.id == other.id)
    assert not theirs.undo
    with pytest.raises(NotOffered, match="has gone on"):
        moves.undo(owner, theirs.row.id)


def test_an_armed_window_moves_with_its_date(
    manager: Viewer, owner: Viewer, clock: SetClock
) -> None:
    officer = small.officer()
    case = begun(officer)
    small.does(officer, case, answer="We are sorry.")
    was = deadline(case, "window").due_on
    with_approval()
    (one,) = rehearsing.rehearse(owner).plain
    assert [(each.name, each.was, each.now) for each in one.dates] == [("Ask again", was, was)]
    sent = db.session.query(Outgoing).count()
    move(owner, case)
    assert (version_of(case), db.session.query(Outgoing).count()) == (2, sent)
    clock.move_to(london("2027-02-15 09:00"))
    sweep.run_due()
    db.session.rollback()
    assert db.session.get_one(Case, (case.landlord_id, case.id)).status == "closed"


def test_what_is_due_this_moment_falls_due_first(
    manager: Viewer, owner: Viewer, clock: SetClock
) -> None:
    case = begun(small.officer())
    with_approval()
    clock.move_to(london("2026-12-09 09:00"))
    (one,) = rehearsing.rehearse(owner).staying
    assert one.refused == rehearsing.DUE_NOW
    sweep.run_due()
    move(owner, case)
    assert version_of(case) == 2


def test_a_limit_that_would_have_passed_already_is_told_before(
    manager: Viewer, owner: Viewer, clock: SetClock
) -> None:
    begun(small.officer())
    version(days=2)
    clock.move_to(london("2026-12-01 09:00"))
    (one,) = rehearsing.rehearse(owner).asking
    assert one.happens == ["“Answer” falls due at once"]


@pytest.mark.parametrize(("days", "now"), [(8, date(2026, 12, 8)), (20, date(2026, 12, 22))])
def test_a_limit_that_was_missed_stays_so_unless_its_new_date_is_to_come(
    manager: Viewer, owner: Viewer, clock: SetClock, days: int, now: date
) -> None:
    case = begun(small.officer())
    clock.move_to(london("2026-12-09 00:01"))
    sweep.run_due()
    version(days=days)
    clock.move_to(london("2026-12-11 09:00"))
    (one,) = rehearsing.rehearse(owner).cases
    assert [(due.was, due.now) for due in one.dates] == [(date(2026, 12, 8), now)]
    assert one.asks is (days == 20)
    move(manager, case, reason="Everybody has twenty days.")
    row = deadline(case, "late")
    assert (row.due_on, row.missed_on) == (now, date(2026, 12, 8))
    told = select(Event.at).where(Event.action == "moved")
    assert list(db.session.scalars(told)) == [clock()] * (days == 20), "not at the last step"


def met_before_the_end(days: int) -> dict[str, bytes]:
    """The limit hangs over work that goes on when what it asks for is done."""
    work = sub(
        "work", start("in", form=""),
        user("answer", sets="answered_on"), user("check", form="asks"),
        end("out"), flows("in > answer > check > out"),
    )  # fmt: skip
    late = timer("late", f"working_days({days}, received_on)", on="work", met_by="answered_on")
    return small.files(
        start(sets="received_on"), work, late, end("told"), end("over"),
        flows("begun > work > over", "late > told"), facts=FACTS,
    )  # fmt: skip


def test_what_was_met_is_no_date_of_a_move(manager: Viewer, owner: Viewer) -> None:
    deployments.deploy(small.SMALL, met_before_the_end(10))
    officer = small.officer()
    case = begun(officer)
    small.does(officer, case, answer="We have it.")
    assert deadline(case, "late").met_on
    deployments.deploy(small.SMALL, met_before_the_end(8))
    (one,) = rehearsing.rehearse(owner).plain
    assert one.dates == []


def test_whoever_is_kept_out_of_a_case_neither_sees_nor_moves_it(
    manager: Viewer, owner: Viewer
) -> None:
    case = begun(small.officer())
    kept_out.keep_out(manager, case.reference, owner.user_id or "", "A friend")
    with_approval()
    assert rehearsing.rehearse(owner).total == 0
    move(owner, case)
    assert version_of(case) == 1
