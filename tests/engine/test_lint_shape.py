"""Lint on shape and events: one drawing for each thing that can be wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawing import (
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
from linting import KNOWN, found, says

from app.engine import Problem

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
    (start() + user("ask") + user("answer") + end()
     + flows("begun > ask > done", "ask > answer > done"),
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
    (start() + user("ask") + flows("begun > ask"),
     "ask", "leads nowhere; end it with an end event"),
    (start() + user("ask") + timer("late", DATE, on="ask") + end() + flows("begun > ask > done"),
     "late", "leads nowhere; draw what happens then"),
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
