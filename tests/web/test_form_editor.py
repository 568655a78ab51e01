"""Forms of a draft: their words, how they look, what form-js saves; a pattern that never ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.errors import DeploymentRefused
from app.services import deployments
from app.services.workshop import drafts
from app.viewer import Viewer
from forms import FormDefinition
from tests import small
from tests.web.drafting import file_of, filled_in, put

PATH = "forms/answer.form"
EVIL = '"></label><script>alert(1)</script>'


def with_question(**question: Any) -> bytes:
    """A form with one more question."""
    return small.form("answer", small.ANSWER, small.NEXT_PLACE, {"key": "more", **question})


def typed(workshop: FlaskClient, page: str, **other: str) -> dict[str, Any]:
    return filled_in(workshop.get(page).text, 'id="words-form"') | other


def test_words_are_changed_without_a_script(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/forms/answer"
    assert f'href="{page}"' in workshop.get(f"{draft}/forms").text
    assert workshop.post(page, data=typed(workshop, page)).status_code == 303
    assert drafts.get(process_owner, draft.split("/")[-1]).changed == {}
    sent = typed(workshop, page) | {"label.0": EVIL, "hint.0": "Briefly", "required.0": "yes"}
    assert workshop.post(page, data=sent).status_code == 303
    form = FormDefinition.parse(file_of(process_owner, draft, PATH), "answer")
    assert (form.fields[0].label, form.fields[0].hint) == (EVIL, "Briefly")
    assert form.fields[0].required and form.fields[0].properties == {"letter_part": "answer"}
    shown = workshop.get(page).text
    assert "<script>alert" not in shown and "As people will see it" in shown
    assert "<script>alert" not in workshop.get(f"{page}/drawn").text
    wrong = workshop.post(page, data=typed(workshop, page) | {"label.0": " "})
    assert wrong.status_code == 422 and "has no label" in wrong.text and "Briefly" in wrong.text


def test_a_form_is_begun_and_seen(process_owner: Viewer, workshop: FlaskClient, draft: str) -> None:
    assert "error-message" not in workshop.get(f"{draft}/forms").text
    refused = workshop.post(f"{draft}/forms", data={"title": "", "name": "approve"})
    assert refused.status_code == 422 and 'id="title-error"' in refused.text
    made = {"title": "Approve it", "name": "approve", "copy": ""}
    assert workshop.post(f"{draft}/forms", data=made).status_code == 303
    assert "What was done?" in workshop.get(f"{draft}/forms/approve").text
    copied = {"title": "Answer again", "name": "again", "copy": "answer"}
    assert workshop.post(f"{draft}/forms", data=copied).status_code == 303
    body = file_of(process_owner, draft, "forms/again.form")
    assert FormDefinition.parse(body, "again").fields[0].key == "answer"


@pytest.mark.parametrize("pattern", ["(a+)+$", "^(a|a)*$", "(.*)*x", "^(\\w+\\s?)*$"])
def test_a_pattern_that_never_ends_is_refused_and_never_run(
    process_owner: Viewer, workshop: FlaskClient, draft: str, pattern: str
) -> None:
    page = f"{draft}/forms/answer"
    body = with_question(validate={"pattern": pattern}).decode()
    seen = workshop.get(f"{page}/drawn").text.split('data-seen="')[1].split('"')[0]
    answer = workshop.post(f"{page}/drawn", json={"body": body, "seen": seen})
    assert answer.json and "the pattern" in answer.json["problems"][0]["says"]
    shown = workshop.get(page).text
    assert "the pattern" in shown and "It cannot be shown before it is put right" in shown
    sketch = drafts.get(process_owner, draft.split("/")[-1])
    assert any("the pattern" in problem.message for problem in sketch.problems)
    with pytest.raises(DeploymentRefused, match="the pattern"):
        deployments.deploy(small.SMALL, sketch.files)


def test_what_form_js_sends_is_saved_with_what_is_wrong(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/forms/answer"
    shown = workshop.get(f"{page}/drawn").text
    assert "Customer" not in shown and '"Complaints team"' in shown, "no team to choose from"
    seen = shown.split('data-seen="')[1].split('"')[0]
    body = with_question(properties={"person": "nobody_here"}, type="select").decode()
    answer = workshop.post(f"{page}/drawn", json={"body": body, "seen": seen})
    assert answer.status_code == 200 and answer.json
    assert [(one["where"], one["says"]) for one in answer.json["problems"]] == [
        ("more", "There is no team called nobody_here.")
    ]
    assert workshop.post(f"{page}/drawn", json={"body": body, "seen": seen}).status_code == 409
    seen = answer.json["seen"]
    deep = '{"components":' * 60_000
    for wrong in ("", "{}", "[]", deep, "{", "x" * 2_000_001, '{"components": 5}'):
        refused = workshop.post(f"{page}/drawn", json={"body": wrong, "seen": seen})
        assert refused.status_code == 422, wrong[:40]
    assert file_of(process_owner, draft, PATH).decode() == body


def test_a_form_that_is_broken_can_be_looked_at(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    nested: dict[str, Any] = {"type": "group", "components": []}
    for _ in range(50):
        nested = {"type": "group", "components": [nested], "label": 5, "validate": "x"}
    odd = json.dumps({"type": "default", "schemaVersion": 18, "components": [nested, 3, None]})
    for body in ("<no", "{}", odd, json.dumps({"components": [{"type": ["x"]}]})):
        put(process_owner, draft, PATH, body)
        for path in (f"{draft}/forms", f"{draft}/forms/answer", f"{draft}/forms/answer/drawn"):
            assert workshop.get(path).status_code == 200, body[:50]


def test_a_form_of_a_draft_given_up_is_only_looked_at(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    page = f"{draft}/forms/answer"
    sent = typed(workshop, page, title="Other")
    drafts.drop(process_owner, draft.split("/")[-1])
    assert "can only be looked at" in workshop.get(page).text
    assert workshop.post(page, data=sent).status_code == 409
    seen = {"body": small.form("answer", small.ANSWER).decode(), "seen": sent["seen"][0]}
    assert workshop.post(f"{page}/drawn", json=seen).status_code == 409
