"""Ids as other editors write them are renamed at once, in all diagrams of a draft."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import PurePath

import pytest
from flask import Flask

from app.engine.diagram import read_diagram
from app.errors import ChangedMeanwhile
from app.services import checking, deployments
from app.services.workshop import drafts, ids
from app.viewer import Viewer
from tests import small
from tests.conftest import LANDLORD, make_user
from tests.engine.drawing import diagram, end, flows, start, user
from tests.shipped import contents_of

NAMED_ELSEWHERE = re.compile(rb"deadline_(\w+)_due")  # in letters


def as_signavio(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same, each id of a task, gateway, event or arrow as that editor writes it."""
    kept = {id for body in files.values() for id in NAMED_ELSEWHERE.findall(body)}
    kept |= {PurePath(path).stem.partition("@")[0].encode() for path in files}
    kept |= {word for path in files if "toml" in path for word in re.findall(rb"\w+", files[path])}
    pattern = rb'<bpmn:(?:userTask|sendTask|\w+Gateway|\w+Event|sequenceFlow)\b[^>]*? ?id="(\w+)"'
    diagrams = [body for path, body in files.items() if path.endswith(".bpmn")]
    old = {id for body in diagrams for id in re.findall(pattern, body)} - kept
    word = re.compile(rb'(?<=["> ])(?:' + b"|".join(sorted(old, key=len)[::-1]) + rb')(?=["< ])')
    return {
        path: word.sub(lambda id: _sid(id[0]), body) if path.endswith(".bpmn") else body
        for path, body in files.items()
    }


def _sid(id: bytes) -> bytes:
    told = sha256(id).hexdigest().upper()
    return f"sid-{told[:8]}-{told[8:12]}-{told[12:16]}-{told[16:20]}-{told[20:32]}".encode()


@pytest.fixture
def olu(app: Flask) -> Viewer:
    small.deploy()
    return make_user(small.SMALL, "olu", "process_owner")


@pytest.fixture
def draft(olu: Viewer) -> str:
    return drafts.begin(olu, "From elsewhere")


def test_a_whole_procedure_from_another_editor_runs_with_its_new_ids(app: Flask) -> None:
    files = dict(contents_of(LANDLORD).files)
    deployments.deploy(LANDLORD, files)
    owner = make_user(LANDLORD, "olu", "process_owner")
    begun = drafts.begin(owner, "From elsewhere")
    theirs = as_signavio(files)
    drafts.put_all(owner, begun, theirs)
    sketch = drafts.get(owner, begun)
    assert len(checking.errors(sketch.files)) > 100

    count = ids.rename(owner, begun, sketch.row.revision)

    sketch = drafts.get(owner, begun)
    assert count > 100 and ids.unsafe(sketch.files) == {}
    assert checking.errors(sketch.files) == []
    drawn = [read_diagram(path, sketch.files[path]) for path in files if path.endswith(".bpmn")]
    names = [[(e.name, e.kind) for e in each.elements.values()] for each in drawn]
    before = [read_diagram(path, files[path]) for path in files if path.endswith(".bpmn")]
    assert names == [[(e.name, e.kind) for e in each.elements.values()] for each in before]


def test_an_id_is_made_of_the_name_or_of_what_it_is(olu: Viewer, draft: str) -> None:
    steps = (
        start("a-1"), user("b-2", form="answer"), user("c-3", form="answer"),
        user("4", form="answer"), end("safe"),
    )  # fmt: skip
    body = diagram(*steps, flows("a-1 > b-2 > c-3 > 4 > safe"))
    for old, name in {b"a-1": b"", b"b-2": "Réponse, écrite".encode(), b"c-3": b"Safe"}.items():
        body = body.replace(b'name="%b"' % old, b'name="%b"' % name)
    body = body.replace(b'name="4"', b'name="10 days"').replace(
        b"<bpmn:process", b"<!-- us --><bpmn:process"
    )
    drafts.put(olu, draft, "complaint.bpmn", body)
    found = {one.old: one.new for one in ids.unsafe(drafts.get(olu, draft).files)["complaint.bpmn"]}
    assert {old: new for old, new in found.items() if "_to_" not in new} == {
        "a-1": "event",
        "b-2": "reponse_ecrite",
        "c-3": "safe_2",
        "4": "task_10_days",
    }
    assert found["a-1_to_b-2"] == "event_to_reponse_ecrite"
    ids.rename(olu, draft, drafts.get(olu, draft).row.revision)
    after = drafts.get(olu, draft).files["complaint.bpmn"]
    assert b"<!-- us -->" in after and b'sourceRef="task_10_days"' in after


def test_what_was_changed_meanwhile_is_looked_at_again(olu: Viewer, draft: str) -> None:
    body = small.files()["complaint.bpmn"].replace(b'"answer"', b'"answer-1"')
    drafts.put(olu, draft, "complaint.bpmn", body)
    seen = drafts.get(olu, draft).row.revision
    drafts.put(olu, draft, "complaint.bpmn", body + b" ")
    with pytest.raises(ChangedMeanwhile):
        ids.rename(olu, draft, seen)


def test_a_diagram_with_safe_ids_is_not_touched(olu: Viewer, draft: str) -> None:
    sketch = drafts.get(olu, draft)
    assert ids.rename(olu, draft, sketch.row.revision) == 0
    assert drafts.get(olu, draft).changed == {}
