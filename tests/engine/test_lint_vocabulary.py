"""Lint on what a diagram may be made of, and on files that cannot be read at all."""

from __future__ import annotations

import pytest
from drawing import (
    call,
    diagram,
    each,
    element,
    end,
    flows,
    parallel,
    start,
    sub,
    user,
)
from linting import FACTS, KNOWN, after_a_task, found, says

from app.engine import lint

DATE = "working_days(10, received_on)"


def view(id: str) -> str:
    return user(id, form="view")


MULTIPLE = "</bpmn:multiInstanceLoopCharacteristics>"


def catching(waits_for: str) -> str:
    return element("intermediateCatchEvent", "next", waits_for)


def timing(kind: str, text: str) -> str:
    return (
        f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"
    )


def asking(inside: str) -> str:
    return user("next", inside, form="ask")


VOCABULARY: list[tuple[str, str, str]] = [
    (element("scriptTask", "next", "<bpmn:script>n = 1</bpmn:script>"), "next",
     "a script task cannot be used"),
    (element("serviceTask", "next"), "next", "a service task cannot be used"),
    (element("receiveTask", "next"), "next", "a receive task cannot be used"),
    (element("manualTask", "next"), "next", "a manual task cannot be used"),
    (element("task", "next"), "next", "say what kind of task this is"),
    (element("transaction", "next"), "next", "a transaction cannot be used"),
    (element("adHocSubProcess", "next"), "next", "an ad-hoc subprocess cannot be used"),
    (element("complexGateway", "next"), "next", "a complex gateway cannot be used"),
    (element("intermediateThrowEvent", "next"), "next", "an event that throws cannot be used"),
    (sub("next", start("in"), end("out"), flows("in > out"), triggeredByEvent="true"), "next",
     "an event subprocess cannot be used"),
    (end("next", "<bpmn:terminateEventDefinition/>"), "next", "a terminate end cannot be used"),
    (end("next", "<bpmn:errorEventDefinition/>"), "next", "a error event cannot stand here"),
    (catching("<bpmn:signalEventDefinition/>"), "next",
     "a signal event cannot be used; use a timer or a message"),
    (catching(timing("timeDuration", "P3D")), "next", "never a duration or a cycle"),
    (catching(timing("timeCycle", "R3/P1D")), "next", "never a duration or a cycle"),
    (catching(timing("timeDate", "received_on") + "<bpmn:messageEventDefinition/>"), "next",
     "an event waits for one thing only"),
    (asking("<bpmn:standardLoopCharacteristics/>"), "next", "loop with a gateway"),
    (asking("<bpmn:multiInstanceLoopCharacteristics/>"), "next", "needs a list of members"),
    (asking(each("panel").replace("/>", "><bpmn:loopCardinality/>") + MULTIPLE), "next",
     "with a list of members only"),
    (asking(each("panel").replace("/>", "><bpmn:completionCondition/>") + MULTIPLE), "next",
     "with a list of members only"),
    (asking("<bpmn:ioSpecification/>"), "next", "data objects and input/output"),
    (asking("<bpmn:extensionElements><camunda:executionListener/></bpmn:extensionElements>"),
     "next", "camunda:executionListener runs code or copies data"),
    (element("dataObject", "next"), "complaint", "data objects and input/output"),
    (user("Start", form="ask"), "Start", "the id Start is the engine's own"),
    (user("next.EndJoin", form="ask"), "next.EndJoin", "an id is made of letters"),
    (user("ask"), "ask", "this id is used twice"),
]  # fmt: skip


@pytest.mark.parametrize(("drawn", "where", "message_says"), VOCABULARY)
def test_what_is_no_part_of_the_vocabulary_is_told(
    drawn: str, where: str, message_says: str
) -> None:
    assert says(after_a_task(drawn), where, message_says)


def test_ids_are_unique_across_files() -> None:
    stage = diagram(start("in"), user("ask"), end("out"), flows("in > ask > out"), process="stage")
    problems = found(
        start(), user("ask"), call("next", "stage"), end(), flows("begun > ask > next > done"),
        extra={"stage.bpmn": stage},
    )  # fmt: skip
    assert says(problems, "ask", "this id is used twice in the procedure")


def test_a_process_must_be_executable() -> None:
    drawn = diagram(start(), user("ask"), end(), flows("begun > ask > done"))
    files = {"complaint.bpmn": drawn.replace(b'isExecutable="true"', b'isExecutable="false"')}
    assert says(lint(files, FACTS, KNOWN), "complaint", "tick 'Executable'")


def test_calls_that_come_back_are_told() -> None:
    a = diagram(start("in_a"), view("x"), call("to_b", "b"), end("out_a"),
                flows("in_a > x > to_b > out_a"), process="a")  # fmt: skip
    b = diagram(start("in_b"), view("y"), call("to_a", "a"), end("out_b"),
                flows("in_b > y > to_a > out_b"), process="b")  # fmt: skip
    problems = found(
        start(), parallel("fork"), call("next", "a"), user("ask"), parallel("join"), end(),
        flows("begun > fork > next > join > done", "fork > ask > join"),
        extra={"a.bpmn": a, "b.bpmn": b},
    )  # fmt: skip
    assert says(problems, "to_a", "the process 'a' comes back to this call")


def test_subprocesses_are_not_nested_without_end() -> None:
    drawn = user("ask")
    for n in range(7):
        name = f"scope_{n}"
        inner = f"scope_{n - 1}" if n else "ask"
        drawn = sub(
            name, start(f"in_{n}"), drawn, end(f"out_{n}"), flows(f"in_{n} > {inner} > out_{n}")
        )
    problems = found(start(), drawn, end(), flows("begun > scope_6 > done"))
    assert says(problems, "scope_0", "nested more than 5 deep")


def test_a_file_that_cannot_be_read_is_told_by_its_name() -> None:
    for raw, why in (
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a/>', "DOCTYPE"),
        (b"<a>" * 100 + b"</a>" * 100, "nested more than 60 deep"),
        (b"<a>" + b"<b/>" * 6_000 + b"</a>", "more than 5000 elements"),
        (b"no xml", "not well-formed"),
    ):
        (problem,) = lint({"complaint.bpmn": raw}, FACTS, KNOWN)
        assert (problem.file, problem.element, problem.severity) == (
            "complaint.bpmn",
            None,
            "error",
        )
        assert why in problem.message
