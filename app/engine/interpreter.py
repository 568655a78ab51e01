"""The script engine that SpiffWorkflow is given: it evaluates our language over facts, no more.

One is made for each step of one instance. Spiff hands every expression to `evaluate`: conditions
of gateways, dates of timers and the lists of repeated tasks all come through here. Whatever else
of Spiff would run text as Python meets a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment
from SpiffWorkflow.task import Task

from app.engine.decisions import Table
from app.engine.expressions import evaluate
from app.engine.facts import Facts, FactSpec
from app.engine.problems import ExpressionRefused
from timers.calendar import WorkingCalendar, expression_functions


class _NoPython(BasePythonScriptEngineEnvironment):
    """Spiff's own environment would call eval() and exec(); this one refuses all it is given."""

    def evaluate(
        self, expression: str, context: object, external_context: object = None
    ) -> NoReturn:
        raise ExpressionRefused(str(expression), "no Python is ever evaluated")

    def execute(self, script: str, context: object, external_context: object = None) -> NoReturn:
        raise ExpressionRefused(str(script), "no script is ever run")

    def call_service(self, context: object, **kwargs: object) -> NoReturn:
        raise ExpressionRefused(str(kwargs), "no service is ever called")


class Interpreter(PythonScriptEngine):
    """The facts, the instant and the calendar of one step.

    now: the procedure's instant (UTC), which runs behind the clock while overdue timers fire.
    known: dates of what was done elsewhere, by fact: they stand before the day of the step.
    """

    def __init__(
        self,
        specs: Mapping[str, FactSpec],
        stored: Mapping[str, Any],
        now: datetime,
        calendar: WorkingCalendar,
        known: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__(_NoPython())
        self.specs, self.facts = specs, Facts(specs, stored)
        self.now, self.calendar, self.known = now, calendar, known
        self.functions = expression_functions(calendar)

    def evaluate(self, task: Task, expression: str, external_context: object = None) -> Any:
        """The value of an expression; a panel member's task also sees its own entry."""
        names = {**self.facts.values, **task.data} if task.data else self.facts.values
        return evaluate(expression, names, self.functions)

    def execute(self, task: Task, script: str, external_context: object = None) -> NoReturn:
        raise ExpressionRefused(script, "no script is ever run")

    def call_service(self, task: Task, **kwargs: object) -> NoReturn:
        raise ExpressionRefused(str(kwargs), "no service is ever called")

    def decide(self, table: Table, task: Task) -> dict[str, Any]:
        """Run a decision table and write its answers; return them as JSON."""
        names = {**self.facts.values, **task.data}
        return self.facts.record(table.decide(names, self.functions, self.specs))
