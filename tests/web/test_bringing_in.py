"""Files from other editors: bpmn-js, Camunda Modeler for Camunda 7 and 8; they come in and run."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from lxml import etree

from app.errors import BadInput
from app.services import deployments
from app.services.workshop import bringing, drafts
from app.services.workshop.dialects import expression, in_our_words
from app.viewer import Viewer
from tests import small
from tests.web.drafting import file_of

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
MODELER = "http://camunda.org/schema/modeler/1.0"


def send(workshop: FlaskClient, draft: str, files: dict[str, bytes]):  # type: ignore[no-untyped-def]
    sent = [(BytesIO(body), name) for name, body in files.items()]
    return workshop.post(f"{draft}/bring-in", data={"files": sent})


def as_camunda_7() -> bytes:
    """The small procedure as Camunda Modeler saves it for Camunda 7."""
    root = etree.fromstring(small.files()["complaint.bpmn"])
    root.set("exporter", "Camunda Modeler")
    root.set("exporterVersion", "5.42.0")
    root.set(f"{{{MODELER}}}executionPlatform", "Camunda Platform")
    root.set(f"{{{MODELER}}}executionPlatformVersion", "7.24.0")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def as_bpmn_js() -> bytes:
    """The same as bpmn-js saves it: BPMN without a prefix, the others' attributes kept."""
    text = small.files()["complaint.bpmn"].decode()
    text = re.sub(r"(</?)bpmn:", r"\1", text).replace("xmlns:bpmn=", "xmlns=")
    text = text.replace('"bpmn:t', '"t')
    return text.encode()


def as_camunda_8() -> bytes:
    """The same as Camunda Modeler saves it for Camunda 8: everything in zeebe's own elements."""
    root = etree.fromstring(small.files()["complaint.bpmn"])
    bpmn = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
    root.set(f"{{{MODELER}}}executionPlatform", "Camunda Cloud")
    root.set(f"{{{MODELER}}}executionPlatformVersion", "8.8.0")
    for node in [*root.iter()]:
        form = node.attrib.pop(f"{{{CAMUNDA}}}formKey", None)
        old = node.find(f"{bpmn}extensionElements")
        if form is not None:
            if old is None:
                old = etree.Element(f"{bpmn}extensionElements")
                node.insert(0, old)
            etree.SubElement(old, f"{{{ZEEBE}}}formDefinition", formId=form)
            etree.SubElement(old, f"{{{ZEEBE}}}userTask")
        for one in [] if old is None else old.iter(f"{{{CAMUNDA}}}*"):
            one.tag = one.tag.replace(CAMUNDA, ZEEBE)
        if node.tag in (f"{bpmn}timeDate", f"{bpmn}conditionExpression"):
            node.text = f"={node.text}"
    etree.cleanup_namespaces(root, top_nsmap={"zeebe": ZEEBE, "modeler": MODELER})
    text = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    assert CAMUNDA.encode() not in text and b"zeebe:formDefinition" in text
    return text


def test_diagrams_of_other_editors_come_in_and_run(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    grace = small.officer()
    for number, write in enumerate((as_camunda_7, as_bpmn_js, as_camunda_8), 2):
        answer = send(workshop, draft, {"complaint.bpmn": write()})
        assert answer.status_code == 303, answer.text
        sketch = drafts.get(process_owner, draft.split("/")[-1])
        errors = [problem for problem in sketch.problems if problem.severity == "error"]
        assert errors == [], write.__name__
        deployments.deploy(small.SMALL, sketch.files)
        assert len(deployments.history(small.SMALL)) == number
        case = small.complaint(grace)
        small.does(grace, case, answer="We agree.", next_place="ombudsman")
        (letter,) = small.letters_of(case).values()
        assert letter.title == "Our answer", write.__name__
        assert case.status == "open"


def test_what_came_in_is_said_and_taken_out_again(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    files = {
        "answer.form": small.form("answer", small.ANSWER),
        "new_letter.md": b'+++\ntitle = "New"\nto = "resident"\n+++\nHello\n',
        "a_story.toml": b"title = 'A story'\n",
        "facts.toml": small.FACTS.encode(),
    }
    answer = send(workshop, draft, files)
    assert answer.status_code == 303
    said = workshop.get(answer.location).text
    assert "forms/answer.form takes the place of the one that was there" in said
    assert "letters/new_letter.md is new" in said and "stories/a_story.toml is new" in said
    assert "facts.toml" not in said.split("is new")[0].split("pr-said")[-1]
    taken = workshop.get(f"{draft}/file/letters/new_letter.md")
    assert taken.data == files["new_letter.md"]
    assert "letters/new_letter.md" in workshop.get(f"{draft}/bring-in").text


HOSTILE = {
    "bomb.dmn": b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
    "deep.dmn": b"<a>" * 5_000 + b"</a>" * 5_000,
    "nul.md": b"+++\ntitle = 'x'\n+++\n\0",
    "latin.md": b"\xff\xfe",
    "deep.toml": b"a = " + b"[" * 50_000,
    "broken.toml": b"= 5",
    "deep.form": b'{"components":' * 20_000,
    "not_a.form": b"[]",
    "run.py": b"print()",
    "..": b"",
    "Upper Case.bpmn": b"<a/>",
    "no_ending": b"",
    "page.bpmn": b"<html><body>Not found</body></html>",
    "table.bpmn": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>',
}


def test_hostile_files_stay_outside_and_take_the_others_with_them(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    good = {"answer.form": small.form("answer", small.ANSWER)}
    for name, body in HOSTILE.items():
        answer = send(workshop, draft, good | {name: body})
        assert answer.status_code == 422 and 'id="files-error"' in answer.text, name
    assert send(workshop, draft, {}).status_code == 422
    assert drafts.get(process_owner, draft.split("/")[-1]).changed == {}
    drafts.drop(process_owner, draft.split("/")[-1])
    assert send(workshop, draft, good).status_code == 409


def test_a_copy_that_a_browser_numbered_takes_the_place_of_the_file() -> None:
    assert bringing.path_of("C:\\Downloads\\stage_1 (2).bpmn") == "stage_1.bpmn"


def test_a_file_is_not_larger_than_the_engine_reads() -> None:
    for path, size in (("complaint.bpmn", 2_000_001), ("facts.toml", 300_001)):
        with pytest.raises(BadInput, match="larger"):
            bringing.checked(path, b"#" * size)


def test_feel_becomes_ours_and_other_words_stay() -> None:
    assert expression('= a = "x = true" and b != null') == 'a == "x = true" and b != None'
    assert expression("a >= 5 and b <= 3") == "a >= 5 and b <= 3"
    body = small.files()["complaint.bpmn"]
    assert in_our_words(body) == body


def test_a_file_of_the_same_bytes_changes_nothing(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    body = file_of(process_owner, draft, "facts.toml")
    assert send(workshop, draft, {"facts.toml": body}).status_code == 303
    assert drafts.get(process_owner, draft.split("/")[-1]).changed == {}


def test_ids_that_are_not_safe_are_shown_before_and_after_and_renamed(
    process_owner: Viewer, workshop: FlaskClient, draft: str
) -> None:
    assert "Every id is safe" in workshop.get(f"{draft}/ids").text
    body = small.files()["complaint.bpmn"].replace(b"send_answer", b"sid-1B-2C")
    answer = send(workshop, draft, {"complaint.bpmn": body})
    assert answer.status_code == 303 and answer.location == f"{draft}/ids"
    page = workshop.get(answer.location).text
    assert ">sid-1B-2C</code>" in page and ">send_answer</code>" not in page
    assert "Rename all 3" in page, "the step, and its two arrows"
    assert "Rename every id that is not safe" in workshop.get(draft).text
    found = workshop.post(f"{draft}/lint/complaint.bpmn", data=body).json
    assert found is not None and found["unsafe"] == 3

    sketch = drafts.get(process_owner, draft.split("/")[-1])
    done = workshop.post(f"{draft}/ids", data={"seen": sketch.row.revision}, follow_redirects=True)
    assert "3 ids are renamed." in done.text and "that is not safe" not in done.text
    assert b'id="sid-' not in file_of(process_owner, draft, "complaint.bpmn")
