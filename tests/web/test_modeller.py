"""What the modeller asks the server: lint, evaluate, tidy, save. The page: tests/browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from lxml import etree

from app.drawing.drawing import BPMNDI, DC
from app.engine.diagram import BPMN
from app.services import checking
from app.services.workshop import drafts
from app.viewer import Viewer
from app.web.workshop.saving import mark

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]
HOSTILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.fixture
def olu(person: Person, landlord: str) -> Viewer:
    return person("olu", "process_owner")


@pytest.fixture
def owner(olu: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(olu)


@pytest.fixture
def draft(olu: Viewer) -> str:
    return drafts.begin(olu, "Eight days")


@pytest.fixture
def path(olu: Viewer, draft: str) -> str:
    """The smallest diagram with a plain deadline."""
    files = drafts.get(olu, draft).files
    plain = [p for p in files if p.endswith(".bpmn") and b">working_days(" in files[p]]
    return min(plain, key=lambda path: len(files[path]))


def body_of(viewer: Viewer, draft: str, path: str) -> bytes:
    return drafts.get(viewer, draft).files[path]


def with_a_missing_form(body: bytes) -> tuple[bytes, str, str]:
    """A diagram with a slip in a form key: the file, the element and the right form."""
    root = etree.fromstring(body)
    task = next(iter(root.iter(f"{BPMN}userTask")))
    key = "{http://camunda.org/schema/1.0/bpmn}formKey"
    right = task.get(key, "")
    task.set(key, right + "x")
    return etree.tostring(root), task.get("id", ""), right


def test_the_page_and_the_server_find_the_same(
    owner: FlaskClient, olu: Viewer, draft: str, path: str
) -> None:
    broken, element, right = with_a_missing_form(body_of(olu, draft, path))
    found = owner.post(f"/procedures/drafts/{draft}/lint/{path}", data=broken).json
    assert found is not None
    said = next(p for p in found["problems"] if p["element"] == element)
    assert said["severity"] == "error" and "there is no form" in said["message"]
    assert said["fix"]["value"] == right and said["fix"]["field"] == "form"

    drafts.put(olu, draft, path, broken)
    ours = checking.check(drafts.get(olu, draft).files)
    assert {p["message"] for p in found["problems"]} == {p.message for p in ours if p.file == path}


def test_a_rule_task_is_offered_the_table_whose_id_is_nearest(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    files = drafts.get(olu, draft).files
    asks = re.compile(rb'decisionRef="(\w+)"')
    path = next(p for p in files if p.endswith(".bpmn") and asks.search(files[p]))
    right = asks.search(files[path])[1].decode()  # type: ignore[index]
    table = next(p for p in files if p.endswith(".dmn") and f'id="{right}"'.encode() in files[p])
    drafts.put(olu, draft, f"{right}s.dmn", files[table])  # its name is nearer, its id is not
    drafts.remove(olu, draft, table)
    body = files[path].replace(right.encode(), f"{right}s".encode())
    found = owner.post(f"/procedures/drafts/{draft}/lint/{path}", data=body).json
    assert found is not None
    fix = next(p["fix"] for p in found["problems"] if "no decision table" in p["message"])
    assert (fix["field"], fix["value"]) == ("decision", right)


def test_what_is_linted_is_not_saved(
    owner: FlaskClient, olu: Viewer, draft: str, path: str
) -> None:
    broken, *_ = with_a_missing_form(body_of(olu, draft, path))
    owner.post(f"/procedures/drafts/{draft}/lint/{path}", data=broken)
    assert drafts.get(olu, draft).changed == {}


def test_a_gateway_gets_its_only_free_arrow_as_default(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    files = drafts.get(olu, draft).files
    path, root, gateway = next(with_a_default(dict(files)))
    default = gateway.attrib.pop("default")
    answer = owner.post(f"/procedures/drafts/{draft}/lint/{path}", data=etree.tostring(root))
    assert answer.json is not None
    fixes = [p["fix"] for p in answer.json["problems"] if p["element"] == gateway.get("id")]
    assert {"do": "write", "field": "default", "value": default}.items() <= fixes[0].items()


def with_a_default(
    files: dict[str, bytes],
) -> Iterator[tuple[str, etree._Element, etree._Element]]:
    for path in (path for path in files if path.endswith(".bpmn")):
        root = etree.fromstring(files[path])
        for gateway in root.iter(f"{BPMN}exclusiveGateway"):
            if gateway.get("default"):
                yield path, root, gateway


def test_a_diagram_is_saved_and_nobody_saves_over_another(
    owner: FlaskClient, olu: Viewer, draft: str, path: str
) -> None:
    seen = {"X-Seen": mark(drafts.get(olu, draft), path)}
    new = body_of(olu, draft, path).replace(b"</bpmn:definitions>", b" </bpmn:definitions>")
    at = f"/procedures/drafts/{draft}/diagrams/{path}"
    assert owner.put(at, data=new).status_code == 409, "the page must say what it has seen"
    drafts.put(olu, draft, "facts.toml", body_of(olu, draft, "facts.toml") + b"# of mine")
    assert owner.put(at, data=new, headers=seen).status_code == 200, "it is another file"
    assert body_of(olu, draft, path) == new
    late = owner.put(at, data=new + b"\n", headers=seen)
    assert late.status_code == 409 and late.json and "Somebody else" in late.json["error"]
    assert body_of(olu, draft, path) == new
    mine = owner.put(at, data=new + b"\n", headers={"X-Seen": late.json["seen"]})
    assert mine.status_code == 200 and body_of(olu, draft, path) == new + b"\n"


def test_hostile_xml_is_neither_saved_nor_drawn(
    owner: FlaskClient, olu: Viewer, draft: str, path: str
) -> None:
    seen = {"X-Seen": mark(drafts.get(olu, draft), path)}
    base = f"/procedures/drafts/{draft}"
    assert owner.put(f"{base}/diagrams/{path}", data=HOSTILE, headers=seen).status_code == 422
    assert owner.post(f"{base}/tidy/{path}", data=HOSTILE).status_code == 422
    assert owner.post(f"{base}/defects/{path}", data=HOSTILE).status_code == 422
    found = owner.post(f"{base}/lint/{path}", data=HOSTILE)
    assert "document type" in found.text and "root:" not in found.text
    assert drafts.get(olu, draft).changed == {}


@pytest.mark.parametrize("name", ["landlord.toml", "nothing.bpmn", "../app.py"])
def test_only_diagrams_are_drawn(owner: FlaskClient, draft: str, name: str) -> None:
    assert owner.get(f"/procedures/drafts/{draft}/diagrams/{name}").status_code == 404
    assert owner.post(f"/procedures/drafts/{draft}/lint/{name}", data=b"<a/>").status_code == 404


def test_a_draft_that_waits_or_that_a_manager_sees_is_to_look_at_only(
    olu: Viewer, draft: str, path: str, person: Person, sign_in: SignIn
) -> None:
    manager = sign_in(person("maya", "manager"))
    at = f"/procedures/drafts/{draft}/diagrams/{path}"
    page = manager.get(at).text
    assert "To look at only" in page and "Tidy the drawing" not in page
    assert manager.put(at, data=b"<a/>", headers={"X-Seen": "1"}).status_code == 403


def test_a_deadline_is_worked_out_for_an_example(owner: FlaskClient, draft: str) -> None:
    known = owner.get(f"/procedures/drafts/{draft}/known").json
    assert known is not None and known["forms"] and known["letters"] and known["teams"]
    fact = next(fact["value"] for fact in known["facts"] if fact["type"] == "date")
    asked = {"expression": f"working_days(10, {fact})", "on": "2024-01-02"}
    answer = owner.post(f"/procedures/drafts/{draft}/evaluate", json=asked).json
    assert answer is not None and answer["day"] == "2024-01-16"
    assert answer["sentence"].endswith("this would be Tuesday 16 January 2024.")


@pytest.mark.parametrize(
    "expression, said",
    [
        ("working_days(10, no_such_fact)", "no_such_fact"),
        ("__import__('os')", "cannot be worked out"),
        ("working_days(", "cannot be read"),
        ("[" * 400, "cannot be"),
    ],
)
def test_what_is_no_rule_is_told_why(
    owner: FlaskClient, draft: str, expression: str, said: str
) -> None:
    asked = {"expression": expression, "on": "2024-01-02"}
    answer = owner.post(f"/procedures/drafts/{draft}/evaluate", json=asked)
    assert answer.json is not None and said in answer.json["error"]


@pytest.mark.parametrize(
    "asked", [{}, {"expression": "1"}, {"expression": 1, "on": "2024-01-02"}, []]
)
def test_an_evaluation_needs_an_expression_and_a_day(
    owner: FlaskClient, draft: str, asked: object
) -> None:
    sent = {"data": json.dumps(asked), "content_type": "application/json"}
    assert owner.post(f"/procedures/drafts/{draft}/evaluate", **sent).status_code == 422


def meaning(source: bytes) -> bytes:
    """The file without its drawing and its white space, in one fixed form."""
    root = etree.fromstring(source)
    for diagram in root.findall(f"{BPMNDI}BPMNDiagram"):
        root.remove(diagram)
    for node in root.iter():
        node.tail = None
        if node.text and not node.text.strip():
            node.text = None
    return etree.tostring(root, method="c14n")


def test_tidying_draws_anew_and_means_the_same(owner: FlaskClient, olu: Viewer, draft: str) -> None:
    files = drafts.get(olu, draft).files
    path = min((p for p in files if p.endswith(".bpmn")), key=lambda p: len(files[p]))
    moved = files[path].replace(b'<dc:Bounds x="', b'<dc:Bounds x="1')
    judged = owner.post(f"/procedures/drafts/{draft}/defects/{path}", data=moved).json
    assert judged is not None and judged["defects"]
    answer = owner.post(f"/procedures/drafts/{draft}/tidy/{path}", data=moved)
    assert answer.status_code == 200, answer.text
    assert meaning(answer.data) == meaning(moved) and answer.data != moved
    judged = owner.post(f"/procedures/drafts/{draft}/defects/{path}", data=answer.data).json
    assert judged == {"defects": []}
    assert drafts.get(olu, draft).changed == {}, "it is shown first"


def test_tidying_never_makes_a_drawing_worse(owner: FlaskClient, olu: Viewer, draft: str) -> None:
    """A tall box holds a name by hand that no box of a new drawing holds."""
    files = drafts.get(olu, draft).files
    path = min((p for p in files if p.endswith(".bpmn")), key=lambda p: len(files[p]))
    root = etree.fromstring(files[path])
    task = next(iter(root.iter(f"{BPMN}userTask", f"{BPMN}sendTask")))
    task.set("name", "Write down in your own words what everybody is to do and by when. " * 3)
    tall = {task.get("id")} | {
        node.get("id") for node in root.iter(f"{BPMN}lane", f"{BPMN}participant")
    }
    for shape in root.iter(f"{BPMNDI}BPMNShape"):
        if shape.get("bpmnElement") in tall:
            bounds = next(iter(shape.iter(f"{DC}Bounds")))
            bounds.set("height", str(float(bounds.get("height", "0")) + 300))
    body = etree.tostring(root)
    judged = owner.post(f"/procedures/drafts/{draft}/defects/{path}", data=body).json
    assert judged == {"defects": []}
    answer = owner.post(f"/procedures/drafts/{draft}/tidy/{path}", data=body)
    assert answer.status_code == 422 and answer.json is not None
    assert "A new one would have 1 defect (“name does not fit: Write down" in answer.json["error"]
    assert "the one that is there has none" in answer.json["error"]
