"""Lint on shape, events and expressions: one drawing for each thing that can be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawing import (
    call,
    diagram,
    each,
    element,
    end,
    first_of,
    flows,
    inclusive,
    message,
    parallel,
    rule,
    send,
    start,
    sub,
    table,
    timer,
    user,
    xor,
)
from linting import FACTS, KNOWN, after_a_task, found, plain, says

from app.engine import Problem, lint

DATE = "working_days(10, received_on)"


def view(id: str) -> str:
    return user(id, form="view")


SHAPES: list[tuple[str, str | None, str]] = [
    (start() + start("also") + user("ask") + end() + flows("begun > ask > done", "also > done"),
     "complaint", "needs one start event, and has 2"),
    (user("ask") + end() + flows("ask > done"), "complaint", "needs one start event, and has 0"),
    (start() + user("ask") + end() + flows("begun > ask > done", "ask > begun"),
     "begun", "an arrow leads into the start"),
    (start() + user("ask") + end() + flows("begun > ask > nowhere"),
     "ask", "leads to nothing that can be run"),
    (start() + user("ask") + sub("work", start("in"), user("answer"), end("out"),
     flows("in > answer > out")) + end() + flows("begun > ask > answer", "work > done"),
     "ask", "leaves its process or subprocess"),
    (start() + xor("which", "ask") + user("ask") + user("answer") + end()
     + flows("begun > which > ask > done", "which [accepted] > answer > ask"),
     "ask", "two arrows lead into it"),
    (start() + user("ask") + user("answer") + end() + flows("begun > ask > done", "ask > answer > done"),
     "ask", "two arrows lead out of it"),
    (start() + user("ask") + end() + flows("begun > ask", "ask [accepted] > done"),
     "ask", "the condition on its arrow would be ignored"),
    (start() + user("ask") + xor("which") + end() + end("other")
     + flows("begun > ask > which", "which [accepted] > done", "which [not accepted] > other"),
     "which", "needs a default arrow"),
    (start() + user("ask") + xor("which", "done") + end() + end("other")
     + flows("begun > ask > which > done", "which > other"),
     "which", "the arrow 'which_to_other' needs a condition"),
    (start() + user("ask") + xor("which", "done") + end() + end("other")
     + flows("begun > ask > which", "which [accepted] > done", "which [accepted] > other"),
     "which", "the condition on the default arrow 'which_to_done' is ignored"),
    (start() + user("ask") + parallel("fork") + end() + end("other")
     + flows("begun > ask > fork > done", "fork [accepted] > other"),
     "fork", "the condition on the arrow 'fork_to_other' would be ignored"),
    (start() + parallel("fork") + view("a") + view("b") + parallel("both") + view("c") + view("d")
     + end() + flows("begun > fork > a > both > c > done", "fork > b > both > d > done"),
     "both", "joins and splits at once"),
    (start() + user("ask") + end() + user("answer") + end("other")
     + flows("begun > ask > done", "answer > other"),
     "answer", "no way leads here from the start"),
    (start() + user("ask") + flows("begun > ask"), "ask", "leads nowhere; end it with an end event"),
    (start() + user("ask") + timer("late", DATE, on="ask") + end() + flows("begun > ask > done"),
     "late", "leads nowhere; what happens then?"),
    (start() + user("ask") + end() + end("other") + flows("begun > ask > done > other"),
     "done", "an arrow leads out of the end"),
    (start() + xor("round") + rule("add", "authority") + xor("enough", "done") + end()
     + flows("begun > round > add > enough > done", "enough [accepted] > round"),
     "add", "goes round without ever waiting"),
    (start() + xor("which", "b") + view("a") + view("b") + parallel("join") + end()
     + flows("begun > which > b > join > done", "which [accepted] > a > join"),
     "join", "would wait for ever"),
    (start() + parallel("fork") + view("a") + view("b") + parallel("join") + end() + end("stopped")
     + message("news", on="a", ends=True)
     + flows("begun > fork > a > join > done", "fork > b > join", "news > stopped"),
     "stopped", "ends a parallel way that 'join' goes on waiting for"),
    (start() + inclusive("some", "b") + view("a") + view("b") + end()
     + flows("begun > some > b > done", "some [accepted] > a > done"),
     "some", "need one inclusive gateway at which all of them meet"),
    (start() + xor("which", "some") + inclusive("some", "b") + view("a") + view("b") + xor("in")
     + inclusive("all") + end() + flows("begun > which > some > b > in > all > done",
     "some [accepted] > a > all", "which [accepted] > in"),
     "some", "an arrow leads into the block between it and 'all'"),
    (start() + xor("which", "b") + view("a") + view("b") + inclusive("all") + end()
     + flows("begun > which > b > all > done", "which [accepted] > a > all"),
     "all", "joins ways that no inclusive gateway has split"),
    (start() + user("ask") + first_of("window") + message("news") + user("answer") + end()
     + end("other") + flows("begun > ask > window > news > done", "window > answer > other"),
     "answer", "only timers and messages can follow an event-based gateway"),
    (start() + user("ask") + first_of("window") + message("news") + end()
     + flows("begun > ask > window > news > done"),
     "window", "needs at least two events"),
    (start() + user("ask") + timer("one", DATE, on="ask", ends=True)
     + timer("two", DATE, on="ask", ends=True) + end()
     + flows("begun > ask > done", "one > done", "two > done"),
     "two", "'ask' is ended by another timer already"),
    (start() + user("ask") + message("one", "news", on="ask") + message("two", "news", on="ask")
     + end() + flows("begun > ask > done", "one > done", "two > done"),
     "two", "'ask' waits twice for the message 'news'"),
    (start() + user("ask", each("panel", "weeks")) + end() + flows("begun > ask > done"),
     "ask", "'weeks' cannot name a member"),
    (start() + sub("work", each("panel"), start("in"), user("ask", each("panel", "other")),
     end("out"), flows("in > ask > out")) + end() + flows("begun > work > done"),
     "work", "is repeated, and so is something inside it"),
    (start() + element("sendTask", "ask", each("panel")) + end() + flows("begun > ask > done"),
     "ask", "only a user task or a subprocess can be repeated"),
]  # fmt: skip


@pytest.mark.parametrize(("drawn", "where", "message_says"), SHAPES)
def test_a_wrong_shape_is_told_with_its_element(
    drawn: str, where: str | None, message_says: str
) -> None:
    extra = {"a.dmn": table("authority", ["amount"], ["weeks"], [["> 5", "1"]])}
    problems = found(drawn, extra=extra)
    assert says(problems, where, message_says)
    assert any(problem.severity == "error" for problem in problems)


VOCABULARY: list[tuple[str, str, str]] = [
    (element("scriptTask", "next", "<bpmn:script>n = 1</bpmn:script>"), "next", "a script task cannot be used"),
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
    (element("intermediateCatchEvent", "next", "<bpmn:signalEventDefinition/>"), "next",
     "a signal event cannot be used; use a timer or a message"),
    (element("intermediateCatchEvent", "next", "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D"
     "</bpmn:timeDuration></bpmn:timerEventDefinition>"), "next", "never a duration or a cycle"),
    (element("intermediateCatchEvent", "next", "<bpmn:timerEventDefinition><bpmn:timeCycle>R3/P1D"
     "</bpmn:timeCycle></bpmn:timerEventDefinition>"), "next", "never a duration or a cycle"),
    (element("intermediateCatchEvent", "next", "<bpmn:timerEventDefinition><bpmn:timeDate>received_on"
     "</bpmn:timeDate></bpmn:timerEventDefinition><bpmn:messageEventDefinition/>"), "next",
     "an event waits for one thing only"),
    (user("next", "<bpmn:standardLoopCharacteristics/>", form="ask"), "next", "loop with a gateway"),
    (user("next", "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
     "</bpmn:multiInstanceLoopCharacteristics>", form="ask"), "next", "needs a list of members"),
    (user("next", "<bpmn:ioSpecification/>", form="ask"), "next", "data objects and input/output"),
    (user("next", "<bpmn:extensionElements><camunda:executionListener/></bpmn:extensionElements>",
     form="ask"), "next", "camunda:executionListener runs code or copies data"),
    (element("dataObject", "next"), "complaint", "data objects and input/output"),
    (user("Start", form="ask"), "Start", "the id Start is the engine's own"),
    (user("next.BoundaryEventJoin", form="ask"), "next.BoundaryEventJoin", "an id is made of letters"),
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
        start(), call("next", "a"), end(), flows("begun > next > done"),
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
    for raw, message in (
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
        assert message in problem.message


WARNINGS: list[tuple[str, str | None, str]] = [
    (user("ask") + timer("late", DATE, on="ask") + user("answer") + end("told")
     + flows("late > answer > told"), "answer", "keeps the case open"),
    (sub("ask", start("in"), user("answer"), message("one", "news", on="answer"), end("out"),
     end("heard"), flows("in > answer > out", "one > heard")) + message("two", "news", on="ask")
     + end("told") + flows("two > told"), "two", "the message 'news' wakes 'one' as well"),
    (sub("ask", start("in"), send("post"), user("answer"), end("out"),
     flows("in > post > answer > out")) + timer("over", DATE, on="ask", ends=True) + end("told")
     + flows("over > told"), "post", "is sent before anybody acts"),
    (user("ask", each("panel")) + timer("over", DATE, on="ask", ends=True) + end("told")
     + flows("over > told"), "over", "ends a panel whose members have not all been heard"),
]  # fmt: skip


@pytest.mark.parametrize(("drawn", "where", "message_says"), WARNINGS)
def test_what_may_surprise_is_a_warning(drawn: str, where: str | None, message_says: str) -> None:
    problems = found(start(), drawn, end(), flows("begun > ask > done"))
    assert says(problems, where, message_says)
    assert all(problem.severity == "warning" for problem in problems)


def test_a_fact_written_in_two_parallel_ways_is_a_warning() -> None:
    known = replace(KNOWN, form_keys={"view": {"outcome", "story"}})
    problems = found(
        start(), parallel("fork"), view("a"), view("b"), parallel("join"), end(),
        flows("begun > fork > a > join > done", "fork > b > join"),
        known=known,
    )  # fmt: skip
    message = "two of its ways write the fact 'outcome'"
    assert problems == [Problem("complaint.bpmn", "fork", message, "warning")]


def test_a_diagram_that_does_not_fit_a_page_is_a_warning() -> None:
    many = [f"x{n}" for n in range(45)]
    parts = "".join(map(view, many))
    problems = found(start(), parts, end(), flows("begun > " + " > ".join(many) + " > done"))
    assert says(problems, None, "has 47 elements; split it")


WORDING: list[tuple[list[Problem], str, str]] = [
    (plain(timer("late", "10", on="ask"), end("told"), flows("late > told")),
     "late", "gives a number where a date is needed"),
    (plain(timer("late", "working_days(10, recieved_on)", on="ask"), end("told"), flows("late > told")),
     "late", "'recieved_on' is not a declared fact"),
    (plain(timer("late", DATE, on="ask", prints="weeks"), end("told"), flows("late > told")),
     "late", "prints 'weeks': gives a number where a date is needed"),
    (plain(message("news", on="ask", offered_when="received_on"), end("told"), flows("news > told")),
     "news", "offered_when 'received_on': gives a date where yes or no is needed"),
    (plain(xor("which", "done"), end("other"), flows("which [late(received_on)] > other"),
     way="begun > ask > which > done"), "which", "there is no function late()"),
    (plain(xor("which", "done"), end("other"), flows('which [outcome == "uphold"] > other'),
     way="begun > ask > which > done"), "which", "'uphold' is no choice of outcome"),
    (plain(xor("which", "done"), end("other"), flows("which [open('x')] > other"),
     way="begun > ask > which > done"), "which", "there is no function open()"),
    (found(start(), user("ask", each("weeks")), end(), flows("begun > ask > done")),
     "ask", "members 'weeks': gives a number where a list is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("problems", "where", "message_says"), WORDING)
def test_a_wrong_expression_is_told_with_its_element(
    problems: list[Problem], where: str, message_says: str
) -> None:
    assert says(problems, where, message_says)


TABLES: list[tuple[bytes, str, str]] = [
    (table("authority", ["amont"], ["weeks"], [["> 5", "1"]]), "authority", "'amont' is not a declared"),
    (table("authority", ["amount"], ["weeks"], [['"a"', "1"]]), "authority_row_1",
     "compares a number with a word"),
    (table("authority", ["outcome"], ["weeks"], [['"uphold"', "1"]]), "authority_row_1",
     "'uphold' is no choice of outcome"),
    (table("authority", ["amount"], ["week"], [["", "1"]]), "authority",
     "sets 'week', which is not a declared fact"),
    (table("authority", ["amount"], ["weeks"], [["", '"1"']]), "authority_row_1",
     "gives a word where a number is needed"),
    (table("authority", ["amount"], ["weeks"], [["", "1.5"]]), "authority_row_1", "whole number"),
    (table("authority", ["amount"], ["outcome"], [["", '"uphold"']]), "authority_row_1",
     "needs one of upheld, refused"),
    (table("authority", ["amount"], ["weeks"], [["", "1"]], "COLLECT"), "authority", "not a list"),
    (table("authority", ["amount"], ["weeks"], [["", "1"]], "ANY"), "authority", "hit policy"),
    (table("authority", ["amount"], ["weeks"], [["x.y", "1"]]), "authority_row_1", "row 1"),
    (table("authority", ["amount", "accepted"], ["weeks"],
           [["> 5", "true", "1"], ["[3..7]", "-", "2"]], "UNIQUE"), "authority_row_2",
     "can match together with row 1"),
    (table("authority", ["outcome"], ["weeks"], [['"upheld"', "1"], ['not("refused")', "2"]], "UNIQUE"),
     "authority_row_2", "can match together with row 1"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "where", "message_says"), TABLES)
def test_a_wrong_table_is_told_with_its_row(raw: bytes, where: str, message_says: str) -> None:
    problems = found(
        start(), user("ask"), rule("next", "authority"), end(), flows("begun > ask > next > done"),
        extra={"a.dmn": raw},
    )  # fmt: skip
    assert says(problems, where, message_says)
    assert any(problem.severity == "error" for problem in problems)


def test_unique_rows_that_never_match_together_are_right() -> None:
    rows = [["> 5", "true", "1"], ["<= 5", "true", "2"], ["-", "false", "3"]]
    raw = table("authority", ["amount", "accepted"], ["weeks"], rows, "UNIQUE")
    problems = found(
        start(), user("ask"), rule("next", "authority"), end(), flows("begun > ask > next > done"),
        extra={"a.dmn": raw},
    )  # fmt: skip
    assert problems == []


def test_a_trial_run_meets_what_the_drawing_does_not_show() -> None:
    """The window's date hangs on a fact that no form asks for, so the case never ends."""
    known = replace(KNOWN, form_keys={"record_complaint": set(), "ask": {"accepted"}})
    problems = found(
        start(), user("ask"), timer("wait", "working_days(10, answered_on)"), end(),
        flows("begun > ask > wait > done"),
        known=known,
    )  # fmt: skip
    (problem,) = problems
    assert problem.severity == "warning"
    assert "in a trial run: nothing and nobody could move the case" in problem.message
    assert "ask → wait" in problem.message
