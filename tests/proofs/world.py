"""The application beside a small model: what happens, whoever is killed at it, and what holds."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.errors import ChangedMeanwhile, NotAllowed, NotOffered, TaskIsOver
from app.factory import create_app
from app.models import Case, Deadline, Event, Incident, Instance, Outgoing, Payload, Task
from app.services import access, actions, calendars, outbox, sweep, tasks
from app.services.operations.verifying import verify_cases
from app.settings import Settings
from tests import postgres
from tests.cases import london
from tests.conftest import make_user
from tests.once import make_tables
from tests.proofs import town
from tests.proofs.model import DAY, FACTS, LONDON, ModelCase, is_counted, procedure
from tests.proofs.victim import die_at
from tests.services import elm_homes as elm
from tests.services.test_calendar_changes import approve

BEGIN = london("2026-11-24 09:00")
LAST_RAISED = date(2027, 9, 30)  # the model knows bank holidays until a few months later
KILLED = "killed"
REFUSED = (TaskIsOver, NotOffered, NotAllowed, ChangedMeanwhile)
Act = Callable[[], object]
DIES = st.none() | st.integers(1, 130)  # the point at which a step dies (victim.die_at)


class World(RuleBasedStateMachine):
    """The application beside the model.

    open_database: an address, or "" for SQLite. acts: how often each thing happened, in all worlds.
    """

    open_database: Callable[[], Any]
    acts: Counter[str]

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
        make_tables(self.settings)
        self.restart()
        self.deploy()
        self.people = {name: town.officer(name) for name in ("grace", "idris")}
        self.helen = make_user(elm.ELM, "helen", "manager", ("complaints",))
        self.sam = make_user(elm.ELM, "sam", "administrator")
        for _ in range(2):  # so that there is something to be done
            self.submit(dies=None)

    def teardown(self) -> None:
        self._close()
        self.stack.close()
        self.acts["restart"] += self.restarts - 1
        self.acts["deploy"] += self.versions - 1
        self.acts["day off"] += len(self.off)
        for case in self.model.values():
            for (action, element, _), times in case.did.items():
                self.acts[f"{action} {element}".strip()] += times

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
        said = self._do("submit", lambda: town.record(self.people["grace"], key, more_days=0), dies)
        if said == KILLED and self._case(key) is None:
            return
        self.model[key] = after

    @rule(at=st.randoms(), who=st.sampled_from(["grace", "idris"]), dies=DIES)
    def claim(self, at: Any, who: str, dies: int | None) -> None:
        if key := self._some(at, "answer"):
            after = self.model[key].claimed(who)
            task = town.task_of(key)
            self._step("claim", key, lambda: tasks.claim(self.people[who], task), after, dies)

    @rule(at=st.randoms(), who=st.sampled_from(["grace", "idris"]), dies=DIES)
    def answer(self, at: Any, who: str, dies: int | None) -> None:
        if key := self._some(at, "answer"):
            after = self.model[key].after(self.clock(), "answer", who=who)
            task = town.task_of(key)
            self._step("answer", key, lambda: town.answer(self.people[who], task), after, dies)

    @rule(at=st.randoms(), days=st.integers(1, 15), dies=DIES)
    def extend(self, at: Any, days: int, dies: int | None) -> None:
        self._act(at, "more_time", dies, {"more_days": days}, days=days)

    @rule(at=st.randoms(), what=st.sampled_from(["stop", "go_on"]), dies=DIES)
    def pause(self, at: Any, what: str, dies: int | None) -> None:
        self._act(at, what, dies, {})

    @rule(at=st.randoms(), dies=DIES)
    def hear(self, at: Any, dies: int | None) -> None:
        self._act(at, "satisfaction", dies, town.PLEASED)

    @rule(ahead=st.integers(0, 40), approves=st.booleans(), dies=DIES)
    def enter_a_day_off(self, ahead: int, approves: bool, dies: int | None) -> None:
        """It counts for new cases, and once that is approved for all, whoever died meanwhile."""
        day = self.clock().date() + ahead * DAY
        calendars.add_day_off(self.sam, "ENG", day, "A royal day")
        self.off |= {day}
        if not approves:
            return
        approve(self.helen)
        if self._do("approve", lambda: sweep.work(self.app), dies) == KILLED:
            self._become(self._moved())
            self.clock.move_to(self.clock() + timedelta(minutes=3))
            sweep.work(self.app)
        self.model |= self._moved()

    def _moved(self) -> dict[str, ModelCase]:
        """The open cases under another calendar, by that of now: if a day off is news to one."""
        old = {k: c for k, c in self.model.items() if not c.outcome and c.off != self.off}
        if not any(is_counted(day) for case in old.values() for day in self.off - case.off):
            return {}
        return {key: case.moved(self.clock(), self.off) for key, case in old.items()}

    @precondition(lambda self: self.clock().date() < LAST_RAISED)
    @rule(days=st.integers(0, 30), hour=st.integers(0, 23), sweeps=st.booleans(), dies=DIES)
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
        if self._do("sweep", sweep.run_due, dies) == KILLED:
            self._become(due)
        else:
            self.model |= due
        outbox.send_due()

    # --- how it is done

    def _some(self, at: Any, act: str) -> str | None:
        """A case by chance, rather one in which that can be done."""
        keys = [key for key, case in self.model.items() if act in case.can_do()]
        anyhow = not keys or at.choice(range(4)) == 0
        return at.choice([*self.model] if anyhow else keys) if self.model else None

    def _act(
        self, at: Any, message: str, dies: int | None, answers: dict[str, Any], **said: Any
    ) -> None:
        if key := self._some(at, message):
            after = self.model[key].after(self.clock(), message, **said)
            self._step(message, key, lambda: self._deliver(key, message, answers), after, dies)

    def _deliver(self, key: str, message: str, answers: dict[str, Any]) -> None:
        grace = self.people["grace"]
        case = self._case(key)
        assert case is not None
        offer, _ = actions.open_action(grace, case, message)
        _, form = actions.open_action(grace, case, message, town.typed(offer.form, answers))
        assert form.check(), form.errors
        actions.act(grace, access.get_case(grace, case.reference), message, form)

    def _step(
        self, name: str, key: str, act: Act, after: ModelCase | None, dies: int | None
    ) -> None:
        said = self._do(name, act, dies)
        if said == KILLED:
            self._become({key: after or self.model[key]})
        else:
            assert (said == "refused") == (after is None), said
            self.model[key] = after or self.model[key]

    def _do(self, name: str, act: Act, dies: int | None) -> str:
        """done, refused or killed; in a process of its own if that dies."""
        db.session.rollback()
        said = tried(act) if dies is None else self._in_a_process(act, dies)
        self.acts.update([said, f"{said} {name}"])
        return said

    def _in_a_process(self, act: Act, dies: int) -> str:
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
        return db.session.scalar(select(Case).where(Case.submission_key == key))

    def _seen(self, key: str) -> dict[str, Any]:
        """What the database has of a case, as the model says it."""
        case = self._case(key)
        assert case is not None, f"{key} is lost"
        instance = access.instance_of(case)
        dates = select(Deadline.element, Deadline.due_on).where(
            Deadline.case_id == case.id, Deadline.met_on.is_(None), Deadline.ended_at.is_(None)
        )
        claims = select(Task.element, Task.claimed_by).where(
            Task.case_id == case.id, Task.status == "open"
        )
        letters = select(Outgoing.id).where(Outgoing.case_id == case.id)
        return {
            "status": case.status,
            "outcome": case.outcome,
            "tasks": {task: self._name(by) for task, by in db.session.execute(claims)},
            "offers": set(instance.offers),
            "deadlines": {name: on for name, on in db.session.execute(dates)},
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
        db.session.rollback()
        for key, case in self.model.items():
            expected = case.seen()
            differs = {w: (x, expected[w]) for w, x in self._seen(key).items() if x != expected[w]}
            assert not differs, key
        assert db.session.scalars(select(Incident)).all() == []
        assert {*db.session.scalars(select(Case.submission_key))} == {*self.model}

    @invariant()
    def the_database_is_whole(self) -> None:
        if hasattr(self, "model"):
            assert [check for check in verify_cases() if not check.ok] == []


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
