"""What bpmnlint says stands beside our own rules, and is never said twice."""

from __future__ import annotations

from app.engine import Problem
from app.services.workshop import advice
from tests.conftest import LANDLORD
from tests.engine.drawing import diagram, end, flows, start, user, xor
from tests.shipped import contents_of

IDLE = diagram(  # a gateway with one way in and one way out does nothing
    start(), xor("idle"), user("answer"), end(),
    flows("begun > idle > answer > done"),
)  # fmt: skip


def test_a_gateway_that_does_nothing_is_advised_against() -> None:
    (found,) = advice.beside([], {"complaint.bpmn": IDLE})
    assert (found.element, found.severity) == ("idle", "warning")
    assert "superfluous-gateway" in found.message


def test_what_our_own_rules_have_said_is_not_said_again() -> None:
    said = Problem("complaint.bpmn", "idle", "It does nothing.", "warning")
    assert advice.beside([said], {"complaint.bpmn": IDLE}) == [said]
    broken = Problem("complaint.bpmn", "answer", "There is no form.", "error")
    assert advice.beside([broken], {"complaint.bpmn": IDLE}) == [broken]


def test_what_is_no_diagram_is_left_to_our_own_rules() -> None:
    for body in (b"", b"hello", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\xff\xfe"):
        assert advice.beside([], {"complaint.bpmn": body}) == []


def test_shipped_diagrams_need_no_advice() -> None:
    assert advice.beside([], contents_of(LANDLORD).files) == []
