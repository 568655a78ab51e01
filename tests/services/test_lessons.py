"""What is learned from complaints: told in forms of staff, published by managers."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.db import db
from app.models import Case, Lesson, Task
from app.services import deployments, tasks
from app.services.access import instance_of
from app.services.history import lines_of
from app.viewer import Viewer
from tests.cases import first_team, open_task, recorded

Person = Callable[..., Viewer]
PUBLIC = "Leaks are now looked at within three days."


@pytest.fixture
def landlord(landlord: str) -> str:
    """A landlord whose first task asks what was learned."""
    files = dict(deployments.live(landlord).files)
    first = deployments.live(landlord).forms[first_form(landlord)]
    form = json.loads(first.raw)
    asked = json.loads(files["forms/learning.form"])["components"]
    for field in asked:
        field["validate"].pop("required", None)
    form["components"] += asked
    files[f"forms/{first.name}.form"] = json.dumps(form).encode()
    deployments.deploy(landlord, files, source="disk")
    return landlord


def first_form(landlord: str) -> str:
    """The form of the task with which a recorded complaint begins."""
    case = recorded(landlord)
    return open_task(case).form


@pytest.fixture
def amira(landlord: str, person: Person) -> Viewer:
    return person("grace", teams=(first_team(landlord),))


def finish(viewer: Viewer, case: Case, **said: str) -> Task:
    """Do the open task of a case, saying what was learned."""
    task = open_task(case)
    definition = deployments.live(case.landlord_id).forms[task.form]
    first = next(f for f in definition.fields if f.options and f.required)
    form = tasks.bind(
        deployments.of_instance(instance_of(case)),
        task.form,
        case,
        {},
        definition.as_typed({first.key: first.options[0].value} | said),  # type: ignore[arg-type]
    )
    assert form.check(), form.errors
    tasks.submit(viewer, task.id, form)
    return task


def all_lessons() -> list[Lesson]:
    db.session.expire_all()
    return list(db.session.scalars(select(Lesson)))


def test_a_form_of_staff_tells_a_lesson(landlord: str, amira: Viewer) -> None:
    case = recorded(landlord)
    task = finish(amira, case, lesson="We rang nobody.", lesson_change="Repairs ring, from May.")
    (row,) = all_lessons()
    assert (row.case_id, row.element, row.by) == (case.id, task.element, amira.user_id)
    assert (row.text, row.change, row.public_text) == (
        "We rang nobody.", "Repairs ring, from May.", "",
    )  # fmt: skip
    told = lines_of(case, instance_of(case), deployments.of_instance(instance_of(case)))
    assert "Learning recorded" in [line.title for line in told]


def test_a_form_that_leaves_it_empty_tells_none(landlord: str, amira: Viewer) -> None:
    finish(amira, recorded(landlord))
    assert all_lessons() == []
