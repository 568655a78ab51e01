"""A procedure as long as wanted: tasks one after the other, each with a limit and a form."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from app.db import db
from app.models import Case, Task
from app.services import complaints, deployments, tasks
from app.viewer import Viewer
from forms import BoundForm
from tests import small
from tests.conftest import filled, make_user, new_key
from tests.engine.drawing import diagram, end, flows, start, timer, user

SAID = {"resident_title": "Ms", "resident_name": "Kezia Boateng"}
FACTS = '[raised_on]\ntype = "date"'
ANSWERS = {  # of each task: four fields, about 120 bytes
    "said": "She rang twice about the leak.",
    "found": "The seal of the bath is worn.",
    "done": "The seal was renewed today.",
    "next": "Look again in two weeks.",
}


def drawn(size: int, due: Callable[[int], str]) -> bytes:
    """The diagram. due: what the limit of the nth task says."""
    names = [f"task_{n}" for n in range(size)]
    parts = [user(name, form="work") for name in names]
    parts += [timer(f"late_{n}", due(n), on=names[n]) + end(f"told_{n}") for n in range(size)]
    arrows = [f"late_{n} > told_{n}" for n in range(size)]
    return diagram(
        start(sets="raised_on"),
        *parts,
        end(),
        flows(" > ".join(["begun", *names, "done"]), *arrows),
    )


def deploy(size: int, more: str = "") -> str:
    """A landlord with a row of that many tasks: its slug. more: of its landlord.toml."""
    slug = f"row-{size}"
    bpmn = drawn(size, lambda n: f"working_days({n + 1}, raised_on)")
    files = small.files(landlord=small.LANDLORD.replace(small.SMALL, slug) + more, facts=FACTS) | {
        "complaint.bpmn": bpmn,
        "forms/work.form": small.form("work", *({"key": key} for key in ANSWERS)),
    }
    for unused in ("letters/answer.md", "forms/answer.form", "forms/asks.form"):
        del files[unused]
    deployments.deploy(slug, files)
    return slug


def officer(slug: str, name: str = "grace") -> Viewer:
    """Somebody who does all the tasks."""
    return make_user(slug, name, teams=("complaints",))


def recording(viewer: Viewer) -> Callable[[], str]:
    """Records a case when called, and gives its reference: the form is filled in before."""
    form, key = filled(viewer.landlord_id, "record_complaint", SAID), new_key()
    return lambda: complaints.record(viewer, form, key).reference


def record(viewer: Viewer) -> str:
    """The reference of a new case."""
    return recording(viewer)()


def open_task(reference: str) -> str:
    """The id of the one open task of a case."""
    db.session.remove()
    query = select(Task.id).join(
        Case, (Case.landlord_id == Task.landlord_id) & (Case.id == Task.case_id)
    )
    return db.session.scalars(query.where(Case.reference == reference, Task.status == "open")).one()


def form_of(viewer: Viewer, task_id: str) -> BoundForm:
    """A task's form, filled in and checked."""
    definition = deployments.live(viewer.landlord_id).forms["work"]
    form = tasks.get_open(viewer, task_id, definition.as_typed(ANSWERS)).form
    assert form.check(), form.errors
    return form


def finishing(viewer: Viewer, reference: str) -> Callable[[], object]:
    """Finishes the case's open task when called, as in a request of its own."""
    task_id = open_task(reference)
    form = form_of(viewer, task_id)
    db.session.remove()
    return lambda: tasks.submit(viewer, task_id, form)
