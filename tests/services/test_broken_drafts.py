"""Broken drafts are refused: each with the element and the cure, quickly, and nothing evaluated."""

from __future__ import annotations

import builtins
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from app.engine import Problem
from app.errors import BadInput
from app.services import checking
from app.services.workshop import drafts, playing
from tests import small
from tests.conftest import make_user
from tests.engine.drawing import (
    call,
    element,
    end,
    flows,
    gateway,
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

QUICK = 2.0  # seconds; on an idle machine it is a few hundredths
WRITES = "answer"
DATE = "working_days(10, answered_on)"


@dataclass(frozen=True)
class Broken:
    """A small edit of a procedure that is in order; where it is told, and what to do."""

    parts: tuple[str, ...]
    at: str | None
    cure: str


def answer(id: str = "answer", inside: str = "", **values: str) -> str:
    return user(id, inside, form=values.pop("form", "answer"), **({"writes": WRITES} | values))


def line(*more: str, way: str = "begun > answer > done", first: str = "") -> tuple[str, ...]:
    return (start(), first or answer(), *more, end(), flows(way))


def choice(*more: str, default: str = "done", condition: str = "") -> tuple[str, ...]:
    """After the answer a gateway leads to the end or to another one."""
    return line(
        xor("which", default), end("other"), flows(f"which {condition}> other".replace("  ", " ")),
        *more, way="begun > answer > which > done",
    )  # fmt: skip


def beside(*event: str) -> tuple[str, ...]:
    return line(*event, end("told"))


BROKEN: dict[str, Broken] = {
    "a form that there is not": Broken(line(first=answer(form="anser")), "answer", "make it, or"),
    "a task without a form": Broken(line(first=answer(form="")), "answer", "choose one (camunda"),
    "a letter that there is not": Broken(line(first=answer(writes="reply")), "answer", "write it"),
    "a letter that is sent, but is not there": Broken(
        line(send("tell", letter="goodbye"), way="begun > answer > tell > done"), "tell", "write it"
    ),
    "a send task that sends nothing": Broken(
        line(element("sendTask", "tell"), way="begun > answer > tell > done"), "tell",
        "choose one of them",
    ),
    "a team that there is not": Broken(
        line(send("tell", alert="directors"), way="begun > answer > tell > done"), "tell", "add it"
    ),
    "a property with a slip": Broken(
        line(first=answer(not_handler_of="answer")), "answer", "known: "
    ),
    "a colleague's task that there is not": Broken(
        line(first=answer(not_the_handler_of="review")), "answer", "choose one"
    ),
    "a date that is no fact": Broken(
        line(send("tell", letter="answer", sets="told_on"), way="begun > answer > tell > done"),
        "tell", "declare it",
    ),
    "no default arrow": Broken(
        choice(default="", condition='[next_place == "none"] '), "which", "needs a default arrow"
    ),
    "an arrow without a condition": Broken(choice(), "which", "write a question about facts"),
    "a condition that is no question": Broken(
        choice(condition="[answered_on] "), "which", "write a question about facts"
    ),
    "a condition that is Python": Broken(
        choice(condition="[__import__('os').getcwd() == ''] "), "which", "write a question"
    ),
    "a dead end": Broken(
        (start(), answer(), end(), user("ask", form="asks"), parallel("fork"),
         flows("begun > fork > answer > done", "fork > ask")),
        "ask", "end it with an end event",
    ),
    "an element that no way leads to": Broken(
        line(user("lonely", form="asks"), end("out"), flows("lonely > out")), "lonely",
        "draw an arrow to it",
    ),
    "two starts": Broken(
        (start(), start("again"), answer(), xor("meet"), end(),
         flows("begun > meet > answer > done", "again > meet")),
        "complaint", "take away all but one",
    ),
    "no start": Broken((answer(), end(), flows("answer > done")), "complaint", "draw it"),
    "two arrows into a task": Broken(
        (start(), parallel("fork"), answer(), user("ask", form="asks"), end(),
         flows("begun > fork > answer > done", "fork > ask > answer")),
        "answer", "draw an exclusive gateway",
    ),
    "a deadline on a fact that is not declared": Broken(
        beside(timer("late", "working_days(10, anserwed_on)", on="answer"), flows("late > told")),
        "late", "working_days(1, received_on)",
    ),
    "a deadline that is a number": Broken(
        beside(timer("late", "10", on="answer"), flows("late > told")), "late", "write a date"
    ),
    "a deadline that is a duration": Broken(
        beside(timer("late", DATE, on="answer").replace("timeDate", "timeDuration"),
               flows("late > told")),
        "late", "a date worked out from facts",
    ),
    "an event on the edge of nothing": Broken(
        beside(timer("late", DATE, on="nobody"), flows("late > told")), "late", "put it on"
    ),
    "two timers that end one task": Broken(
        beside(timer("late", DATE, on="answer", ends=True), flows("late > told"),
               timer("later", DATE, on="answer", ends=True), end("out"), flows("later > out")),
        "later", "take one away",
    ),
    "a message without a name": Broken(
        beside(message("asks", on="answer").replace(' messageRef="message_asks"', ""),
               flows("asks > told")),
        "asks", "give it one",
    ),
    "a message that is waited for twice": Broken(
        beside(message("asks", on="answer"), flows("asks > told"),
               message("too", "asks", on="answer"), end("out"), flows("too > out")),
        "too", "take one away",
    ),
    "a process that is not there": Broken(
        line(call("stage", "stage_9"), way="begun > answer > stage > done"), "stage", "draw it"
    ),
    "a process that calls itself": Broken(
        line(call("stage", "complaint"), way="begun > answer > stage > done"), "stage",
        "loop with a gateway",
    ),
    "a table that is not there": Broken(
        line(rule("decide", "authority"), way="begun > answer > decide > done"), "decide", "add it"
    ),
    "a script task": Broken(
        line(element("scriptTask", "run", "<bpmn:script>1</bpmn:script>"),
             way="begun > answer > run > done"),
        "run", "let a decision table set facts",
    ),
    "a service task": Broken(
        line(element("serviceTask", "run"), way="begun > answer > run > done"), "run",
        "use a send task or a decision table",
    ),
    "an event subprocess": Broken(
        line(sub("inner", start("in"), end("out"), flows("in > out"), triggeredByEvent="true")),
        "inner", "put a message on the stage",
    ),
    "a terminate end": Broken(
        (start(), answer(), end("done", "<bpmn:terminateEventDefinition/>"),
         flows("begun > answer > done")),
        "done", "interrupt the stage with a message instead",
    ),
    "an id that is used twice": Broken(
        line(user("answer", form="asks")), "answer", "rename one of the two"
    ),
    "a join that waits for ever": Broken(
        (start(), xor("which", "answer"), answer(), user("ask", form="asks"), parallel("join"),
         end(), flows("begun > which > answer > join > done",
                      'which [next_place == "none"] > ask > join')),
        "join", "draw that split",
    ),
    "only one event to wait for": Broken(
        line(gateway("eventBased", "wait"), message("asks"),
             way="begun > answer > wait > asks > done"),
        "wait", "draw another after it",
    ),
}  # fmt: skip


def checked(files: dict[str, bytes]) -> list[Problem]:
    """The errors of a draft, in less than QUICK seconds."""
    begun = time.process_time()
    found = [problem for problem in checking.check(files) if problem.severity == "error"]
    assert time.process_time() - begun < QUICK
    return found


def test_there_are_thirty_and_what_they_are_made_of_is_in_order() -> None:
    assert len(BROKEN) >= 30
    assert checking.errors(small.files(*line())) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_diagram_is_refused_with_the_element_and_the_cure(name: str) -> None:
    broken = BROKEN[name]
    found = checked(small.files(*broken.parts))
    told = [problem for problem in found if problem.element == broken.at]
    assert any(broken.cure in problem.message for problem in told), found
    assert all(problem.file == "complaint.bpmn" for problem in told)


TASK = b'name="answer" camunda:formKey'
BY_HAND: dict[str, tuple[Callable[[bytes], bytes], str | None, str]] = {
    "a document type": (
        lambda xml: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml,
        None, "take that line away",
    ),
    "namespaces that are not declared": (
        lambda xml: re.sub(rb' xmlns:\w+="[^"]*"', b"", xml), None, "Save it again",
    ),
    "elements of no namespace": (
        lambda xml: xml.replace(b"20100524/MODEL", b"20100524/OTHER"), None, "give one that id",
    ),
    "another process": (
        lambda xml: xml.replace(b'process id="complaint"', b'process id="complaints"'),
        None, "give one that id",
    ),
    "half a file": (lambda xml: xml[: len(xml) // 2], None, "Save it again"),
    "a lane that is no team": (
        lambda xml: xml.replace(b'name="Complaints team"', b'name="Complaint team"'),
        "answer", "rename it",
    ),
    "no lanes": (
        lambda xml: re.sub(rb"<bpmn:laneSet>.*</bpmn:laneSet>", b"", xml),
        "answer", "move it into a lane",
    ),
    "a task without a name": (
        lambda xml: xml.replace(TASK, b"camunda:formKey"), "answer", "give it one",
    ),
    "a process that is not executable": (
        lambda xml: xml.replace(b'isExecutable="true"', b'isExecutable="false"'),
        "complaint", "tick 'Executable'",
    ),
    "an arrow to nothing": (
        lambda xml: xml.replace(b'targetRef="done"', b'targetRef="gone"'),
        "answer", "redraw it",
    ),
    "code that listens": (
        lambda xml: xml.replace(
            b'<camunda:properties>', b'<camunda:executionListener class="x"/><camunda:properties>'
        ),
        "answer", "use forms and facts",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_a_file_that_was_broken_by_hand_is_refused(name: str) -> None:
    spoil, at, cure = BY_HAND[name]
    files = small.files(*line())
    files["complaint.bpmn"] = spoil(files["complaint.bpmn"])
    found = checked(files)
    assert any(p.element == at and cure in p.message for p in found), found


# --- what would do harm if it were run ----------------------------------------------------------


@pytest.fixture
def nothing_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever evaluates, compiles or starts something of a draft fails the test."""

    def forbidden(*_: Any, **__: Any) -> Any:
        raise AssertionError("something of a draft was run")

    for name in ("eval", "exec"):
        monkeypatch.setattr(builtins, name, forbidden)
    for name in ("system", "popen"):
        monkeypatch.setattr(os, name, forbidden)


LOOP = (
    start(), answer(), xor("meet"), send("tell", letter="answer"), xor("which", "meet"), end(),
    flows("begun > answer > meet > tell > which > meet", 'which [next_place == "none"] > done'),
)  # fmt: skip
PATTERNS = ("(a+)+$", "(a|aa)+$", "(.*a){25}", "([a-z]+)*x", "(a*)*b", "^(([a-z])+.)+[A-Z]$")
LETTERS = (
    "{{ 7*7 }}",
    "{% import os %}",
    "{{ ''.__class__.__mro__ }}",
    "{{#each deadlines}}x{{/each}}",
    '#eval("1") {{resident_name|upper}}',
    "{{{resident_name}}}",
    "${7*7} {{7}}",
)


def test_a_draft_that_loops_for_ever_is_refused(nothing_evaluated: None) -> None:
    found = checked(small.files(*LOOP))
    assert any("without ever waiting" in p.message and "draw a task" in p.message for p in found)


def test_rows_that_match_together_are_refused(nothing_evaluated: None) -> None:
    rows = [['"none"', '"none"'], ['not("councils")', '"ombudsman"']]
    drawn = line(rule("decide", "place"), way="begun > answer > decide > done")
    files = small.files(*drawn) | {
        "place.dmn": table("place", ["next_place"], ["next_place"], rows, "UNIQUE")
    }
    (problem,) = checked(files)
    assert (problem.file, problem.element) == ("place.dmn", "place_row_2")
    assert "can match together with row 1; change a cell" in problem.message


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_catastrophic_pattern_is_refused(nothing_evaluated: None, pattern: str) -> None:
    files = small.files(*line())
    whole = json.loads(files["forms/asks.form"])
    whole["components"][1]["validate"] = {"pattern": pattern}
    found = checked(files | {"forms/asks.form": json.dumps(whole).encode()})
    assert any(p.file == "forms/asks.form" and "received_reason" in str(p) for p in found), found


@pytest.mark.parametrize("code", LETTERS)
def test_a_letter_with_code_of_templates_is_refused(nothing_evaluated: None, code: str) -> None:
    found = checked(small.files(*line(), letter=f"{small.LETTER}\n\n{code}\n"))
    assert any(p.file == "letters/answer.md" for p in found), found


def test_none_of_these_can_be_played(app: Flask) -> None:
    small.deploy()
    olu = make_user(small.SMALL, "olu", "process_owner")
    draft = drafts.begin(olu, "A loop")
    drafts.put(olu, draft, "complaint.bpmn", small.files(*LOOP)["complaint.bpmn"])
    with pytest.raises(BadInput, match="without ever waiting"):
        playing.shown(olu, draft)
