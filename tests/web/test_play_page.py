"""The pages of playing a draft: the real forms, errors at the field, nothing real touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.models import Case
from app.services.workshop import drafts, scenes
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user

SignIn = Callable[[Viewer], FlaskClient]


@pytest.fixture(autouse=True)
def no_scene_is_known() -> Iterator[None]:
    scenes._scenes.clear()
    yield
    scenes._scenes.clear()


@pytest.fixture
def olu(app: Flask) -> Viewer:
    small.deploy()
    return make_user(small.SMALL, "olu", "process_owner")


@pytest.fixture
def at(olu: Viewer) -> str:
    """The address of the page."""
    return f"/procedures/drafts/{drafts.begin(olu, 'To be played')}/play"


def asked_from(page: str, words: str) -> str:
    """The address behind a link of the page."""
    found = re.search(rf'href="([^"]+)">{words}</a>', page)
    assert found, page
    return found[1].replace("&amp;", "&")


def test_a_case_is_played_from_page_to_page(olu: Viewer, at: str, sign_in: SignIn) -> None:
    client = sign_in(olu)
    assert "Play a made-up case" in client.get(at).text
    chosen = client.post(f"{at}/begin", data={"how": "complaint staff", "on": "2026-01-05"})
    form = client.get(chosen.location)
    assert "Alex, Complaints team" in form.text and 'name="resident_name"' in form.text
    done = client.post(chosen.location, data={"resident_name": "Kezia Boateng"})
    assert done.status_code == 303, done.text
    page = client.get(at).text
    assert "Mon 5 Jan 2026, 9:00am" in page and "Act as: Complaints team" in page
    answer = asked_from(page, "answer")
    refused = client.post(answer, data={"pr_who": "complaints/casey", "next_place": "ombudsman"})
    assert refused.status_code == 422
    assert "It lacks" in refused.text and re.search(r'casey"\s+selected', refused.text)
    assert client.post(answer, data={"pr_claims": "1"}).status_code == 303
    page = client.get(at).text
    assert "Claimed: answer" in page and "Act as: Alex, Complaints team" in page
    assert "Only claim it" not in client.get(answer).text
    client.post(f"{at}/undo", data={"seen": 2})
    more = client.post(asked_from(page, "Send more information"), data={"text": " "})
    assert more.status_code == 422 and "You act as the resident." in more.text
    said = {"answer": "You are right.", "next_place": "ombudsman"}
    assert client.post(answer, data=said).status_code == 303
    page = client.get(at).text
    assert "Our answer, to Kezia Boateng" in page and "Monday 2 February 2026" in page
    for words, begins in (
        ("on paper \\(PDF\\)", b"%PDF-"),
        ("as an e-mail \\(text\\)", b"Dear Kezia"),
    ):
        letter = client.get(asked_from(page, words))
        assert letter.status_code == 200 and letter.data.startswith(begins), letter.data[:200]
    assert client.get(f"{at}/letter?number=2").status_code == 404
    assert client.get(f"{at}/letter?case=2&kind=txt").status_code == 404
    assert "Act as: the resident" in page
    late = client.post(f"{at}/time", data={"how": "date", "until": "2025-01-01"})
    assert late.status_code == 422 and "Enter a date after 5 January 2026" in late.text
    client.post(f"{at}/time", data={"how": "deadline"})
    assert "closed" in client.get(at).text
    unnamed = client.post(f"{at}/story", data={"name": "Too Big", "title": ""})
    assert unnamed.status_code == 422 and "Use small letters" in unnamed.text
    untold = client.post(f"{at}/story", data={"name": "", "title": " "})
    assert untold.status_code == 422 and "Use small letters" not in untold.text
    for _ in range(2):
        saved = client.post(f"{at}/story", data={"name": "", "title": "Nobody asks again"})
        assert saved.status_code == 303, saved.text
    again = client.get(at).text  # what was saved is saved again under its name
    assert 'value="nobody_asks_again_2"' in again and re.search(r'value="yes"\s+checked', again)
    named = {"name": "nobody", "title": "Nobody asks again"}
    assert client.post(f"{at}/story", data=named).status_code == 303
    draft_id, stories = at.split("/")[3], ("nobody", "nobody_asks_again", "nobody_asks_again_2")
    changed = drafts.get(olu, draft_id).changed
    assert [f"stories/{story}.toml" for story in stories] == [*changed]
    client.post(f"{at}/undo", data={"seen": 3})
    assert "closed" not in client.get(at).text
    client.post(f"{at}/again")
    assert "Play a made-up case" in client.get(at).text
    assert db.session.scalar(select(func.count()).select_from(Case)) == 0


def test_what_is_wrong_with_the_beginning_is_told_at_its_field(
    olu: Viewer, at: str, sign_in: SignIn
) -> None:
    client = sign_in(olu)
    answer = client.post(f"{at}/begin", data={"how": "mischief staff", "on": "1066-10-14"})
    assert answer.status_code == 422
    assert "Choose how the case begins." in answer.text
    assert "Enter the day on which it begins, from 2005 to 2099." in answer.text
    assert (
        client.post(f"{at}/begin", data={"how": "complaint staff", "on": "soon"}).status_code == 422
    )
    nothing = client.get(f"{at}/do?does=nothing&kind=complaint&on=2026-01-05")
    assert nothing.status_code == 303


def test_a_draft_with_errors_says_so_instead(olu: Viewer, at: str, sign_in: SignIn) -> None:
    drafts.remove(olu, at.split("/")[3], "forms/asks.form")
    page = sign_in(olu).get(at).text
    assert "This draft cannot be played yet" in page
    assert "there is no form" in page


def test_staff_cannot_play_a_draft(olu: Viewer, at: str, sign_in: SignIn) -> None:
    grace = small.officer()
    client = sign_in(grace)
    assert client.get(at).status_code == 403
    assert client.post(f"{at}/again").status_code == 403
