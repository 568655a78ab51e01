"""A draft is played: a made-up case on a simulated clock, and nothing of it is real."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.clock import SetClock, system_clock
from app.db import db
from app.errors import BadInput, NotFound
from app.factory import create_app
from app.models import Alert, Blob, Case, Letter, Person, PlayedCase, User
from app.services import deployments, example_files, stories
from app.services.workshop import drafts, keeping, playing, scenes
from app.services.workshop.acting import Asked
from app.services.workshop.playing import SheetRefused
from app.settings import Settings
from app.viewer import Viewer
from forms import FormDefinition
from tests import small
from tests.conftest import make_user
from tests.engine.drawing import end, flows, start, user
from tests.forms.form_kit import component, group

OPENED = b"""
landlord = "small-homes"
title = "It is answered"
policy = "4.1"

[[step]]
at = "2026-01-05 09:00"
who = "complaints/grace"
does = "record_complaint"
answers = { resident_title = "Ms", resident_name = "Kezia Boateng" }

[[step]]
at = "2026-01-05 10:00"
who = "complaints/grace"
does = "asks"
expect.refused = "not_offered"

[[step]]
at = "2026-01-05 11:00"
who = "complaints/grace"
does = "answer"
answers = { answer = "You are right.", next_place = "ombudsman" }
expect.facts = { next_place = "councils" }
"""
MONDAY = date(2026, 1, 5)
FIRST = Asked("record_complaint", "complaints/alex", "complaint", on=MONDAY)
SAID = {"resident_title": "Ms", "resident_name": "Kezia Boateng"}
ANSWER = Asked("answer", "complaints/alex")
FILES = {"key": "papers", "type": "filepicker"}
DAY = {"received_on-day": "5", "received_on-month": "1", "received_on-year": "2026"}


@pytest.fixture(autouse=True)
def no_scene_is_known() -> Iterator[None]:
    scenes._scenes.clear()
    yield
    scenes._scenes.clear()


@pytest.fixture
def olu(app: Flask) -> Viewer:
    small.deploy()
    return make_user(small.SMALL, "olu", "process_owner")


@pytest.fixture
def draft(olu: Viewer) -> str:
    return drafts.begin(olu, "To be played")


def acts(olu: Viewer, draft: str, asked: Asked, said: dict[str, Any]) -> None:
    playing.act(olu, draft, asked, MultiDict(said))


def answered(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    acts(olu, draft, ANSWER, {"answer": "You are right.", "next_place": "ombudsman"})


def test_a_case_goes_its_way_on_its_own_clock(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    stands = playing.shown(olu, draft).standing
    assert stands and stands.at.date() == MONDAY
    assert [(todo.does, todo.words) for todo in stands.tasks] == [("answer", "Complaints team")]
    acts(olu, draft, ANSWER, {"answer": "You are right.", "next_place": "ombudsman"})
    stands = playing.shown(olu, draft).standing
    assert stands and [letter.title for letter in stands.letters] == ["Our answer"]
    assert "You are right." in stands.letters[0].body
    assert [limit.due_on for limit in stands.limits] == [date(2026, 2, 2)]
    assert {todo.does for todo in stands.messages} == {"asks"}
    playing.pass_time(olu, draft, "deadline")
    stands = playing.shown(olu, draft).standing
    assert stands and (stands.at.date(), stands.status) == (date(2026, 2, 3), "closed")


def test_no_row_of_a_real_case_is_made_and_no_mail_goes(
    app: Flask, olu: Viewer, draft: str
) -> None:
    tables = (Case, Person, Letter, Alert, User)
    before = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    answered(olu, draft)
    playing.pass_time(olu, draft, "deadline")
    after = [db.session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert after == before == [0, 0, 0, 0, 1]
    assert not [*Path(app.instance_path).rglob("*.eml")]


def test_a_story_of_it_holds_when_it_is_played_from_its_file(
    olu: Viewer, draft: str, app: Flask
) -> None:
    answered(olu, draft)
    acts(olu, draft, Asked("asks", "resident"), {})
    path = keeping.save(olu, draft, "asks_again", "She asks again")
    body = drafts.get(olu, draft).files[path]
    story = stories.read_story(body)
    assert [step["does"] for step in story["step"]] == ["record_complaint", "answer", "asks"]
    assert story["step"][1]["expect"]["letters"] == ["answer"]
    assert story["step"][-1]["expect"] == {"open": {}, "status": "closed", "outcome": "again"}
    assert played_elsewhere(small.files(), body).failures == []


def test_a_story_is_opened_goes_on_another_way_and_takes_the_place_of_the_old_one(
    olu: Viewer, draft: str, app: Flask
) -> None:
    path = "stories/a_story.toml"
    drafts.put(olu, draft, path, OPENED)
    answered(olu, draft)
    assert keeping.open_story(olu, draft, path) == 1, "the step in which somebody is refused"
    title = stories.read_story(OPENED)["title"]
    asked = {"name": "a_story", "title": title, "replaces": "yes"}
    assert keeping.opened(olu, drafts.get(olu, draft)) == asked
    shown = playing.shown(olu, draft)
    assert [one.what for one in shown.done][-1] == "answer" and shown.standing
    acts(olu, draft, Asked("asks", "resident"), {})
    with pytest.raises(BadInput, match="tick below"):
        keeping.save(olu, draft, "a_story", "She asks again")
    assert keeping.save(olu, draft, "a_story", "She asks again", replaces=True) == path
    body = drafts.get(olu, draft).files[path]
    story = stories.read_story(body)
    assert (story["policy"], story["title"]) == ("4.1", "She asks again")
    assert story["step"][1]["expect"]["facts"] == {"next_place": "ombudsman"}
    assert story["step"][-1]["expect"]["outcome"] == "again"
    assert played_elsewhere(small.files(), body).failures == []


def test_what_is_no_story_is_not_opened(olu: Viewer, draft: str) -> None:
    drafts.put(olu, draft, "stories/bad.toml", b"title = 1")
    with pytest.raises(BadInput, match="no landlord"):
        keeping.open_story(olu, draft, "stories/bad.toml")


def test_a_file_that_is_no_story_is_replaced_by_one(olu: Viewer, draft: str) -> None:
    answered(olu, draft)
    drafts.put(olu, draft, "stories/bad.toml", b"title = 1")
    path = keeping.save(olu, draft, "bad", "She is answered", replaces=True)
    assert stories.read_story(drafts.get(olu, draft).files[path])["title"] == "She is answered"
    assert keeping.opened(olu, drafts.get(olu, draft))["title"] == "She is answered"
    playing.start_again(olu, draft)
    assert keeping.opened(olu, drafts.get(olu, draft)) == {}


def saved_story(olu: Viewer, draft: str) -> dict[str, Any]:
    """The played case as a story, which holds wherever it is played."""
    path = keeping.save(olu, draft, "a_story", "A story")
    files = dict(drafts.get(olu, draft).files)
    assert played_elsewhere(files, files[path]).failures == []
    return stories.read_story(files[path])


def test_a_task_is_claimed_and_left_open(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    assert playing.form_of(olu, draft, ANSWER).claimable
    playing.act(olu, draft, ANSWER, MultiDict({"answer": "Half"}), claims=True)
    shown = playing.shown(olu, draft)
    assert shown.done[-1].what == "Claimed: answer" and shown.standing
    assert [todo.words for todo in shown.standing.tasks] == ["Alex, Complaints team"]
    sheet = playing.form_of(olu, draft, ANSWER)
    assert sheet.people == [("complaints/alex", "Alex")] and not sheet.claimable
    assert saved_story(olu, draft)["step"][1]["claims"] == "only"


def test_made_up_files_are_added_in_a_form(olu: Viewer, draft: str) -> None:
    asks = small.form("answer", small.ANSWER, small.NEXT_PLACE, {**FILES, "multiple": True})
    drafts.put(olu, draft, "forms/answer.form", asks)
    acts(olu, draft, FIRST, SAID)
    chosen = [*example_files.BY_ID]
    said = MultiDict({"answer": "As you see.", "next_place": "ombudsman"})
    said.setlist("papers", chosen)
    playing.act(olu, draft, ANSWER, said)
    scene, _, trouble = scenes.scene_after(drafts.get(olu, draft), playing.steps_of(olu, draft))
    with scenes.on_stage(drafts.get(olu, draft), scene) as play:
        kept = select(Blob.name).where(Blob.case_id == play.case_id).order_by(Blob.name)
        assert [*db.session.scalars(kept)] == ["note.txt", "photo.png"] and not trouble
    answers = saved_story(olu, draft)["step"][1]["answers"]
    assert answers["papers"] == ["photo.png", "note.txt"]


def test_a_story_that_names_no_example_file_is_told_which_there_are(
    olu: Viewer, draft: str
) -> None:
    definition = FormDefinition.parse(small.form("answer", FILES), "answer")
    with pytest.raises(example_files.NoSuchFile, match=r"“x.exe”: choose photo.png or note.txt"):
        example_files.uploaded(small.SMALL, definition, {"papers": ["x.exe"]})


def test_the_resident_tells_more_and_dies(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    with pytest.raises(SheetRefused):
        acts(olu, draft, Asked("add_information", "resident"), {"text": ""})
    acts(olu, draft, Asked("add_information", "resident"), {"text": "It rains in."})
    stands = playing.shown(olu, draft).standing
    assert stands and [told.text for told in stands.alerts] == ["The resident added information"]
    named = {"carried_on_by": "Ama Boateng", "email": "ama@resident.example"}
    acts(olu, draft, Asked("resident_dies", "complaints/alex"), named)
    shown = playing.shown(olu, draft)
    assert [one.what for one in shown.done[1:]] == [
        "Send more information", "Record that the resident has died"
    ]  # fmt: skip
    acts(olu, draft, ANSWER, {"answer": "You are right.", "next_place": "ombudsman"})
    stands = playing.shown(olu, draft).standing
    assert stands and [letter.to for letter in stands.letters] == ["Ama Boateng"]
    done = [step["does"] for step in saved_story(olu, draft)["step"]]
    assert done == ["record_complaint", "add_information", "resident_dies", "answer"]


def played_elsewhere(files: dict[str, bytes], body: bytes) -> stories.Played:
    """As the command line does it: an application of its own, on its own SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(instance_dir=Path(folder), heartbeat=False)
        elsewhere = create_app(settings, SetClock(system_clock()))
        with elsewhere.app_context():
            db.create_all()
            deployments.deploy(small.SMALL, files)
            played = stories.play(stories.read_story(body))
            db.session.remove()
            db.engine.dispose()
    return played


def test_what_is_only_counted_is_played_and_told_as_it_was_chosen(olu: Viewer, draft: str) -> None:
    about = {"values": "porridge toast", "properties": {"equality": "true"}}
    asked = component("select", "breakfast", **about), component("checklist", "at_work", **about)
    last = {"key": "about_you", **group("About you", *asked)}
    form = small.form("record_complaint", *({"key": key} for key in SAID), last)
    drafts.put(olu, draft, "forms/record_complaint.form", form)
    acts(olu, draft, FIRST, SAID | {"breakfast": "porridge", "at_work": ["porridge", "toast"]})
    path = keeping.save(olu, draft, "asked", "She says what she eats")
    told = stories.read_story(drafts.get(olu, draft).files[path])["step"][0]["answers"]
    assert (told["breakfast"], told["at_work"]) == ("porridge", ["porridge", "toast"])


def test_a_story_no_longer_holds_once_the_draft_keeps_another_date(olu: Viewer, draft: str) -> None:
    answered(olu, draft)
    path = keeping.save(olu, draft, "answered", "She has 20 days")
    body = drafts.get(olu, draft).files[path]
    quicker = [part.replace("working_days(20", "working_days(9") for part in small.PROCEDURE]
    assert played_elsewhere(small.files(), body).failures == []
    (failure,) = played_elsewhere(small.files(*quicker), body).failures
    assert failure.startswith("step 2, 2026-01-05 09:10: expected deadlines")


def test_undo_takes_back_one_step_and_a_second_click_no_second_one(olu: Viewer, draft: str) -> None:
    answered(olu, draft)
    playing.undo(olu, draft, seen=2)
    playing.undo(olu, draft, seen=2)
    stands = playing.shown(olu, draft)
    assert [done.what for done in stands.done] == ["record_complaint"]
    assert stands.standing and stands.standing.letters == []
    playing.start_again(olu, draft)
    assert playing.shown(olu, draft).standing is None


def test_steps_are_taken_again_where_no_scene_is_remembered(olu: Viewer, draft: str) -> None:
    answered(olu, draft)
    before = playing.shown(olu, draft).standing
    scenes._scenes.clear()
    after = playing.shown(olu, draft).standing
    assert before and after
    assert (after.at, after.limits, after.status) == (before.at, before.limits, before.status)
    assert [letter.body.split() for letter in after.letters]


def test_only_the_last_scenes_are_remembered(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    for _ in range(scenes.KEPT + 1):
        playing.pass_time(olu, draft, "working_day")
    assert len(scenes._scenes) == scenes.KEPT


def test_what_is_wrong_stands_at_its_field_and_is_not_kept(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    with pytest.raises(SheetRefused) as refused:
        acts(olu, draft, ANSWER, {"next_place": "ombudsman"})
    assert "It lacks" in refused.value.sheet.form.errors["letter"]
    assert len(playing.shown(olu, draft).done) == 1
    with pytest.raises(NotFound):
        acts(olu, draft, FIRST, SAID)  # it has begun already


def test_whoever_may_not_do_a_task_is_told_why(app: Flask, olu: Viewer) -> None:
    check = user("check", form="asks", not_the_handler_of="answer")
    drawn = (
        start(),
        user("answer", writes="answer"),
        check,
        end(),
        flows("begun > answer > check > done"),
    )
    draft = drafts.begin(olu, "A second person")
    drafts.put(olu, draft, "complaint.bpmn", small.files(*drawn)["complaint.bpmn"])
    answered(olu, draft)
    assert playing.form_of(olu, draft, Asked("check")).asked.who == "complaints/billie"
    with pytest.raises(SheetRefused) as refused:
        acts(olu, draft, Asked("check", "complaints/alex"), DAY)
    assert "who" in refused.value.sheet.form.errors
    acts(olu, draft, Asked("check", "complaints/billie"), DAY)
    stands = playing.shown(olu, draft).standing
    assert stands and stands.status == "closed"


def test_a_step_that_the_changed_draft_does_not_take_is_told(olu: Viewer, draft: str) -> None:
    answered(olu, draft)
    fewer = (
        start(),
        user("reply", form="answer", writes="answer"),
        end(),
        flows("begun > reply > done"),
    )
    drafts.put(olu, draft, "complaint.bpmn", small.files(*fewer)["complaint.bpmn"])
    stands = playing.shown(olu, draft)
    assert "answer" in stands.trouble and len(stands.done) == 1
    with pytest.raises(BadInput):
        playing.pass_time(olu, draft, "working_day")
    playing.undo(olu, draft, seen=2)
    stands = playing.shown(olu, draft)
    assert stands.trouble == "" and stands.standing
    assert [todo.does for todo in stands.standing.tasks] == ["reply"]


def test_a_story_needs_a_name_of_its_own_and_a_title(olu: Viewer, draft: str) -> None:
    with pytest.raises(BadInput) as bad:
        keeping.save(olu, draft, "../demo", "")
    assert set(bad.value.errors) == {"name", "title"}
    answered(olu, draft)
    keeping.save(olu, draft, "once", "Once")
    with pytest.raises(BadInput, match="has a story of that name"):
        keeping.save(olu, draft, "once", "Twice")


def test_time_passes_forwards_and_not_beyond_all_calendars(olu: Viewer, draft: str) -> None:
    acts(olu, draft, FIRST, SAID)
    for until in (MONDAY, date(2025, 12, 1), date(2099, 1, 1), None):
        with pytest.raises(BadInput):
            playing.pass_time(olu, draft, "date", until)
    with pytest.raises(BadInput, match="No deadline counts now"):
        playing.pass_time(olu, draft, "deadline")
    playing.pass_time(olu, draft, "date", date(2026, 4, 2))
    playing.pass_time(olu, draft, "working_day")  # over Easter
    stands = playing.shown(olu, draft).standing
    assert stands and stands.at.date() == date(2026, 4, 7)


def test_each_person_plays_a_case_of_their_own(olu: Viewer, draft: str) -> None:
    manager = make_user(small.SMALL, "mia", "manager")
    acts(olu, draft, FIRST, SAID)
    assert playing.shown(manager, draft).standing is None
    acts(manager, draft, FIRST, SAID)
    assert db.session.scalar(select(func.count()).select_from(PlayedCase)) == 2
