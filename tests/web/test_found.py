"""Where lint finds something: told by name, with a link to the page on which it is put right."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient

from app.viewer import Viewer
from tests.small import LETTER
from tests.web.drafting import file_of, put


def test_each_problem_links_to_what_it_is_about_by_its_name(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    drawn = file_of(process_owner, draft, "complaint.bpmn")
    put(process_owner, draft, "complaint.bpmn", drawn.replace(b'formKey="answer"', b'formKey="x"'))
    put(process_owner, draft, "letters/answer.md", f"{LETTER}{{{{nothing}}}}")
    put(process_owner, draft, "forms/broken.form", '{"type": "default", "components": 1}')
    overview, publish = workshop.get(draft).text, workshop.get(f"{draft}/publish").text
    links = dict(re.findall(r'<a href="([^"]+)">([^<]+)</a><br>', overview))
    assert links == dict(re.findall(r'<a href="([^"]+)">([^<]+)</a><br>', publish))
    assert all(workshop.get(href).status_code == 200 for href in links)
    assert links.pop(f"{draft}/diagrams/complaint.bpmn#answer") == "“answer” in Complaint"
    assert links.pop(f"{draft}/letters/answer").startswith("Letter “")
    assert links.pop(f"{draft}/forms/broken") == "Form “broken”"
    assert links.pop(f"{draft}/forms/answer") == "Form “answer”", "no step asks it any more"
    assert not links, unescape(str(links))
    assert '<span class="pr-small">complaint.bpmn, answer</span>' in overview
