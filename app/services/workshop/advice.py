"""What bpmnlint, the linter of bpmn.io's modellers, says of a diagram: advice beside our rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, cast

from bpmn_io import BpmnModdle
from bpmn_io.lint import Linter
from bpmn_io.lint.linter import Resolver
from bpmn_io.lint.resolver import NodeResolver

from app.engine import Problem
from app.services.contents import Files

RULES = {
    "extends": "bpmnlint:recommended",
    "rules": {
        "no-implicit-end": "off",  # what follows a case up ends with its call
        "no-bpmndi": "off",  # the defects of a drawing are app/drawing's
        "fake-join": "off",  # ways that exclude each other may meet at a step
    },
}


def beside(ours: list[Problem], files: Files) -> list[Problem]:
    """Our problems, then as warnings what bpmnlint finds in diagrams in which we found no error.

    Nothing is said twice of an element.
    """
    wrong = {problem.file for problem in ours if problem.severity == "error"}
    known = {(problem.file, problem.element) for problem in ours}
    found = [
        problem
        for path, body in files.items()
        if path.endswith(".bpmn") and path not in wrong
        for problem in _of(path, body)
    ]
    return [*ours, *(one for one in found if (one.file, one.element) not in known)]


class _Rules(NodeResolver):
    """Finds each rule once; else, for each, it would look through all that is installed here."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[str, str], object] = {}

    def resolve_rule(self, pkg: str, rule_name: str) -> object:
        """What makes the rule."""
        key = pkg, rule_name
        if key not in self.known:
            self.known[key] = super().resolve_rule(pkg, rule_name)
        return self.known[key]


@cache
def _rules() -> Resolver:
    return cast("Resolver", _Rules())


@lru_cache(maxsize=256)
def _of(path: str, body: bytes) -> tuple[Problem, ...]:
    try:
        read = BpmnModdle().from_xml(body.decode())
        linter = Linter(resolver=_rules())  # one remembers what it has seen
        found: Mapping[str, list[dict[str, object]]] = linter.lint(
            cast("Any", read.root_element), RULES
        )
    except Exception:  # it is no XML, or no BPMN: our own rules say so
        return ()
    return tuple(
        Problem(path, str(one["id"]), f"{one['message']}. (bpmnlint: {rule})", "warning")
        for rule, told in found.items()
        for one in told
        if one.get("id")
    )
