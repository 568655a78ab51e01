"""A procedure as residents read it: stages, our limits and their own time, from the diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.engine import Element
from app.services.deployments import Deployed
from app.services.outline import rule_words, timer_kind
from app.services.residents import stage_calls
from timers.rules import read_rule, rule_in_force


@dataclass(frozen=True)
class PublicStage:
    """A stage. limits: what we promise; yours: the time that the resident has after it."""

    name: str
    limits: tuple[str, ...]
    yours: tuple[str, ...]


def public_stages(deployed: Deployed) -> list[PublicStage]:
    """The stages of a complaint in the order of the diagram, with their limits in words."""
    calls = stage_calls(deployed.procedure)
    last = [*calls[1:], None]
    return [
        PublicStage(
            call.name,
            tuple(_said(deployed, clock) for clock in _duties(deployed, call)),
            tuple(_said(deployed, clock) for clock in _windows(deployed, call, following)),
        )
        for call, following in zip(calls, last, strict=True)
    ]


def _duties(deployed: Deployed, call: Element) -> Iterator[Element]:
    """The limits on the call of a stage: those of the whole stage."""
    for element in deployed.procedure.elements.values():
        over = element.attached_to == call.id and element.kind == "timer"
        if over and timer_kind(element) == "duty":
            yield element


def _windows(deployed: Deployed, call: Element, following: Element | None) -> Iterator[Element]:
    """The resident's own time that the diagram reaches between this stage and the next one."""
    elements = deployed.procedure.elements
    todo, seen = [flow.target for flow in call.outgoing], set[str]()
    while todo:
        element = elements[todo.pop(0)]
        if element.id in seen or element.stage or element is following:
            continue
        seen.add(element.id)
        if element.kind == "timer" and timer_kind(element) == "window":
            yield element
        if element.calls:
            todo += [
                e.id
                for e in elements.values()
                if e.process == element.calls and e.kind == "startEvent" and not e.parent
            ]
        todo += [flow.target for flow in element.outgoing]


def _said(deployed: Deployed, clock: Element) -> str:
    """ "Answer at Stage One: 10 working days after it was acknowledged"."""
    label = clock.properties.get("label") or clock.name
    drawn = clock.properties.get("prints") or clock.expression or ""
    shown = rule_in_force(drawn, lambda _: True)  # as it ordinarily is
    lists: dict[str, Any] = {n: [] for n, fact in deployed.facts.items() if fact.type == "list"}
    if read_rule(shown, lists, {}) is None:
        return clock.name or label
    words, _, longer = rule_words(shown, deployed.facts).partition("; longer by")
    more = "; if we need longer, we tell you why and until when" if longer else ""
    return f"{label}: {words}{more}"
