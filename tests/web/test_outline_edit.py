"""A diagram changed as a table, without a canvas and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import pytest
from flask.testing import FlaskClient
from lxml import etree

from app.drawing.check import defects
from app.drawing.drawing import BPMNDI, DC
from app.engine.diagram import BPMN, Element, read_diagram
from app.services.workshop import drafts, editing, vocabulary
from app.viewer import Viewer

SignIn = Callable[[Viewer], FlaskClient]
Person = Callable[..., Viewer]


@pytest.fixture
def olu(person: Person, landlord: str) -> Viewer:
    return person("olu", "process_owner")


@pytest.fixture
def owner(olu: Viewer, sign_in: SignIn) -> FlaskClient:
    return sign_in(olu)


@pytest.fixture
def draft(olu: Viewer) -> str:
    return drafts.begin(olu, "Eight days")


def first(viewer: Viewer, draft: str, wanted: Callable[[Element], object]) -> Element:
    """The first element of the draft that is wanted."""
    return next(e for e in vocabulary.drawn(drafts.get(viewer, draft).files) if wanted(e))


def now(viewer: Viewer, draft: str, element: Element) -> Element:
    body = drafts.get(viewer, draft).files[element.file]
    return read_diagram(element.file, body).elements[element.id]


def seen(viewer: Viewer, draft: str) -> int:
    return drafts.get(viewer, draft).row.revision


def post(
    client: FlaskClient, viewer: Viewer, draft: str, element: Element, **fields: str
) -> tuple[int, str]:
    data = {f"{element.id}.{field}": text for field, text in fields.items()}
    at = f"/procedures/drafts/{draft}/outline/{element.process}"
    answer = client.post(at, data=data | {"seen": str(seen(viewer, draft))}, follow_redirects=True)
    return answer.status_code, answer.text


def a_duty(element: Element) -> bool:
    """A plain count of working days after a date."""
    return bool(re.fullmatch(r"working_days\(\d+, \w+\)", element.expression or ""))


def test_ten_days_become_eight(owner: FlaskClient, olu: Viewer, draft: str) -> None:
    duty = first(olu, draft, a_duty)
    before = drafts.get(olu, draft).files[duty.file]
    page = owner.get(f"/procedures/drafts/{draft}/outline/{duty.process}").text
    assert "Counted from today this would be" in page
    status, page = post(owner, olu, draft, duty, number="8")
    new = duty.name.replace(re.findall(r"\d+", duty.name)[0], "8", 1)
    assert status == 200 and f"Saved: “{new}”." in page
    assert now(olu, draft, duty).name == new, "the name says the old number"
    rule = now(olu, draft, duty).expression or ""
    assert re.sub(r"\d+", "8", duty.expression or "", count=1) == rule
    after = drafts.get(olu, draft).files[duty.file]
    assert drawing(after) == drawing(before), "the drawing stays as it was"


def test_a_name_that_was_typed_is_not_changed_along(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    duty = first(olu, draft, a_duty)
    assert post(owner, olu, draft, duty, number="8", name="Soon")[0] == 200
    assert now(olu, draft, duty).name == "Soon"


def test_a_comment_in_the_file_stays(owner: FlaskClient, olu: Viewer, draft: str) -> None:
    duty = first(olu, draft, a_duty)
    body = drafts.get(olu, draft).files[duty.file]
    noted = re.sub(rb"(<[\w:]+ id=\"%b\")" % duty.id.encode(), rb"<!-- by law -->\1", body)
    assert noted != body
    drafts.put(olu, draft, duty.file, noted)
    assert post(owner, olu, draft, duty, number="8")[0] == 200
    after = drafts.get(olu, draft).files[duty.file]
    assert re.search(rb"<!-- by law -->\s*<[\w:]+ id=\"%b\"" % duty.id.encode(), after)


def drawing(body: bytes) -> list[bytes]:
    root = etree.fromstring(body)
    return [etree.tostring(one, method="c14n") for one in root.iter(f"{BPMNDI}BPMNDiagram")]


def test_a_name_a_form_and_a_letter_are_changed(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    task = first(olu, draft, lambda e: e.kind == "userTask" and e.properties.get("writes"))
    assert post(owner, olu, draft, task, name="Write <b>it</b>")[0] == 200
    assert now(olu, draft, task).name == "Write <b>it</b>"
    page = owner.get(f"/procedures/drafts/{draft}/outline/{task.process}").text
    assert "Write &lt;b&gt;it&lt;/b&gt;" in page and "<b>it</b>" not in page


def test_a_lane_is_changed_with_the_events_on_the_edge(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    task = first(olu, draft, lambda e: movable(olu, draft, e))
    other = next(lane for lane in lanes_of(olu, draft, task) if lane != task.lane)
    status, page = post(owner, olu, draft, task, lane=other)
    assert status == 200, page
    assert now(olu, draft, task).lane == other
    assert defects(body_of(olu, draft, task)) == [], "it is not drawn in its lane"
    assert "The drawing lags behind" not in page


def movable(viewer: Viewer, draft: str, element: Element) -> bool:
    several = len(lanes_of(viewer, draft, element)) > 1
    return element.kind == "userTask" and not element.parent and several


def body_of(viewer: Viewer, draft: str, element: Element) -> bytes:
    return drafts.get(viewer, draft).files[element.file]


def test_a_step_without_a_free_place_is_told_of_and_the_drawing_tidied(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    task = first(olu, draft, lambda e: movable(olu, draft, e))
    other = next(lane for lane in lanes_of(olu, draft, task) if lane != task.lane)
    root = etree.fromstring(body_of(olu, draft, task))
    (lane,) = (one.get("id") for one in root.iter(f"{BPMN}lane") if one.get("name") == other)
    (low,) = (one for one in root.iter(f"{BPMNDI}BPMNShape") if one.get("bpmnElement") == lane)
    next(iter(low.iter(f"{DC}Bounds"))).set("height", "60")
    drafts.put(olu, draft, task.file, etree.tostring(root))
    status, page = post(owner, olu, draft, task, lane=other)
    assert status == 200 and now(olu, draft, task).lane == other
    assert "The drawing lags behind" in page and f"“{escape(task.name)}”" in page
    before = body_of(olu, draft, task)
    assert drawing(before) == drawing(etree.tostring(root)), "it was half moved"
    page = f"/procedures/drafts/{draft}/outline/{task.process}"
    stale = owner.post(f"{page}/tidy", data={"seen": "0"})
    assert stale.status_code == 422 and "Somebody else" in stale.text
    data = {"seen": str(seen(olu, draft))}
    answer = owner.post(f"{page}/tidy", data=data, follow_redirects=True)
    assert "The drawing is tidied" in answer.text and "lags behind" not in answer.text
    assert meaning(body_of(olu, draft, task)) == meaning(before)


def meaning(body: bytes) -> dict[str, Element]:
    return dict(read_diagram("it.bpmn", body).elements)


def lanes_of(viewer: Viewer, draft: str, element: Element) -> list[str]:
    root = etree.fromstring(drafts.get(viewer, draft).files[element.file])
    return [lane.get("name", "") for lane in root.iter(f"{BPMN}lane")]


@pytest.mark.parametrize(
    "field, text, said",
    [
        ("number", "eight", "Enter a whole number"),
        ("number", "-3", "Enter a whole number"),
        ("number", "", "Enter a whole number"),
        ("name", " ", "Enter a name"),
        ("name", "x" * 121, "at most 120"),
    ],
)
def test_what_cannot_stand_is_said_beside_its_field_and_kept(
    owner: FlaskClient, olu: Viewer, draft: str, field: str, text: str, said: str
) -> None:
    duty = first(olu, draft, a_duty)
    other = "number" if field == "name" else "name"
    status, page = post(owner, olu, draft, duty, **{field: text, other: "17"})
    assert status == 422 and said in page
    assert f'id="{duty.id}.{field}-error"' in page and 'value="17"' in page
    assert drafts.get(olu, draft).changed == {}


def test_a_form_that_is_not_there_is_not_chosen(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    task = first(olu, draft, lambda e: e.kind == "userTask")
    status, page = post(owner, olu, draft, task, form="no_such_form")
    assert status == 422 and "Choose a form that there is." in page


def test_what_lint_would_refuse_is_said_beside_the_field(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    """A message's form must ask when it came; another form of the draft does not."""
    event = first(olu, draft, lambda e: e.kind == "message" and e.form)
    forms = drafts.get(olu, draft).contents.forms
    undated = next(
        k for k, form in forms.items() if not any(f.key == "received_on" for f in form.fields)
    )
    status, page = post(owner, olu, draft, event, form=undated)
    assert status == 422 and "does not ask for received_on" in page
    assert drafts.get(olu, draft).changed == {}


def test_two_who_change_different_fields_keep_both(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    duty = first(olu, draft, a_duty)
    task = first(olu, draft, lambda e: e.kind == "userTask" and e.process == duty.process)
    number, name = f"{duty.id}.number", f"{task.id}.name"
    shown = {number: days(duty), name: task.name}
    shown |= {f"was:{key}": text for key, text in shown.items()}
    assert post(owner, olu, draft, duty, number="9")[0] == 200
    at = f"/procedures/drafts/{draft}/outline/{duty.process}"
    assert owner.post(at, data=shown | {name: "Soon"}).status_code == 303
    assert now(olu, draft, task).name == "Soon" and days(now(olu, draft, duty)) == "9"


def days(element: Element) -> str:
    return re.findall(r"\d+", element.expression or "")[0]


def test_nobody_saves_over_what_somebody_else_saved_without_knowing(
    owner: FlaskClient, olu: Viewer, draft: str
) -> None:
    duty = first(olu, draft, a_duty)
    number = f"{duty.id}.number"
    typed = {number: "8", f"was:{number}": days(duty)}
    assert post(owner, olu, draft, duty, number="9")[0] == 200
    at = f"/procedures/drafts/{draft}/outline/{duty.process}"
    page = owner.post(at, data=typed)
    assert page.status_code == 422 and "has made this “9” meanwhile" in page.text
    assert 'value="8"' in page.text, "what was typed is kept"
    assert f'name="was:{number}" value="9"' in page.text
    assert owner.post(at, data=typed | {f"was:{number}": "9"}).status_code == 303
    assert days(now(olu, draft, duty)) == "8"


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        ("None if refused_on != None else working_days(10, counts_from)",
         "None if refused_on != None else working_days(8, counts_from)"),
        ("months(12, closed_on) if withdrawn_on != None else None",
         "months(8, closed_on) if withdrawn_on != None else None"),
        ("working_days(10 + stage_1_extension, acknowledged_on)",
         "working_days(8 + stage_1_extension, acknowledged_on)"),
        ("None if reminded_on >= working_days(7, sent_on) else sent_on", None),
        ("later(working_days(10, sent_on), until_on)", None),
    ],
)  # fmt: skip
def test_the_number_of_a_rule_is_a_field_wherever_it_stands(rule: str, after: str | None) -> None:
    has_one = editing.NUMBER.match(rule) is not None
    assert has_one is (after is not None)
    assert editing._with_number(rule, "8") == (after or rule)


def test_a_manager_looks_and_changes_nothing(
    olu: Viewer, draft: str, person: Person, sign_in: SignIn
) -> None:
    manager = sign_in(person("maya", "manager"))
    duty = first(olu, draft, a_duty)
    page = manager.get(f"/procedures/drafts/{draft}/outline/{duty.process}").text
    assert "To look at only" in page and ">Save<" not in page
    data = {f"{duty.id}.number": "8", "seen": str(seen(olu, draft))}
    assert (
        manager.post(f"/procedures/drafts/{draft}/outline/{duty.process}", data=data).status_code
        == 403
    )


def test_a_process_that_is_not_there_is_not_found(owner: FlaskClient, draft: str) -> None:
    assert owner.get(f"/procedures/drafts/{draft}/outline/nothing").status_code == 404
