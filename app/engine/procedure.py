"""Diagrams and decision tables become a Procedure: read once per deployment, then never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from app.engine.behaviour import freeze
from app.engine.decisions import Table, read_tables
from app.engine.diagram import BPMN, Diagram, Element, read_diagram
from app.engine.facts import FactSpec
from app.engine.parsing import parse_specs
from app.engine.problems import DiagramRefused, Problem
from app.engine.vocabulary import refusals
from app.engine.xml import XmlRefused

ROOT = "complaint"  # every landlord has this one


def roots_of(diagrams: Iterable[Diagram]) -> list[str]:
    """The processes that a case can begin in: `complaint`, and each whose start has a form."""
    elements = [element for diagram in diagrams for element in diagram.elements.values()]
    called = {element.calls for element in elements if element.calls}
    begun = [e.process for e in elements if e.kind == "startEvent" and e.form and not e.parent]
    return list(dict.fromkeys([ROOT, *sorted(p for p in begun if p not in called)]))


@dataclass(frozen=True)
class Procedure:
    """A landlord's procedure, ready to run. Many instances and threads share it.

    root: the id of the process that a case starts in; name: what people call it.
    elements: every element of the root process and of those that it calls, by id; a file that
    nothing calls is no part of the procedure.
    spec and parts are SpiffWorkflow's: the root process, and by name what it calls or contains.
    """

    root: str
    name: str
    elements: Mapping[str, Element]
    facts: Mapping[str, FactSpec]
    tables: Mapping[str, Table]
    spec: BpmnProcessSpec
    parts: Mapping[str, BpmnProcessSpec]

    @classmethod
    def parse(
        cls,
        files: Mapping[str, bytes],
        facts: Mapping[str, FactSpec],
        root: str = ROOT,
        *,
        oracle: bool = False,
    ) -> Procedure:
        """Read a procedure's .bpmn and .dmn files (name -> bytes).

        Raise DiagramRefused for what cannot be run safely. What is merely wrong, such as a form
        that does not exist, is lint's to say. `oracle` is for the tests: see behaviour.freeze.
        """
        return _parsed(tuple(sorted(files.items())), tuple(facts.items()), root, oracle)

    @property
    def start(self) -> Element:
        """The start event of the root process."""
        return next(
            e
            for e in self.elements.values()
            if e.kind == "startEvent" and e.process == self.root and e.parent is None
        )

    @cached_property
    def main(self) -> str:
        """The process that people look at first: the outermost with stages in it, else the root.

        A root may only set the whole line beside what follows it up.
        """
        at = [self.root]
        for process in at:
            inside = [e for e in self.elements.values() if e.process == process]
            if any(element.stage for element in inside):
                return process
            at += [e.calls for e in inside if e.calls and e.calls not in at]
        return self.root

    @property
    def start_form(self) -> str | None:
        """The form with which staff record a complaint."""
        return self.start.form

    @property
    def public_form(self) -> str | None:
        """The form with which residents complain; None if they cannot do it here."""
        return self.start.properties.get("public_form")


@lru_cache(maxsize=32)  # lint reads it, who deploys it, and who plays it: each kind of case once
def _parsed(
    files: tuple[tuple[str, bytes], ...],
    declared: tuple[tuple[str, FactSpec], ...],
    root: str,
    oracle: bool,
) -> Procedure:
    diagrams, tables = read_files(dict(files))
    if problems := refusals(diagrams):
        raise DiagramRefused(problems)
    facts, elements = dict(declared), reached_elements(diagrams, root)
    tables = _used_tables(elements, tables, facts)
    spec, parts = parse_specs(diagrams, elements, root)
    for part in (spec, *parts.values()):
        freeze(part, oracle)
    return Procedure(
        root,
        _name(diagrams, root),
        MappingProxyType(elements),
        MappingProxyType(facts),
        MappingProxyType(tables),
        spec,
        MappingProxyType(parts),
    )


def _name(diagrams: Iterable[Diagram], root: str) -> str:
    """The name of a process, without the landlord's in front of it."""
    processes = (p for d in diagrams for p in d.root.iterfind(f"{BPMN}process"))
    name = next((p.get("name") for p in processes if p.get("id") == root), None) or root
    name = name.rpartition(": ")[2].replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def read_files(files: Mapping[str, bytes]) -> tuple[list[Diagram], dict[str, Table]]:
    """Read every file. Raise DiagramRefused naming all that cannot be read."""
    diagrams, tables, problems = [], {}, []
    for name, raw in sorted(files.items()):
        try:
            if name.endswith(".dmn"):
                tables.update({table.id: table for table in read_tables(name, raw)})
            else:
                diagrams.append(read_diagram(name, raw))
        except XmlRefused as refused:
            problems.append(Problem(name, None, str(refused)))
        except DiagramRefused as refused:
            problems.extend(refused.problems)
    if problems:
        raise DiagramRefused(problems)
    return diagrams, tables


def reached_elements(diagrams: Iterable[Diagram], root: str) -> dict[str, Element]:
    """The elements of the root process and of all that it calls, by id."""
    processes: dict[str, list[Element]] = {}
    for diagram in diagrams:
        for element in diagram.elements.values():
            processes.setdefault(element.process, []).append(element)
    reached: dict[str, Element] = {}
    called, seen = [root], {root}
    for process in called:
        for element in processes.get(process, ()):
            reached[element.id] = element
            if element.calls and element.calls not in seen:
                seen.add(element.calls)
                called.append(element.calls)
    return reached


def _used_tables(
    elements: Mapping[str, Element], tables: Mapping[str, Table], facts: Mapping[str, FactSpec]
) -> dict[str, Table]:
    """The tables that rule tasks ask; they must be there, and may only set declared facts."""
    used, problems = {}, []
    for task in elements.values():
        table = tables.get(task.decision or "")
        if table is not None:
            used[table.id] = table
        elif task.kind == "businessRuleTask":
            problems.append(
                Problem(task.file, task.id, f"there is no decision table {task.decision!r}")
            )
    problems += [
        Problem(table.file, table.id, f"sets {output!r}, which is not a declared fact")
        for table in used.values()
        for output in table.outputs
        if output not in facts
    ]
    if problems:
        raise DiagramRefused(problems)
    return used
