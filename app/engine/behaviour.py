"""What each BPMN element does: SpiffWorkflow's own task specs, with a few things changed.

1. ON DEMAND. Spiff draws the whole remaining tree at every step. Here a token gets its children
   only when it runs, so a step costs what its live tokens cost, however long the procedure is.
2. JOINS COUNT what has arrived, in the waiting token's own bookkeeping, instead of searching
   finished tokens. So nothing finished need be kept, and a join inside a loop counts afresh.
3. FACTS replace task data: only a panel member's own entry is kept in a token.
4. ONE EVENT WINS where several interrupting events, or events behind a gateway, come at once.

`freeze(spec)` swaps the class of every parsed task spec, also of those Spiff makes itself.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow, BpmnSubWorkflow
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.facts import FactSpec, as_json
from app.engine.timing import DueDate

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class OnDemand:
    """Children are made when the token runs. Nothing is predicted."""

    def _predict(self, my_task: Task, *args: Any, **kwargs: Any) -> None:
        pass

    def _run(self, my_task: Task) -> bool | None:
        if not isinstance(self, MultiChoice):  # exclusive and inclusive gateways make their own
            self._predict_hook(my_task)  # type: ignore[attr-defined]
        return super()._run(my_task)  # type: ignore[misc,no-any-return]


class Scope(BpmnBaseWorkflow):
    """An open process: Spiff searches its whole tree for what waits; all tokens are at hand."""

    def update_waiting_tasks(self) -> None:
        """Let each waiting token look whether it can go on."""
        for task in [task for task in self.tasks.values() if task.state == TaskState.WAITING]:
            if task.state == TaskState.WAITING and task.id in self.tasks:
                task.task_spec._update(task)


class SubScope(Scope, BpmnSubWorkflow):
    """An open call or subprocess."""


class Counting:
    """A join that remembers, by name, which of its incoming elements have delivered a token."""

    def _update_hook(self, my_task: Task) -> bool:
        if my_task.state != TaskState.WAITING:  # this token has just arrived: it takes over
            arrived = {my_task.parent.task_spec.name}
            for other in list(my_task.workflow.tasks.values()):
                if other.task_spec is self and other.state == TaskState.WAITING:
                    arrived.update(other.internal_data["arrived"])
                    other.cancel()
            my_task.internal_data["arrived"] = sorted(arrived)
            my_task._inherit_data()
        if self.satisfied(my_task, set(my_task.internal_data["arrived"])):
            return True
        my_task._set_state(TaskState.WAITING)
        return False

    def satisfied(self, my_task: Task, arrived: set[str]) -> bool:
        """May the join go on?"""
        raise NotImplementedError


class ParallelJoin(Counting):
    """Waits for a token from each incoming element."""

    _inputs: list[str]

    def satisfied(self, my_task: Task, arrived: set[str]) -> bool:
        return arrived >= set(self._inputs)

    def _run_hook(self, my_task: Task) -> bool:
        return True


class InclusiveJoin(Counting):
    """Waits for each live token that can still get here by a way that has not delivered (BPMN).

    reach: element -> which of the incoming elements it can lead to; set by `freeze`.
    """

    reach: dict[str, frozenset[str]]

    def satisfied(self, my_task: Task, arrived: set[str]) -> bool:
        tasks = my_task.workflow.tasks.values()
        live = (t for t in tasks if not t.has_state(TaskState.FINISHED_MASK))
        ways = (
            self.reach.get(t.task_spec.name, frozenset()) for t in live if t.task_spec is not self
        )
        return not any(way and not way & arrived for way in ways)

    def _run_hook(self, my_task: Task) -> bool:
        matches, defaults = self._get_matching_outputs(my_task)  # type: ignore[attr-defined]
        if not (matches or defaults):
            raise WorkflowTaskException("no condition is true and there is no default", my_task)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        return True


class FirstEvent:
    """Exactly one event wins: a message before timers, then the earliest due date."""

    def _run_hook(self, my_task: Task) -> Any:
        due = my_task.internal_data.get("due", {})
        first = min(
            my_task.internal_data["seen_events"],
            key=lambda event: due.get(event.event_definition.name) or "",
        )
        my_task.internal_data["seen_events"] = [first]
        return super()._run_hook(my_task)  # type: ignore[misc]


class FirstOf(MultipleEventDefinition):
    """The events behind a gateway. Spiff's own passes over every second timer that is due."""

    def has_fired(self, my_task: Task) -> bool:
        seen = my_task.internal_data.setdefault("seen_events", [])
        timers = [d for d in self.event_definitions if isinstance(d, DueDate)]
        fired = [timer for timer in timers if timer.has_fired(my_task)]
        seen += [BpmnEvent(t) for t in fired if all(e.event_definition != t for e in seen)]
        return bool(seen)


class Boundary:
    """An event on the edge of an activity.

    Of two interrupting events of one moment only the first goes on (Spiff lets both). A message
    that does not interrupt may come again, and an alert that repeats comes again the next working
    day: another catch is armed beside the one that fired.
    """

    cancel_activity: bool
    event_definition: Any

    def _on_complete_hook(self, my_task: Task) -> None:
        super()._on_complete_hook(my_task)  # type: ignore[misc]
        if self.cancel_activity:
            for other in my_task.parent.children:
                rival = other.state == TaskState.READY and other is not my_task
                if rival and getattr(other.task_spec, "cancel_activity", False):
                    other.cancel()
        elif still_open(my_task):
            if not isinstance(self.event_definition, DueDate):
                arm(my_task)
            elif self.event_definition.repeats:
                instance = my_task.workflow.top_workflow
                again = instance.next_working_day(self.event_definition.kind)
                arm(my_task, due=my_task.internal_data.pop("due"), again=again)


def still_open(event: Task) -> bool:
    """Is the activity that this boundary event sits on still going on?"""
    return bool(host_of(event).has_state(LIVE))


def host_of(event: Task) -> Task:
    """The token a catching event hangs over: its activity, or itself if it stands in the flow."""
    if not isinstance(event.task_spec, bpmn.BoundaryEvent):
        return event
    tokens = event.workflow.tasks
    beside = (tokens[token] for token in tokens[event._parent]._children)
    return next(t for t in beside if not isinstance(t.task_spec, bpmn.BoundaryEvent))


def arm(fired: Task, **bookkeeping: Any) -> None:
    """Put another waiting copy of a fired boundary event under the same activity."""
    fresh = fired.parent._add_child(fired.task_spec, TaskState.WAITING)
    fresh.internal_data.update(bookkeeping)
    # nothing in ours; Spiff's own engine, against which the tests compare, needs it
    fresh.task_spec._predict(fresh, mask=TaskState.NOT_FINISHED_MASK)
    fresh.task_spec._update(fresh)


class ActingTask(bpmn.BpmnSpecMixin):
    """A send or rule task. What it does is done when the instance passes it (instance.py)."""


class Panel:
    """A repeated task without task data. Its list is fixed when it starts."""

    data_input: Any

    def merge_child(self, workflow: Any, child: Task) -> None:
        child.data = {}  # else the entry leaks out, and the next round finds it "already exists"
        super().merge_child(workflow, child)  # type: ignore[misc]

    def init_remaining_items(self, my_task: Task) -> list[Any]:
        """One after another: the entries themselves, since the fact may change meanwhile."""
        return list(self.data_input.get(my_task))

    def get_next_input_item(self, my_task: Task) -> tuple[None, Any]:
        """Return the next entry, None when there is no more."""
        remaining = my_task.internal_data["remaining"]
        my_task.internal_data["remaining"] = remaining[1:]
        return None, (remaining[0] if remaining else None)


_MEMBERS = FactSpec("members", "list", "The members of a panel")


class FactExpression(TaskDataReference):
    """The list of a repeated task, worked out from facts."""

    def exists(self, my_task: Task) -> bool:
        """Facts always have a value."""
        return True

    def get(self, my_task: Task) -> list[Any]:
        """The entries, as JSON. Raise FactRefused if it is no list."""
        members = my_task.workflow.script_engine.evaluate(my_task, self.bpmn_id)
        entries: list[Any] = as_json(_MEMBERS, members)
        return entries


_ALWAYS: dict[type, type] = {
    bpmn.ParallelMultiInstanceTask: Panel,
    bpmn.SequentialMultiInstanceTask: Panel,
    bpmn.BoundaryEvent: Boundary,
    bpmn.EventBasedGateway: FirstEvent,
}
_JOINS: dict[type, type] = {
    bpmn.ParallelGateway: ParallelJoin,
    bpmn.InclusiveGateway: InclusiveJoin,
}


@cache
def _ours(spiff: type, oracle: bool) -> type:
    changes: list[type | None] = [_ALWAYS.get(spiff)]
    if not oracle:
        changes += [OnDemand, _JOINS.get(spiff)]
    return type(spiff.__name__, (*filter(None, changes), spiff), {})


def freeze(spec: BpmnProcessSpec, oracle: bool = False) -> None:
    """Give every task spec our behaviour, so that many instances and threads can share the spec.

    `oracle` leaves Spiff's own prediction and joins in place: the reference of the tests.
    """
    for task_spec in spec.task_specs.values():
        kind: type = type(task_spec)
        task_spec.__class__ = _ours(kind, oracle)
        if isinstance(task_spec, bpmn.EventBasedGateway):
            task_spec.event_definition.__class__ = FirstOf
    for task_spec in spec.task_specs.values():
        if isinstance(task_spec, LoopTask):  # Spiff connects this while running: a race
            member = spec.task_specs[task_spec.task_spec]
            member.completed_event.connect(task_spec.merge_child)
        if isinstance(task_spec, InclusiveJoin):
            task_spec.reach = _reach(spec, task_spec)


def _reach(spec: BpmnProcessSpec, join: Any) -> dict[str, frozenset[str]]:
    reach: dict[str, set[str]] = {}
    for entry in join._inputs:
        stack = [entry]
        while stack:
            name = stack.pop()
            if name != join.name and entry not in reach.setdefault(name, set()):
                reach[name].add(entry)
                stack.extend(spec.task_specs[name]._inputs)
    return {name: frozenset(entries) for name, entries in reach.items()}
