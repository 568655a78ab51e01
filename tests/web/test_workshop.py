"""The process owners' pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.engine import Procedure
from app.services import contents, deployments
from app.services.outline import outline, pictures
from app.services.tables import tables
from app.services.workshop import versions as workshop
from app.viewer import Viewer
from app.web.thumbnail import thumbnail
from tests.cases import first_team

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


def test_changes_name_what_is_new_gone_and_different(landlord: str, person: Person) -> None:
    before = deployments.live(landlord)
    task, file, body = renamed(landlord)
    after = deployments.Deployed(landlord, "", contents.Contents({**before.files, file: body}))
    told = list(workshop.changes(before, after))
    assert any(task in line and "A new name" in line for line in told)
    assert list(workshop.changes(before, before)) == []


def test_staff_see_the_procedure_but_no_drafts(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(person("amira", teams=(first_team(landlord),)))
    assert "/procedures/drafts" not in client.get("/procedures").text
    assert client.get("/procedures/drafts").status_code == 403
