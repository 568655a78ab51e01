"""One step is one transaction: everything of it, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from app.clock import SetClock
from app.db import db
from app.engine import EngineRefused
from app.errors import ChangedMeanwhile, NotAllowed, NotFound, Stopped, TaskIsOver
from app.models import (
    Alert,
    Answer,
    Conflict,
    Deadline,
    Draft,
    Event,
    Incident,
    Instance,
    Outgoing,
    Task,
)
from app.services import access, cases, code_clocks, inbox, incidents, steps, sweep, tasks
from app.services.known_people import known_people
from app.viewer import Viewer
from forms import BoundForm
from tests.cases import first_team, london, open_task, recorded

Make = Callable[..., Viewer]


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


def answered(viewer: Viewer, task: Task, **answers: object) -> BoundForm:
    """The task's form, filled in."""
    opened = tasks.get_open(viewer, task.id)
    typed = opened.form.definition.as_typed(answers)
    form = tasks.get_open(viewer, task.id, typed).form
    assert form.check(), form.errors
    return form


def accept(viewer: Viewer, task: Task) -> BoundForm:
    return answered(viewer, task, acceptance_decision="accept")


def test_recording_and_finishing_a_task_are_one_commit_each(
    app: Flask, landlord: str, officer: Viewer
) -> None:
    recorded(landlord)  # makes the people of the story
    commits: list[int] = []
    event.listen(db.engine, "commit", lambda _connection: commits.append(1))
    writes: list[str] = []
    event.listen(
        db.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: (
            writes.append(statement)
            if statement.startswith(("INSERT", "UPDATE", "DELETE"))
            else None
        ),
    )
    case = recorded(landlord)
    assert (len(commits), bool(writes)) == (1, True)

    task = open_task(case)
    form = accept(officer, task)
    commits.clear()
    tasks.submit(officer, task.id, form)
    assert len(commits) == 1


def test_a_step_writes_task_answer_deadline_and_history_together(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    task = open_task(case)
    tasks.submit(officer, task.id, accept(officer, task))

    done = db.session.get(Task, (landlord, task.id))
    assert done is not None and done.status == "done" and done.closed_by == officer.user_id
    assert open_task(case).element != task.element
    assert db.session.scalars(select(Answer.element).order_by(Answer.at)).all()[-1] == task.element
    numbers = db.session.scalars(select(Event.n).order_by(Event.n)).all()
    assert numbers == list(range(1, len(numbers) + 1))
    assert db.session.scalar(select(func.count()).select_from(Deadline)) or 0 > 0


def test_whatever_fails_in_a_step_nothing_of_it_is_saved(
    landlord: str, officer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = recorded(landlord)
    task = open_task(case)
    form = accept(officer, task)
    before = db.session.scalar(select(func.count()).select_from(Event))

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(steps.deadlines, "register", broken)
    with pytest.raises(RuntimeError):
        tasks.submit(officer, task.id, form)

    assert open_task(case).id == task.id
    assert db.session.scalar(select(func.count()).select_from(Event)) == before
    assert db.session.scalar(select(func.count()).select_from(Answer)) == 1


def test_of_two_people_who_finish_a_task_at_once_one_wins(
    app: Flask, landlord: str, person: Make
) -> None:
    team = first_team(landlord)
    people = [person(name, teams=(team,)) for name in ("grace", "idris")]
    case = recorded(landlord)
    task_id = open_task(case).id
    forms = [accept(viewer, open_task(case)) for viewer in people]
    db.session.rollback()
    barrier, outcomes = threading.Barrier(2), []

    def finish(viewer: Viewer, form: BoundForm) -> None:
        with app.app_context():
            barrier.wait()
            try:
                tasks.submit(viewer, task_id, form)
                outcomes.append("won")
            except (TaskIsOver, ChangedMeanwhile) as lost:
                outcomes.append(type(lost).__name__)
            db.session.remove()

    threads = [
        threading.Thread(target=finish, args=pair) for pair in zip(people, forms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["TaskIsOver", "won"]
    db.session.expire_all()
    assert (
        db.session.scalar(select(func.count()).select_from(Answer).where(Answer.task_id == task_id))
        == 1
    )


def test_the_loser_keeps_what_was_typed(landlord: str, person: Make) -> None:
    team = first_team(landlord)
    winner, loser = (person(name, teams=(team,)) for name in ("grace", "idris"))
    task = open_task(recorded(landlord))
    tasks.submit(winner, task.id, accept(winner, task))
    typed = tasks.Typed({"acceptance_decision": "accept"})

    with pytest.raises(TaskIsOver, match="Grace finished"):
        tasks.get_open(loser, task.id, typed)
    tasks.save_draft(loser, task.id, typed)

    _, counted, kept = tasks.lost_texts(loser, task.id)
    assert counted is not None and counted.by == winner.user_id
    assert kept is not None and kept.values == {"acceptance_decision": ["accept"]}


def test_a_draft_survives_and_goes_when_the_task_is_finished(
    landlord: str, officer: Viewer
) -> None:
    task = open_task(recorded(landlord))
    tasks.save_draft(officer, task.id, tasks.Typed({"acceptance_decision": "accept"}))
    assert tasks.get_open(officer, task.id).form.answers["acceptance_decision"] == "accept"

    tasks.submit(officer, task.id, accept(officer, task))
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 0


def test_a_reply_after_the_deadline_is_late_even_before_the_sweep(
    landlord: str, officer: Viewer, clock: SetClock
) -> None:
    case = recorded(landlord)
    ours = select(Deadline).where(Deadline.kind == "duty", Deadline.host != code_clocks.HOST)
    row = db.session.scalars(ours).first()
    assert row is not None and row.due_on is not None
    clock.move_to(london(f"{row.due_on} 23:59"))
    assert sweep.due_instances() == []

    clock.move_to(london("2026-12-02 00:00"))
    tasks.submit(officer, open_task(case).id, accept(officer, open_task(case)))

    db.session.expire_all()
    missed = db.session.scalars(ours.where(Deadline.missed_on.is_not(None))).all()
    assert [deadline.element for deadline in missed] == [row.element]
    fired = db.session.scalars(select(Event).where(Event.action == "due")).one()
    assert fired.at == london("2026-12-02 00:00") and fired.element == row.element


def test_a_deadline_fires_once_however_often_the_sweep_looks(
    landlord: str, clock: SetClock
) -> None:
    recorded(landlord)
    clock.move_to(london("2026-12-03 00:01"))
    fired = [sweep.run_due().fired for _ in range(3)]

    assert fired == [1, 0, 0]
    alerts = db.session.scalars(select(Alert.element)).all()
    assert len(alerts) == len(set(alerts)) == 1


def test_a_broken_step_becomes_an_incident_that_holds_the_case(
    landlord: str, officer: Viewer, person: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = person("maya", role="manager", teams=(first_team(landlord),))
    case = recorded(landlord)
    task = open_task(case)
    form = accept(officer, task)

    def broken(*_: object) -> None:
        raise EngineRefused("the token is lost")

    monkeypatch.setattr(steps, "complete", broken)
    with pytest.raises(Stopped):
        tasks.submit(officer, task.id, form)
    standing = incidents.open_incidents(manager)
    assert [incident.cause for incident, *_ in standing] == ["the token is lost"]
    assert db.session.scalars(select(Instance.held)).one() is True

    monkeypatch.undo()
    incidents.retry(manager, standing[0][0].id, "The diagram was mended")
    tasks.submit(officer, task.id, form)
    assert incidents.open_incidents(manager) == []


def test_half_of_the_instances_broken_do_not_hold_up_the_others(
    landlord: str, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        recorded(landlord)
    sick = {row.id for row in db.session.scalars(select(Instance)).all()[:2]}
    real = steps.fire_due

    def fire(procedure: object, stored: object, *rest: object) -> object:
        instance = db.session.scalars(
            select(Instance).where(Instance.state == stored.state)  # type: ignore[attr-defined]
        ).first()
        if instance is not None and instance.id in sick:
            raise EngineRefused("sick")
        return real(procedure, stored, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "fire_due", fire)
    clock.move_to(london("2026-12-03 00:01"))
    result = sweep.run_due()

    assert (result.fired, result.failed) == (2, 2)
    assert db.session.scalar(select(func.count()).select_from(Incident)) == 2
    assert sweep.due_instances() == []


def test_nobody_finds_a_case_of_another_landlord_or_one_that_names_them(
    landlord: str, officer: Viewer, person: Make
) -> None:
    case = recorded(landlord)
    task = open_task(case)
    stranger = Viewer(**{**vars(officer), "landlord_id": "oak-homes"})
    with pytest.raises(NotFound):
        access.get_case(stranger, case.reference)
    with pytest.raises(NotFound):
        tasks.get_open(stranger, task.id)

    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    with pytest.raises(NotFound):
        cases.page(officer, case.reference)
    with pytest.raises(NotFound):
        tasks.get_open(officer, task.id)
    assert cases.search(officer)[1] == 0
    assert inbox.inbox(officer, inbox.Filter()).groups == []

    owner = person("oliver", role="process_owner")
    with pytest.raises(NotAllowed):
        cases.page(owner, case.reference)


def test_a_case_that_names_somebody_alerts_nobody_in_conflict(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord, triage_hazard="yes")
    told = Viewer(**{**vars(officer), "teams": frozenset(db.session.scalars(select(Alert.team)))})
    assert [alert for alert, _ in inbox.inbox(told, inbox.Filter()).alerts]

    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    assert inbox.inbox(told, inbox.Filter()).alerts == []


def test_a_hazard_alerts_the_named_team_at_once(landlord: str) -> None:
    case = recorded(landlord, triage_hazard="not_sure")

    assert case.hazard
    assert db.session.scalars(select(Alert)).first() is not None


def test_a_blocked_channel_is_never_used(landlord: str, officer: Viewer) -> None:
    case = recorded(landlord, contact_never=["email", "post"])
    task = open_task(case)
    tasks.submit(officer, task.id, accept(officer, task))
    task = open_task(case)
    form = answered(
        officer, task, understanding="A leak was not repaired.", outcome_sought="Repair it."
    )
    tasks.submit(officer, task.id, form)

    out = db.session.scalars(select(Outgoing)).one()
    assert (out.status, out.address) == ("blocked", "")
    assert "cannot be sent" in db.session.scalars(select(Alert.text)).one()


def test_a_kept_text_goes_after_seven_days_and_an_open_draft_never(
    app: Flask, landlord: str, person: Make, clock: SetClock
) -> None:
    team = first_team(landlord)
    winner, loser = (person(name, teams=(team,)) for name in ("grace", "idris"))
    over, still_open = (open_task(recorded(landlord)) for _ in range(2))
    tasks.submit(winner, over.id, accept(winner, over))
    typed = tasks.Typed({"acceptance_decision": "accept"})
    for task in (over, still_open):
        tasks.save_draft(loser, task.id, typed)

    clock.move_to(london("2026-12-01 08:00"))
    sweep.heartbeat(app)
    assert db.session.scalar(select(func.count()).select_from(Draft)) == 2
    clock.move_to(london("2026-12-01 10:00"))
    sweep.heartbeat(app)
    db.session.rollback()  # the heartbeat has a session of its own
    assert db.session.scalars(select(Draft.task_id)).all() == [still_open.id]


def test_nobody_learns_of_a_person_from_a_case_that_is_kept_from_them(
    landlord: str, officer: Viewer
) -> None:
    case = recorded(landlord)
    assert known_people(officer, "kezia", "", "")[0]

    db.session.add(Conflict(landlord_id=landlord, case_id=case.id, user_id=officer.user_id))
    db.session.commit()
    assert known_people(officer, "kezia", "", "")[0] == []
