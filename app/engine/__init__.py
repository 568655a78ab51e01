"""The engine: procedures drawn as BPMN, run on SpiffWorkflow. The only package that imports it.

    procedure = Procedure.parse(files, parse_facts(toml))
    snapshot = start(procedure, {}, now, calendar, form={"received_on": "2026-03-02"})
    snapshot = complete(procedure, snapshot.stored, task_id, {"accepted": True}, now, calendar)

Start reading at runtime.py. The words of a diagram are in vocabulary.py and diagram.py; what an
owner is told about one is in checks/.
"""

from app.engine.checks import Known, lint, lint_table
from app.engine.decisions import Table
from app.engine.diagram import Element, Flow
from app.engine.facts import FactSpec, parse_facts
from app.engine.moving import move
from app.engine.placing import Begun, Passed, place
from app.engine.problems import (
    CannotMove,
    DiagramRefused,
    EngineRefused,
    ExpressionRefused,
    FactRefused,
    Gone,
    LostToken,
    NoWay,
    Problem,
    RowsOverlap,
    StateRefused,
    TooManySteps,
    UnknownFact,
)
from app.engine.procedure import ROOT, Procedure, read_files, roots_of
from app.engine.redating import Redated, redate
from app.engine.runtime import (
    complete,
    condition,
    fire_due,
    look,
    over,
    pass_over,
    receive,
    recompute,
    start,
)
from app.engine.snapshot import ArmedDeadline, HistoryEvent, Offer, OpenTask, Snapshot, Stored

__all__ = [
    "ROOT",
    "ArmedDeadline",
    "Begun",
    "CannotMove",
    "DiagramRefused",
    "Element",
    "EngineRefused",
    "ExpressionRefused",
    "FactRefused",
    "FactSpec",
    "Flow",
    "Gone",
    "HistoryEvent",
    "Known",
    "LostToken",
    "NoWay",
    "Offer",
    "OpenTask",
    "Passed",
    "Problem",
    "Procedure",
    "Redated",
    "RowsOverlap",
    "Snapshot",
    "StateRefused",
    "Stored",
    "Table",
    "TooManySteps",
    "UnknownFact",
    "complete",
    "condition",
    "fire_due",
    "lint",
    "lint_table",
    "look",
    "move",
    "over",
    "parse_facts",
    "pass_over",
    "place",
    "read_files",
    "receive",
    "recompute",
    "redate",
    "roots_of",
    "start",
]
