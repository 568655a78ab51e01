"""Stories of several cases: begun about one another, continued, and gone back to."""

from __future__ import annotations

from typing import Any

import pytest

from app.services import stories
from tests.cases import RECORDED, first_team
from tests.kinds import ARRANGED, COMPLIMENT, deploy_kinds

REQUEST = COMPLIMENT | {"points": "The gate", "received_on": "2026-11-24"}


@pytest.fixture
def kinds(landlord: str) -> str:
    deploy_kinds(landlord)
    return landlord


def played(landlord: str, *steps: dict[str, Any]) -> stories.Played:
    """Play steps an hour apart, as one colleague; letters stay in the house."""
    amira = {"who": f"{first_team(landlord)}/amira"}
    timed = [{"at": f"2026-11-24 {9 + n:02}:00"} | amira | step for n, step in enumerate(steps)]
    story = {"landlord": landlord, "title": "Several cases", "step": timed}
    return stories.play(story, sends=False)


def record(what: str, **more: Any) -> dict[str, Any]:
    return {"does": f"record_{what}", "answers": COMPLIMENT, "expect": {"kind": what}} | more


def test_the_first_form_of_any_kind_begins_a_case_of_that_kind(kinds: str) -> None:
    for who in ({}, {"who": "resident", "does": "send_compliment"}):
        assert played(kinds, record("compliment", **who)).failures == []
    told = played(kinds, record("compliment", expect={"kind": "complaint"}))
    assert told.failures == ["step 1, 2026-11-24 09:00: expected kind complaint, found compliment"]


def test_a_case_begun_about_another_is_the_current_one_until_the_story_goes_back(
    kinds: str,
) -> None:
    begun = {"does": "propose", "about": True, "answers": {"evidence": "Calls"}}
    steps = [
        {"does": "record_complaint", "answers": RECORDED},
        begun | {"expect": {"kind": "contact_arrangement", "alerts": []}},
        {"does": "decide_arrangement", "answers": ARRANGED},
        {"case": 1, "expect": {"kind": "complaint", "status": "open"}},
        {"expect": {"kind": "complaint"}},
        {"case": 2, "does": "approve_arrangement"},
        {"expect": {"kind": "contact_arrangement", "open": {"review_arrangement": ""}}},
    ]
    steps[-1]["expect"]["open"] = {"review_arrangement": first_team(kinds)}
    assert played(kinds, *steps).failures == []


def test_a_case_that_another_became_is_numbered_and_waits_to_be_gone_to(kinds: str) -> None:
    done = {"request_outcome": "complaint", "became_on": "2026-11-24"}
    steps = [
        {"does": "record_request", "answers": REQUEST},
        {"does": "do_request", "answers": done, "expect": {"kind": "service_request"}},
        {"does": "propose", "about": True, "expect": {"kind": "contact_arrangement"}},
        {"case": 2, "expect": {"kind": "complaint", "status": "open"}},
        {"case": 3, "expect": {"kind": "contact_arrangement"}},
        {"case": 1, "expect": {"kind": "service_request", "status": "closed"}},
    ]
    assert played(kinds, *steps).failures == []


def test_time_passes_for_every_case_of_a_story(kinds: str) -> None:
    """The complaint's first alert comes while the story is at another case."""
    begun = {"does": "propose", "about": True, "answers": {"evidence": "Calls"}}
    late = {"at": "2027-03-01 09:00", "case": 1, "expect": {"late": []}}
    told = played(kinds, {"does": "record_complaint", "answers": RECORDED}, begun, late)
    assert len(told.failures) == 1 and "expected late nothing" in told.failures[0]


@pytest.mark.parametrize("number", [0, 2])
def test_a_case_that_is_not_there_yet_cannot_be_gone_to(kinds: str, number: int) -> None:
    told = played(kinds, record("compliment"), {"case": number})
    assert told.failures and f"no case {number} yet" in told.failures[0]


def test_a_resident_begins_no_case_about_another(kinds: str) -> None:
    about = {"who": "resident", "about": True, "does": "send_compliment", "answers": COMPLIMENT}
    told = played(kinds, record("compliment"), about)
    assert told.failures and "only staff" in told.failures[0]


def test_the_kind_says_which_where_two_begin_with_one_form(kinds: str) -> None:
    step = record("compliment", kind="service_request", expect={})
    assert "refused" in played(kinds, step).failures[0], "its form begins no service request"
    assert played(kinds, record("compliment", kind="compliment")).failures == []
