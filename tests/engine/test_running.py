"""What the core promises about tokens, facts, messages and panels."""

from __future__ import annotations

import threading

import orjson
import pytest
from drawing import (
    call,
    diagram,
    each,
    end,
    first_of,
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
    case = begin(procedure).do("ask", amount="912.00")
    assert case.facts["signs_off"] == "manager"
    assert case.facts["n"] == 1
    assert case.open == ["investigate"]
    assert case.snapshot.stage == ("stage_1",)
    assert case.snapshot.tasks[case.task("investigate")].stage == "stage_1"
    rows = [row for _, _, rows in orjson.loads(case.snapshot.state)[2] for row in rows]
    assert all(entry == {} for *_, entry in rows)
    assert b"912" not in case.snapshot.state
    case.do("investigate", log=["first"]).do("answer")
    assert case.facts["log"] == ["first"]  # a list set in one way is not lost at the join
    assert case.open == ["manager"]
    assert case.snapshot.stage == ()
    assert case.do("manager").snapshot.completed


@pytest.mark.parametrize("in_turn", [True, False])
def test_each_panel_member_gets_a_task_and_the_round_can_come_again(in_turn: bool) -> None:
    facts = declare(panel="list", again="bool")
    procedure = parse(
        diagram(
            start(),
            xor("round"),
            user("view", each("panel", in_turn=in_turn)),
            user("chair"),
            xor("settled", default="done"),
            end(),
            flows(
                "begun > round > view > chair > settled > done", "settled [again == True] > round"
            ),
        ),
        facts=facts,
    )
    case = begin(procedure, panel=["ann", "bob"])
    for again in (True, False):
        heard = []
        while "view" in case.open:
            token = case.task("view")
            heard.append(case.snapshot.tasks[token].item["member"])
            case.do("view")
        assert heard == ["ann", "bob"]
        case.do("chair", again=again)
    assert case.snapshot.completed
    assert "member" not in case.facts


def test_a_panel_is_fixed_when_it_starts() -> None:
    facts = declare(panel="list")
    view = user("view", each("panel", in_turn=True))
    procedure = parse(
        diagram(start(), view, end(), flows("begun > view > done")),
        facts=facts,
    )
    case = begin(procedure, panel=["ann", "bob"])
    case.do("view", panel=[])
    assert case.snapshot.tasks[case.task("view")].item == {"member": "bob"}
    assert case.do("view").snapshot.completed


def test_an_empty_panel_is_passed() -> None:
    view = user("view", each("panel"))
    flow = flows("begun > view > chair > done")
    procedure = parse(
        diagram(start(), view, user("chair"), end(), flow), facts=declare(panel="list")
    )
    assert begin(procedure).open == ["chair"]


def test_a_panel_of_subprocesses_can_be_interrupted() -> None:
    panel = sub(
        "hear", each("panel"), start("in"), user("view"), end("out"), flows("in > view > out")
    )
    procedure = parse(
        diagram(
            start(),
            panel,
            message("stop", on="hear", ends=True),
            user("after"),
            end(),
            end("stopped"),
            flows("begun > hear > done", "stop > after > stopped"),
        ),
        facts=declare(panel="list"),
    )
    case = begin(procedure, panel=["ann", "bob"]).hear("stop")
    assert case.open == ["after"]
    assert case.do("after").snapshot.completed


def test_a_message_becomes_facts_and_may_come_again_while_its_host_is_open() -> None:
    procedure = parse(
        diagram(
            start(),
            user("ask"),
            message("evidence", on="ask", offered_to="staff, resident"),
            rule("add", "count"),
            end("noted"),
            first_of("window"),
            message("review", sets="asked_on"),
            timer("lapse", "calendar_days(20, received_on)"),
            end(),
            end("lapsed"),
            flows("begun > ask > window > review > done", "window > lapse > lapsed"),
            flows("evidence > add > noted"),
        ),
        facts=declare(n="int", received_on="date", asked_on="date"),
        tables=(COUNT,),
    )
    case = begin(procedure, received_on="2026-03-02")
    for _ in range(3):
        case.hear("evidence")
    assert case.facts["n"] == 3
    assert case.offers() == ["evidence"]
    (offer,) = case.snapshot.messages
    assert offer.offered_to == {"staff", "resident"}
    case.do("ask")
    assert case.offers() == ["review"]
    with pytest.raises(Gone):
        case.hear("evidence")
    case.hear("review", "2026-03-12", received_on="2026-03-10")
    assert case.snapshot.completed
    assert case.facts["asked_on"] == "2026-03-10"
    assert case.facts["received_on"] == "2026-03-02"  # the complaint's, not the message's


def test_a_message_is_offered_only_when_the_facts_say_so() -> None:
    procedure = parse(
        diagram(
            start(),
            user("work"),
            message("more_time", on="work", offered_when="extension == 0"),
            end("agreed"),
            end(),
            flows("begun > work > done", "more_time > agreed"),
        ),
        facts=declare(extension="int"),
    )
    case = begin(procedure)
    assert case.offers() == ["more_time"]
    case.hear("more_time", extension=10)
    assert case.offers() == []
    with pytest.raises(Gone):
        case.hear("more_time", extension=20)


def test_a_date_is_set_by_the_form_or_else_is_the_london_date_of_the_step() -> None:
    procedure = parse(
        diagram(
            start(sets="raised_on"),
            user("acknowledge", sets="acknowledged_on"),
            send("post", letter="notice", sets="sent_on"),
            user("rest"),
            end(),
            flows("begun > acknowledge > post > rest > done"),
        ),
        facts=declare(raised_on="date", acknowledged_on="date", sent_on="date"),
    )
    case = begin(procedure, "2026-06-30 23:30")
    assert case.facts["raised_on"] == "2026-06-30"
    case.do("acknowledge", "2026-07-02 00:30")  # 23:30 UTC the day before
    assert case.facts["acknowledged_on"] == "2026-07-02"
    assert case.facts["sent_on"] == "2026-07-02"
    case = begin(procedure, "2026-07-06", received_on="2026-07-03")
    assert case.facts["raised_on"] == "2026-07-03"
    case.do("acknowledge", acknowledged_on="2026-07-05")
    assert case.facts["acknowledged_on"] == "2026-07-05"


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
