"""The resident's private link in a letter, and the letter that asks how we did."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import db
from app.models import Case, Letter
from app.services import deployments, letters, private_links
from app.services.access import instance_of
from app.services.deployments import read_folders
from app.settings import ROOT
from app.viewer import Viewer
from tests.conftest import LANDLORD
from tests.services import elm_homes as elm


@pytest.fixture
def case(app: Flask) -> Case:
    elm.deploy()
    return elm.recorded("2026-11-02", elm.answer("2026-11-04"))


def composed(case: Case, letter: str) -> str:
    deployed = deployments.of_instance(instance_of(case))
    filled = letters.compose(db.session(), case, deployed, letter, {}, Viewer(elm.ELM), {}, [])
    return str(filled.to_json())


def test_the_link_in_a_letter_opens_the_residents_page(case: Case, client: FlaskClient) -> None:
    link = private_links.status_link(case)
    assert link in str(db.session.scalars(select(Letter)).one().blocks)
    page = client.get(urlsplit(link).path)
    assert page.status_code == 200 and "What you can do now" in page.text
    assert "Tell us how we did" in page.text


def test_a_link_that_was_replaced_or_switched_off_is_never_printed(case: Case) -> None:
    assert private_links.status_link(case)
    for hashed in (private_links.hash_token("another"), None):
        case.link_hash = hashed
        assert private_links.status_link(case) == ""
        assert "/status/" not in composed(case, "notice")
        assert "/status/" not in composed(case, "satisfaction")


def test_a_case_that_never_had_a_link_of_its_own_prints_none(case: Case) -> None:
    case.submission_key = None
    assert private_links.status_link(case) == ""


def test_a_letter_to_somebody_else_never_carries_it(app: Flask) -> None:
    notice = elm.NOTICE.replace('to = "resident"', 'to = "council"').encode()
    deployments.deploy(elm.ELM, elm.files() | {"letters/notice.md": notice})
    case = elm.recorded("2026-11-02")
    assert "/status/" not in composed(case, "notice")


def test_the_letter_that_asks_says_how_to_answer_and_that_nobody_must(case: Case) -> None:
    said = composed(case, "satisfaction")
    assert private_links.status_link(case) in said
    assert "0161 496 0999" in said and "You do not have to answer" in said
    assert "{{" not in said


def test_a_landlords_own_file_wins_over_a_shared_one(tmp_path: Path) -> None:
    for path, body in (
        (f"{LANDLORD}/landlord.toml", "x"),
        (f"{LANDLORD}/letters/satisfaction.md", "our own"),
        ("shared/letters/satisfaction.md", "for all"),
        ("shared/letters/another.md", "for all"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(body)
    files = read_folders(LANDLORD, tmp_path, tmp_path / "none")
    assert files["letters/satisfaction.md"] == b"our own"
    assert files["letters/another.md"] == b"for all"


def test_the_shared_letter_and_form_reach_every_landlord() -> None:
    files = read_folders(LANDLORD, ROOT / "processes", ROOT / "forms" / "definitions")
    assert {"letters/satisfaction.md", "forms/satisfaction.form"} <= files.keys()


def test_a_link_stays_the_same_for_a_double_click(case: Case) -> None:
    key = case.submission_key or ""
    assert private_links.link_token(elm.ELM, key) == private_links.link_token(elm.ELM, key)
    assert private_links.link_token(elm.ELM, key) != private_links.link_token("oak-homes", key)
