"""What the database counts and lists of open cases is what somebody finds who looks at each."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import NotAllowed
from app.models import Case, Conflict, Deadline, Instance, Promise, Task
from app.models.base import new_id
from app.services import casefile, deployments, standing, watch
from app.services.watch import ControlRoom, Running
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

TODAY = date(2026, 11, 24)
DAYS = [None, *(TODAY + timedelta(days=n) for n in (-9, -1, 0, 0, 1, 30))]
SHOWS = ("", "late", "today", "waiting", "hazard", "promises", "unclaimed", "no such filter")
STAGES = [("stage_1", "Stage One"), ("stage_2", "Stage Two"), ("", "")]
CASES = 70


class Dice:
    """Cases in every state that rows can be in, likely or not."""

    def __init__(self, seed: int, model: Case, people: list[Viewer]) -> None:
        self.dice, self.model, self.people = random.Random(seed), model, people
        self.instance = db.session.scalars(select(Instance)).one()

    def fill(self) -> None:
        for n in range(CASES):
            self.case(n)
        db.session.commit()
        for instance in db.session.scalars(select(Instance)):
            file = casefile.read(db.session(), instance, self.people[0])
            standing.note(file, deployments.live(elm.ELM))
        db.session.commit()

    def case(self, n: int) -> None:
        own = {"landlord_id": elm.ELM}
        stage, stage_name = self.dice.choice(STAGES)
        case = Case(
            **own,
            id=new_id(),
            reference=f"EH-T{n}",
            received_on=TODAY,
            opened_at=london("2026-11-24 08:00"),
            kind=self.dice.choice(["complaint", "complaint", "compliment"]),
            stage=stage,
            stage_name=stage_name,
            status=self.dice.choice(["open", "open", "open", "closed"]),
            hazard=self.maybe(0.3),
        )
        case.parties = [type(self.model.parties[0])(**own, person_id=self.model.resident.id)]
        instance = Instance(
            **own,
            id=new_id(),
            case=case,
            deployment_id=self.instance.deployment_id,
            calendar_version="",
            state=b"",
            facts={},
            next_due_at=None,
        )
        db.session.add_all([case, instance])
        db.session.flush()
        its = own | {"case_id": case.id, "instance_id": instance.id}
        for _ in range(self.dice.choice([0, 0, 1, 1, 2, 3])):
            db.session.add(self.task(its))
        for host in range(self.dice.choice([0, 1, 1, 2, 4])):
            db.session.add(self.deadline(its | {"host": str(host)}))
        if self.maybe(0.2):
            db.session.add(self.promise(own | {"case_id": case.id}))
        for person in self.people:
            if self.maybe(0.1):
                db.session.add(Conflict(**own, case_id=case.id, user_id=person.user_id))

    def maybe(self, chance: float) -> bool:
        return self.dice.random() < chance

    def task(self, its: dict[str, Any]) -> Task:
        stage, stage_name = self.dice.choice(STAGES)
        return Task(
            **its,
            id=new_id(),
            element=self.dice.choice(["answer", "stage_one", "not drawn"]),
            name="Answer",
            team="complaints",
            form="answer",
            stage=stage,
            stage_name=stage_name,
            due_on=self.dice.choice(DAYS),
            status=self.dice.choice(["open", "open", "done"]),
            opened_at=london(f"2026-11-{self.dice.randint(1, 3):02} 09:00"),
            claimed_by=self.dice.choice([None, self.people[0].user_id]),
        )

    def deadline(self, its: dict[str, Any]) -> Deadline:
        over = {"met_on": TODAY} if self.maybe(0.2) else {}
        over |= {"ended_at": london("2026-11-20 09:00")} if self.maybe(0.2) else {}
        return Deadline(
            **its,
            **over,
            element=self.dice.choice(["answer_due", "survey_over", "survey", "not drawn"]),
            kind=self.dice.choice(["duty", "duty", "window", "reminder"]),
            name="A limit",
            rule="",
            due_on=self.dice.choice(DAYS),
            calendar_version="",
            armed_at=london("2026-11-01 09:00"),
        )

    def promise(self, its: dict[str, Any]) -> Promise:
        return Promise(
            **its,
            id=new_id(),
            n=1,
            text="Paint it",
            element="answer",
            made_at=london("2026-11-01 09:00"),
            first_due_on=TODAY,
            due_on=self.dice.choice(DAYS[1:]),
            done_on=self.dice.choice([None, None, TODAY]),
        )


@dataclass
class Seen:
    """A case as somebody finds it who has all its rows before them."""

    case: Case
    duty: Deadline | None
    task: Task | None
    waits: list[Deadline]
    promise_late: bool

    @property
    def at(self) -> list[str]:
        return [self.task.element] if self.task else [row.element for row in self.waits]

    @property
    def is_late(self) -> bool:
        return bool(self.duty and self.duty.due_on and self.duty.due_on < TODAY)

    @property
    def is_due(self) -> bool:
        return bool(self.duty and self.duty.due_on == TODAY)

    @property
    def with_resident(self) -> bool:
        return not self.task and (not self.waits or self.waits[0].kind == "window")

    def fits(self, show: str) -> bool:
        return {
            "late": self.is_late,
            "today": self.is_due,
            "waiting": self.with_resident,
            "hazard": self.case.hazard,
            "promises": self.promise_late,
            "unclaimed": bool(self.task and not self.task.claimed_by),
        }.get(show, True)


def looked_at(viewer: Viewer, kind: str) -> list[Seen]:
    """All that the viewer may know of, open or with a late promise: the least time left first."""
    kept_out = set(
        db.session.scalars(select(Conflict.case_id).where(Conflict.user_id == viewer.user_id))
    )
    found = [_seen(case) for case in db.session.scalars(select(Case)) if case.id not in kept_out]
    wanted = [s for s in found if s.case.status == "open" or s.promise_late]
    wanted = [s for s in wanted if kind in ("", s.case.kind)]
    return sorted(wanted, key=lambda s: ((s.duty and s.duty.due_on) or date.max, s.case.id))


def _seen(case: Case) -> Seen:
    def of(model: Any) -> list[Any]:
        return list(db.session.scalars(select(model).where(model.case_id == case.id)))

    rows = [r for r in of(Deadline) if r.due_on and not r.met_on and not r.ended_at]
    rows.sort(key=lambda row: (row.due_on, row.element))
    duty = next((row for row in rows if row.kind == "duty"), None)
    tasks = [task for task in of(Task) if task.status == "open"]
    tasks.sort(key=lambda task: (task.due_on or date.max, task.opened_at, task.id))
    free = [row for row in rows if row.element != "answer_due"]  # that one hangs on the stage
    waits = [row for row in free if row.kind == "window"] or free[:1]
    broken = any(p.done_on is None and p.due_on < TODAY for p in of(Promise))
    return Seen(case, duty, tasks[0] if tasks else None, [] if tasks else waits, broken)


@pytest.fixture
def helen(app: Flask, clock: SetClock) -> Viewer:
    elm.deploy()
    return make_user(elm.ELM, "helen", role="manager")


@pytest.fixture(params=range(2))
def many(request: pytest.FixtureRequest, helen: Viewer, clock: SetClock) -> None:
    model = elm.recorded("2026-11-24")
    clock.move_to(datetime.combine(TODAY, datetime.min.time(), london("2026-11-24 12:00").tzinfo))
    Dice(request.param, model, [helen, make_user(elm.ELM, "ida", role="manager")]).fill()


def pages(viewer: Viewer, *wanted: str) -> tuple[ControlRoom, list[Running]]:
    """The first page's room, and the rows of all pages."""
    room = first = watch.control_room(viewer, *wanted)
    rows = list(first.rows)
    while room.next_after:
        assert len(room.rows) == watch.PAGE
        room = watch.control_room(viewer, *wanted, room.next_after)
        rows += room.rows
    return first, rows


@pytest.mark.made_up_rows  # of a kind that is not drawn
@pytest.mark.parametrize("kind", ["", "complaint"])
def test_numbers_places_and_lists_are_those_of_the_rows(
    many: None, helen: Viewer, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAGE", 15)
    seen = looked_at(helen, kind)
    running = [s for s in seen if s.case.status == "open"]
    for show in SHOWS:
        listed = seen if show == "promises" else running
        for stage in ("", "stage_2"):
            fit = [s for s in listed if s.fits(show) and stage in ("", s.case.stage)]
            room, rows = pages(helen, show, stage, kind)
            assert [row.case.id for row in rows] == [s.case.id for s in fit], (show, stage)
            assert [_told(row) for row in rows] == [_expected(s) for s in fit], (show, stage)
    assert room.numbers == {
        "open": len(running),
        **{show: sum(s.fits(show) for s in running) for show in SHOWS[1:5]},
        "unclaimed": sum(s.fits("unclaimed") for s in running),
        "promises": sum(s.promise_late for s in seen),
    }
    stages = Counter((s.case.stage, s.case.stage_name) for s in running)
    assert room.stages == [(*stage, number) for stage, number in sorted(stages.items())]
    everywhere = Counter(s.case.kind for s in looked_at(helen, "") if s.case.status == "open")
    assert room.kinds == everywhere
    elements = deployments.live(elm.ELM).procedure.elements
    opened: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for s in (s for s in running if s.case.kind == "complaint"):
        places = watch.around(elements, s.at)
        opened.update(places)
        late.update(places if s.is_late else ())
    assert {place.element: (place.open, place.late) for place in room.places} == {
        element: (number, late[element]) for element, number in opened.items()
    }


def _told(row: Running) -> tuple[Any, ...]:
    return (
        row.deadline and row.deadline.due_on,
        row.with_resident,
        row.waits and (row.waits.due_on, row.waits.element),
        row.place,
        row.who,
        row.promise_late,
    )


def _expected(s: Seen) -> tuple[Any, ...]:
    day = s.waits[0] if s.waits and s.waits[0].kind != "window" else None
    who = ("Helen" if s.task.claimed_by else "Nobody yet") if s.task else ""
    return (
        s.duty and s.duty.due_on,
        s.with_resident,
        day and (day.due_on, day.element),
        s.task.stage_name if s.task else s.case.stage_name,
        who,
        s.promise_late,
    )


def test_it_is_for_managers(helen: Viewer) -> None:
    with pytest.raises(NotAllowed):
        watch.control_room(make_user(elm.ELM, "sid"))
