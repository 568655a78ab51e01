"""A case keeps the calendar it began with, until somebody works it out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from app.db import db, transaction
from app.models import Deadline, Event, Instance
from app.services import steps, tasks
from app.services.calendars import add_day_off, calendar_of
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.services.test_steps import accept

Make = Callable[..., Viewer]


def first_due(case_id: str) -> date | None:
    db.session.expire_all()
    return db.session.scalars(
        select(Deadline.due_on).where(Deadline.case_id == case_id, Deadline.kind == "duty")
    ).first()


def test_a_day_off_counts_for_new_cases_and_for_open_ones_when_they_are_worked_out_again(
    landlord: str, person: Make
) -> None:
    admin = person("sam", role="administrator")
    officer = person("grace", teams=(first_team(landlord),))
    before = recorded(landlord)
    due = first_due(before.id)
    assert due is not None
    add_day_off(admin, "ENG", date(2026, 11, 26), "A royal day")

    assert (first_due(recorded(landlord).id) or due) > due
    task = open_task(before)
    tasks.submit(officer, task.id, accept(officer, task))
    assert first_due(before.id) == due

    with transaction() as session:
        instance = session.scalars(select(Instance).where(Instance.case_id == before.id)).one()
        steps.work_out_again(steps.open_step(session, instance, admin), calendar_of("ENG"))
    assert (first_due(before.id) or due) > due
    moved = db.session.scalars(select(Event).where(Event.action == "moved")).all()
    assert [line.actor_kind for line in moved] == ["procedure", "procedure"]  # ours and the Code's
