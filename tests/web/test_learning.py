"""The pages of what was learned."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Case, Conflict, Lesson
from app.services.references import spaced
from app.viewer import Viewer
from tests.conftest import make_user
from tests.services import elm_homes as elm

SignIn = Callable[[Viewer], FlaskClient]
PUBLIC = "We now ring within a day."
PAGE = f"/{elm.ELM}/learning"


@pytest.fixture
def manager(app: object) -> Viewer:
    return make_user(elm.deploy(), "helen", "manager", ("complaints",))


def answered(**said: str) -> Case:
    return elm.recorded("2026-11-02", elm.answer("2026-11-04", **said))


def lesson_id() -> str:
    return db.session.scalars(select(Lesson.id)).one()


def test_with_nothing_learned_both_pages_say_so(manager: Viewer, sign_in: SignIn) -> None:
    client = sign_in(manager)
    assert "No lesson yet" in client.get("/learning").text
    assert "No lesson is in “Published”" in client.get("/learning?show=published").text
    assert "Nothing is published yet" in client.get(PAGE).text


def test_a_manager_publishes_from_the_list_and_everybody_reads_it(
    manager: Viewer, sign_in: SignIn
) -> None:
    case = answered(lesson="We rang nobody.", lesson_public=PUBLIC)
    client = sign_in(manager)
    page = client.get("/learning").text
    assert spaced(case.reference) in page and "We rang nobody." in page
    assert PUBLIC not in client.get(PAGE).text
    done = client.post(f"/learning/{lesson_id()}/publish", follow_redirects=True).text
    assert "It is on the website now." in done and "by Helen" in done
    public = client.get(PAGE).text
    assert PUBLIC in public and "October to December 2026" in public
    for private in (case.reference, "Boateng", "We rang nobody.", "Helen"):
        assert private not in public
    client.post(f"/learning/{lesson_id()}/take-off")
    assert PUBLIC not in client.get(PAGE).text


def test_a_text_with_a_name_is_refused_and_kept(manager: Viewer, sign_in: SignIn) -> None:
    answered(lesson="We rang nobody.")
    client = sign_in(manager)
    typed = {"text": "Ms Boateng was not rung.", "pr_do": "publish"}
    answer = client.post(f"/learning/{lesson_id()}", data=typed)
    assert answer.status_code == 422
    assert "Take out “Boateng”" in answer.text and typed["text"] in answer.text
    empty = client.post(f"/learning/{lesson_id()}/publish")
    assert empty.status_code == 422 and "Write what residents may read" in empty.text
    assert "Nothing is published yet" in client.get(PAGE).text


def test_a_text_is_saved_for_later_then_published(manager: Viewer, sign_in: SignIn) -> None:
    answered(lesson="We rang nobody.")
    client = sign_in(manager)
    address = f"/learning/{lesson_id()}"
    client.post(address, data={"text": PUBLIC, "pr_do": "save"})
    assert PUBLIC in client.get(address).text and PUBLIC not in client.get(PAGE).text
    client.post(address, data={"text": "We ring now.", "pr_do": "publish"})
    assert "We ring now." in client.get(PAGE).text


def test_staff_and_auditors_read_without_buttons(manager: Viewer, sign_in: SignIn) -> None:
    answered(lesson="We rang nobody.", lesson_public=PUBLIC)
    for role in ("staff", "auditor"):
        page = sign_in(make_user(elm.ELM, role, role)).get("/learning").text
        assert "We rang nobody." in page and "/publish" not in page


def test_a_published_lesson_of_a_hidden_case_has_no_reference(
    manager: Viewer, sign_in: SignIn
) -> None:
    case = answered(lesson="We rang nobody.", lesson_public=PUBLIC)
    sign_in(manager).post(f"/learning/{lesson_id()}/publish")
    amira = make_user(elm.ELM, "kept_out")
    db.session.add(Conflict(landlord_id=elm.ELM, case_id=case.id, user_id=amira.user_id))
    db.session.commit()
    page = sign_in(amira).get("/learning").text
    assert PUBLIC in page
    assert spaced(case.reference) not in page and "We rang nobody." not in page


def test_the_page_is_linked_from_where_complaints_begin(
    manager: Viewer, client: FlaskClient
) -> None:
    assert f'href="{PAGE}"' in client.get(f"/{elm.ELM}/complain").text
    assert client.get("/nobody/learning").status_code == 404
