"""A case that names staff keeps them out, from the moment a form names them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.db import db
from app.errors import DeploymentRefused, NotFound
from app.models import Conflict, Event
from app.services import cases, inbox, sweep, tasks
from app.viewer import Viewer
from tests.cases import first_team
from tests.forms.form_kit import component
from tests.redrawn import begun, deploy_small, finish, task_at, with_more

Make = Callable[..., Viewer]
ABOUT = component("checklist", "about", properties={"person": "*", "keeps_out": "true"})


@pytest.fixture
def people(person: Make, landlord: str) -> dict[str, Viewer]:
    """Colleagues of the first team, and one of none."""
    deploy_small(landlord, **with_more("record", ABOUT), **with_more("look", ABOUT))
    team = first_team(landlord)
    return {name: person(name, teams=(team,)) for name in ("grace", "tom", "tina")} | {
        "zed": person("zed")
    }


def out_of(case_id: str) -> set[str]:
    db.session.expire_all()
    return set(db.session.scalars(select(Conflict.user_id).where(Conflict.case_id == case_id)))


def test_a_star_offers_all_active_colleagues_of_the_landlord(
    landlord: str, people: dict[str, Viewer]
) -> None:
    case = begun(landlord)
    form = tasks.get_open(people["grace"], task_at(case, "look").id).form
    field = next(field for field in form.fields if field.key == "about")

    names = [option.label for option in field.options]
    assert {"Grace", "Tom", "Tina", "Zed", "Amira"} == set(names)


def test_who_is_named_when_it_is_recorded_never_sees_it(
    landlord: str, people: dict[str, Viewer]
) -> None:
    case = begun(landlord, about=[people["tom"].user_id, people["zed"].user_id])

    assert out_of(case.id) == {people["tom"].user_id, people["zed"].user_id}
    for name in ("tom", "zed"):
        with pytest.raises(NotFound):
            cases.page(people[name], case.reference)
    assert inbox.inbox(people["tom"], inbox.Filter()).groups == []
    told = [line.title for line in cases.page(people["grace"], case.reference).timeline]
    assert {"Kept out of the case: Tom", "Kept out of the case: Zed"} <= set(told)


def test_who_is_named_in_a_task_loses_claimed_tasks_and_is_named_once(
    landlord: str, people: dict[str, Viewer]
) -> None:
    case = begun(landlord, representative_name="Sam Lee", about=[people["tina"].user_id])
    finish(people["grace"], case, "look", about=[people["tom"].user_id, people["tina"].user_id])
    assert out_of(case.id) == {people["tom"].user_id, people["tina"].user_id}
    actions = db.session.scalars(select(Event.action)).all()
    assert actions.count("kept_out") == 2


def test_a_claimed_task_goes_back_to_the_team(landlord: str, people: dict[str, Viewer]) -> None:
    deploy_small(landlord, **with_more("ask_permission", ABOUT))
    case = begun(landlord, representative_name="Sam Lee")
    tasks.claim(people["tom"], task_at(case, "look").id)
    sweep.run_due()
    finish(people["grace"], case, "ask_permission", about=[people["tom"].user_id])

    assert task_at(case, "look").claimed_by is None


def test_nobody_who_is_kept_out_is_given_a_task_that_was_meant_for_them(
    landlord: str, people: dict[str, Viewer]
) -> None:
    chosen = component("select", "officer", properties={"person": first_team(landlord)})
    deploy_small(
        landlord,
        drawn={"after": {"assigned_in": "look"}},
        look=(chosen,),
        **with_more("write_answer", ABOUT),
    )
    tom, tina = people["tom"].user_id, people["tina"].user_id
    given, kept = begun(landlord, points="The leak"), begun(landlord, points="The leak")
    for case, about in ((given, [tina]), (kept, [tom])):
        finish(people["grace"], case, "look", officer=tom)
        said = {"findings__1": "We looked.", "outcome__1": "upheld"}
        finish(people["grace"], case, "write_answer", about=about, **said)

    assert task_at(given, "after").claimed_by == tom
    assert task_at(kept, "after").claimed_by is None


def test_a_form_for_the_public_may_not_list_colleagues(landlord: str) -> None:
    with pytest.raises(DeploymentRefused, match="lists colleagues by name"):
        deploy_small(
            landlord, drawn={"begun": {"public_form": "record"}}, **with_more("record", ABOUT)
        )
