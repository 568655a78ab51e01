"""Help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import deployments
from app.settings import Settings
from app.viewer import ROLES, Role, Viewer
from app.web.help_pages import PAGE_LINK, TEXTS
from tests.conftest import make_user

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_its_own_help_and_every_link_of_it_opens(
    role: Role, landlord: str, person: Person, sign_in: SignIn, app: Flask
) -> None:
    client = sign_in(person("somebody", role))
    page = client.get("/help")
    assert page.status_code == 200
    assert f"What you do here: {ROLES[role][0].lower()}{ROLES[role][1:]}" in page.text
    assert "(page:" not in page.text
    with app.test_request_context():
        for link in PAGE_LINK.finditer((TEXTS / f"{role}.md").read_text()):
            address = app.url_for(link[2])
            assert f'href="{address}"' in page.text
            if link[2] != "help.drawing":
                assert client.get(address).status_code == 200, address


def test_the_policy_and_the_teams_telephones_are_named(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    known = deployments.landlord(landlord)
    page = sign_in(person("amira")).get("/help").text
    assert known.policy_title in page
    assert all(team.phone in page for team in known.teams.values())


def test_an_administrator_of_no_landlord_finds_help_too(landlord: str, sign_in: SignIn) -> None:
    assert sign_in(make_user(None, "root", "administrator")).get("/help").status_code == 200


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "processes").mkdir()
    return Settings(
        instance_dir=tmp_path / "instance",
        processes_dir=tmp_path / "processes",
        heartbeat=False,
    )


def test_how_to_draw_is_a_page_and_runs_nothing(
    settings: Settings, landlord: str, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(person("olu", "process_owner"))
    assert client.get("/help/procedures").status_code == 404
    (settings.processes_dir / "README.md").write_text(
        "# Drawing\n\n## Elements\n\n<script>alert(1)</script>\n\n![a box](box.png)\n\n"
        "[bad](javascript:alert(1)) [beside](landlord/) [out](https://example.org)\n\n"
        "![ours](pictures/task.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    page = client.get("/help/procedures").text
    assert "<h1>Drawing</h1>" in page and '<a href="#part-1">Elements</a>' in page
    assert "<script>alert" not in page and 'href="javascript' not in page
    assert "<em>a box</em>" in page and page.count("<img") == 1
    assert "<span>beside</span>" in page and '<a href="https://example.org">out</a>' in page
    assert '<table class="pr-table">' in page


def test_only_pictures_are_given_out(
    settings: Settings, landlord: str, person: Person, sign_in: SignIn
) -> None:
    client = sign_in(person("olu", "process_owner"))
    (settings.processes_dir / "pictures").mkdir()
    (settings.processes_dir / "pictures" / "task.png").write_bytes(b"\x89PNG")
    (settings.processes_dir / "pictures" / "task.html").write_text("<script>")
    with client.get("/help/pictures/task.png") as answer:
        assert answer.data == b"\x89PNG" and answer.mimetype == "image/png"
    for name in ("task.html", "..%2FREADME.md", "none.png"):
        assert client.get(f"/help/pictures/{name}").status_code == 404
