"""The points of a case: ours or not, joined or a case of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.errors import BadInput, DeploymentRefused, NotAllowed, NotFound
from app.models import Case, CaseLink, Conflict, Letter, Point
from app.services import cases, kept_out, links, new_points, people, points, rows, tasks
from app.services.access import instance_of
from app.viewer import Viewer
from tests.cases import first_team, london
from tests.forms.form_kit import component
from tests.redrawn import (
    FINDINGS,
    WHOSE,
    answer_all,
    begun,
    deploy_small,
    each_point,
    finish,
    task_at,
)

Make = Callable[..., Viewer]


@pytest.fixture
def officer(person: Make, landlord: str) -> Viewer:
    deploy_small(landlord, look=(each_point(*WHOSE),))
    return person("grace", teams=(first_team(landlord),))


def of(case: Case) -> list[Point]:
    db.session.expire_all()
    return points.of_case(db.session(), db.session.get_one(Case, (case.landlord_id, case.id)))


def asked(viewer: Viewer, case: Case, element: str) -> list[str]:
    form = tasks.get_open(viewer, task_at(case, element).id).form
    return [field.key for field in form.fields]


def letter_text(case: Case) -> str:
    return str(db.session.scalars(select(Letter.blocks).where(Letter.case_id == case.id)).all())


# --- ours or not ours ----------------------------------------------------------------------------


def test_a_point_that_is_not_ours_is_not_answered_and_the_letter_says_who_can_help(
    landlord: str, officer: Viewer
) -> None:
    case = begun(landlord)
    assert asked(officer, case, "look") == ["ours__1", "whose__1", "ours__2", "whose__2"]
    finish(officer, case, "look", ours__1="yes", ours__2="no", whose__2="Stockport Council")

    assert [(p.ours, p.whose) for p in of(case)] == [("yes", ""), ("no", "Stockport Council")]
    assert asked(officer, case, "write_answer") == ["findings__1", "outcome__1"]
    finish(officer, case, "write_answer", findings__1="We mended it.", outcome__1="upheld")
    assert "The bins — who can help: Stockport Council" in letter_text(case)
    assert "2. The bins" not in letter_text(case)


def test_a_letter_goes_also_when_no_point_is_ours(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    said = {f"ours__{p.n}": "no" for p in of(case)} | {
        f"whose__{p.n}": "The Council" for p in of(case)
    }
    finish(officer, case, "look", **said)
    finish(officer, case, "write_answer")

    text = letter_text(case)
    assert "Nothing of what you told us is ours to answer" in text
    assert "The leak — who can help: The Council" in text


def test_a_form_that_asks_whose_it_is_asks_about_all_and_leaves_out_the_findings(
    landlord: str, officer: Viewer
) -> None:
    hidden = [part | {"conditional": {"hide": '=ours = "no"'}} for part in FINDINGS]
    deploy_small(landlord, write_answer=(each_point(*WHOSE, *hidden),))
    case = begun(landlord)
    finish(officer, case, "look")
    said = {"ours__1": "yes", "findings__1": "Mended.", "outcome__1": "upheld", "ours__2": "no"}
    task = task_at(case, "write_answer")
    open_task = tasks.get_open(officer, task.id)
    typed = open_task.form.definition.as_typed(
        said, rows.asked(db.session(), open_task.case, open_task.form.definition, {})
    )
    tried = tasks.get_open(officer, task.id, tasks.Typed([(k, v[0]) for k, v in typed.items()]))
    shown = tasks.preview(officer, tried)
    assert shown is not None and shown.missing == () and "The bins" in str(shown.to_json())

    finish(officer, case, "write_answer", **said)
    assert [(p.ours, p.outcome) for p in of(case)] == [("yes", "upheld"), ("no", "")]
    assert "who can help" not in letter_text(case) and "The bins" in letter_text(case)


def test_points_keep_their_numbers_when_one_is_left_out(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    finish(officer, case, "look", ours__1="no", ours__2="yes")

    form = tasks.get_open(officer, task_at(case, "write_answer").id).form
    assert {(field.number, field.key) for field in form.fields} == {
        (2, "findings__2"),
        (2, "outcome__2"),
    }


@pytest.mark.parametrize(
    ("form", "part", "says"),
    [
        ("look", component("radio", "ours", values="yes no"), "belongs in a group with for_each"),
        ("look", each_point(component("radio", "ours", values="yes maybe")), "not maybe"),
        ("look", each_point(component("textfield", "ours")), "must be a radio group or select"),
        ("look", component("radio", "permission_how", values="written pigeon"), "not pigeon"),
        ("look", component("textfield", "permission_until"), "must be a date"),
        ("look", component("textfield", "gets_letters"), "must be a radio group or select or a"),
        (
            "look",
            component("select", "about", values="a b", properties={"keeps_out": "true"}),
            "keeps_out needs the property person",
        ),
        (
            "look",
            component("select", "about", properties={"keeps_out": "true", "person": "nobody"}),
            "no team called nobody",
        ),
    ],
)
def test_lint_says_how_a_known_key_must_be_asked(
    landlord: str, form: str, part: dict[str, Any], says: str
) -> None:
    with pytest.raises(DeploymentRefused) as refused:
        deploy_small(landlord, **{form: (part,)})
    assert says in str(refused.value)


# --- joined, or a case of its own ----------------------------------------------------------------


def test_a_point_joins_until_the_answer_has_gone(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    new_points.add(officer, case.reference, "The lift")
    assert [p.text for p in of(case)] == ["The leak", "The bins", "The lift"]
    assert "findings__3" not in asked(officer, case, "look")
    answer_all(officer, case)

    can = new_points.joining(db.session.get_one(Case, (landlord, case.id)))
    assert not can.allowed and "Tuesday 24 November 2026" in can.why
    with pytest.raises(BadInput, match="It cannot join"):
        new_points.add(officer, case.reference, "The door")
    new = new_points.add(officer, case.reference, "The door", own=True)
    assert new is not None and [p.text for p in of(new)] == ["The door"]


def test_the_same_words_twice_are_one_point_and_one_case(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    for text in ("The lift", " the LIFT "):
        new_points.add(officer, case.reference, text)
    assert len(of(case)) == 3
    new = [new_points.add(officer, case.reference, "The door", own=True) for _ in range(2)]

    assert new[0] is not None and new[1] is not None and new[0].id == new[1].id
    assert db.session.scalar(select(func.count()).select_from(Case)) == 2


def test_a_point_becomes_a_case_of_its_own_with_its_own_clock(
    landlord: str, officer: Viewer, clock: SetClock
) -> None:
    case = begun(landlord, representative_name="Sam Lee")
    people.add_new(officer, case.reference, {"name": "Kofi Mensah"})
    clock.move_to(london("2026-11-27 10:00"))
    new = new_points.make_own(officer, case.reference, 2, date(2026, 11, 26))

    assert (new.kind, new.received_on) == ("complaint", date(2026, 11, 26))
    assert instance_of(new).facts["raised_on"] == "2026-11-26"
    assert instance_of(new).facts["about_repairs"] is True
    names = {p.person.name for p in new.parties}
    assert names == {"Kezia Boateng", "Kofi Mensah", "Sam Lee"}
    assert [p.text for p in of(new)] == ["The bins"]
    assert of(case)[1].moved_to == new.id
    finish(officer, case, "look")
    assert asked(officer, case, "write_answer") == ["findings__1", "outcome__1"]
    finish(officer, case, "write_answer", findings__1="We looked.", outcome__1="upheld")
    assert "The bins" not in letter_text(case)

    for one, other, words in ((case, new, "Split off as"), (new, case, "Split from")):
        linked = links.links_of(officer, db.session.get_one(Case, (landlord, one.id)))
        assert [(found.case.id, found.words) for found in linked] == [(other.id, words)]
    told = [line.title for line in cases.page(officer, case.reference).timeline]
    assert "A point became a case of its own" in told
    told = [line.title for line in cases.page(officer, new.reference).timeline]
    assert "Split from another case" in told
    assert new_points.make_own(officer, case.reference, 2).id == new.id


@pytest.mark.parametrize(
    ("day", "says"),
    [(date(2026, 11, 25), "today or earlier"), (date(2026, 11, 23), "cannot be older")],
)
def test_a_point_is_raised_between_the_complaint_and_today(
    landlord: str, officer: Viewer, day: date, says: str
) -> None:
    case = begun(landlord)
    with pytest.raises(BadInput, match=says):
        new_points.make_own(officer, case.reference, 1, day)
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_what_is_answered_not_ours_or_the_last_stays(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    finish(officer, case, "look", ours__2="no", whose__2="The Council")
    for n, says in ((1, "only point"), (2, "not ours")):
        with pytest.raises(BadInput, match=says):
            new_points.make_own(officer, case.reference, n)
    with pytest.raises(NotFound):
        new_points.make_own(officer, case.reference, 9)


def test_a_closed_case_takes_no_new_point(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    answer_all(officer, case)
    finish(officer, case, "after")

    can = new_points.joining(db.session.get_one(Case, (landlord, case.id)))
    assert not can.allowed and "closed" in can.why
    assert new_points.add(officer, case.reference, "The door", own=True) is not None


def test_only_who_may_work_on_the_case_adds_or_splits(
    landlord: str, officer: Viewer, person: Make
) -> None:
    case = begun(landlord)
    auditor = person("ada", role="auditor")
    kept_out.keep_out(officer, case.reference, officer.user_id or "", "My aunt")
    for viewer, error in ((auditor, NotAllowed), (officer, NotFound)):
        with pytest.raises(error):
            new_points.add(viewer, case.reference, "The door")
        with pytest.raises(error):
            new_points.make_own(viewer, case.reference, 1)


# --- linked cases --------------------------------------------------------------------------------


def test_who_is_kept_out_of_a_case_is_kept_out_of_those_linked_with_it(
    landlord: str, officer: Viewer, person: Make
) -> None:
    tom, tina = (person(name, teams=(first_team(landlord),)) for name in ("tom", "tina"))
    case = begun(landlord)
    kept_out.keep_out(officer, case.reference, tom.user_id or "", "Complained about")
    new = new_points.make_own(officer, case.reference, 2)
    kept_out.keep_out(officer, new.reference, tina.user_id or "", "Complained about, too")

    for viewer in (tom, tina):
        assert cases.search(viewer)[1] == 0
    rows = db.session.execute(select(Conflict.case_id, Conflict.user_id)).all()
    assert {tuple(row) for row in rows} == {
        (c.id, v.user_id) for c in (case, new) for v in (tom, tina)
    }


def test_a_linked_case_is_shown_only_to_who_may_see_it(
    landlord: str, officer: Viewer, person: Make
) -> None:
    tom = person("tom", teams=(first_team(landlord),))
    case, other = begun(landlord), begun(landlord)
    db.session.add_all(
        [
            CaseLink(landlord_id=landlord, case_id=other.id, other_id=case.id, kind="about"),
            Conflict(landlord_id=landlord, case_id=other.id, user_id=tom.user_id),
        ]
    )
    db.session.commit()

    assert [found.words for found in links.links_of(officer, case)] == ["Asked about in"]
    assert links.links_of(tom, case) == []


def test_what_the_ombudsman_found_of_a_point_is_its_outcome(landlord: str, officer: Viewer) -> None:
    case = begun(landlord)
    first = of(case)[0].n
    points.answered(db.session(), case, {f"determination__{first}": "service failure"})
    db.session.flush()
    assert of(case)[0].outcome == "service failure"
