"""Where SpiffWorkflow runs text as code. A new version with a new place must be looked at first."""

from __future__ import annotations

import ast
from importlib.metadata import version
from pathlib import Path

import pytest
import SpiffWorkflow
from playing import ENGLAND, at, parse
from random_diagrams import FACTS, TABLES, RandomProcedure

from app.engine import ExpressionRefused, parse_facts
from app.engine.interpreter import Interpreter

RUNS = frozenset({"eval", "exec", "__import__", "import_module", "system", "Popen", "loads"})
ASKS = frozenset({"evaluate", "execute", "call_service"})
SITES = {
    "bpmn/script_engine/python_engine.py": {"call_service", "evaluate", "execute"},
    "bpmn/script_engine/python_environment.py": {"eval", "exec"},
    "bpmn/serializer/migration/version_1_2.py": {"eval"},
    "bpmn/serializer/workflow.py": {"loads"},
    "bpmn/specs/bpmn_process_spec.py": {"evaluate"},
    "bpmn/specs/bpmn_task_spec.py": {"evaluate"},
    "bpmn/specs/event_definitions/conditional.py": {"evaluate"},
    "bpmn/specs/event_definitions/message.py": {"evaluate"},
    "bpmn/specs/event_definitions/timer.py": {"evaluate"},
    "bpmn/specs/mixins/multiinstance_task.py": {"evaluate"},
    "bpmn/specs/mixins/script_task.py": {"execute"},
    "camunda/specs/event_definitions.py": {"evaluate"},
    "camunda/specs/multiinstance_task.py": {"evaluate"},
    "dmn/engine/DMNEngine.py": {"evaluate"},
    "dmn/specs/model.py": {"evaluate"},
    "serializer/dict.py": {"__import__", "loads"},
    "serializer/json.py": {"loads"},
    "specs/Execute.py": {"Popen"},
    "specs/Transform.py": {"exec"},
    "spiff/specs/event_definitions.py": {"evaluate"},
    "spiff/specs/mixins/service_task.py": {"call_service", "evaluate", "loads"},
    "spiff/specs/spiff_task.py": {"execute"},
}


def called(source: str) -> set[str]:
    """The names of the functions and methods that a module calls."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {getattr(function, "id", getattr(function, "attr", "")) for function in calls}


def test_spiff_runs_text_as_code_where_it_did_when_it_was_last_read() -> None:
    assert version("spiffworkflow") == "3.2.0"
    folder = Path(SpiffWorkflow.__file__).parent
    found = {
        str(path.relative_to(folder)): called(path.read_text()) & (RUNS | ASKS)
        for path in folder.rglob("*.py")
    }
    assert {path: names for path, names in found.items() if names} == SITES


def test_our_procedures_are_made_of_no_class_that_runs_code() -> None:
    for seed in range(10):
        procedure = parse(*RandomProcedure(seed, 0.2).draw(), facts=FACTS, tables=TABLES)
        specs = [spec for part in (procedure.spec, *procedure.parts.values()) for spec in
                 part.task_specs.values()]  # fmt: skip
        for spec in specs:
            modules = {kind.__module__ for kind in type(spec).__mro__}
            paths = {module.removeprefix("SpiffWorkflow.").replace(".", "/") for module in modules}
            running = {path for path in SITES if SITES[path] & RUNS or "script" in path}
            assert not {f"{path}.py" for path in paths} & running


def test_what_spiff_would_run_meets_a_refusal() -> None:
    engine = Interpreter(parse_facts(b""), {}, at("2026-03-02"), ENGLAND)
    for run in (
        lambda: engine.execute(None, "import os"),
        lambda: engine.call_service(None, operation_name="x", operation_params={}),
        lambda: engine.environment.evaluate("1", {}),
        lambda: engine.environment.execute("1", {}),
        lambda: engine.environment.call_service({}),
    ):
        with pytest.raises(ExpressionRefused):
            run()
