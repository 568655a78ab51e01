"""A panel: so many of each team, nobody who dealt with the case, to each a view of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.db import db
from app.errors import NotAllowed, NotForYou, PanelRefused
from app.models import Answer, Case, Task
from app.services import checking, deployments, inbox, officers, panels, tasks
from app.services.access import instance_of
from app.services.deployments import in_words
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.engine.drawing import diagram, each, end, flows, start, user, xor

TEAMS = """
[teams.board_members]
name = "Board member"
rank = 5
[teams.directors]
name = "Director"
rank = 4
"""
FACTS = """
[panel_members]
type = "list"
[panel_agreed]
type = "choice"
choices = ["yes", "no"]
"""
MEMBERS: dict[str, Any] = {
    "key": "panel_members",
    "type": "checklist",
    "label": "Who sits on the panel",
    "properties": {
        "panel": "1 board_members, 1 directors",
        "not_the_handler_of": "investigate",
    },
}
ATTENDED = {
    "type": "group",
    "id": "Group_members",
    "label": "Who was there",
    "properties": {"for_each": "member", "of": "panel_members"},
    "components": [
        {"type": "checkbox", "key": "attended", "id": "Field_attended", "label": "Was there"}
    ],
}
PROCEDURE = (
    start(),
    user("investigate", form="look"),
    user("set_up_panel"),
    user("give_view", each("panel_members")),
    user("record_hearing"),
    xor("agreed", default="done"),
    user("approve", form="look", not_the_handler_of="give_view"),
    end("done", outcome="done"),
    end("approved", outcome="approved"),
    flows(
        "begun > investigate > set_up_panel > give_view > record_hearing > agreed > done",
        'agreed [panel_agreed == "yes"] > approve > approved',
    ),
)
LOOK = {"key": "seen", "type": "textarea"}
VIEW = {"key": "view", "type": "textarea", "validate": {"required": True}}
AGREED = {
    "key": "panel_agreed",
    "type": "radio",
    "values": [{"label": each, "value": each} for each in ("yes", "no")],
}


def files(members: dict[str, Any] = MEMBERS) -> dict[str, bytes]:
    hearing = json.loads(small.form("record_hearing", AGREED))
    hearing["components"].append(ATTENDED)
    return small.files() | {
        "landlord.toml": (small.LANDLORD + TEAMS).encode(),
        "facts.toml": (small.FACTS + FACTS).encode(),
        "complaint.bpmn": diagram(*PROCEDURE),
        "forms/look.form": small.form("look", LOOK),
        "forms/set_up_panel.form": small.form("set_up_panel", members),
        "forms/give_view.form": small.form("give_view", VIEW),
        "forms/record_hearing.form": json.dumps(hearing).encode(),
    }


def member(name: str, *teams: str) -> Viewer:
    return make_user(small.SMALL, name, teams=teams)


def open_at(case: Case, element: str) -> list[Task]:
    db.session.expire_all()
    at = select(Task).where(Task.case_id == case.id, Task.element == element)
    return list(db.session.scalars(at.where(Task.status == "open").order_by(Task.claimed_by)))


def finish(viewer: Viewer, task: Task, **answers: Any) -> None:
    """Fill in the page of a task and send it."""
    bound = tasks.get_open(viewer, task.id).form
    rows = {"member": [g.row for g in _groups(bound.tree) if g.row]}
    typed = bound.definition.as_typed(answers, rows)
    form = tasks.get_open(viewer, task.id, small_typed(typed)).form
    assert form.check(), form.errors
    tasks.submit(viewer, task.id, form)
    db.session.expire_all()


def _groups(tree: Any) -> Iterator[Any]:
    return (node for node in tree if hasattr(node, "children"))


def small_typed(typed: dict[str, list[str]]) -> tasks.Typed:
    return tasks.Typed([(name, text) for name, texts in typed.items() for text in texts])


@pytest.fixture
def grace(app: Flask) -> Viewer:
    """Of the complaints team and the directors: she investigates."""
    deployments.deploy(small.SMALL, files())
    return member("grace", "complaints", "directors")


@pytest.fixture
def case(grace: Viewer) -> Case:
    """Investigated; the panel is to be chosen."""
    case = small.complaint(grace)
    (task,) = open_at(case, "investigate")
    finish(grace, task, seen="We looked.")
    return case


@pytest.fixture
def seated(case: Case, grace: Viewer) -> dict[str, Viewer]:
    """A panel of one Board member and one Director."""
    people = {"bo": member("bo", "board_members"), "di": member("di", "directors")}
    (task,) = open_at(case, "set_up_panel")
    finish(grace, task, panel_members=[person.user_id for person in people.values()])
    return people


def refusal(case: Case, grace: Viewer, *chosen: Viewer) -> PanelRefused:
    (task,) = open_at(case, "set_up_panel")
    with pytest.raises(PanelRefused) as refused:
        finish(grace, task, panel_members=[person.user_id for person in chosen])
    assert open_at(case, "set_up_panel")  # nothing was saved
    return refused.value


def test_exactly_so_many_of_each_team_are_chosen(case: Case, grace: Viewer) -> None:
    bo, di, ed = member("bo", "board_members"), member("di", "directors"), member("ed", "directors")
    wanted = "Choose exactly 1 from Board member and 1 from Director."

    for chosen in ([bo], [di, ed], [bo, di, ed], []):
        refused = refusal(case, grace, *chosen)
        assert refused.errors == {"panel_members": wanted} and refused.rule == "panel"


def test_who_belongs_to_both_teams_takes_either_seat(case: Case, grace: Viewer) -> None:
    both, bo = member("both", "board_members", "directors"), member("bo", "board_members")
    (task,) = open_at(case, "set_up_panel")
    finish(grace, task, panel_members=[both.user_id, bo.user_id])
    assert len(open_at(case, "give_view")) == 2


def test_nobody_who_dealt_with_the_case_sits_on_it(case: Case, grace: Viewer) -> None:
    refused = refusal(case, grace, member("bo", "board_members"), grace)
    assert refused.rule == "not_the_handler_of"
    assert refused.errors["panel_members"] == (
        "Not for Grace: they did “investigate” in this case."
    )


def test_all_of_it_may_have_to_be_more_senior(app: Flask) -> None:
    senior = MEMBERS | {"properties": MEMBERS["properties"] | {"senior_to": "investigate"}}
    deployments.deploy(small.SMALL, files(senior))
    grace = member("grace", "complaints", "directors")
    case = small.complaint(grace)
    (task,) = open_at(case, "investigate")
    finish(grace, task, seen="We looked.")

    refused = refusal(case, grace, member("bo", "board_members"), member("di", "directors"))
    assert refused.rule == "senior_to" and "Di" in refused.errors["panel_members"]


def test_the_picker_says_team_and_what_somebody_did_here(case: Case, grace: Viewer) -> None:
    member("bo", "board_members")
    (task,) = open_at(case, "set_up_panel")
    (field,) = tasks.get_open(grace, task.id).form.fields
    assert sorted(option.label for option in field.options) == [
        "Bo, Board member",
        "Grace, Director, did “investigate” in this case",
    ]


def test_each_member_has_a_view_of_their_own(case: Case, seated: dict[str, Viewer]) -> None:
    bo, di = seated.values()
    views = {task.claimed_by: task for task in open_at(case, "give_view")}
    assert set(views) == {bo.user_id, di.user_id}
    assert {task.team for task in views.values()} == {"board_members", "directors"}

    with pytest.raises(NotForYou, match="only Bo can do this"):
        finish(di, views[bo.user_id], view="Not mine.")
    finish(di, views[di.user_id], view="It was not fair.")
    finish(bo, views[bo.user_id], view="It was fair.")

    said = db.session.scalars(select(Answer).where(Answer.element == "give_view"))
    assert {(a.by, a.values["view"]) for a in said} == {
        (bo.user_id, "It was fair."),
        (di.user_id, "It was not fair."),
    }
    assert open_at(case, "record_hearing")


def test_a_view_stands_in_the_inbox_of_its_member_only(
    case: Case, seated: dict[str, Viewer]
) -> None:
    assert inbox.inbox(seated["bo"], inbox.Filter()).counts["mine"] == 1
    assert inbox.inbox(member("cy", "board_members"), inbox.Filter()).counts["mine"] == 0


def test_no_member_signs_a_letter_that_nobody_wrote(
    case: Case, seated: dict[str, Viewer], grace: Viewer
) -> None:
    landlord = deployments.landlord(small.SMALL)
    assert officers.responsible(db.session(), case, landlord).name == "Grace"


def test_it_cannot_be_given_away(case: Case, seated: dict[str, Viewer], grace: Viewer) -> None:
    (view,) = (t for t in open_at(case, "give_view") if t.claimed_by == seated["bo"].user_id)
    with pytest.raises(NotAllowed):
        tasks.release(seated["bo"], view.id)
    with pytest.raises(NotForYou):
        tasks.hand_over(seated["bo"], view.id, grace.user_id or "")
    assert tasks.colleagues(seated["bo"], view.id) == []


def test_attendance_is_asked_for_each_member_and_the_panel_does_not_approve(
    case: Case, seated: dict[str, Viewer], grace: Viewer
) -> None:
    for task in open_at(case, "give_view"):
        viewer = next(v for v in seated.values() if v.user_id == task.claimed_by)
        finish(viewer, task, view="Yes.")
    (hearing,) = open_at(case, "record_hearing")
    asked = [f.row.label for f in tasks.get_open(grace, hearing.id).form.fields if f.row]
    assert sorted(asked) == ["Bo", "Di"]
    finish(grace, hearing, panel_agreed="yes", attended__1=True, attended__2=True)

    (approve,) = open_at(case, "approve")
    for viewer in seated.values():
        assert "give_view" in tasks.get_open(viewer, approve.id).not_for_you or (
            approve.team not in viewer.teams
        )


def test_all_members_count_as_having_done_it(
    case: Case, seated: dict[str, Viewer], grace: Viewer
) -> None:
    for task in open_at(case, "give_view"):
        finish(next(v for v in seated.values() if v.user_id == task.claimed_by), task, view="Yes.")
    (hearing,) = open_at(case, "record_hearing")
    finish(grace, hearing, panel_agreed="yes", attended__1=True, attended__2=False)
    (approve,) = open_at(case, "approve")
    deployed = deployments.of_instance(instance_of(case))
    for name in seated:
        insider = make_user(small.SMALL, f"{name}_x", teams=("complaints",))
        assert tasks.reason_against(deployed, approve, insider) == ""
    for viewer in seated.values():
        with pytest.raises(NotForYou, match="give_view"):
            tasks.independence.check(deployed, approve, viewer.user_id or "")


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        ("1 nobody", "There is no team called nobody."),
        ("9 directors", "a panel has at most 7 members"),
        ("some directors", "panel"),
    ],
)
def test_a_panel_that_cannot_be_is_refused_with_the_form(app: Flask, panel: str, said: str) -> None:
    changed = MEMBERS | {"properties": {"panel": panel}}
    found = "\n".join(in_words(problem) for problem in checking.check(files(changed)))
    assert said in found


def test_names_of_members_are_those_of_the_landlord_only(case: Case, landlord: str) -> None:
    stranger = make_user(landlord, "stranger")
    assert panels.members(case, [stranger.user_id or "", "nobody"]) == []


def test_independence_is_of_tasks_that_there_are(app: Flask) -> None:
    rules = {"panel": "1 directors", "not_the_handler_of": "investigate, nobody_does_this"}
    found = [in_words(p) for p in checking.check(files(MEMBERS | {"properties": rules}))]
    assert [said for said in found if "nobody_does_this" in said and "investigate" not in said]


TENANT = {
    "key": "tenant",
    "type": "select",
    "label": "Which tenant sits with us",
    "properties": {"person": "board_members", "seat": "true"},
}


def test_members_who_are_chosen_one_by_one_sit_on_a_panel_too(app: Flask) -> None:
    alone = small.files() | {
        "landlord.toml": (small.LANDLORD + TEAMS).encode(),
        "complaint.bpmn": diagram(
            start(), user("choose"), end("done"), flows("begun > choose > done")
        ),
        "forms/choose.form": small.form("choose", TENANT),
    }
    deployments.deploy(small.SMALL, alone)
    bo = member("bo", "board_members")
    deployed = deployments.live(small.SMALL)
    seats = panels.seats(deployed)
    assert [*seats.choosing] == ["choose"] and seats.facts == frozenset()
    answered = {"choose": {"tenant": bo.user_id}}
    assert seats.members({}, answered) == [bo.user_id]
    assert panels.seated(deployed, {}, answered) == [("Board member", "Bo")]
    assert seats.members({}, {}) == []


def test_a_seat_is_for_somebody_who_is_chosen(app: Flask) -> None:
    wrong = MEMBERS | {"type": "select", "properties": {"seat": "true"}, "values": []}
    found = "\n".join(in_words(problem) for problem in checking.check(files(wrong)))
    assert "a seat of a panel needs the property person" in found
