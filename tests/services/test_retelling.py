"""A story that a change breaks says what it expected and what was found, and can take that over."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.errors import ChangedMeanwhile, NotAllowed, NotOffered
from app.models import StoriesPlayed
from app.services import sweep
from app.services.operations import jobs
from app.services.workshop import (
    drafts,
    keeping,
    playing,
    publishing,
    retelling,
    story_words,
    trials,
)
from app.services.workshop.acting import Asked
from app.services.workshop.retelling import retold
from app.services.workshop.story_words import Broken
from app.settings import ROOT
from app.viewer import Viewer
from tests import small
from tests.engine.drawing import diagram, flows, user
from tests.services.test_playing import DAY
from tests.services.test_publishing import against, changed, maya, olu, story
from tests.small import SMALL

__all__ = ["maya", "olu"]

PATH = "stories/wrong.toml"
WRONG = (
    story("nothing_of_that_name", "It is wrong")
    + b"""expect.letters = ["answer"] # why

# The end.
[[step]]
at = "2026-01-06 10:00"
who = "complaints/grace"
does = "answer"
answers = { answer = "We are sorry.", next_place = "ombudsman" }
expect.open = {}
expect.status = "waiting"
"""
)


@pytest.fixture
def draft(olu: Viewer) -> str:
    """A draft with a story that expects what is not so; they were played."""
    draft = changed(olu)
    drafts.put(olu, draft, PATH, WRONG)
    trials.ask(olu, draft)
    jobs.run_waiting(sweep.JOBS)
    return draft


def played(viewer: Viewer, draft: str) -> StoriesPlayed:
    result = trials.result(SMALL, drafts.get(viewer, draft).files)
    assert result is not None
    return result


def broken(viewer: Viewer, draft: str) -> list[Broken]:
    return story_words.broken(played(viewer, draft), drafts.get(viewer, draft).contents)


def revision(viewer: Viewer, draft: str) -> int:
    return drafts.get(viewer, draft).row.revision


def test_each_thing_that_came_out_another_way_is_told_by_its_name(olu: Viewer, draft: str) -> None:
    (one,) = broken(olu, draft)
    assert (one.title, one.name, one.stuck) == ("It is wrong", "wrong", None)
    told = [(row.at, row.who, row.what, row.expected, row.found) for row in one.rows]
    first, second = "5 January 2026, 10:00am", "6 January 2026, 10:00am"
    assert told == [
        (first, "Grace", "Open tasks", ["nothing_of_that_name (Complaints team)"],
         ["answer (Complaints team)"]),
        (first, "Grace", "Letters", ["Our answer"], []),
        (second, "Grace", "Status", ["Waiting"], ["Open"]),
    ]  # fmt: skip


def test_taken_over_it_holds_and_keeps_its_words_comments_and_order(
    olu: Viewer, maya: Viewer, draft: str
) -> None:
    assert retelling.take_over(olu, draft, [PATH], revision(olu, draft)) == 1
    after = drafts.get(olu, draft).files[PATH]
    words = WRONG.replace(b'{ nothing_of_that_name = "complaints" }', b'{answer = "complaints"}')
    words = words.replace(b'["answer"] # why', b"[] # why").replace(b'"waiting"', b'"open"')
    assert after == words
    jobs.run_waiting(sweep.JOBS)
    assert trials.broken(played(olu, draft)) == []
    publishing.propose(olu, draft, "It is friendlier.")
    assert against(maya, draft) == ""


def test_a_story_that_cannot_be_played_to_its_end_takes_nothing_over(olu: Viewer) -> None:
    draft = changed(olu)
    drafts.put(olu, draft, PATH, WRONG.replace(b'does = "answer"', b'does = "sing"'))
    trials.ask(olu, draft)
    jobs.run_waiting(sweep.JOBS)
    (one,) = broken(olu, draft)
    assert one.stuck and (one.stuck.step, one.stuck.at) == (2, "6 January 2026, 10:00am")
    assert "does not offer this now" in one.stuck.said and len(one.rows) == 2
    with pytest.raises(NotOffered, match="played to its end"):
        retelling.take_over(olu, draft, [PATH], revision(olu, draft))


def test_only_what_was_looked_at_is_taken_over(olu: Viewer, maya: Viewer, draft: str) -> None:
    seen = revision(olu, draft)
    with pytest.raises(NotAllowed):
        retelling.take_over(maya, draft, [PATH], seen)
    with pytest.raises(NotOffered, match="hold already"):
        retelling.take_over(olu, draft, ["stories/first.toml"], seen)
    with pytest.raises(ChangedMeanwhile):
        retelling.take_over(olu, draft, [PATH], seen - 1)
    drafts.put(
        olu, draft, "letters/answer.md", drafts.get(olu, draft).base_files["letters/answer.md"]
    )
    with pytest.raises(NotOffered, match="Play them first"):
        retelling.take_over(olu, draft, [PATH], revision(olu, draft))
    assert drafts.get(olu, draft).files[PATH] == WRONG


SHIPPED = sorted(ROOT.glob("processes/*/stories/*.toml"))


@pytest.mark.parametrize("landlord", sorted({path.parts[-3] for path in SHIPPED}))
def test_whatever_is_found_stands_in_the_file_afterwards(landlord: str) -> None:
    """Every expectation of every shipped story is found to be something else."""
    for path in (each for each in SHIPPED if each.parts[-3] == landlord):
        differences, after = _otherwise(tomllib.loads(path.read_text()))
        found = tomllib.loads(retold(path.read_bytes(), differences).decode())
        assert _without_nothing(found) == _without_nothing(after), path


def _otherwise(story: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    after, differences = deepcopy(story), []
    for number, step in enumerate(after["step"], 1):
        for name, wanted in list(step.get("expect", {}).items()):
            found = _other(name, wanted, gone=number % 2 == 0)
            differences.append({"step": number, "name": name, "wanted": wanted, "found": found})
            if isinstance(found, dict):
                found = {key: value for key, value in found.items() if value is not None}
            step["expect"][name] = found
            if found is None or (found == {} and name != "open"):
                del step["expect"][name]
    return differences, after


def _other(name: str, wanted: Any, gone: bool) -> Any:
    """Something else of the same shape. gone: or nothing of it."""
    if name == "open":
        return {} if gone else {**dict(list(wanted.items())[1:]), "another_task": "a_team"}
    if isinstance(wanted, dict):
        return {key: None if gone else "2030-01-01" for key in wanted}
    if isinstance(wanted, list):
        return [] if gone else [*wanted, "another"]
    return None if gone else "another"


def _without_nothing(story: dict[str, Any]) -> dict[str, Any]:
    steps = [
        {key: value for key, value in step.items() if (key, value) != ("expect", {})}
        for step in story["step"]
    ]
    return story | {"step": steps}


# --- a step that comes first now -----------------------------------------------------------------

SENT = """
landlord = "small-homes"
title = "{title}"

# They write.
[[step]]
at = "2026-01-05 10:00"
who = "complaints/grace"
does = "record_complaint"
answers = {{ resident_name = "Ann Lee", resident_email = "ann@example.org" }}

[[step]]
at = "2026-01-06 10:00"
who = "complaints/grace"
does = "answer"
answers = {{ answer = "We are sorry.", next_place = "ombudsman" }}
expect.letters = ["answer"]

[[step]]
at = "2026-01-07 10:00"
who = "resident"
does = "asks"
answers = {{ received_on = 2026-01-07 }}
expect.status = "closed"
"""


def paths(*names: str) -> list[str]:
    return [f"stories/{name}.toml" for name in names]


@pytest.fixture
def longer(olu: Viewer) -> str:
    """A draft in which the answer is checked before it goes; three stories know nothing of it."""
    parts = list(small.PROCEDURE)
    parts[1:2] = [parts[1], user("check", form="asks")]
    parts[-1] = flows(
        "begun > answer > check > send_answer > wait > asks > again", "wait > window > over"
    )
    draft = drafts.begin(olu, "Nobody sends it alone")
    drafts.put(olu, draft, "complaint.bpmn", diagram(*parts))
    for path in paths("one", "two", "three"):
        drafts.put(olu, draft, path, SENT.format(title=path).encode())
    played_again(olu, draft)
    return draft


def played_again(olu: Viewer, draft: str) -> None:
    trials.ask(olu, draft)
    jobs.run_waiting(sweep.JOBS)


def test_a_step_that_comes_first_now_is_played_once_and_added_to_all_stories(
    olu: Viewer, longer: str
) -> None:
    stuck = [one for one in broken(olu, longer) if one.stuck]
    assert [one.name for one in stuck] == ["one", "three", "two"]
    told = stuck[0].stuck
    assert told and (told.at, told.does) == ("7 January 2026, 10:00am", "asks")
    assert told.todo == {"check": "check"}
    (missing,) = retelling.to_be_added(stuck, drafts.get(olu, longer).files)
    assert missing.places == dict.fromkeys(paths("one", "three", "two"), 3) and not missing.like
    with pytest.raises(NotOffered, match="in Play first"):
        retelling.add_step(olu, longer, "check", revision(olu, longer))

    keeping.open_story(olu, longer, paths("one")[0])
    assert "does not work with the draft" in playing.shown(olu, longer).trouble
    said = MultiDict(DAY | {"received_reason": "It is right."})
    playing.act(olu, longer, Asked("check", "complaints/alex"), said)
    shown = playing.shown(olu, longer)
    assert not shown.trouble and [one.what for one in shown.done][2:] == ["check", "asks"]
    keeping.save(olu, longer, "one", "Checked, then sent", replaces=True)

    played_again(olu, longer)
    assert retelling.add_step(olu, longer, "check", revision(olu, longer)) == 2
    jobs.run_waiting(sweep.JOBS)
    left = broken(olu, longer)
    assert [(one.name, one.stuck) for one in left] == [("three", None), ("two", None)]
    retelling.take_over(olu, longer, paths("two", "three"), revision(olu, longer))
    jobs.run_waiting(sweep.JOBS)
    assert broken(olu, longer) == []
    assert b"# They write." in drafts.get(olu, longer).files[paths("two")[0]]
