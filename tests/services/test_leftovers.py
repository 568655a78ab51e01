"""What somebody has begun in a draft and left is warned of; what was so before is not."""

from __future__ import annotations

import json

import pytest

from app.services.workshop.leftovers import left
from tests import small
from tests.conftest import LANDLORD
from tests.shipped import contents_of

FILES = small.files()


def question(*answers: str) -> bytes:
    values = [{"label": answer, "value": answer.lower()} for answer in answers]
    part = {"type": "radio", "key": "colour", "id": "f1", "label": "Which?", "values": values}
    return json.dumps(json.loads(FILES["forms/answer.form"]) | {"components": [part]}).encode()


@pytest.mark.parametrize("path", ["letters/more_time.md", "forms/more_time.form"])
def test_a_new_letter_or_form_that_no_step_uses_is_warned_of(path: str) -> None:
    body = FILES[path.replace("more_time", "answer")]
    (problem,) = left(FILES | {path: body}, FILES)
    assert (problem.file, problem.severity) == (path, "warning")
    assert problem.message.startswith("No step ")
    unused_before = FILES | {path: body}
    assert left(unused_before, unused_before) == []


def test_one_whose_last_step_was_taken_out_is_warned_of() -> None:
    drawn = FILES["complaint.bpmn"].replace(b'name="writes" value="answer"', b"")
    drawn = drawn.replace(b'name="letter" value="answer"', b'name="letter" value="other"')
    assert drawn != FILES["complaint.bpmn"]
    assert [one.file for one in left(FILES | {"complaint.bpmn": drawn}, FILES)] == [
        "letters/answer.md"
    ]


def test_a_letter_for_later_is_used_as_the_one_of_today() -> None:
    assert left(FILES | {"letters/answer@2027-01-01.md": FILES["letters/answer.md"]}, FILES) == []


def test_the_one_answer_of_the_form_editor_is_warned_of() -> None:
    asks = {"forms/answer.form": question("Value")}
    (problem,) = left(FILES | asks, FILES)
    assert (problem.file, problem.element) == ("forms/answer.form", "colour")
    assert problem.message == "“Which?” has the one answer “Value”. Write its answers."
    assert left(FILES | {"forms/answer.form": question("Yes", "No")}, FILES) == []


def test_what_is_shipped_has_nothing_left_of_its_own() -> None:
    files = contents_of(LANDLORD).files
    assert left(files, files) == []
