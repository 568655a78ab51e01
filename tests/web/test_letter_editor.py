"""Letters of a draft: looked at, changed, begun; what no letter may hold is refused at its place."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.services.workshop import drafts
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.web.drafting import file_of, filled_in, path_of, put

SignIn = Callable[[Viewer], FlaskClient]
LETTER = "a_new_letter"


@pytest.fixture
def olu(person: Callable[..., Viewer]) -> Viewer:
    return person("olu", "process_owner")


@pytest.fixture
def owner(olu: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(olu)


@pytest.fixture
def draft(olu: Viewer) -> str:
    return path_of(olu)


def begun(owner: FlaskClient, draft: str) -> str:
    """The page of a new letter."""
    answer = owner.post(f"{draft}/letters", data={"title": "We need more time", "name": LETTER})
    assert answer.status_code == 303, answer.text
    return f"{draft}/letters/{LETTER}"


def typed(owner: FlaskClient, page: str, **other: str) -> dict[str, object]:
    return filled_in(owner.get(page).text, "letter-form") | other


def test_each_letter_can_be_looked_at(olu: Viewer, owner: FlaskClient, draft: str) -> None:
    paths = [p for p in drafts.get(olu, draft.split("/")[-1]).files if p.startswith("letters/")]
    every = owner.get(f"{draft}/letters").text
    assert len(paths) > 10
    for path in paths[:4]:
        name = path.removeprefix("letters/").removesuffix(".md")
        assert f'href="{draft}/letters/{name}"' in every
        page = owner.get(f"{draft}/letters/{name}").text
        assert "How it looks" in page and "pr-sheet__top" in page, f"{name} is not shown"


def test_a_letter_that_is_saved_as_it_was_is_not_changed(
    olu: Viewer, owner: FlaskClient, draft: str
) -> None:
    files = drafts.get(olu, draft.split("/")[-1]).files
    for path in [p for p in files if p.startswith("letters/")]:
        page = f"{draft}/letters/{path.removeprefix('letters/').removesuffix('.md')}"
        assert owner.post(page, data=typed(owner, page)).status_code == 303
    assert drafts.get(olu, draft.split("/")[-1]).changed == {}


def test_a_letter_is_begun_and_written(olu: Viewer, owner: FlaskClient, draft: str) -> None:
    page = begun(owner, draft)
    words = "Dear {{recipient_salutation}}\n\nBy {{case_received_on}}.\n\n{{part_why}}\n"
    sent = typed(owner, page, body=words, requires="part_why", policy="4.1")
    assert owner.post(page, data=sent).status_code == 303
    saved = file_of(olu, draft, f"letters/{LETTER}.md").decode()
    assert saved.startswith('+++\ntitle = "We need more time"') and saved.endswith(words)
    assert 'requires = ["part_why"]' in saved
    shown = owner.get(page).text
    assert "Dear Ms Okafor" in shown and "What staff type for this letter" in shown


REFUSED = {
    "Fine.\n\n{{ 7 * 7 }}": "Line 3",
    "Fine.\n\n{{config.items()}}": "Line 3",
    "{% for x in y %}{{reciepient_name}}{% endfor %}": "did you mean {{recipient_name}}",
    "<script>alert(1)</script>": "Line 1: HTML is not possible",
    "{{#if nothing_of_that_name}}x{{/if}}": "not a field of letters",
    "A\x00B": "Line 1",
    "x" * 100_001: "at most 100,000 characters",
}


def test_what_no_letter_may_hold_is_refused_with_its_place_and_kept(
    olu: Viewer, owner: FlaskClient, draft: str
) -> None:
    page = begun(owner, draft)
    before = file_of(olu, draft, f"letters/{LETTER}.md")
    sent = typed(owner, page)
    for words, said in REFUSED.items():
        answer = owner.post(page, data=sent | {"body": words})
        assert answer.status_code == 422, words[:40]
        at_field = answer.text.split('id="body-error"')[1].split("</p>")[0]
        assert said in unescape(at_field), f"{words[:40]!r}: {at_field}"
        assert "<script>alert" not in answer.text and "49" not in at_field
        assert filled_in(answer.text, "letter-form")["body"] == [words]
        assert file_of(olu, draft, f"letters/{LETTER}.md") == before


def test_a_wrong_head_is_said_at_its_field(owner: FlaskClient, draft: str) -> None:
    page = begun(owner, draft)
    sent = typed(owner, page, title=" ", to="nobody_here", requires="raised_on", valid_from="soon")
    answer = owner.post(page, data=sent)
    assert answer.status_code == 422
    for field in ("title", "requires", "valid_from"):
        assert f'id="{field}-error"' in answer.text


def test_a_quotation_mark_in_a_title_stays_a_title(
    olu: Viewer, owner: FlaskClient, draft: str
) -> None:
    page = begun(owner, draft)
    title = 'Our "answer"\\ </textarea><b>'
    assert owner.post(page, data=typed(owner, page, title=title)).status_code == 303
    shown = owner.get(page)
    assert "</textarea><b>" not in shown.text
    assert filled_in(shown.text, "letter-form")["title"] == [title]


def test_the_letter_follows_what_is_typed_and_comes_as_pdf(
    owner: FlaskClient, draft: str
) -> None:
    page = begun(owner, draft)
    sent = typed(owner, page, body="Dear {{recipient_salutation}}\n\n**Yes**, {{part_reason}}")
    piece = owner.post(f"{page}/preview", data=sent).text
    assert "Dear Ms Okafor" in piece and "<mark>Here stands what was typed" in piece
    printed = owner.post(f"{page}/pdf", data=sent)
    assert printed.mimetype == "application/pdf" and printed.data.startswith(b"%PDF")
    wrong = owner.post(f"{page}/preview", data=sent | {"body": "{{nothing}}"}).text
    assert "It cannot be shown yet" in wrong and "Line" not in wrong.split("{{nothing}}")[0][-5:]


def test_nobody_saves_over_what_somebody_else_saved(
    olu: Viewer, owner: FlaskClient, draft: str
) -> None:
    page = begun(owner, draft)
    mine = typed(owner, page, body="Mine")
    put(olu, draft, "forms/other.form", "{}")  # another part: nothing of this letter
    put(olu, draft, f"letters/{LETTER}.md", '+++\ntitle = "T"\nto = "resident"\n+++\nTheirs\n')
    answer = owner.post(page, data=mine)
    assert answer.status_code == 409 and "Somebody else" in answer.text
    again = filled_in(answer.text, "letter-form")
    assert again["body"] == ["Mine"]
    assert owner.post(page, data=again).status_code == 303
    assert file_of(olu, draft, f"letters/{LETTER}.md").decode().endswith("Mine")


def test_a_letter_of_a_draft_that_waits_is_only_looked_at(
    olu: Viewer, owner: FlaskClient, draft: str
) -> None:
    page = begun(owner, draft)
    mine = typed(owner, page, body="Mine")
    drafts.drop(olu, draft.split("/")[-1])
    assert "can only be looked at" in owner.get(page).text
    assert owner.post(page, data=mine).status_code == 409
    assert owner.post(f"{draft}/letters", data={"title": "T", "name": "t"}).status_code == 409


def test_a_letter_has_a_name_of_its_kind(owner: FlaskClient, draft: str) -> None:
    for name in ("", "Ü", "../x", "a b", "x" * 80, "x.md"):
        answer = owner.post(f"{draft}/letters", data={"title": "T", "name": name})
        assert answer.status_code == 422 and 'id="name-error"' in answer.text


def test_new_words_of_a_letter_from_a_day_on(olu: Viewer, owner: FlaskClient, draft: str) -> None:
    begun(owner, draft)
    sent = {"title": "", "name": LETTER, "copy": LETTER, "valid_from": "2027-01-01"}
    assert owner.post(f"{draft}/letters", data=sent).status_code == 303
    later = file_of(olu, draft, f"letters/{LETTER}@2027-01-01.md").decode()
    assert "We need more time" in later and "valid_from = 2027-01-01" in later


def test_a_letter_is_not_somebody_elses(
    olu: Viewer, owner: FlaskClient, draft: str, sign_in: SignIn, person: Callable[..., Viewer]
) -> None:
    page = begun(owner, draft)
    sent = typed(owner, page)
    owner.post("/sign-out")
    staff = sign_in(person("amira"))
    assert staff.get(page).status_code == 403
    assert staff.post(page, data=sent).status_code == 403
    staff.post("/sign-out")
    manager = sign_in(person("maya", "manager"))
    assert manager.get(page).status_code == 200
    assert manager.post(page, data=sent).status_code == 403


def test_another_landlords_draft_is_not_there(
    olu: Viewer, owner: FlaskClient, draft: str, sign_in: SignIn
) -> None:
    page = begun(owner, draft)
    owner.post("/sign-out")
    small.deploy()
    other = sign_in(make_user(small.SMALL, "eve", "process_owner"))
    for path in (page, f"{draft}/letters"):
        assert other.get(path).status_code == 404
    assert other.post(page, data={"body": "x"}).status_code == 404
