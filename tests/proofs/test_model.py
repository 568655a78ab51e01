"""Whatever happens in whatever order, and whoever is killed at it: the same as in a small model.

PUTRIGHT_LONG=1 plays sixty worlds of eighty steps, otherwise a few short ones.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import ChangedMeanwhile, NotAllowed, NotOffered, TaskIsOver
from app.factory import create_app
from app.models import Case, Deadline, Event, Incident, Instance, Outgoing, Payload, Task
from app.services import access, actions, calendars, outbox, steps, sweep, tasks
from app.services.operations.verifying import verify
from app.settings import Settings
from tests import postgres
from tests.cases import london
from tests.conftest import make_user
from tests.proofs import town
from tests.proofs.fleet import LONG
from tests.proofs.model import DAY, FACTS, LONDON, ModelCase, procedure
from tests.proofs.victim import die_at
from tests.services import elm_homes as elm
from tests.services.test_calendar_changes import approve

BEGIN = london("2026-11-24 09:00")
LAST_RAISED = date(2027, 9, 30)  # the model knows bank holidays until a few months later
KILLED = "killed"
REFUSED = (TaskIsOver, NotOffered, NotAllowed, ChangedMeanwhile)
Act = Callable[[], object]
DIES = st.none() | st.integers(1, 130)  # the point at which a step dies (victim.die_at)
WORLDS = settings(
    max_examples=60 if LONG else 3,
    stateful_step_count=80 if LONG else 25,
    phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
    deadline=None,
    database=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)


class World(RuleBasedStateMachine):
    """The application beside the model. open_database: an address, or "" for SQLite."""

    open_database: Callable[[], Any]

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        url = self.stack.enter_context(self.open_database())
        owner = postgres.as_role(postgres.OWNER, url) if url else ""
        self.settings = Settings(
            instance_dir=folder, database_url=url, owner_database_url=owner, heartbeat=False
        )
        self.clock = SetClock(BEGIN)
        self.model: dict[str, ModelCase] = {}
        self.versions, self.restarts, self.off = 0, 0, frozenset[date]()
        self.app = self.context = None
        self.restart()
        if not url:
            db.create_all()
        self.deploy()
        self.people = {name: town.officer(name) for name in ("grace", "idris")}
        self.helen = make_user(elm.ELM, "helen", "manager", ("complaints",))
        self.sam = make_user(elm.ELM, "sam", "administrator")

    def teardown(self) -> None:
        self._close()
        self.stack.close()

    def _close(self) -> None:
        if self.context is not None:
            db.session.remove()
            db.engine.dispose()
            self.context.pop()

    # --- what happens

    @precondition(lambda self: self.restarts < 3)
    @rule()
    def restart(self) -> None:
        """The process is another one."""
        self.restarts += 1
        self._close()
        self.app = create_app(self.settings, self.clock)
        self.context = self.app.app_context()
        self.context.push()

    @precondition(lambda self: self.versions < 3)
    @rule()
    def deploy(self) -> None:
        """A new version, with a longer limit; the open cases stay with theirs."""
        self.versions += 1
        elm.deploy(
            **{
                "complaint.bpmn": procedure(self.answer_in),
                "facts.toml": FACTS.encode(),
                "forms/record.form": town.RECORD,
                "forms/moment.form": elm.form("moment", *elm.WHEN),
            }
        )

    @property
    def answer_in(self) -> int:
        return 8 + 2 * self.versions

    @precondition(lambda self: self.clock().date() < LAST_RAISED)
    @rule(dies=DIES)
    def submit(self, dies: int | None) -> None:
        key = f"case-{len(self.model)}"
        after = ModelCase(self.answer_in, self.off, self.clock(), self.clock().date())
        said = self._do(lambda: town.record(self.people["grace"], key, more_days=0), dies)
        if said == KILLED and self._case(key) is None:
            return
        self.model[key] = after

    @rule(at=st.randoms(), who=st.sampled_from(["grace", "idris"]), dies=DIES)
    def claim(self, at: Any, who: str, dies: int | None) -> None:
        if key := self._some(at):
            after = self.model[key].claimed(who)
            self._step(key, lambda: tasks.claim(self.people[who], town.task_of(key)), after, dies)

    @rule(at=st.randoms(), who=st.sampled_from(["grace", "idris"]), dies=DIES)
    def answer(self, at: Any, who: str, dies: int | None) -> None:
        if key := self._some(at):
            after = self.model[key].after(self.clock(), "answer", who=who)
            self._step(key, lambda: town.answer(self.people[who], town.task_of(key)), after, dies)

    @rule(at=st.randoms(), days=st.integers(1, 15), dies=DIES)
    def extend(self, at: Any, days: int, dies: int | None) -> None:
        self._act(at, "more_time", dies, {"more_days": days}, days=days)

    @rule(at=st.randoms(), what=st.sampled_from(["stop", "go_on"]), dies=DIES)
    def pause(self, at: Any, what: str, dies: int | None) -> None:
        self._act(at, what, dies, {})

    @rule(at=st.randoms(), dies=DIES)
    def hear(self, at: Any, dies: int | None) -> None:
        self._act(at, "satisfaction", dies, town.PLEASED)

    @rule(ahead=st.integers(0, 40))
    def enter_a_day_off(self, ahead: int) -> None:
        """It counts for new cases."""
        day = self.clock().date() + ahead * DAY
        calendars.add_day_off(self.sam, "ENG", day, "A royal day")
        self.off |= {day}

    @rule(dies=DIES)
    def approve_the_calendar(self, dies: int | None) -> None:
        """All open cases count by the calendar of now, whoever died while it was done."""
        approve(self.helen)
        if self._do(lambda: sweep.work(self.app), dies) == KILLED:
            self._become({k: case.moved(self.clock(), self.off) for k, case in self._old()})
            self.clock.move_to(self.clock() + timedelta(minutes=3))
            sweep.work(self.app)
        self.model |= {k: case.moved(self.clock(), self.off) for k, case in self._old()}

    def _old(self) -> Iterator[tuple[str, ModelCase]]:
        """The open cases under another calendar."""
        for key, case in self.model.items():
            if not case.outcome and case.off != self.off:
                yield key, case

    @rule(days=st.integers(0, 15), hour=st.integers(0, 23), sweeps=st.booleans(), dies=DIES)
    def move_the_clock(self, days: int, hour: int, sweeps: bool, dies: int | None) -> None:
        """Time passes. Somebody sweeps, or nobody does."""
        day = self.clock().date() + days * DAY
        self.clock.move_to(max(self.clock(), datetime.combine(day, time(hour), LONDON)))
        if not sweeps:
            return
        due = {
            key: case.after(self.clock())
            for key, case in self.model.items()
            if (at := case.next_due()) and at <= self.clock()
        }
        if self._do(sweep.run_due, dies) == KILLED:
            self._become(due)
        else:
            self.model |= due
        outbox.send_due()

    # --- how it is done

    def _some(self, at: Any) -> str | None:
        """A case by chance, rather one that is open."""
        keys = [key for key, case in self.model.items() if not case.outcome] or [*self.model]
        return at.choice(keys) if keys else None

    def _act(
        self, at: Any, message: str, dies: int | None, answers: dict[str, Any], **said: Any
    ) -> None:
        if key := self._some(at):
            after = self.model[key].after(self.clock(), message, **said)
            self._step(key, lambda: self._deliver(key, message, answers), after, dies)

    def _deliver(self, key: str, message: str, answers: dict[str, Any]) -> None:
        grace = self.people["grace"]
        case = self._case(key)
        assert case is not None
        offer, _ = actions.open_action(grace, case, message)
        _, form = actions.open_action(grace, case, message, town.typed(offer.form, answers))
        assert form.check(), form.errors
        actions.act(grace, access.get_case(grace, case.reference), message, form)

    def _step(self, key: str, act: Act, after: ModelCase | None, dies: int | None) -> None:
        said = self._do(act, dies)
        if said == KILLED:
            self._become({key: after or self.model[key]})
        else:
            assert (said == "refused") == (after is None), said
            self.model[key] = after or self.model[key]

    def _do(self, act: Act, dies: int | None) -> str:
        """done, refused or killed; in a process of its own if that dies."""
        db.session.rollback()
        if dies is None:
            return tried(act)
        db.session.remove()
        db.engine.dispose()
        child = os.fork()
        if child == 0:
            die(act, dies)
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        assert ended in {0, 1, -9}, "see the output"
        return {0: "done", 1: "refused", -9: KILLED}[ended]

    def _become(self, after: dict[str, ModelCase]) -> None:
        """Of cases whose step was killed: each is as before, or as after, and nothing between."""
        db.session.rollback()
        for key, case in after.items():
            if self._seen(key) == case.seen():
                self.model[key] = case

    # --- what holds

    def _case(self, key: str) -> Case | None:
        db.session.rollback()
        return db.session.scalar(select(Case).where(Case.submission_key == key))

    def _seen(self, key: str) -> dict[str, Any]:
        """What the database has of a case, as the model says it."""
        case = self._case(key)
        assert case is not None, f"{key} is lost"
        instance = access.instance_of(case)
        rows = db.session.scalars(
            select(Deadline).where(
                Deadline.case_id == case.id, Deadline.met_on.is_(None), Deadline.ended_at.is_(None)
            )
        )
        tasks_ = select(Task).where(Task.case_id == case.id, Task.status == "open")
        letters = select(Outgoing.id).where(Outgoing.case_id == case.id)
        return {
            "status": case.status,
            "outcome": case.outcome,
            "tasks": {t.element: self._name(t.claimed_by) for t in db.session.scalars(tasks_)},
            "offers": set(instance.offers),
            "deadlines": {row.element: row.due_on for row in rows},
            "next_due": instance.next_due_at,
            "did": self._did(instance),
            "letters": len(db.session.scalars(letters).all()),
        }

    def _name(self, user_id: str | None) -> str | None:
        names = {viewer.user_id: name for name, viewer in self.people.items()}
        return names[user_id] if user_id else None

    def _did(self, instance: Instance) -> Counter[tuple[str, str, str]]:
        """How often each line that the model knows is in the history, which has no gap."""
        rows = db.session.execute(
            select(Event.n, Event.action, Event.element, Payload.values)
            .outerjoin(
                Payload,
                (Payload.landlord_id == Event.landlord_id) & (Payload.id == Event.payload_id),
            )
            .where(Event.instance_id == instance.id)
            .order_by(Event.n)
        ).all()
        assert [row.n for row in rows] == list(range(1, instance.events + 1))
        return Counter(
            (row.action, row.element, row.values["due_on"] if row.action == "due" else "")
            for row in rows
            if row.action in KNOWN and not (row.action == "closed" and row.element)
        )

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        for key, case in self.model.items():
            expected = case.seen()
            differs = {w: (x, expected[w]) for w, x in self._seen(key).items() if x != expected[w]}
            assert not differs, key
        assert db.session.scalars(select(Incident)).all() == []
        assert {*db.session.scalars(select(Case.submission_key))} == {*self.model}

    @invariant()
    def the_database_is_whole(self) -> None:
        if hasattr(self, "model"):
            db.session.rollback()
            wrong = [c for c in verify() if c.name not in {"migrations", "file"} and not c.ok]
            assert wrong == []


KNOWN = {"started", "claimed", "submitted", "received", "due", "calendar_changed", "closed"}


def tried(act: Act) -> str:
    try:
        act()
    except REFUSED:
        return "refused"
    return "done"


def die(act: Act, point: int) -> None:
    """The life of a process that is killed at a point, or ends by itself before."""
    try:
        die_at(point)
        os._exit(0 if tried(act) == "done" else 1)
    except BaseException:
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(2)


@pytest.fixture
def world(request: pytest.FixtureRequest, database_url: str) -> type[World]:
    """Worlds on databases of their own."""

    @contextmanager
    def sqlite() -> Iterator[str]:
        yield ""

    opened = request.getfixturevalue("postgres").database if database_url else sqlite
    return type("World", (World,), {"open_database": staticmethod(opened)})


def test_a_day_off_that_reaches_open_cases_by_itself_is_found(
    world: type[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The random search finds it, too, within some ten worlds; this is what it found."""
    monkeypatch.setattr(steps, "pinned_calendar", lambda nation, _: calendars.calendar_of(nation))
    played = world()
    try:
        played.begin()
        played.submit(dies=None)
        played.enter_a_day_off(ahead=1)
        played.everything_is_as_in_the_model()
        played.pause(at=random.Random(1), what="go_on", dies=None)
        with pytest.raises(AssertionError, match="case-0"):
            played.everything_is_as_in_the_model()
    finally:
        played.teardown()


def test_whatever_happens_is_what_a_small_model_says(world: type[World]) -> None:
    run_state_machine_as_test(world, settings=WORLDS)
