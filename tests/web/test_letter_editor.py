"""Letters of a draft: looked at, changed, begun; what none may hold is refused."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

from flask.testing import FlaskClient

from app.services.workshop import drafts
from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.web.drafting import ANOTHER, deploy_another, file_of, filled_in, put

LETTER = "a_new_letter"


def begun(workshop: FlaskClient, draft: str) -> str:
    """The page of a new letter."""
    answer = workshop.post(f"{draft}/letters", data={"title": "We need more time", "name": LETTER})
    assert answer.status_code == 303, answer.text
    return f"{draft}/letters/{LETTER}"


def typed(workshop: FlaskClient, page: str, **other: str) -> dict[str, object]:
    return filled_in(workshop.get(page).text, "letter-form") | other


def test_each_letter_can_be_looked_at(workshop: FlaskClient, draft: str) -> None:
    assert f'href="{draft}/letters/answer"' in workshop.get(f"{draft}/letters").text
    page = workshop.get(f"{draft}/letters/answer").text
    assert "How it looks" in page and "Dear Ms Okafor" in page and "First Ombudsman" in page
    assert "<code data-put>{{part_answer}}</code> <span>answer</span>" in page
    assert "body_council_phone" in page and "deadline_window_due" in page


def test_a_letter_that_is_saved_as_it_was_is_not_changed(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/letters/answer"
    assert workshop.post(page, data=typed(workshop, page)).status_code == 303
    assert drafts.get(process_owner, draft.split("/")[-1]).changed == {}


def test_a_letter_is_begun_and_written(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    words = "Dear {{recipient_salutation}}\n\nBy {{case_received_on}}.\n\n{{part_why}}\n"
    sent = typed(workshop, page, body=words, requires="part_why", policy="4.1")
    assert workshop.post(page, data=sent).status_code == 303
    saved = file_of(process_owner, draft, f"letters/{LETTER}.md").decode()
    assert saved.startswith('+++\ntitle = "We need more time"') and saved.endswith(words)
    assert 'requires = ["part_why"]' in saved
    shown = workshop.get(page).text
    assert "Dear Ms Okafor" in shown and "What staff type for this letter" in shown


REFUSED = {
    "Fine.\n\n{{ 7 * 7 }}": "Line 3",
    "Fine.\n\n{{config.items()}}": "Line 3",
    "{% for x in y %}{{reciepient_name}}{% endfor %}": "did you mean {{recipient_name}}",
    "<script>alert(1)</script>": "Line 1: HTML is not possible",
    "{{#if nothing_of_that_name}}x{{/if}}": "not a field of letters",
    "x" * 100_001: "at most 100,000 characters",
}


def test_what_no_letter_may_hold_is_refused_with_its_place_and_kept(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    before = file_of(process_owner, draft, f"letters/{LETTER}.md")
    sent = typed(workshop, page)
    for words, said in REFUSED.items():
        answer = workshop.post(page, data=sent | {"body": words})
        assert answer.status_code == 422, words[:40]
        at_field = answer.text.split('id="body-error"')[1].split("</p>")[0]
        assert said in unescape(at_field), f"{words[:40]!r}: {at_field}"
        assert "<script>alert" not in answer.text and "49" not in at_field
        assert filled_in(answer.text, "letter-form")["body"] == [words]
        assert file_of(process_owner, draft, f"letters/{LETTER}.md") == before


def test_a_wrong_head_is_said_at_its_field(workshop: FlaskClient, draft: str) -> None:
    page = begun(workshop, draft)
    sent = typed(
        workshop, page, title=" ", to="nobody_here", requires="raised_on", valid_from="soon"
    )
    answer = workshop.post(page, data=sent)
    assert answer.status_code == 422
    for field in ("title", "requires", "valid_from"):
        assert f'id="{field}-error"' in answer.text


def test_a_quotation_mark_in_a_title_stays_a_title(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    title = 'Our "answer"\\ </textarea><b>'
    assert workshop.post(page, data=typed(workshop, page, title=title)).status_code == 303
    shown = workshop.get(page)
    assert "</textarea><b>" not in shown.text
    assert filled_in(shown.text, "letter-form")["title"] == [title]


def test_the_letter_follows_what_is_typed_and_comes_as_pdf(
    workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    sent = typed(workshop, page, body="Dear {{recipient_salutation}}\n\n**Yes**, {{part_reason}}")
    piece = workshop.post(f"{page}/preview", data=sent).text
    assert "Dear Ms Okafor" in piece and "<mark>Here stands what was typed" in piece
    printed = workshop.post(f"{page}/pdf", data=sent)
    assert printed.mimetype == "application/pdf" and printed.data.startswith(b"%PDF")
    wrong = workshop.post(f"{page}/preview", data=sent | {"body": "{{nothing}}"}).text
    assert "It cannot be shown yet" in wrong and "Line" not in wrong.split("{{nothing}}")[0][-5:]


def test_nobody_saves_over_what_somebody_else_saved(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    mine = typed(workshop, page, body="Mine")
    put(process_owner, draft, "forms/other.form", "{}")  # another part: nothing of this letter
    put(
        process_owner,
        draft,
        f"letters/{LETTER}.md",
        '+++\ntitle = "T"\nto = "resident"\n+++\nTheirs\n',
    )
    answer = workshop.post(page, data=mine)
    assert answer.status_code == 409 and "Somebody else" in answer.text
    again = filled_in(answer.text, "letter-form")
    assert again["body"] == ["Mine"]
    assert workshop.post(page, data=again).status_code == 303
    assert file_of(process_owner, draft, f"letters/{LETTER}.md").decode().endswith("Mine")


def test_a_letter_of_a_draft_that_waits_is_only_looked_at(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = begun(workshop, draft)
    mine = typed(workshop, page, body="Mine")
    drafts.drop(process_owner, draft.split("/")[-1])
    assert "can only be looked at" in workshop.get(page).text
    assert workshop.post(page, data=mine).status_code == 409
    assert workshop.post(f"{draft}/letters", data={"title": "T", "name": "t"}).status_code == 409


def test_a_letter_has_a_name_of_its_kind(workshop: FlaskClient, draft: str) -> None:
    for name in ("Ü", "../x", "a b", "x" * 80, "x.md", ""):
        sent = {"title": "Стоп", "name": name}  # no Latin letter of which a name could be made
        answer = workshop.post(f"{draft}/letters", data=sent)
        assert answer.status_code == 422 and 'id="name-error"' in answer.text


def test_a_letter_without_a_name_gets_one_of_its_title(workshop: FlaskClient, draft: str) -> None:
    sent = {"title": "We need: more time", "name": ""}
    for name in ("we_need_more_time", "we_need_more_time_2"):
        answer = workshop.post(f"{draft}/letters", data=sent)
        assert answer.location == f"{draft}/letters/{name}"
    untitled = workshop.post(f"{draft}/letters", data={"title": "", "name": ""}).text
    assert 'id="title-error"' in untitled and 'id="name-error"' not in untitled


def test_new_words_of_a_letter_from_a_day_on(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    begun(workshop, draft)
    sent = {"title": "", "name": "", "copy": LETTER, "valid_from": "2027-01-01"}
    assert workshop.post(f"{draft}/letters", data=sent).status_code == 303
    later = file_of(process_owner, draft, f"letters/{LETTER}@2027-01-01.md").decode()
    assert "We need more time" in later and "valid_from = 2027-01-01" in later


def test_a_letter_is_not_somebody_elses(
    workshop: FlaskClient, draft: str, sign_in: Callable[[Viewer], FlaskClient]
) -> None:
    page = begun(workshop, draft)
    sent = typed(workshop, page)
    workshop.post("/sign-out")
    staff = sign_in(make_user(small.SMALL, "amira"))
    assert staff.get(page).status_code == 403 and staff.post(page, data=sent).status_code == 403
    staff.post("/sign-out")
    manager = sign_in(make_user(small.SMALL, "maya", "manager"))
    assert manager.get(page).status_code == 200
    assert manager.post(page, data=sent).status_code == 403
    manager.post("/sign-out")
    deploy_another()
    other = sign_in(make_user(ANOTHER, "eve", "process_owner"))
    assert other.get(page).status_code == 404 and other.get(f"{draft}/letters").status_code == 404
    assert other.post(page, data=sent).status_code == 404
