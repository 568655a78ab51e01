"""The process owners' pages."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.db import db
from app.engine import Procedure
from app.models import Instance
from app.services import contents, deployments
from app.services.outline import outline, pictures
from app.services.tables import tables
from app.services.workshop import versions as workshop
from app.viewer import Viewer
from app.web.thumbnail import thumbnail
from app.web.workshop import procedures as web_workshop
from tests.cases import first_team, recorded

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.fixture
def owner(person: Person, sign_in: SignIn) -> FlaskClient:
    return sign_in(person("olu", "process_owner"))


def procedure_of(landlord: str) -> Procedure:
    return deployments.live(landlord).procedure


def first_task(landlord: str) -> tuple[str, str]:
    """A user task: its id and the file it stands in."""
    element = next(e for e in procedure_of(landlord).elements.values() if e.kind == "userTask")
    return element.id, element.file


def renamed(landlord: str, to: str = "A new name") -> tuple[str, str, bytes]:
    """A file of the live version in which one task has another name."""
    task, file = first_task(landlord)
    body = deployments.live(landlord).files[file]
    pattern = rf'(id="{task}" name=")[^"]*'.encode()
    changed = re.sub(pattern, rf"\g<1>{to}".encode(), body)
    assert changed != body
    return task, file, changed


def send(
    client: FlaskClient, file: str, body: bytes, says: str = "A clearer name", name: str = ""
) -> tuple[int, str]:
    answer = client.post(
        "/procedures/upload",
        data={"file": file, "body": (io.BytesIO(body), name or file), "says": says},
        content_type="multipart/form-data",
        follow_redirects=True,
    )
    return answer.status_code, answer.text


def test_every_diagram_and_table_has_a_card(landlord: str, owner: FlaskClient) -> None:
    page = owner.get("/procedures").text
    deployed = deployments.live(landlord)
    for picture in pictures(deployed):
        assert f'href="/procedures/{picture.process}"' in page
    for table in tables(deployed):
        assert f'href="/procedures/{table}"' in page
    assert "Version 1" in page


def test_the_outline_has_every_element_once(landlord: str, owner: FlaskClient) -> None:
    deployed = deployments.live(landlord)
    for picture in pictures(deployed):
        told = [entry.id for entry in outline(deployed, picture.process)]
        drawn = [e.id for e in deployed.elements.values() if e.process == picture.process]
        assert sorted(told) == sorted(drawn)
        page = owner.get(f"/procedures/{picture.process}")
        assert page.status_code == 200
        assert all(f'id="{identifier}"' in page.text for identifier in told)


def test_a_deadline_stands_in_words(landlord: str, owner: FlaskClient) -> None:
    for element in procedure_of(landlord).elements.values():
        if element.expression and "working_days(" in element.expression:
            page = owner.get(f"/procedures/{element.process}").text
            assert re.search(r"<b>\d+ working days? (after|before) ", page)


def test_a_decision_table_shows_every_row(landlord: str, owner: FlaskClient) -> None:
    for table in tables(deployments.live(landlord)).values():
        page = owner.get(f"/procedures/{table.id}").text
        assert page.count('<th scope="row"') == len(table.rows) > 0


def test_small_pictures_hold_shapes_and_no_words(landlord: str) -> None:
    for path, body in deployments.live(landlord).files.items():
        if path.endswith(".bpmn"):
            svg = thumbnail(body)
            tags = set(re.findall(r"<([a-z]+)", svg))
            assert tags <= {"svg", "polyline", "rect", "circle", "polygon"}
            assert not re.search(r'points="[^"]*[^-0-9., "]', svg)


def test_a_source_is_given_as_a_file_of_its_version(landlord: str, owner: FlaskClient) -> None:
    _, file = first_task(landlord)
    answer = owner.get(f"/procedures/source/1/{file}")
    assert answer.data == deployments.live(landlord).files[file]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert owner.get("/procedures/source/1/landlord.toml").status_code == 404
    assert owner.get("/procedures/source/9/" + file).status_code == 404
    assert owner.get("/procedures/source/1/../../etc/passwd").status_code == 404


def test_a_good_change_is_live_and_named_and_open_cases_stay_where_they_are(
    landlord: str, owner: FlaskClient
) -> None:
    case = recorded(landlord)
    before = db.session.query(Instance.deployment_id).filter_by(case_id=case.id).scalar()
    task, file, body = renamed(landlord)
    status, page = send(owner, file, body)
    assert status == 200
    assert "Version 2 is live" in page and "A new name" in page and task in page
    assert "Open cases stay on the version they began with" in page
    assert procedure_of(landlord).elements[task].name == "A new name"
    assert db.session.query(Instance.deployment_id).filter_by(case_id=case.id).scalar() == before
    assert "What changed" not in owner.get("/procedures").text  # told once

    old = owner.get("/procedures?version=1").text
    assert "no longer for new cases" in old
    assert "A new name" not in owner.get(f"/procedures/source/1/{file}").text


def test_problems_stand_at_the_field_with_file_and_element(
    landlord: str, owner: FlaskClient
) -> None:
    task, file = first_task(landlord)
    form = procedure_of(landlord).elements[task].form or ""
    body = (
        deployments.live(landlord)
        .files[file]
        .replace(f'formKey="{form}"'.encode(), b'formKey="no_such_form"')
    )
    status, page = send(owner, file, body)
    assert status == 422
    at_field = page[page.index('id="body-error"') :]
    assert f"{file}, {task}:" in at_field and "no_such_form" in at_field
    assert "A clearer name" in page  # what was typed is kept
    assert len(deployments.history(landlord)) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Choose a file"),
        (b"hello", "not well-formed"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "DOCTYPE"),
        (b"x" * 1_001, "larger than 2 MB"),
    ],
)
def test_what_is_no_diagram_is_refused(
    landlord: str, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch, body: bytes, says: str
) -> None:
    monkeypatch.setattr(web_workshop, "LARGEST", 1_000)
    _, file = first_task(landlord)
    status, page = send(owner, file, body)
    assert status == 422 and says in page
    assert len(deployments.history(landlord)) == 1


def test_only_a_file_that_is_there_can_be_replaced(landlord: str, owner: FlaskClient) -> None:
    _, file, body = renamed(landlord)
    for name in ("landlord.toml", "new.bpmn", "../app.py", ""):
        status, page = send(owner, name, body)
        assert status == 422 and "Choose which file yours replaces" in page
    status, page = send(owner, file, body, name="table.dmn")
    assert status == 422 and ".bpmn" in page
    status, page = send(owner, file, body, says=" ")
    assert status == 422 and "Say what you changed" in page


def test_the_same_file_again_publishes_nothing(landlord: str, owner: FlaskClient) -> None:
    _, file = first_task(landlord)
    status, page = send(owner, file, deployments.live(landlord).files[file])
    assert status == 200 and "Nothing was published" in page
    assert len(deployments.history(landlord)) == 1


def test_changes_name_what_is_new_gone_and_different(landlord: str, person: Person) -> None:
    before = deployments.live(landlord)
    task, file, body = renamed(landlord)
    after = deployments.Deployed(landlord, "", contents.Contents({**before.files, file: body}))
    told = list(workshop.changes(before, after))
    assert any(task in line and "A new name" in line for line in told)
    assert list(workshop.changes(before, before)) == []


def test_staff_see_the_procedure_but_cannot_publish(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(person("amira", teams=(first_team(landlord),)))
    assert "/procedures/upload" not in client.get("/procedures").text
    assert client.get("/procedures/upload").status_code == 403
