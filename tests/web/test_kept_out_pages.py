"""Naming a colleague who must not see a case."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient

from app.db import db
from app.models import Task
from app.services import tasks
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded
from tests.forms.form_kit import component
from tests.redrawn import SAID, begun, deploy_small, task_at, with_more

Make = Callable[..., Viewer]
SignIn = Callable[[Viewer], FlaskClient]
ABOUT = component("checklist", "about", properties={"person": "*", "keeps_out": "true"})
OUT = "You are kept out of that case from now on."


def test_who_is_named_loses_the_case_and_its_tasks(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    grace, tom = (person(name, teams=(first_team(landlord),)) for name in ("grace", "tom"))
    case = recorded(landlord)
    task = open_task(case)
    tasks.claim(tom, task.id)
    address = f"/cases/{case.reference}/kept-out"
    client = sign_in(grace)
    wrong = client.post(address, data={"user_id": tom.user_id, "reason": " "})
    assert wrong.status_code == 422 and "Say why" in wrong.text

    named = client.post(
        address, data={"user_id": tom.user_id, "reason": "A neighbour"}, follow_redirects=True
    )
    assert "cannot find, open or be given the case" in named.text
    assert "A neighbour" in client.get(address).text
    db.session.expire_all()
    assert db.session.get_one(Task, (landlord, task.id)).claimed_by is None

    client.post("/sign-out")
    client = sign_in(tom)
    assert client.get(f"/cases/{case.reference}").status_code == 404
    assert client.get(address).status_code == 404
    assert case.resident.name not in client.get("/inbox").text


def test_one_may_name_oneself(landlord: str, person: Make, sign_in: SignIn) -> None:
    grace = person("grace", teams=(first_team(landlord),))
    case = recorded(landlord)

    answer = sign_in(grace).post(
        f"/cases/{case.reference}/kept-out",
        data={"user_id": grace.user_id, "reason": "My aunt"},
        follow_redirects=True,
    )

    assert "You are kept out of that case" in answer.text
    assert case.resident.name not in answer.text


def test_who_names_oneself_in_a_form_is_led_out_with_a_plain_sentence(
    landlord: str, person: Make, sign_in: SignIn
) -> None:
    deploy_small(landlord, **with_more("record", ABOUT), **with_more("look", ABOUT))
    grace = person("grace", teams=(first_team(landlord),))
    client = sign_in(grace)
    key = {"pr_person": "new", "pr_key": "a" * 32, "about": grace.user_id}
    for _ in range(2):  # a double click
        answer = client.post(
            "/record", data=SAID | key | {"about_repairs": "true"}, follow_redirects=True
        )
        assert answer.status_code == 200 and OUT in answer.text
        assert "Kezia" not in answer.text

    case = begun(landlord)
    at = f"/tasks/{task_at(case, 'look').id}"
    answer = client.post(at, data={"about": grace.user_id}, follow_redirects=True)
    assert answer.status_code == 200 and OUT in answer.text and "Kezia" not in answer.text
    again = client.post(at, data={"about": grace.user_id}, follow_redirects=True)
    assert again.status_code == 200 and "You have already finished this task." in again.text
    assert client.get(at).status_code == 404
