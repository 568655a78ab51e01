"""Lint on names: what a diagram names must exist."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drawing import (
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    rule,
    send,
    start,
    sub,
    table,
    timer,
    user,
)
from linting import FACTS, KNOWN, found, plain, says

from app.engine import lint

DATE = "working_days(10, received_on)"
TOLD = end("told") + flows("late > told")
HEARD = end("heard") + flows("news > heard")


def with_task(drawn: str) -> str:
    return start() + drawn + end() + flows("begun > ask > done")


def with_send(**values: str) -> str:
    return (
        start() + user("ask") + send("post", **values) + end() + flows("begun > ask > post > done")
    )


def with_timer(**values: str) -> str:
    return with_task(user("ask") + timer("late", DATE, on="ask", **values)) + TOLD


def with_message(**values: str) -> str:
    return with_task(user("ask") + message("news", on="ask", **values)) + HEARD


def test_a_right_procedure_has_no_problems() -> None:
    stage = diagram(
        start("in"),
        user("answer", sets="answered_on", not_the_handler_of="ask", writes="notice", policy="4.1"),
        send("post", letter="notice"),
        end("out", outcome="answered"),
        flows("in > answer > post > out"),
        process="stage_1",
    )
    main = (
        start(public_form="complain", sets="received_on"),
        user("ask", assigned_in="ask", senior_to="ask"),
        rule("decide", "authority"),
        call("stage", "stage_1", stage="stage_1"),
        timer("late", DATE, on="stage", met_by="answered_on", prints="received_on", policy="4"),
        send("alert", alert="complaints", says="late"),
        end("told"),
        message("news", on="stage", offered_to="staff, resident", offered_when="weeks == 0"),
        end("heard"),
        first_of("window"),
        message("asks", form="news", label="Resident asks"),
        timer("lapse", "months(12, answered_on)", closes="lapsed", kind="window"),
        end(),
        end("lapsed"),
        flows("begun > ask > decide > stage > window > asks > done", "window > lapse > lapsed"),
        flows("late > alert > told", "news > heard"),
    )
    tables = {"a.dmn": table("authority", ["amount"], ["weeks"], [["> 5", "1"]])}
    assert found(*main, extra={"stage_1.bpmn": stage, **tables}) == []


@pytest.mark.parametrize(
    ("drawn", "element", "message_says"),
    [
        (with_task(user("ask", form="")), "ask", "has no form; choose one (camunda:formKey)"),
        (with_task(user("ask", form="aks")), "ask", "there is no form 'aks'"),
        (start(form="x") + user("ask"), "begun", "there is no form 'x'"),
        (start(public_form="x") + user("ask"), "begun", "there is no form 'x'"),
        (with_message(form="new"), "news", "there is no form 'new'"),
        (with_message(form=""), "news", "has no form; choose one (the property form)"),
        (with_task(user("ask", writes="x")), "ask", "there is no letter 'x'"),
        (with_task(user("ask", approves="x")), "ask", "there is no letter 'x'"),
        (with_task(user("ask", form="promising")), "ask", "'promising' promises something, but no"),
        (with_send(letter="x"), "post", "there is no letter 'x'"),
        (with_send(letter="notice", alert="complaints"), "post", "either a letter or an alert"),
        (with_send(policy="4"), "post", "either a letter or an alert"),
        (with_send(alert=f"{'x'}"), "post", "there is no team 'x'"),
        (with_send(letter="notice", says="Hello"), "post", "says something, but tells no team"),
        (with_task(rule("ask", "x")), "ask", "there is no decision table 'x'"),
        (with_task(rule("ask", "")), "ask", "asks no decision table"),
        (with_task(call("ask", "x")), "ask", "there is no process 'x' to call"),
        (with_task(call("ask", "")), "ask", "opens no diagram"),
        (with_task(user("ask", set="x")), "ask", "unknown property 'set'; known: approves"),
        (with_task(call("ask", "x", letter="y")), "ask", "unknown property 'letter'"),
        (
            with_timer(kind="late"),
            "late",
            "“What it is” (kind) is duty, reminder, window, not 'late'",
        ),
        (with_timer(repeat="day"), "late", "“Comes again” (repeat) is working_day, not 'day'"),
        (with_timer(closes="Too late!"), "late", "“Closes the case as” (closes) is a code"),
        (
            with_timer(met_by="answerd"),
            "late",
            "“Met by the date” (met_by) names 'answerd', which is not a declared",
        ),
        (
            with_timer(met_by="weeks"),
            "late",
            "“Met by the date” (met_by) names 'weeks', which is not a date",
        ),
        (
            with_task(user("ask", sets="x")),
            "ask",
            "“Dates that become today” (sets) names 'x', which is not a declared fact",
        ),
        (
            with_send(letter="notice", sets="weeks"),
            "post",
            "“Dates that become today” (sets) names 'weeks', which is not a date",
        ),
        (
            with_task(user("ask", not_the_handler_of="x")),
            "ask",
            "“Not for whoever did” (not_the_handler_of) names 'x'",
        ),
        (
            with_task(user("ask", senior_to="done")),
            "ask",
            "(senior_to) names 'done', which is no task of a person",
        ),
        (with_task(user("ask", assigned_in="x")), "ask", "“Chosen in” (assigned_in) names 'x'"),
        (with_message(offered_to="tenant"), "news", "is offered to resident, staff, not to tenant"),
    ],
)
def test_a_wrong_name_is_told_with_its_element(drawn: str, element: str, message_says: str) -> None:
    assert says(found(drawn), element, message_says)


def test_a_lane_must_be_a_team() -> None:
    drawn = diagram(with_task(user("ask")), lane="Complaint team")
    problems = lint({"complaint.bpmn": drawn}, FACTS, KNOWN)
    assert says(problems, "ask", "the lane 'Complaint team' is no team's name in landlord.toml")
    without = drawn.replace(b"<bpmn:flowNodeRef>ask</bpmn:flowNodeRef>", b"")
    problems = lint({"complaint.bpmn": without}, FACTS, KNOWN)
    assert says(problems, "ask", "stands in no lane")


def test_a_task_in_a_subprocess_is_in_the_subprocesss_lane() -> None:
    work = sub("work", start("in"), user("ask"), end("out"), flows("in > ask > out"))
    assert found(start(), work, end(), flows("begun > work > done")) == []


def test_a_repeating_timer_must_be_an_alert() -> None:
    parts = start() + user("ask") + timer("late", DATE, on="ask", ends=True, repeat="working_day")
    problems = found(parts, end(), flows("begun > ask > done", "late > done"))
    assert says(problems, "late", "only a timer beside an activity, that does not end it")


def test_a_message_needs_a_name_and_its_form_the_day_it_came() -> None:
    drawn = diagram(with_message()).replace(b'messageRef="message_news"', b"")
    assert says(lint({"complaint.bpmn": drawn}, FACTS, KNOWN), "news", "has no name of a message")
    undated = replace(KNOWN, form_keys={"news": {"story"}})
    assert says(found(with_message(), known=undated), "news", "does not ask for received_on")
    dated = replace(KNOWN, form_keys={"news": {"story", "received_on"}})
    assert found(with_message(), known=dated) == []


def test_who_is_assigned_must_be_chosen_by_the_form() -> None:
    drawn = with_task(user("ask", assigned_in="ask"))
    nobody = replace(KNOWN, form_keys={"ask": {"story"}})
    assert says(found(drawn, known=nobody), "ask", "'ask' has no field that chooses a person")
    somebody = replace(nobody, person_keys={"ask": {"officer"}})
    assert found(drawn, known=somebody) == []


@pytest.mark.parametrize(
    ("parts", "element"),
    [
        (start(public_form="news") + user("ask") + end(), "begun"),
        (with_message(offered_to="resident, staff"), "news"),
    ],
)
def test_residents_are_never_shown_a_list_of_colleagues(parts: str, element: str) -> None:
    ways = flows("begun > ask > done") if element == "begun" else ""
    known = replace(KNOWN, names_colleagues={"news"})
    assert says(found(parts + ways, known=known), element, "lists colleagues by name")
    assert found(parts + ways) == []


def test_what_people_see_needs_a_name() -> None:
    drawn = diagram(with_task(user("ask"))).replace(b'name="ask"', b'name=" "')
    assert says(lint({"complaint.bpmn": drawn}, FACTS, KNOWN), "ask", "has no name")


def test_a_process_that_nothing_calls_is_a_warning() -> None:
    other = diagram(
        start("in"), user("answer"), end("out"), flows("in > answer > out"), process="other"
    )
    assert found(with_task(user("ask")), extra={"other.bpmn": other}) == []  # a case begins in it

    without_form = other.replace(b'camunda:formKey="record_complaint"', b"", 1)
    (problem,) = found(with_task(user("ask")), extra={"other.bpmn": without_form})
    assert (problem.file, problem.severity) == ("other.bpmn", "warning")
    assert "nothing calls this process" in problem.message


def test_without_the_root_there_is_nothing_to_start() -> None:
    problems = lint({"a.bpmn": diagram(start(), process="other")}, FACTS, KNOWN)
    assert says(problems, None, "there is no process 'complaint' to start in")


def test_a_problem_is_told_in_one_line() -> None:
    (problem,) = plain(way="begun > ask > done")[:1] or [None]
    assert problem is None
    (problem,) = found(with_task(user("ask", form="aks")))
    assert str(problem) == "complaint.bpmn, ask: there is no form 'aks'; make it, or name another"
