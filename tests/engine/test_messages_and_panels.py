"""What the core promises about messages, panels and the dates that elements set."""

from __future__ import annotations

import pytest
from drawing import (
    diagram,
    each,
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
    xor,
)
from playing import begin, declare, parse

from app.engine import Gone

COUNT = table("count", [], ["n"], [["n + 1"]])


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
