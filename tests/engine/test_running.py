"""What the core promises about tokens, facts and history."""

from __future__ import annotations

import threading

import orjson
import pytest
from drawing import (
    call,
    diagram,
    each,
    end,
    flows,
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
from playing import ENGLAND, begin, declare, parse

from app.engine import FactRefused, Gone, TooManySteps, complete, condition

AUTHORITY = table(
    "authority", ["amount"], ["signs_off"], [["> 500", '"manager"'], ["", '"officer"']]
)
COUNT = table("count", [], ["n"], [["n + 1"]])


def test_facts_reach_gateways_tables_and_called_files_and_never_the_state() -> None:
    main = diagram(
        start(),
        user("ask"),
        rule("decide", "authority"),
        call("stage", "stage_1", stage="stage_1"),
        xor("who", default="officer"),
        user("manager"),
        user("officer"),
        end(),
        end("signed"),
        flows(
            "begun > ask > decide > stage > who > officer > done",
            'who [signs_off == "manager" and n == 1] > manager > signed',
        ),
    )
    stage = diagram(
        start("stage_begun"),
        parallel("fork"),
        user("investigate"),
        sub(
            "count_up",
            start("in"),
            rule("add", "count"),
            end("out"),
            flows("in > add > out"),
        ),
        parallel("join"),
        user("answer"),
        end("stage_done"),
        flows(
            "stage_begun > fork > investigate > join > answer > stage_done",
            "fork > count_up > join",
        ),
        process="stage_1",
    )
    facts = declare(amount="money", signs_off="choice: manager, officer", n="int", log="list")
    procedure = parse(main, stage, facts=facts, tables=(AUTHORITY, COUNT))
    case = begin(procedure).do("ask", amount="999999999.00")
    assert case.facts["signs_off"] == "manager"
    assert case.facts["n"] == 1
    assert case.open == ["investigate"]
    assert case.snapshot.stage == ("stage_1",)
    assert case.snapshot.tasks[case.task("investigate")].stage == "stage_1"
    rows = [row for _, _, rows in orjson.loads(case.snapshot.state)[3] for row in rows]
    assert all(entry == {} for *_, entry in rows)
    assert b"999999999" not in case.snapshot.state
    case.do("investigate", log=["first"]).do("answer")
    assert case.facts["log"] == ["first"]  # a list set in one way is not lost at the join
    assert case.open == ["manager"]
    assert case.snapshot.stage == ()
    assert case.do("manager").snapshot.completed


def test_the_form_of_a_task_may_only_write_declared_facts_of_the_right_type() -> None:
    procedure = parse(
        diagram(start(), user("ask"), end(), flows("begun > ask > done")),
        facts=declare(n="int", seen_on="date"),
    )
    case = begin(procedure)
    for wrong in ({"name": "Ann"}, {"n": "3"}, {"n": True}, {"seen_on": "tomorrow"}, {"n": 10**12}):
        with pytest.raises(FactRefused):
            case.do("ask", **wrong)


def test_the_history_tells_the_order_in_which_things_happened() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            timer("late", "working_days(10, received_on)", on="ask"),
            send("alert", alert="team"),
            end("alerted"),
            rule("decide", "count"),
            send("post", letter="notice"),
            end(outcome="answered"),
            flows("begun > ask > decide > post > done", "late > alert > alerted"),
        ),
        facts=declare(received_on="date", n="int"),
        tables=(COUNT,),
    )
    case = begin(procedure, received_on="2026-03-02")
    told = [(event.action, event.element) for event in case.snapshot.events]
    assert told == [("started", "begun"), ("opened", "ask"), ("armed", "late")]
    case.do("ask", "2026-03-20")
    told = [(event.action, event.element) for event in case.snapshot.events]
    assert told == [
        ("due", "late"),
        ("sent", "alert"),
        ("passed", "alerted"),
        ("submitted", "ask"),
        ("closed", "ask"),
        ("decided", "decide"),
        ("sent", "post"),
        ("passed", "done"),
        ("ended", "done"),
    ]
    due, *_, ended = case.snapshot.events
    assert due.at.isoformat() == "2026-03-17T00:00:00+00:00"
    assert due.detail["due_on"] == "2026-03-16"
    assert ended.detail == {"outcome": "answered"}


def test_endless_rounds_cost_nothing_and_a_join_in_a_loop_counts_afresh() -> None:
    procedure = parse(
        diagram(
            start(),
            xor("again_from"),
            user("draft"),
            parallel("fork"),
            user("finance"),
            user("legal"),
            parallel("join"),
            user("review"),
            xor("good", default="done"),
            end(),
            flows(
                "begun > again_from > draft > fork > finance > join > review > good > done",
                "fork > legal > join",
                "good [again == True] > again_from",
            ),
        ),
        facts=declare(again="bool"),
    )
    case = begin(procedure)
    for round_ in range(300):
        case.do("draft")
        for element in (("finance", "legal"), ("legal", "finance"))[round_ % 2]:
            assert "review" not in case.open  # Spiff alone joins early from the second round on
            case.do(element)
        case.do("review", again=True)
    assert len(case.snapshot.state) < 150


def test_an_endless_automatic_loop_is_stopped() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            xor("round"),
            rule("add", "count"),
            xor("enough", default="round"),
            end(),
            flows("begun > ask > round > add > enough > round", "enough [n == -1] > done"),
        ),
        facts=declare(n="int"),
        tables=(COUNT,),
    )
    with pytest.raises(TooManySteps):
        begin(procedure).do("ask")


def test_a_process_that_calls_itself_is_stopped() -> None:
    """Past lint, which refuses it."""
    main = diagram(start(), user("ask"), call("go", "a"), end(), flows("begun > ask > go > done"))
    again = diagram(
        start("in"), call("again", "a"), end("out"), flows("in > again > out"), process="a"
    )
    with pytest.raises(TooManySteps, match="nested more than"):
        begin(parse(main, again)).do("ask")


def test_a_task_can_be_completed_once() -> None:
    procedure = parse(
        diagram(start(), user("ask"), user("next"), end(), flows("begun > ask > next > done"))
    )
    case = begin(procedure)
    token = case.task("ask")
    case.do("ask")
    with pytest.raises(Gone):
        complete(procedure, case.snapshot.stored, token, {}, case.now, ENGLAND)
    case.do("next")
    with pytest.raises(Gone):
        complete(procedure, case.snapshot.stored, token, {}, case.now, ENGLAND)


def test_a_way_that_ends_before_its_join_is_reported_as_stuck() -> None:
    procedure = parse(
        diagram(
            start(),
            parallel("fork"),
            user("one"),
            message("stop", on="one", ends=True),
            end("stopped"),
            user("two"),
            parallel("join"),
            end(),
            flows("begun > fork > one > join > done", "fork > two > join", "stop > stopped"),
        )
    )
    case = begin(procedure).hear("stop")
    assert not case.snapshot.stuck
    assert case.do("two").snapshot.stuck


def test_one_procedure_serves_many_threads() -> None:
    procedure = parse(
        diagram(
            start(),
            parallel("fork"),
            user("one"),
            timer("late", "working_days(10 + n, received_on)", on="one"),
            end("told"),
            user("views", each("panel")),
            parallel("join"),
            end(),
            flows("begun > fork > one > join > done", "fork > views > join", "late > told"),
        ),
        facts=declare(n="int", received_on="date", panel="list"),
    )
    wrong: list[int] = []

    def play(n: int) -> None:
        for _ in range(20):
            case = begin(procedure, received_on="2026-03-02", panel=["ann", "bob"])
            case.do("views", n=n).do("views").wait("2026-03-20").do("one")
            if not case.snapshot.completed or case.facts["n"] != n:
                wrong.append(n)

    threads = [threading.Thread(target=play, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_condition_can_be_asked_outside_a_step() -> None:
    facts = declare(received_on="date", extension="int")
    stored = {"received_on": "2026-03-02"}
    due = condition("working_days(10 + extension, received_on)", stored, facts, ENGLAND)
    assert due.isoformat() == "2026-03-16"
    assert condition("extension == 0", stored, facts, ENGLAND) is True
