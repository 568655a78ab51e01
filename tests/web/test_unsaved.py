"""What is typed in the workshop is asked about before it is lost. The page: tests/browser."""

from __future__ import annotations

from pathlib import Path

from flask.testing import FlaskClient
from lxml import html

from app.services.workshop import drafts
from app.viewer import Viewer

PARTS = ("forms", "letters", "tables", "facts", "landlord", "play", "stories", "folder", "publish")
EDITORS = {".form": "forms", ".md": "letters", ".dmn": "tables", ".bpmn": "outline"}
TYPED = ".//textarea | .//input[not(@type) or @type='text']"


def test_every_form_of_a_draft_in_which_words_are_typed_asks_before_they_are_lost(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    draft_id = draft.split("/")[-1]
    drafts.put(process_owner, draft_id, "letters/more_time.md", b'+++\ntitle = "More"\n+++\n')
    files = map(Path, drafts.get(process_owner, draft_id).files)
    editors = [f"{EDITORS[one.suffix]}/{one.stem}" for one in files if one.suffix in EDITORS]
    found = set()
    for part in (*PARTS, *editors):
        page = html.fromstring(workshop.get(f"{draft}/{part}", follow_redirects=True).text)
        for form in page.xpath("//main//form[@method='post']"):
            if form.xpath(TYPED):
                assert form.get("data-unsaved") == "GET", (part, form.get("action"))
                found.add(part.split("/")[0])
    assert found >= {"forms", "letters", "tables", "facts", "landlord", "publish", "outline"}
    refused = workshop.post(f"{draft}/facts", data={"name": "No name"})
    assert 'data-unsaved="POST"' in refused.text, "what was typed is not saved yet"
