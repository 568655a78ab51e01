"""The list of what was learned: read by staff, published by managers, on a page for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import Case, Conflict, Lesson
from app.services import periods, steps, tasks
from app.services.access import instance_of, is_kept_out
from app.services.lessons import must_not_say, names_in
from app.services.periods import Period
from app.viewer import Viewer
from timers.calendar import london_date

LONGEST = 2000  # characters of a text for the public page


@dataclass(frozen=True)
class Learned:
    """A lesson in the list. case: None for somebody who may not open it; then no words of ours."""

    lesson: Lesson
    case: Case | None
    by: str
    published_by: str


def learned(viewer: Viewer, show: str = "") -> list[Learned]:
    """The lessons of a landlord, newest first. show: unpublished, published, quarter.

    Of a case that is kept from the viewer only what is published is there, without the case.
    """
    if not viewer.can("read_cases"):
        raise NotAllowed
    kept_from = select(Conflict.case_id).where(
        Conflict.landlord_id == viewer.landlord_id, Conflict.user_id == viewer.user_id
    )
    hidden = set(db.session.scalars(kept_from))
    rows = db.session.execute(
        select(Lesson, Case)
        .join(Case, (Case.landlord_id == Lesson.landlord_id) & (Case.id == Lesson.case_id))
        .where(Lesson.landlord_id == viewer.landlord_id)
        .order_by(Lesson.at.desc(), Lesson.id)
    )
    return [
        Learned(
            lesson,
            None if case.id in hidden else case,
            tasks.name_of(lesson.by),
            tasks.name_of(lesson.published_by),
        )
        for lesson, case in rows
        if _fits(lesson, show) and (lesson.published_on or case.id not in hidden)
    ]


def _fits(lesson: Lesson, show: str) -> bool:
    match show:
        case "unpublished":
            return lesson.published_on is None
        case "published":
            return lesson.published_on is not None
        case "quarter":
            return london_date(lesson.at) in periods.around(clock.today(), "quarter")
    return True


def get_lesson(viewer: Viewer, lesson_id: str, ability: str = "watch") -> tuple[Lesson, Case]:
    """A lesson with its case. Raises NotAllowed and NotFound as for cases."""
    if not viewer.can(ability):
        raise NotAllowed
    lesson = db.session.get(Lesson, (viewer.landlord_id, lesson_id))
    case = db.session.get(Case, (viewer.landlord_id, lesson.case_id)) if lesson else None
    if lesson is None or case is None or is_kept_out(viewer, case):
        raise NotFound
    return lesson, case


def publish(viewer: Viewer, lesson_id: str, text: str | None = None) -> None:
    """Put a lesson on the public page, with a new text if one is given. Raises BadInput."""
    _change(viewer, lesson_id, text, publishes=True)


def edit(viewer: Viewer, lesson_id: str, text: str) -> None:
    """Change the text for the public; a published one changes on the page. Raises BadInput."""
    _change(viewer, lesson_id, text, publishes=False)


def _change(viewer: Viewer, lesson_id: str, text: str | None, publishes: bool) -> None:
    lesson, case = get_lesson(viewer, lesson_id)
    text = (lesson.public_text if text is None else text).strip()
    if problem := _problem(case, text, publishes or bool(lesson.published_on)):
        raise BadInput({"text": problem})
    with transaction() as session:
        lesson, case = get_lesson(viewer, lesson_id)
        step = steps.open_step(session, instance_of(case), viewer)
        if text != lesson.public_text:
            lesson.public_text = text
            step.write("lesson_edited", lesson.element)
        if publishes and not lesson.published_on:
            lesson.published_on, lesson.published_by = step.today, viewer.user_id
            step.write("lesson_published", lesson.element)


def _problem(case: Case, text: str, is_shown: bool) -> str:
    if is_shown and not text:
        return "Write what residents may read: what went wrong, and what we do differently now."
    if len(text) > LONGEST:
        return f"Keep it to {LONGEST:,} characters."
    found = names_in(case, text)
    return must_not_say(found) if found else ""


def take_off(viewer: Viewer, lesson_id: str) -> None:
    """Take a lesson off the public page. It stays in the list."""
    with transaction() as session:
        lesson, case = get_lesson(viewer, lesson_id)
        if lesson.published_on:
            lesson.published_on = lesson.published_by = None
            steps.open_step(session, instance_of(case), viewer).write(
                "lesson_taken_off", lesson.element
            )


def published(landlord_id: str) -> list[tuple[Period, list[Lesson]]]:
    """What everybody may read, by the quarter in which it was published, newest first."""
    rows = db.session.scalars(
        select(Lesson)
        .where(Lesson.landlord_id == landlord_id, Lesson.published_on.is_not(None))
        .order_by(Lesson.published_on.desc(), Lesson.at.desc(), Lesson.id)
    )
    found: dict[Period, list[Lesson]] = {}
    for row in rows:
        if row.published_on:
            found.setdefault(periods.around(row.published_on, "quarter"), []).append(row)
    return list(found.items())
