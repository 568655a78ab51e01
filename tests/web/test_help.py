"""Help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.services import deployments
from app.services.coverage import Row, coverage
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
    live = deployments.live(landlord)
    page = sign_in(person("amira")).get("/help").text
    assert live.contents.policy and live.contents.policy.title in page
    assert 'href="/help/policy"' in page
    assert all(team.phone in page for team in live.landlord.teams.values())


def test_an_administrator_of_no_landlord_finds_help_too(landlord: str, sign_in: SignIn) -> None:
    assert sign_in(make_user(None, "root", "administrator")).get("/help").status_code == 200


def with_rules(landlord: str, more: str) -> list[Row]:
    """The rows of the landlord's policy with more paragraphs, which are then live."""
    files = dict(deployments.live(landlord).files)
    files["policy.toml"] += more.encode()
    deployments.deploy(landlord, files)
    return coverage(deployments.live(landlord))


def test_everybody_reads_the_policy_paragraph_by_paragraph(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    rows = coverage(deployments.live(landlord))
    drawn = next(c for row in rows for c in row.carried_by if c.kind == "deadline")
    link = f'href="/procedures/{drawn.page}#{drawn.anchor}"'
    for role in ROLES:
        page = sign_in(person(f"some_{role}", role)).get("/help/policy").text
        assert all(f'id="p-{row.number}"' in page for row in rows)
        assert (link in page) == (role != "administrator")  # who may not open the diagrams


def test_a_rule_that_nothing_carries_is_shown_and_can_be_asked_for(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    rows = with_rules(
        landlord,
        """
        ["99.1"]
        says = "Nobody does this yet."
        ["99.2"]
        says = "Be kind."
        nothing_because = "A wish."
        """,
    )
    client = sign_in(person("ruth", "auditor"))
    holes = client.get("/help/policy?show=hole").text
    assert "Nobody does this yet." in holes and "Not carried out yet" in holes
    assert "Be kind." not in holes
    reasons = client.get("/help/policy?show=nothing").text
    assert "Nothing needed. A wish." in reasons and "Nobody does this yet." not in reasons
    drawn = client.get("/help/policy?show=diagram").text
    shown = {row.number for row in rows if f'id="p-{row.number}"' in drawn}
    assert shown == {row.number for row in rows if row.way == "diagram"} != set()


def test_the_policy_is_searched_by_number_words_and_what_carries_it(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    rows = with_rules(landlord, '\n["99.1"]\nsays = "Feed the office cat."\n')
    client = sign_in(person("ruth", "auditor"))
    for asked in ("99.1", "OFFICE cat"):
        page = client.get("/help/policy", query_string={"q": asked}).text
        assert [row.number for row in rows if f'id="p-{row.number}"' in page] == ["99.1"]
    row = next(row for row in rows if row.carried_by)
    page = client.get("/help/policy", query_string={"q": row.carried_by[0].element}).text
    assert f'id="p-{row.number}"' in page and "office cat" not in page
    assert "No rule fits" in client.get("/help/policy?q=no-such-words").text


def test_neighbouring_policies_stand_under_the_table(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    files = dict(deployments.live(landlord).files)
    files["landlord.toml"] += b"""
        [[policies]]
        name = "Policy on Cats"
        about = "For cats of residents."
    """
    deployments.deploy(landlord, files)
    page = sign_in(person("amira")).get("/help/policy").text
    assert "<dt>Policy on Cats</dt><dd>For cats of residents.</dd>" in page


def test_without_a_list_of_paragraphs_the_page_says_so(
    landlord: str, person: Person, sign_in: SignIn
) -> None:
    files = dict(deployments.live(landlord).files)
    del files["policy.toml"]
    deployments.deploy(landlord, files)
    client = sign_in(person("amira"))
    assert "The paragraphs are not listed yet" in client.get("/help/policy").text
    assert "/help/policy" not in client.get("/help").text
    assert client.get("/procedures").status_code == 200


def test_an_administrator_of_no_landlord_has_no_policy(landlord: str, sign_in: SignIn) -> None:
    answer = sign_in(make_user(None, "root", "administrator")).get("/help/policy")
    assert answer.status_code == 404 and "Choose a landlord" in answer.text


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
