"""An open case goes on under another version of its procedure, with its dates and its tokens."""

from __future__ import annotations

from datetime import date
from typing import Any

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
    start,
    sub,
    timer,
    user,
    xor,
)
from playing import ENGLAND, Played, begin, declare, parse

from app.engine import CannotMove, Procedure, move

FACTS = declare(
    received_on="date", answered_on="date", panel="list", kind="choice: a, b", extended="bool"
)
LIMIT = "working_days(10, received_on)"


def drawn(*pieces: str, facts: Any = FACTS) -> Procedure:
    return parse(diagram(start(), end(), *pieces), facts=facts)


def plain(*more: str, way: str = "answer", limit: str = LIMIT) -> Procedure:
    """One task with a limit on its edge."""
    return drawn(
        user("answer"), timer("late", limit, on="answer"), end("told"), *more,
        flows(f"begun > {way} > done", "late > told"),
    )  # fmt: skip


def moved(case: Played, new: Procedure, on: str = "", **names: str) -> Played:
    case.wait(on or "2026-03-03 09:00")
    case.snapshot = move(case.procedure, new, case.snapshot.stored, case.now, ENGLAND, names)
    case.procedure = new
    return case


def begun(procedure: Procedure, **facts: Any) -> Played:
    return begin(procedure, received_on="2026-03-02", **facts)


def test_a_case_goes_on_where_it_stands_with_its_token_and_its_date() -> None:
    case = begun(plain())
    token, due_on = case.task("answer"), case.due_on("late")
    moved(case, plain(user("check"), way="answer > check"))
    assert case.task("answer") == token and case.due_on("late") == due_on == date(2026, 3, 16)
    assert case.snapshot.events == ()
    case.do("answer")
    assert case.open == ["check"]


def test_a_limit_that_is_drawn_shorter_counts_from_the_same_day() -> None:
    case = moved(begun(plain()), plain(limit="working_days(8, received_on)"))
    assert case.due_on("late") == date(2026, 3, 12)
    (event,) = case.snapshot.events
    assert (event.action, event.detail["was"], event.detail["now"]) == (
        "moved", "2026-03-16", "2026-03-12",
    )  # fmt: skip


def test_a_limit_that_has_passed_by_the_new_version_alone_falls_due_at_once() -> None:
    case = moved(begun(plain()), plain(limit="working_days(1, received_on)"), "2026-03-10 09:00")
    assert "late" in case.happened("due")
    assert case.open == ["answer"]


def test_an_alert_that_was_told_is_not_told_again() -> None:
    case = begun(plain()).wait("2026-03-20 09:00")
    moved(case, plain(limit="working_days(8, received_on)"), "2026-03-20 09:00")
    assert case.happened("due") == []


def test_a_limit_drawn_anew_on_an_open_task_is_armed_and_one_taken_away_is_not_looked_for() -> None:
    without = drawn(user("answer"), flows("begun > answer > done"))
    case = begun(without)
    token = case.task("answer")
    moved(case, plain())
    assert case.task("answer") == token and case.happened("armed") == ["late"]
    moved(case, without)
    assert case.task("answer") == token and case.happened("disarmed") == ["late"]
    assert case.do("answer").snapshot.completed


def test_one_of_two_limits_goes_and_the_other_stays() -> None:
    def two(*names: str) -> Procedure:
        edges = [timer(name, LIMIT, on="answer") + end(f"told_{name}") for name in names]
        told = [f"{name} > told_{name}" for name in names]
        return drawn(user("answer"), *edges, flows("begun > answer > done", *told))

    case = moved(begun(two("soon", "late")), two("late", "later"))
    assert (case.happened("disarmed"), case.happened("armed")) == (["soon"], ["later"])
    case.wait("2026-03-20 09:00")
    assert sorted(case.happened("due")) == ["late", "later"]


def test_a_task_that_is_gone_is_named() -> None:
    new = drawn(user("reply"), flows("begun > reply > done"))
    with pytest.raises(CannotMove, match="“answer”, which is gone") as refused:
        moved(begun(plain()), new)
    assert refused.value.element == "answer"


def test_a_task_with_another_id_is_the_same_where_somebody_says_so() -> None:
    new = drawn(
        user("reply"), timer("overdue", LIMIT, on="reply"), end("told"),
        flows("begun > reply > done", "overdue > told"),
    )  # fmt: skip
    case = begun(plain())
    token = case.task("answer")
    moved(case, new, answer="reply", late="overdue")
    assert case.task("reply") == token and case.due_on("overdue") == date(2026, 3, 16)
    assert case.happened("armed", "disarmed") == []


def test_a_running_stage_goes_on_with_the_limit_on_its_edge() -> None:
    def staged(*inside: str, limit: int = 10) -> Procedure:
        stage = diagram(
            start("in", form=""), *[user(name) for name in inside], end("out"),
            flows(f"in > {' > '.join(inside)} > out"), process="stage",
        )  # fmt: skip
        around = diagram(
            start(), call("stage_1", "stage"), end(),
            timer("over", f"working_days({limit}, received_on)", on="stage_1"), end("told"),
            flows("begun > stage_1 > done", "over > told"),
        )  # fmt: skip
        return parse(around, stage, facts=FACTS)

    case = moved(begun(staged("look")), staged("look", "approve"))
    assert case.due_on("over") == date(2026, 3, 16)
    assert case.do("look").open == ["approve"]
    assert case.do("approve").snapshot.completed


def test_a_subprocess_that_is_open_goes_on() -> None:
    def inside(*names: str) -> Procedure:
        work = sub(
            "work", start("in"), *[user(name) for name in names], end("out"),
            flows(f"in > {' > '.join(names)} > out"),
        )  # fmt: skip
        return drawn(work, flows("begun > work > done"))

    case = moved(begun(inside("ask")), inside("ask", "check"))
    assert case.do("ask").open == ["check"]


def test_an_open_panel_keeps_its_members_and_what_they_have_done() -> None:
    def panel(*after: str) -> Procedure:
        way = " > ".join(("vote", *after))
        return drawn(
            user("vote", each("panel")), timer("late", LIMIT, on="vote"), end("told"),
            *[user(name) for name in after], flows(f"begun > {way} > done", "late > told"),
        )  # fmt: skip

    case = begun(panel(), panel=["ann", "bob", "cem"])
    case.do("vote")
    left = sorted(task.item["member"] for task in case.snapshot.tasks.values())
    moved(case, panel("write"))
    assert sorted(task.item["member"] for task in case.snapshot.tasks.values()) == left
    assert case.do("vote").do("vote").open == ["write"]


def test_a_panel_that_now_sits_one_after_another_does_not_move() -> None:
    def panel(in_turn: bool) -> Procedure:
        return drawn(user("vote", each("panel", in_turn=in_turn)), flows("begun > vote > done"))

    with pytest.raises(CannotMove, match="another kind of step"):
        moved(begun(panel(False), panel=["ann", "bob"]), panel(True))


def window(days: int, *, withdraw: bool = False) -> Procedure:
    more = [message("withdrawn"), end("stopped")] if withdraw else []
    return drawn(
        first_of("wait"), message("escalates"), timer("over", f"working_days({days}, received_on)"),
        user("review"), *more,
        flows(
            "begun > wait > escalates > review > done", "wait > over > done",
            *(["wait > withdrawn > stopped"] if withdraw else []),
        ),
    )  # fmt: skip


def test_an_armed_window_stays_and_another_message_is_offered_beside_it() -> None:
    case = moved(begun(window(20)), window(20, withdraw=True))
    assert case.due_on("over") == date(2026, 3, 30)
    assert case.offers() == ["escalates", "withdrawn"]
    assert case.hear("escalates").open == ["review"]


def test_a_window_that_is_drawn_longer_is_open_longer() -> None:
    case = moved(begun(window(20)), window(30))
    assert case.due_on("over") == date(2026, 4, 15)


def side_by_side(*names: str) -> Procedure:
    ways = [f"fork > {name} > join" for name in names]
    return drawn(
        parallel("fork"), parallel("join"), *[user(name) for name in names], user("last"),
        flows("begun > fork", *ways, "join > last > done"),
    )  # fmt: skip


def test_between_two_ways_a_case_moves_only_if_the_ways_are_the_same() -> None:
    case = begun(side_by_side("one", "two"))
    with pytest.raises(CannotMove, match="run side by side"):
        moved(case, side_by_side("one", "two", "three"))
    case.do("one")
    moved(case, side_by_side("one", "two"))
    assert case.do("two").open == ["last"]
    moved(case, drawn(user("last"), flows("begun > last > done")))
    assert case.do("last").snapshot.completed


def test_a_fact_that_no_longer_fits_is_named() -> None:
    case = begun(plain(), kind="b")
    facts = declare(received_on="date", kind="choice: a, c")
    new = drawn(user("answer"), flows("begun > answer > done"), facts=facts)
    with pytest.raises(CannotMove, match="kind"):
        moved(case, new)


def test_what_was_decided_is_decided_and_only_what_comes_next_goes_by_the_new_arrows() -> None:
    def asking(condition: str) -> Procedure:
        return drawn(
            xor("which", default="answer"), user("answer"), user("other"),
            flows("begun > which", f"which [{condition}] > other", "which > answer"),
            flows("answer > done", "other > done"),
        )  # fmt: skip

    case = moved(begun(asking("extended")), asking("not extended"))
    assert case.open == ["answer"]
