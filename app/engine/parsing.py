"""From BPMN files to SpiffWorkflow's specifications: Spiff's parsers, reading our vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs import defaults as bpmn
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.data_spec import TaskDataReference
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition

from app.engine.behaviour import ActingTask, FactExpression
from app.engine.diagram import NODES, Diagram, Element
from app.engine.problems import DiagramRefused, Problem
from app.engine.timing import DueDate


class _Ours:
    """Put over every parser class of Spiff: what events wait for, and what a task repeats over.

    All of it comes from our own reading of the file (diagram.py).
    """

    node: etree._Element
    process_parser: Any
    spec: BpmnProcessSpec
    task: Any

    @property
    def element(self) -> Element:
        elements: Mapping[str, Element] = self.process_parser.parser.elements
        return elements[self.node.get("id", "")]

    def parse_timer_event(self, event: etree._Element) -> DueDate:
        if self.element.expression is None:
            raise ValidationException("the timer has no date")
        return DueDate(self.element)

    def parse_message_event(self, event: etree._Element) -> MessageEventDefinition:
        if not self.element.message:
            raise ValidationException("the event names no message")
        return MessageEventDefinition(self.element.message)

    def parse_condition(self, sequence_flow: etree._Element) -> str | None:
        flow = next(f for f in self.element.outgoing if f.id == sequence_flow.get("id"))
        return flow.condition

    def _add_multiinstance_task(self, loop: etree._Element) -> None:
        member = self.spec.task_specs.pop(self.task.name)
        in_turn = loop.get("isSequential") == "true"
        kind = bpmn.SequentialMultiInstanceTask if in_turn else bpmn.ParallelMultiInstanceTask
        self.task = kind(
            self.spec,
            member.name,
            task_spec="",
            data_input=FactExpression(self.element.collection),
            input_item=TaskDataReference(self.element.item_name),
        )
        self._copy_task_attrs(member)  # type: ignore[attr-defined]


_ACTING = {full_tag(tag): (TaskParser, ActingTask) for tag in ("sendTask", "businessRuleTask")}


class _Parser(BpmnParser):
    """Knows our vocabulary and nothing else."""

    PARSER_CLASSES = {  # noqa: RUF012 (read by Spiff)
        tag: (type(parser.__name__, (_Ours, parser), {}), spec)
        for tag, (parser, spec) in {**BpmnParser.PARSER_CLASSES, **_ACTING}.items()
        if etree.QName(tag).localname in NODES
    }

    def __init__(self, elements: Mapping[str, Element]) -> None:
        super().__init__()
        self.elements = elements


def parse_specs(
    diagrams: Iterable[Diagram], elements: Mapping[str, Element], root: str
) -> tuple[BpmnProcessSpec, dict[str, BpmnProcessSpec]]:
    """Return the root process and, by name, the subprocesses and called processes it reaches.

    Raise DiagramRefused where SpiffWorkflow cannot read a file.
    """
    parser = _Parser(elements)
    try:
        for diagram in diagrams:
            parser.add_bpmn_xml(diagram.root, filename=diagram.file)
        return parser.get_spec(root), parser.get_subprocess_specs(root)
    except ValidationException as refused:
        message = f"cannot be read: {str(refused).strip(' .')}"
        raise DiagramRefused(
            [Problem(refused.file_name or root, refused.id or None, message)]
        ) from None
