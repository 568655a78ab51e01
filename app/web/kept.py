"""Two texts for one task, question by question: what was typed too late, and what counted."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from app.db import db
from app.models import Answer, Draft, Task
from app.services import deployments, points, tasks
from app.services.access import instance_of
from app.web.taskpage import NOT_ANSWERED, people_for
from forms import BoundForm, readable_answers


@dataclass(frozen=True)
class Line:
    """A line of an answer, and whether the other person did not write it."""

    text: str
    only: bool


@dataclass(frozen=True)
class Question:
    """One question with both answers; `same` when they do not differ."""

    label: str
    yours: list[Line]
    theirs: list[str]
    same: bool


@dataclass(frozen=True)
class Comparison:
    """Both texts. new_points: points complained about that only the late writer listed."""

    questions: list[Question]
    only_yours: int
    new_points: list[str]


def form_of(task: Task, kept: Draft) -> BoundForm:
    """The form with the kept text in it; what is no answer of the form is left out."""
    instance = instance_of(task.case)
    deployed = deployments.of_instance(instance)
    empty = tasks.bind(deployed, task.form, task.case, instance.facts, None)
    known = {name for field in empty.fields for name in field.names}
    typed = MultiDict((k, v) for k, texts in kept.values.items() if k in known for v in texts)
    return tasks.bind(deployed, task.form, task.case, instance.facts, typed)


def kept_text(task: Task, kept: Draft) -> str:
    """The kept text as a note: each answered question with its answer."""
    said = form_of(task, kept).said_answers
    return "\n\n".join(f"{label}\n{text}" for label, text in said if text != NOT_ANSWERED)


def compared(task: Task, counted: Answer | None, kept: Draft) -> Comparison:
    """Both texts side by side, in the order of the form."""
    form = form_of(task, kept)
    theirs = dict(_counted(task, counted))
    yours = dict(form.said_answers)
    questions = [
        _question(label, yours.get(label, NOT_ANSWERED), theirs.get(label, NOT_ANSWERED))
        for label in dict.fromkeys([*yours, *theirs])
    ]
    questions = [q for q in questions if q.yours or q.theirs]
    differing = sum(line.only for question in questions for line in question.yours)
    return Comparison(questions, differing, _new_points(task, form))


def _counted(task: Task, counted: Answer | None) -> list[tuple[str, str]]:
    if counted is None:
        return []
    deployed = deployments.of_instance(instance_of(task.case))
    form = deployed.forms[task.form]
    known = points.for_form(points.of_case(db.session(), task.case))
    return readable_answers(form, counted.values, points=known, people=people_for(form, deployed))


def _question(label: str, yours: str, theirs: str) -> Question:
    mine, other = _lines(yours), _lines(theirs)
    lines = [Line(text, text not in other) for text in mine]
    return Question(label, lines, other, mine == other)


def _lines(said: str) -> list[str]:
    return [] if said == NOT_ANSWERED else [line for line in said.splitlines() if line.strip()]


def _new_points(task: Task, form: BoundForm) -> list[str]:
    known = {p.text.casefold() for p in points.of_case(db.session(), task.case)}
    listed = [
        text
        for field in form.applicable
        if field.kind == "points"
        for text in form.answers.get(field.key) or []
    ]
    return [text for text in listed if text.casefold() not in known]
