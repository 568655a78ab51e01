"""One instance during one step: what is waited for, acting on it, and running on to the next wait.

No clock, no database, no framework: facts, instant and calendar come in through the interpreter.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.behaviour import Scope, SubScope, arm, host_of, still_open
from app.engine.diagram import Element
from app.engine.interpreter import Interpreter
from app.engine.passed import keep_what_has_passed
from app.engine.problems import Gone, TooManySteps, standing_at
from app.engine.procedure import Procedure
from app.engine.snapshot import HistoryEvent, OpenTask
from app.engine.state import is_fired_alert
from app.engine.waiting import Dates, Waiting
from timers.calendar import london_date

MAX_STEPS = 500  # automatic elements that one step may pass
MAX_DEPTH = 20  # of calls and subprocesses within each other
RECEIVED_ON = "received_on"  # the field of a message's form: the day on which it came


class Instance(Waiting, Scope, BpmnWorkflow):
    """A running procedure: SpiffWorkflow's tokens, our facts and our history."""

    def __init__(self, procedure: Procedure, engine: Interpreter, deserializing: bool) -> None:
        self.procedure, self.engine = procedure, engine
        self.events: list[HistoryEvent] = []
        self.until = engine.now
        self.new_calendar = False  # was it saved under another one?
        self._passed = 0
        self.seen_tasks: dict[str, OpenTask] = {}
        self.seen_deadlines: Dates = {}
        super().__init__(
            procedure.spec, procedure.parts, script_engine=engine, deserializing=deserializing
        )
        self.task_removed_event.connect(self._forget)

    def _forget(self, scope: BpmnBaseWorkflow, task: Task) -> None:
        """Spiff drops the members of a cancelled panel without ending what they had started."""
        self.event_manager.remove_task(task)
        started = self.subprocesses.pop(task.id, None)
        for inner in list(started.tasks.values()) if started else ():
            self._forget(started, inner)

    def create_subprocess(self, my_task: Task, spec_name: str) -> BpmnBaseWorkflow:
        """Called by Spiff when a subprocess or a call begins."""
        if my_task.workflow.depth >= MAX_DEPTH:
            raise TooManySteps(f"calls are nested more than {MAX_DEPTH} deep, at {spec_name!r}")
        begun = SubScope(self.procedure.parts[spec_name], my_task.id, self)
        self.subprocesses[my_task.id] = begun
        return begun

    # --- what is there

    def scopes(self) -> list[BpmnBaseWorkflow]:
        """The open processes and subprocesses, innermost first."""
        open_ = [scope for scope in (self, *self.subprocesses.values()) if not scope.completed]
        return sorted(open_, key=attrgetter("depth"), reverse=True)

    def tokens(self, state: int) -> list[Task]:
        """The tokens in a state, in every open scope."""
        scopes = self.scopes()
        return [task for scope in scopes for task in scope.tasks.values() if task._state & state]

    def find_token(self, token: UUID) -> Task | None:
        """The token with this id, in any scope."""
        scopes = (self, *self.subprocesses.values())
        return next((scope.tasks[token] for scope in scopes if token in scope.tasks), None)

    def catching(self) -> list[Task]:
        return list(self.event_manager.tasks.values())

    def host(self, event: Task) -> str:
        token: str = host_of(event).id.hex
        return token

    def arm_again(self, alert: Task) -> None:
        arm(alert, due=alert.internal_data.pop("due"))

    def open_tasks(self) -> dict[str, OpenTask]:
        """What people can do now, by token. While a token is open, nothing about it changes."""
        return {
            (token := task.id.hex): self.seen_tasks.get(token) or self._open_task(task)
            for task in self.tokens(TaskState.READY)
            if task.task_spec.manual
        }

    def _open_task(self, task: Task) -> OpenTask:
        element = self.procedure.elements[task.task_spec.bpmn_id]
        stages = self._stages_around(task.workflow)
        return OpenTask(
            task.id.hex,
            element.id,
            element.name,
            element.lane,
            element.form,
            dict(task.data),
            stages[-1] if stages else None,
        )

    def _stages_around(self, scope: BpmnBaseWorkflow) -> tuple[str, ...]:
        """The stages that a scope lies in, outermost first."""
        if scope.parent_task_id is None:
            return ()
        owner = self.get_task_from_id(scope.parent_task_id)
        stage = self.procedure.elements[owner.task_spec.bpmn_id].stage
        return (*self._stages_around(owner.workflow), *([stage] if stage else []))

    def stage(self) -> tuple[str, ...]:
        """The codes of the open stages, outermost first."""
        stages = [stage for scope in self.scopes() for stage in self._stages_around(scope)[-1:]]
        return tuple(dict.fromkeys(reversed(stages)))

    def fired_alerts(self) -> list[Task]:
        tokens = self.tokens(TaskState.COMPLETED)
        return [task for task in tokens if is_fired_alert(task) and still_open(task)]

    # --- acting

    def begin(self, form: dict[str, Any]) -> None:
        """Start, with the answers of the first form."""
        start = self.procedure.start
        given = {k: v for k, v in form.items() if k != RECEIVED_ON or k in self.engine.specs}
        facts = self._sets(start, given, form.get(RECEIVED_ON)) | given
        self._log("started", start.id, facts=self.engine.facts.record(facts))
        self.settle()

    def submit(self, token: str, form: dict[str, Any]) -> None:
        """Complete an open task with the facts of its form. Raise Gone if it is not open."""
        ready = self.tokens(TaskState.READY)
        task = next((t for t in ready if t.id.hex == token and t.task_spec.manual), None)
        if task is None:
            raise Gone(f"the task {token} is no longer open")
        element = self.procedure.elements[task.task_spec.bpmn_id]
        facts = form | self._sets(element, form)
        recorded = self.engine.facts.record(facts)
        self._log("submitted", element.id, task=token, facts=recorded)
        task.run()
        self.observe()
        self.settle()

    def deliver(self, name: str, form: dict[str, Any]) -> None:
        """Hand a message to all that wait for it. Raise Gone if nothing does, or it is not offered.

        The form's `received_on` is the day the message came. It dates what the event `sets` and is
        no fact itself: a fact of that name belongs to the complaint.
        """
        catchers = [(task, e) for task, e in self.catchers() if e.message == name]
        if not catchers:
            raise Gone(f"nothing waits for the message {name!r} now")
        given = {key: value for key, value in form.items() if key != RECEIVED_ON}
        event = BpmnEvent(MessageEventDefinition(name))  # no payload: facts are written, not data
        for task, element in catchers:
            facts = given | self._sets(element, given, form.get(RECEIVED_ON))
            recorded = self.engine.facts.record(facts)
            self._log("received", element.id, message=name, facts=recorded)
            task.task_spec.catch(task, event)
        for task, _ in catchers:
            task.task_spec._update(task)
        self.settle()

    def _sets(
        self, element: Element, form: dict[str, Any], received_on: str | None = None
    ) -> dict[str, Any]:
        """The dates an element sets: the form's, a known one, the day received, London's today.

        On the same day the pauses begin and end that it names.
        """
        today = received_on or london_date(self.engine.now).isoformat()
        pauses = self.engine.facts.with_pauses(
            element.listed("pauses"), element.listed("resumes"), today
        )
        given = {**self.engine.known, **form}
        return {name: given.get(name) or today for name in element.listed("sets")} | pauses

    # --- running on

    def settle(self) -> None:
        """Run everything automatic and work every deadline out again, until nothing moves."""
        while True:
            self.run_automatic()
            self.rearm()
            self.refresh_timers()
            if not self._ready():
                self.observe()
                return

    def catch_up(self, now: datetime, stop: datetime | None = None) -> None:
        """Fire what is due (until stop), oldest first, at its own instant, as if never late."""
        self.until = max(self.engine.now, now)
        if self.new_calendar:
            keep_what_has_passed(self)
        if self.rearm():  # dates that differ by the calendar alone differ from now on
            last, self.engine.now = self.engine.now, self.until
            self.observe()
            self.engine.now = last
        while (at := self.next_due()) is not None and at <= (stop or self.until):
            self._count("the timers that are due")
            self.engine.now = max(self.engine.now, at)
            self.refresh_timers()
            self.settle()
        self.engine.now = stop or self.until

    def next_working_day(self, kind: str) -> str:
        """The due date of a repeating alert's next firing: the first that is still to come.

        After an outage one alert is enough, so it counts from the real instant. A reminder for
        today has come already, a duty of today has not.
        """
        last = london_date(self.until) - timedelta(days=0 if kind == "reminder" else 1)
        return self.engine.calendar.working_days(1, last).isoformat()

    def run_automatic(self) -> None:
        """Pass automatic elements, innermost scope first, until only waits are left.

        Spiff's own loop would also run a token that an earlier one has just cancelled.
        """
        while ready := self._ready():
            for task in ready:
                if task.state == TaskState.READY and task.id in task.workflow.tasks:
                    with standing_at(getattr(task.task_spec, "bpmn_id", None)):
                        self.pass_element(task)
                        task.run()
                    self.observe()

    def _ready(self) -> list[Task]:
        """The automatic tokens of the innermost scope that has any."""
        for scope in self.scopes():
            ready = [
                task
                for task in scope.tasks.values()
                if task.state == TaskState.READY and not task.task_spec.manual
            ]
            if ready:
                return ready
        return []

    def pass_element(self, task: Task) -> None:
        """Do what an automatic element does for us before Spiff goes on, and write it down."""
        self._count(task.task_spec.name)
        element = self.procedure.elements.get(getattr(task.task_spec, "bpmn_id", None) or "")
        if element is None or element is self.procedure.start:
            return  # Spiff's own, or already written as "started"
        if isinstance(task.task_spec, LoopTask):
            self._log("passed", element.id)
            return
        match element.kind:
            case "timer":
                holder = task if "due" in task.internal_data else task.parent  # or its gateway
                due_on, host = holder.internal_data["due"][element.id], host_of(holder).id.hex
                self.seen_deadlines.pop((host, element.id), None)
                self._log("due", element.id, due_on=due_on, host=host)
            case "message":
                pass  # written as "received"
            case "sendTask":
                facts = self.engine.facts.record(self._sets(element, {}))
                self._log("sent", element.id, facts=facts)
            case "businessRuleTask":
                table = self.procedure.tables[element.decision or ""]
                self._log("decided", element.id, facts=self.engine.decide(table, task))
            case _:
                outcome = {k: v for k, v in element.properties.items() if k == "outcome"}
                self._log("passed", element.id, **outcome)

    def _count(self, where: str) -> None:
        self._passed += 1
        if self._passed > MAX_STEPS:
            raise TooManySteps(f"more than {MAX_STEPS} automatic steps, at last {where!r}")

    # --- history

    def _log(self, action: str, element: str, **detail: Any) -> None:
        said = {key: value for key, value in detail.items() if value != {}}
        self.events.append(HistoryEvent(action, element, self.engine.now, said))

    def observe(self, *, write: bool = True) -> None:
        """Write down which tasks and deadlines have come, moved and gone since the last look."""
        tasks = self.open_tasks()
        deadlines = self.dates()
        if write:
            self._log_tasks(tasks)
            self._log_deadlines(deadlines)
        self.seen_tasks, self.seen_deadlines = tasks, deadlines

    def _log_tasks(self, tasks: dict[str, OpenTask]) -> None:
        seen = self.seen_tasks
        for action, new, old in (("closed", seen, tasks), ("opened", tasks, seen)):
            for token, task in new.items():
                if token not in old:
                    self._log(action, task.element, task=token, item=dict(task.item))

    def _log_deadlines(self, deadlines: Dates) -> None:
        for (host, element), (due_on, fired) in self.seen_deadlines.items():
            if (host, element) not in deadlines and not fired:
                self._log("disarmed", element, host=host, due_on=due_on)
        for (host, element), (due_on, fired) in deadlines.items():
            seen = self.seen_deadlines.get((host, element))
            if seen is None and not fired:
                self._log("armed", element, host=host, due_on=due_on)
            elif seen is not None and seen[0] != due_on:
                self.events.append(self.moved(host, element, seen[0], due_on))
