"""What is learned from complaints: told in forms of staff, published by managers, naming nobody."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import SetClock
from app.db import db, transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import Answer, Case, Conflict, Lesson, Letter
from app.services import deployments, learning, lessons, stories
from app.services.access import instance_of
from app.services.history import lines_of
from app.services.steps import open_step
from app.viewer import Viewer
from tests.cases import london
from tests.conftest import make_user
from tests.services import elm_homes as elm

LEARNED = {"lesson": "We rang nobody.", "lesson_change": "Repairs ring, from May."}
PUBLIC = "We now ring within a day."


@pytest.fixture
def manager(app: Flask) -> Viewer:
    return make_user(elm.deploy(), "helen", "manager", ("complaints",))


def answered(**said: str) -> Case:
    return elm.recorded("2026-11-02", elm.answer("2026-11-04", **said))


def only_lesson() -> Lesson:
    db.session.expire_all()
    return db.session.scalars(select(Lesson)).one()


def told(case: Case) -> list[str]:
    instance = instance_of(case)
    deployed = deployments.of_instance(instance)
    return [line.title for line in lines_of(case, instance, deployed)]


def tell_again(viewer: Viewer, case: Case, **said: str) -> None:
    """The same task says it once more, as in a diagram that leads back to it."""
    with transaction() as session:
        lessons.keep(open_step(session, instance_of(case), viewer), said, "answer")


def test_a_form_of_staff_tells_a_lesson(manager: Viewer) -> None:
    case = answered(**LEARNED)
    lesson = only_lesson()
    assert (lesson.case_id, lesson.element) == (case.id, "answer")
    assert (lesson.text, lesson.change) == tuple(LEARNED.values())
    assert "Learning recorded" in told(case)


def test_what_was_learned_stands_in_the_letter_too(manager: Viewer) -> None:
    answered(**LEARNED)
    letter = db.session.scalars(select(Letter)).one()
    assert LEARNED["lesson"] in str(letter.blocks)


def test_a_form_that_leaves_it_empty_tells_none(manager: Viewer) -> None:
    answered()
    assert db.session.scalars(select(Lesson)).all() == []


def test_told_again_in_the_same_place_it_is_changed_and_elsewhere_it_is_another(
    manager: Viewer,
) -> None:
    case = answered(**LEARNED)
    tell_again(manager, case, lesson="We rang the wrong number.")
    assert only_lesson().text == "We rang the wrong number."
    assert only_lesson().change == LEARNED["lesson_change"]  # not asked, so it stays
    with transaction() as session:
        step = open_step(session, instance_of(case), manager)
        lessons.keep(step, {"lesson": "More."}, "another_task")
    assert len(db.session.scalars(select(Lesson)).all()) == 2


def test_a_lesson_taken_back_is_gone(manager: Viewer) -> None:
    case = answered(**LEARNED)
    tell_again(manager, case, lesson="", lesson_change="", lesson_public="")
    assert db.session.scalars(select(Lesson)).all() == []


def test_what_a_resident_sends_is_no_lesson(manager: Viewer) -> None:
    case = answered()
    resident = Viewer(elm.ELM, resident_case_id=case.id)
    tell_again(resident, case, lesson="You learn nothing.")
    assert db.session.scalars(select(Lesson)).all() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ms Boateng waited for a month.", "Boateng"),
        ("KEZIA had to ring twice.", "KEZIA"),
        ("kezia boateng had to ring twice.", "kezia boateng"),
        ("A leak in flat 14 Larkhill  Court.", "flat 14 Larkhill  Court"),
        ("The lift of Larkhill Court stood still.", "Larkhill Court"),
        ("A home in sk39zz was cold.", "SK3 9ZZ"),
        ("We wrote to kezia@example.org.", "kezia@example.org"),
    ],
)
def test_a_text_that_tells_whose_case_it_was_is_found(
    manager: Viewer, text: str, found: str
) -> None:
    case = elm.recorded("2026-11-02", resident_email="kezia@example.org")
    assert lessons.names_in(case, text) == found


def test_the_reference_is_found_however_it_is_written(manager: Viewer) -> None:
    case = elm.recorded("2026-11-02")
    spaced = f"{case.reference[:2]} {case.reference[2:6]}-{case.reference[6:].lower()}"
    assert lessons.names_in(case, f"See {spaced}.") == case.reference


def test_words_that_only_look_like_names_are_left_alone(manager: Viewer) -> None:
    person = {"resident_name": "Mrs An Green", "resident_address": "3 Long Lane, Stockport"}
    case = elm.recorded("2026-11-02", **person)
    harmless = "An engineer of Stockport now looks at green doors. Mrs and Mr are asked alike."
    assert lessons.names_in(case, harmless) == ""
    assert lessons.names_in(case, "Green doors") == "Green"
    assert lessons.names_in(case, "in Long Lane") == "Long Lane"


def test_a_form_with_a_name_in_the_public_text_is_not_taken(manager: Viewer) -> None:
    step = elm.answer("2026-11-04", lesson_public="Ms Boateng was right.")
    first = {"channel": "phone", "resident_name": "Kezia Boateng"}
    story = {
        "landlord": elm.ELM,
        "title": "A name",
        "step": [
            {"at": "2026-11-02 09:00", "who": elm.AMIRA, "does": "record", "answers": first},
            {"who": elm.AMIRA} | step | {"expect": {"refused": "form: lesson_public"}},
        ],
    }
    assert stories.play(story).failures == []
    assert db.session.scalars(select(Lesson)).all() == []
    assert [row.element for row in db.session.scalars(select(Answer))] == ["begun"]


def test_a_manager_publishes_and_takes_off(manager: Viewer, clock: SetClock) -> None:
    case = answered(**LEARNED, lesson_public=PUBLIC)
    assert learning.published(elm.ELM) == []
    clock.move_to(london("2026-11-20 09:00"))
    learning.publish(manager, only_lesson().id)
    ((quarter, found),) = learning.published(elm.ELM)
    assert quarter.name == "October to December 2026"
    assert [lesson.public_text for lesson in found] == [PUBLIC]
    assert only_lesson().published_by == manager.user_id
    learning.take_off(manager, only_lesson().id)
    assert learning.published(elm.ELM) == []
    assert {"Learning published on the website", "Learning taken off the website"} <= {*told(case)}


def test_nothing_empty_and_no_name_is_published(manager: Viewer) -> None:
    answered(**LEARNED)
    lesson_id = only_lesson().id
    for text in ("", "  ", "Kezia was right.", "x" * (learning.LONGEST + 1)):
        with pytest.raises(BadInput):
            learning.publish(manager, lesson_id, text)
    assert learning.published(elm.ELM) == []
    learning.publish(manager, lesson_id, PUBLIC)
    with pytest.raises(BadInput):
        learning.edit(manager, lesson_id, "")
    learning.edit(manager, lesson_id, "We ring at once.")
    assert learning.published(elm.ELM)[0][1][0].public_text == "We ring at once."


def test_a_published_text_that_a_form_changes_leaves_the_page(manager: Viewer) -> None:
    case = answered(**LEARNED, lesson_public=PUBLIC)
    learning.publish(manager, only_lesson().id)
    tell_again(manager, case, lesson="The same, in other words.")
    assert learning.published(elm.ELM) != []
    tell_again(manager, case, lesson_public="Not yet read by a manager.")
    assert learning.published(elm.ELM) == []


def test_somebody_kept_out_reads_only_what_everybody_may_read(manager: Viewer) -> None:
    case = answered(**LEARNED, lesson_public=PUBLIC)
    lesson_id = only_lesson().id
    db.session.add(Conflict(landlord_id=elm.ELM, case_id=case.id, user_id=manager.user_id))
    db.session.commit()
    assert learning.learned(manager) == []
    with pytest.raises(NotFound):
        learning.publish(manager, lesson_id)
    learning.publish(make_user(elm.ELM, "grace", "manager"), lesson_id)
    (found,) = learning.learned(manager)
    assert found.case is None


def test_only_managers_publish(manager: Viewer) -> None:
    answered(**LEARNED, lesson_public=PUBLIC)
    for role in ("staff", "auditor"):
        viewer = make_user(elm.ELM, role, role)
        assert len(learning.learned(viewer)) == 1
        with pytest.raises(NotAllowed):
            learning.publish(viewer, only_lesson().id)


def test_the_list_is_filtered(manager: Viewer, clock: SetClock) -> None:
    elm.recorded("2026-06-01", elm.answer("2026-06-03", lesson="Of the spring."))
    answered(**LEARNED, lesson_public=PUBLIC)
    clock.move_to(london("2026-11-20 09:00"))
    published = next(one.lesson for one in learning.learned(manager) if one.lesson.public_text)
    learning.publish(manager, published.id)

    def texts(show: str) -> list[str]:
        return [one.lesson.text for one in learning.learned(manager, show)]

    assert texts("") == ["We rang nobody.", "Of the spring."]
    assert texts("published") == texts("quarter") == ["We rang nobody."]
    assert texts("unpublished") == ["Of the spring."]
