"""What the proofs run: a small procedure whose deadlines tell a team, write letters and end it.

A complaint has a reminder on every working day, an answer that is due after ten working days, and
after the answer a window of twenty. Days: recorded on DAY[0], late on DAY[1], over on DAY[3].
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.db import db
from app.models import Case, Task
from app.services import complaints, deployments, tasks
from app.services.complaints import Receipt
from app.viewer import Viewer
from forms import BoundForm
from tests.cases import london
from tests.conftest import make_user
from tests.engine.drawing import (
    call,
    diagram,
    end,
    first_of,
    flows,
    message,
    send,
    start,
    timer,
    xor,
)
from tests.services import elm_homes as elm

DAY = [london(f"{day} 09:00") for day in ("2026-11-24", "2026-12-09", "2026-12-10", "2027-02-15")]
PARTS = (
    start("begun", "record", sets="raised_on"),
    call("stage_one", "answering", stage="stage_1"),
    timer(
        "nudge",
        "working_days(1, raised_on)",
        on="stage_one",
        kind="reminder",
        repeat="working_day",
    ),
    send("nudge_alert", alert="complaints", says="Answer this."),
    end("nudged"),
    timer("answer_due", "working_days(10, raised_on)", on="stage_one", met_by="answered_on"),
    send("late_alert", alert="complaints", says="The answer is late."),
    send("late_letter", letter="notice"),
    end("alerted"),
    first_of("survey"),
    message("satisfaction", offered_to="resident, staff"),
    timer("survey_over", "working_days(20, answered_on)", kind="window", closes="answered"),
    end("heard", outcome="answered"),
    end("not_heard", outcome="answered"),
    flows(
        "begun > stage_one > survey > satisfaction > heard",
        "survey > survey_over > not_heard",
        "nudge > nudge_alert > nudged",
        "late_alert > late_letter > alerted",
    ),
)
AT_ONCE = (flows("answer_due > late_alert"),)
SORTED = (  # cannot be sorted in a case with TOO_MANY days
    xor("sort", default="alerted"),
    flows(
        "answer_due > sort",
        "sort [working_days(more_days, raised_on) > raised_on] > late_alert",
        "sort > alerted",
    ),
)
TOO_MANY = 10**7  # days, more than any calendar has
RECORD = elm.form(
    "record",
    *elm.WHEN,
    *(elm.field(f"resident_{what}") for what in ("name", "email", "address", "postcode")),
    elm.choice("adjustments", "plain_text", type="checklist"),
    elm.choice("triage_hazard", "yes", "no", "not_sure"),
    elm.field("more_days", "number"),
)
SAID = {
    "resident_name": "Kezia Boateng",
    "resident_email": "kezia@example.org",
    "adjustments": ["plain_text"],  # no PDF: it would be most of the time
    "triage_hazard": "no",
}
UPHELD = {"result": "upheld"}
PLEASED = {"satisfied_handling": "neither", "satisfied_outcome": "neither"}


def deploy(*late: str) -> Viewer:
    """The landlord, live, and somebody who answers. late: what is done once an answer is late."""
    drawn = diagram(*PARTS, *(late or AT_ONCE))
    elm.deploy(**{"complaint.bpmn": drawn, "forms/record.form": RECORD})
    return officer("grace")


def officer(name: str) -> Viewer:
    """One more of the team."""
    return make_user(elm.ELM, name, teams=("complaints",))


def record(viewer: Viewer, key: str, **answers: Any) -> Receipt:
    """A complaint, as the form of this key says."""
    said = typed("record", SAID | answers)
    bound = tasks.bind(deployments.live(elm.ELM), "record", None, {}, typed=said)
    assert bound.check(), bound.errors
    return complaints.record(viewer, bound, key)


def typed(form: str, answers: dict[str, Any]) -> tasks.Typed:
    return deployments.live(elm.ELM).forms[form].as_typed(answers)


def answering(viewer: Viewer, task_id: str) -> BoundForm:
    """The form of the answer, filled in. Raises TaskIsOver."""
    form = tasks.get_open(viewer, task_id, typed("answer", UPHELD)).form
    assert form.check(), form.errors
    return form


def answer(viewer: Viewer, task_id: str) -> None:
    """The answer to a complaint. Raises TaskIsOver, ChangedMeanwhile."""
    tasks.submit(viewer, task_id, answering(viewer, task_id))


def task_of(key: str) -> str:
    """The one task that the case of this key has or had."""
    query = select(Task.id).join(
        Case, (Case.landlord_id == Task.landlord_id) & (Case.id == Task.case_id)
    )
    return db.session.scalars(query.where(Case.submission_key == key)).one()
