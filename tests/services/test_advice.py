"""What bpmnlint says stands beside our own rules, and is never said twice."""

from __future__ import annotations

from app.engine import Problem
from app.services.workshop import advice
from tests.conftest import LANDLORD
from tests.engine.drawing import diagram, end, flows, start, user, xor
from tests.shipped import contents_of

LOOSE = diagram(start(), xor("idle"), user("answer"), end(), flows("begun > answer > done"))


def of_idle(ours: list[Problem]) -> list[Problem]:
    found = advice.beside(ours, {"complaint.bpmn": LOOSE})
    return [problem for problem in found if problem.element == "idle"]


def test_a_gateway_that_nothing_leads_to_is_advised_against() -> None:
    assert "no-disconnected" in " ".join(problem.message for problem in of_idle([]))
    assert {problem.severity for problem in of_idle([])} == {"warning"}


def test_what_our_own_rules_have_said_is_not_said_again() -> None:
    said = Problem("complaint.bpmn", "idle", "Nothing leads to it.", "warning")
    assert of_idle([said]) == [said]
    broken = Problem("complaint.bpmn", "answer", "There is no form.", "error")
    assert of_idle([broken]) == []


def test_what_is_no_diagram_is_left_to_our_own_rules() -> None:
    for body in (b"", b"hello", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\xff\xfe"):
        assert advice.beside([], {"complaint.bpmn": body}) == []


def test_shipped_diagrams_need_no_advice() -> None:
    assert advice.beside([], contents_of(LANDLORD).files) == []
