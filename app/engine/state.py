"""The smallest state: the live tokens of every open scope, as JSON. No history, no specification.

    [version, instant, calendar, [[process, owner's token or null, [row, ...]], ...]]

A scope is the root process, an open subprocess or an open call; its owner is the token that
started it. A row is [element, token id, state, row of parent or -1, bookkeeping, panel entry]. Only
two parents matter: the split that holds an activity together with its boundary events, and the
repeated task that holds its members. Every other token hangs under the scope's start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEvent, BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from app.engine.behaviour import LIVE, Counting, SubScope
from app.engine.problems import LostToken, StateRefused

if TYPE_CHECKING:
    from app.engine.instance import Instance
    from app.engine.procedure import Procedure

VERSION = 2
KEPT = ("due", "seen", "again", "arrived", "merged", "remaining")

TOKEN_ID = re.compile("[0-9a-f]{32}")

Row = list[Any]


def dump(instance: Instance) -> bytes:
    """Return the state of an instance. Raise LostToken if an open scope has nothing live."""
    scopes = [
        [scope.spec.name, owner.hex if owner else None, _rows(scope)]
        for owner, scope in [(None, instance), *instance.subprocesses.items()]
        if not scope.completed
    ]
    for name, _, rows in scopes:
        if not rows:
            raise LostToken(f"nothing is left to do in {name!r}, but it has not ended")
    return written(instance.engine.now, instance.engine.calendar.version, scopes)


def _rows(scope: BpmnBaseWorkflow) -> list[Row]:
    rows: list[Row] = []
    at: dict[UUID, int] = {}

    def add(task: Task) -> None:
        parent: Any = task.parent
        if isinstance(parent.task_spec, BoundaryEventSplit) and parent.id not in at:
            add(parent)
        held = isinstance(parent.task_spec, (BoundaryEventSplit, LoopTask))
        at[task.id] = len(rows)
        kept = {key: value for key in KEPT if (value := task.internal_data.get(key)) is not None}
        holder = at.get(parent.id, -1) if held else -1
        rows.append([task.task_spec.name, task.id.hex, task.state, holder, kept, task.data])

    for task in scope.tasks.values():  # parents come before their children
        # a waiting join of an activity and its boundary events only ever gets cancelled
        live = task.has_state(LIVE) and not isinstance(task.task_spec, BoundaryEventJoin)
        if live or (is_fired_alert(task) and task.parent.id in at):
            add(task)
    return rows


def is_fired_alert(task: Task) -> bool:
    """A timer that has fired beside its activity: its date may still be extended."""
    return (
        isinstance(task.task_spec, BoundaryEvent)
        and task.state == TaskState.COMPLETED
        and "due" in task.internal_data
        and not task.task_spec.cancel_activity
    )


def parse(state: bytes) -> tuple[datetime, str, list[Any]]:
    """The instant, the calendar and the open scopes of a state. Raise StateRefused."""
    with refusing_damage():
        version, *parts = orjson.loads(state)
        if version != VERSION:
            raise StateRefused(f"the state has version {version}; this program reads {VERSION}")
        now, calendar, scopes = parts
        return datetime.fromisoformat(now), calendar, scopes


def written(now: datetime, calendar: str, scopes: list[Any]) -> bytes:
    """The state that `parse` reads."""
    return orjson.dumps([VERSION, now.isoformat(), calendar, scopes])


@contextmanager
def refusing_damage() -> Iterator[None]:
    """Whatever is missing or of another kind in a state is damage."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise StateRefused(f"the state is damaged: {error!r}") from error


def load(state: bytes, instance: Instance) -> None:
    """Fill an empty instance with tokens; its clock stands where the last step left it.

    Raise StateRefused if the state is damaged or does not fit the instance's diagrams.
    """
    instance.engine.now, calendar, scopes = parse(state)
    with refusing_damage():
        instance.new_calendar = calendar != instance.engine.calendar.version
        instance.completed = not scopes
        for name, owner, rows in scopes:
            _load_rows(_open_scope(instance, name, owner), instance, rows)


def _open_scope(instance: Instance, name: str, owner_id: str | None) -> BpmnBaseWorkflow:
    owner: Any = instance.find_token(UUID(owner_id)) if owner_id else None
    spec = spec_of(name, owner_id, owner and owner.task_spec, instance.procedure)
    if owner is None:
        return instance
    scope = SubScope(spec, owner.id, instance, deserializing=True)
    scope.completed_event.connect(owner.task_spec._on_subworkflow_completed, owner)
    instance.subprocesses[owner.id] = scope
    return scope


def spec_of(name: str, owner_id: str | None, owner: Any, procedure: Procedure) -> BpmnProcessSpec:
    """The process of an open scope. owner: what its owner stands at, None if that is not there."""
    if owner_id is None:
        if name != procedure.spec.name:
            raise StateRefused(f"the state belongs to the process {name!r}")
        return procedure.spec
    if name not in procedure.parts or not isinstance(owner, SubWorkflowTask) or owner.spec != name:
        raise StateRefused(f"nothing in the diagrams starts {name!r} where the state has it")
    return procedure.parts[name]


def _load_rows(scope: BpmnBaseWorkflow, instance: Instance, rows: list[Row]) -> None:
    scope.task_tree = Task(scope, scope.spec.start, state=TaskState.COMPLETED)
    tasks: list[Task] = []
    specs = specs_of(rows, scope.spec.task_specs)
    for spec, (_, token, state, holder, bookkeeping, entry) in zip(specs, rows, strict=True):
        parent = tasks[holder] if holder >= 0 else scope.task_tree
        task = Task(scope, spec, parent, state, UUID(token))
        task.internal_data, task.data = dict(bookkeeping), dict(entry)
        tasks.append(task)
        if is_armed(task):
            instance.event_manager.add_task(task)


def is_armed(task: Task) -> bool:
    """An event that is waited for."""
    return task.state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent)


def specs_of(rows: list[Row], drawn: Mapping[str, Any]) -> list[Any]:
    """What each row of a scope stands at. Raise StateRefused where that is not so drawn."""
    specs: list[Any] = []
    for element, token, state, holder, bookkeeping, entry in rows:
        kinds = type(bookkeeping), type(entry)
        if kinds != (dict, dict) or holder >= len(specs) or not TOKEN_ID.fullmatch(token):
            raise StateRefused(f"the state is damaged at {element!r}")
        spec = drawn.get(element)
        if spec is None:
            raise StateRefused(f"the case waits at {element!r}, which this diagram does not have")
        if not _fits(spec, state, bookkeeping):
            raise StateRefused(f"the case cannot wait at {element!r} of this diagram")
        specs.append(spec)
    _check_boundaries(rows, specs, drawn)
    return specs


def _fits(spec: Any, state: int, bookkeeping: dict[str, Any]) -> bool:
    """Could our own engine have left such a token here?"""
    match state:
        case TaskState.READY:
            return bool(spec.manual)
        case TaskState.WAITING:
            if isinstance(spec, Counting):
                return "arrived" in bookkeeping
            return isinstance(spec, (CatchingEvent, Join))
        case TaskState.STARTED:
            return isinstance(spec, (SubWorkflowTask, LoopTask))
        case TaskState.COMPLETED:
            return isinstance(spec, (BoundaryEventSplit, BoundaryEvent))
    return False


def _check_boundaries(rows: list[Row], specs: list[Any], drawn: Mapping[str, Any]) -> None:
    """An open activity has exactly the boundary events that its diagram draws."""
    held: dict[int, set[str]] = {}
    for element, _, _, holder, _, _ in rows:
        held.setdefault(holder, set()).add(element)
    for number, (spec, (element, _, _, holder, _, _)) in enumerate(zip(specs, rows, strict=True)):
        if isinstance(spec, BoundaryEventSplit):
            if held.get(number) != set(spec._outputs):
                edge = element.removesuffix(".BoundaryEventSplit")
                raise StateRefused(f"the events on the edge of {edge!r} are not those of the state")
        elif f"{element}.BoundaryEventSplit" in drawn and not (
            holder >= 0 and isinstance(specs[holder], BoundaryEventSplit)
        ):
            raise StateRefused(f"{element!r} has events on its edge that the state does not know")
